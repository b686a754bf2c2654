"""What the scores mean: the bars this project's gate is held to, and every axis on which a peer is better. Pure."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .records import A_A, TIMES_ALONE, Record
from .scoring import Score, found_at

AGAINST, STORED = "ascendperf, against a revision", "ascendperf, stored baseline"
DEFAULT_PEER = "pytest-benchmark, default time"
ENOUGH = 600
"""A/A decisions below which a rate of 1 % cannot be shown."""
ENOUGH_SLOWED = 200
FALSE_ALARMS, SUITES = 0.01, 0.05
FOUND = {5: 0.90, 10: 0.98}
COST = 5.0
"""Times the wall time of pytest-benchmark's default runs on both revisions."""
DETECTABLE = 0.30
ALL_WORKS = "all works"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A requirement and what was found."""

    gate: str
    scenario: str
    what: str
    limit: str
    found: str
    verdict: str
    """``met``, ``missed``, or ``not shown`` where there are too few decisions to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """The detectable change that a gate prints beside the one that was measured, for one work or for all."""

    work: str
    printed_percent: float
    """Median over the decisions."""
    ratio: float
    """Printed over measured: where 80 % of slowdowns of c times the printed change are found, 1 / c."""


def bars(found: Sequence[Score], records: Sequence[Record]) -> list[Bar]:
    """All bars, for the gates and scenarios that were run."""
    lines: list[Bar] = []
    for score in found:
        if score.rule.endswith(TIMES_ALONE):
            lines += _found_bars(score, TIMES_ALONE) if score.gate == AGAINST else []
            continue
        if score.gate in (AGAINST, STORED):
            lines += _false_alarm_bars(score)
        if score.gate == AGAINST:
            lines += _found_bars(score)
            lines += _cost_bar(score, found)
        if score.gate == STORED:
            lines.append(_printed_bar(score, printed(records, score.scenario)))
    return lines


def _false_alarm_bars(score: Score) -> list[Bar]:
    if A_A not in score.found or score.suite_red is None:
        return []
    share = score.found[A_A]
    enough = share.trials >= ENOUGH
    return [
        Bar(
            gate=score.gate,
            scenario=score.scenario,
            what=what,
            limit=f"at most {limit:.0%}, {ENOUGH} decisions",
            found=f"{value:.2%} of {share.trials} decisions" if what == "false alarms" else f"{value:.1%}",
            verdict=_verdict(value <= limit, enough=enough),
        )
        for what, value, limit in (
            ("false alarms", share.value, FALSE_ALARMS),
            ("red suites of 50 unchanged tests", score.suite_red, SUITES),
        )
    ]


def _verdict(fits: bool, *, enough: bool) -> str:
    """Few decisions can miss a bar, and cannot meet it."""
    return "missed" if not fits else "met" if enough else "not shown"


def _found_bars(score: Score, how: str = "") -> list[Bar]:
    return [
        Bar(
            gate=score.gate,
            scenario=score.scenario,
            what=f"{slowdown} % slowdowns found{how}",
            limit=f"at least {limit:.0%}, {ENOUGH_SLOWED} decisions",
            found=f"{score.found[slowdown].value:.1%} of {score.found[slowdown].trials}",
            verdict=_verdict(
                score.found[slowdown].value >= limit, enough=score.found[slowdown].trials >= ENOUGH_SLOWED
            ),
        )
        for slowdown, limit in FOUND.items()
        if slowdown in score.found
    ]


def _cost_bar(score: Score, found: Sequence[Score]) -> list[Bar]:
    peers = [peer for peer in found if (peer.gate, peer.scenario) == (DEFAULT_PEER, score.scenario)]
    allowed_s = COST * (peers[0].decision_s + peers[0].base_s) if peers else math.nan
    if math.isnan(allowed_s) or math.isnan(score.decision_s):  # a run that has only begun
        return []
    return [
        Bar(
            gate=score.gate,
            scenario=score.scenario,
            what="seconds for a test's decision",
            limit=f"at most {allowed_s:.1f} s, {COST:.0f} × pytest-benchmark on both revisions",
            found=f"{score.decision_s:.1f} s",
            verdict="met" if score.decision_s <= allowed_s else "missed",
        )
    ]


def _printed_bar(score: Score, lines: Sequence[Printed]) -> Bar:
    ratio = next((line.ratio for line in lines if line.work == ALL_WORKS), None)
    return Bar(
        gate=score.gate,
        scenario=score.scenario,
        what="printed detectable change over the measured one, times alone",
        limit=f"{1 - DETECTABLE:.1f} to {1 + DETECTABLE:.1f}",
        found="not reached by the slowdowns" if ratio is None else f"{ratio:.2f}",
        verdict="not shown" if ratio is None else "met" if abs(ratio - 1) <= DETECTABLE else "missed",
    )


def printed(records: Iterable[Record], scenario: str) -> list[Printed]:
    """The detectable changes that were printed, of all works first, then of each for which the injected slowdowns tell.

    Every decision has a printed change of its own, as its base sessions spread more or less. So slowdowns are counted
    in units of it, and the curve through what was found says at how many of them 4 in 5 are. Times alone count.
    """
    found: dict[str, list[tuple[float, float, bool]]] = defaultdict(list)
    for record in records:
        if (record.step.gate, record.step.scenario) == (STORED, scenario) and record.step.slowdown is not None:
            for decision in record.decisions:
                if decision.rule.endswith(TIMES_ALONE) and decision.detectable is not None:
                    line = (decision.detectable, record.step.slowdown / 100, decision.flagged)
                    found[ALL_WORKS].append(line)
                    found[decision.test.rpartition("-")[0]].append(line)
    lines = []
    for work, decisions in found.items():
        counts: dict[float, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for detectable, slowdown, flagged in decisions:
            hits, trials = counts[slowdown / detectable]
            counts[slowdown / detectable] = hits + flagged, trials + 1
        units = found_at(counts)
        if units is not None:
            said = statistics.median(detectable for detectable, _, _ in decisions)
            lines.append(Printed(work=work, printed_percent=100 * said, ratio=1.0 / units))
    return sorted(lines, key=lambda line: (line.work != ALL_WORKS, line.work))


def better_peers(found: Sequence[Score], gate: str, scenario: str) -> list[str]:
    """One line for each axis on which peers do better than ``gate``: each of them with its best rule."""
    own = next((score for score in found if (score.gate, score.scenario) == (gate, scenario)), None)
    if own is None:
        return []
    lines = []
    for axis, value_of, higher, text in _AXES:
        mine = value_of(own)
        best: dict[str, tuple[float, str]] = {}
        for score in found:
            value = value_of(score)
            if score.scenario != scenario or score.gate.startswith("ascendperf"):
                continue
            # False where either is NaN
            if (value > mine if higher else value < mine) and _improves(value, best.get(score.gate), higher=higher):
                best[score.gate] = value, score.rule
        if best:
            ordered = sorted(best.items(), key=lambda item: item[1][0], reverse=higher)
            names = "; ".join(f"{name} ({rule}) {text(value)}" for name, (value, rule) in ordered)
            lines.append(f"{axis}: {text(mine)} here. Better: {names}.")
    return lines


def _improves(value: float, other: tuple[float, str] | None, *, higher: bool) -> bool:
    return other is None or (value > other[0] if higher else value < other[0])


def _found(slowdown: int) -> Callable[[Score], float]:
    return lambda score: score.found[slowdown].value if slowdown in score.found else math.nan


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


_AXES: tuple[tuple[str, Callable[[Score], float], bool, Callable[[float], str]], ...] = (
    ("False alarms", _found(A_A), False, _percent),
    ("5 % found", _found(5), True, _percent),
    ("10 % found", _found(10), True, _percent),
    ("Undecided", lambda score: score.undecided, False, _percent),
    ("Seconds for a decision", lambda score: score.decision_s, False, _seconds),
    ("Seconds for a decision on slower code", lambda score: score.slowed_s, False, _seconds),
    ("Seconds for base and decision", lambda score: score.base_s + score.decision_s, False, _seconds),
)
"""Name, value, whether higher is better, and how it reads."""
