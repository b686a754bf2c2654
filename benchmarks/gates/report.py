"""The figures as Markdown and as JSON. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from tabulate import tabulate

from .comparison import AGAINST, STORED, bars, better_peers, printed
from .records import A_A, Record
from .scoring import Score, Share, operating_points

_CURVE_PERCENT = 5


def markdown(run: Mapping[str, object], records: Sequence[Record], found: Sequence[Score]) -> str:
    """Everything that is said of a run."""
    scenarios = sorted({score.scenario for score in found}, reverse=True)  # quiet before loaded
    parts = [_facts(run, records)]
    for scenario in scenarios:
        own = [score for score in found if score.scenario == scenario]
        parts += [f"### {scenario.capitalize()}", table(own), *_better(found, scenario)]
    rows = [[bar.scenario, bar.gate, bar.what, bar.limit, bar.found, bar.verdict] for bar in bars(found, records)]
    headers = ["scenario", "gate", "what", "bar", "found", ""]
    parts += ["### Bars", tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)]
    problems = [record for record in records if record.problem is not None]
    if problems:
        parts.append(f"### No decision in {len(problems)} of {len(records)} steps")
        parts.append("\n".join(sorted({f"- {r.step.gate}: {_last_line(r.problem)}" for r in problems})))
    return "\n\n".join(parts) + "\n"


def table(found: Sequence[Score]) -> str:
    """One row for each rule of each gate."""
    slowdowns = sorted({d for score in found for d in score.found} - {A_A})
    rows = [
        [
            score.gate,
            score.rule,
            _rate(score.found.get(A_A)),
            "" if score.suite_red is None else f"{score.suite_red:.0%}",
            *(_short(score.found.get(d)) for d in slowdowns),
            "-" if score.detectable_percent is None else f"{score.detectable_percent:.1f} %",
            _short_number(score.undecided),
            _seconds(score.decision_s),
            _seconds(score.slowed_s),
            _seconds(score.base_s) if score.base_s else "",
        ]
        for score in found
    ]
    headers = ["gate", "rule", "false alarms (95 %; n)", "suite red", *(f"{d} %" for d in slowdowns)]
    headers += ["80 % found at", "undecided", "decision", "if slower", "base"]
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


def curve_percent(found: Sequence[Score]) -> int | None:
    """The slowdown that false alarms are drawn against: 5 %, or the least injected; None where none was."""
    slowdowns = {d for score in found for d in score.found} - {A_A}
    return _CURVE_PERCENT if _CURVE_PERCENT in slowdowns else min(slowdowns, default=None)


def document(run: Mapping[str, object], records: Sequence[Record], found: Sequence[Score]) -> str:
    """The same figures for programs, and the curves of the rules with a threshold."""
    scenarios = sorted({score.scenario for score in found})
    slowdown = curve_percent(found)
    curves = (
        []
        if slowdown is None
        else [
            {
                "gate": score.gate,
                "rule": score.rule,
                "scenario": score.scenario,
                "slowdown_percent": slowdown,
                "points": [
                    asdict(point)
                    for point in operating_points(_own(records, score), score.rule, slowdown)
                    if math.isfinite(point.threshold)
                ],
            }
            for score in found
        ]
    )
    data = {
        "run": run,
        "scores": [_plain(score) for score in found],
        "bars": [asdict(bar) for bar in bars(found, records)],
        "printed_detectable": {s: [asdict(line) for line in printed(records, s)] for s in scenarios},
        "curves": [curve for curve in curves if curve["points"]],
    }
    return json.dumps(data, indent=1, allow_nan=False) + "\n"


def _own(records: Sequence[Record], score: Score) -> list[Record]:
    return [r for r in records if (r.step.gate, r.step.scenario) == (score.gate, score.scenario)]


def _plain(score: Score) -> dict[str, object]:
    data = asdict(score)
    return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in data.items()}


def _facts(run: Mapping[str, object], records: Sequence[Record]) -> str:
    loads = [record.load for record in records]
    lines = [f"- {name}: {value}" for name, value in run.items()]
    if records:
        lines.append(f"- measured: {records[0].started} to {records[-1].started}, {len(records)} steps")
        lines.append(f"- load average: {loads[0]} at the start, {loads[-1]} at the end, at most {max(loads)}")
    return "\n".join(lines)


def _better(found: Sequence[Score], scenario: str) -> list[str]:
    parts = []
    for gate in (STORED, AGAINST):
        lines = better_peers(found, gate, scenario)
        if lines:
            parts.append(f"Where a peer is better than {gate}:")
            parts.append("\n".join(f"- {line}" for line in lines))
    return parts


def _rate(share: Share | None) -> str:
    if share is None:
        return ""
    low, high = min(share.low, share.cluster_low), max(share.high, share.cluster_high)
    return f"{share.value:.1%} ({low:.1%} to {high:.1%}; {share.trials})"


def _short(share: Share | None) -> str:
    return "" if share is None else f"{share.value:.0%}"


def _short_number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.0%}"


def _seconds(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1f} s"


def _last_line(problem: str | None) -> str:
    return (problem or "").strip().splitlines()[-1]
