"""The text of a test that fails on its times or on what it ran.

The first line stands alone in pytest's short summary, so it carries the number, the limit and the baseline. The lines
below give the evidence, the source and the command that follows.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ascendperf.judge.exact import reason_of_times
from pytest_ascendperf.judge.reasons import origin_of
from pytest_ascendperf.model.host_change import HostChange
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.stage import Comparison, Stage
from pytest_ascendperf.model.verdict import Drift, Status, Verdict
from pytest_ascendperf.report.cost import cost_words
from pytest_ascendperf.report.kernels import attribution_lines, finding_headline, finding_lines
from pytest_ascendperf.report.next_step import CommandLine, next_step
from pytest_ascendperf.report.wording import bad_news_first, counted, printable, status_word
from pytest_ascendperf.units import format_chance, format_change, format_duration, format_share, format_tolerance

_TIMES_NEED_WORDS = frozenset(Status) - {Status.PASS, Status.IMPROVED, Status.REGRESSED}
"""What the times of a case came to whose numbers alone do not say it."""


def failure_message(verdicts: Sequence[Verdict], command_line: CommandLine) -> str:
    """The text of one test that fails because of ``verdicts`` (at least one), worst first.

    Its first line tells the worst case in full and counts the others.
    """
    worst, *others = bad_news_first(verdicts)
    if not others:
        return failure_text(worst, command_line)
    blocks = [failure_text(verdict, command_line) for verdict in (worst, *others)]
    first_line = f"{headline(worst)}; {counted(len(others), 'more case')} below"
    rest_of_worst = blocks[0].partition("\n")[2]
    return "\n".join([first_line, rest_of_worst, *(f"\n{block}" for block in blocks[1:])])


def failure_text(verdict: Verdict, command_line: CommandLine) -> str:
    """The text of one failing case: a headline that can stand alone, the evidence line by line, the next command."""
    facts = _evidence(verdict)
    width = max((len(name) for name, _ in facts), default=0)
    lines = [headline(verdict), *(f"  {name:<{width}}  {fact}" for name, fact in facts)]
    lines += finding_lines(verdict.findings)
    if verdict.attribution is not None:
        lines += attribution_lines(verdict.attribution)
    if step := next_step([verdict], command_line):
        lines.append(step)
    return "\n".join(lines)


def headline(verdict: Verdict) -> str:
    """One line that says why the case fails: ``latency 37.41 µs > 13.125 µs (baseline 12.50 µs + 5 %): ...``.

    A case that fails on what it ran says that, behind its time where it became slower, too.
    """
    name = f"{printable(verdict.case.case)}: " if verdict.case.case else ""
    ran = finding_headline(verdict)
    if ran and verdict.status_of_times is not Status.REGRESSED:
        return f"{name}{ran}"
    return f"{name}{_time_headline(verdict)}" + (f"; {ran}" if ran else "")


def _time_headline(verdict: Verdict) -> str:
    subject = "latency" if verdict.clock is Clock.DEVICE else "host time"
    decisive = verdict.decisive
    if verdict.status is not Status.REGRESSED or decisive is None:
        return f"{subject} {status_word(verdict.status).lower()}: {printable(verdict.reason)}"
    limit_us = decisive.base_us * (1.0 + decisive.host.limit(verdict.tolerance))
    base = _base_word(verdict)
    allowed = f"{format_tolerance(verdict.tolerance)}{_slower_host(decisive.host)}"
    text = (
        f"{subject} {format_duration(decisive.head_us)} > {format_duration(limit_us, digits=5, exact=False)} "
        f"({base} {format_duration(decisive.base_us)} + {allowed}): "
        f"{_slower(decisive.change, base)}"
    )
    if verdict.drifted is not None:
        text += f" by slow drift since {printable(origin_of(verdict.drifted))}"
    if decisive.stage is Stage.CONFIRM:
        text += f", confirmed in {_fresh(verdict, decisive.head_sessions)}"
    return text


def _slower_host(host: HostChange) -> str:
    """What the host itself accounts for, behind the tolerance."""
    if host.is_slower_in_memory:
        return f", up to {format_share(host.memory)} by slower memory"
    return f", the core itself {format_share(host.core)} slower" if host.slower > 0.0 else ""


def _base_word(verdict: Verdict) -> str:
    """What the decisive comparison is with."""
    if verdict.drifted is not None:
        return "anchor"
    return "baseline" if verdict.base is None else "base"


def _fresh(verdict: Verdict, sessions: int) -> str:
    """The processes that confirmed it."""
    if verdict.base is None:
        return counted(sessions, "fresh process")
    return f"{counted(sessions, 'fresh pair')} of processes"


def _slower(change: float, base: str) -> str:
    text = format_change(change)
    return f"{text.removeprefix('+')} slower" if text.endswith("%") else f"{text} the {base}"


def _evidence(verdict: Verdict) -> list[tuple[str, str]]:
    """The facts below the headline, each with its name."""
    facts: list[tuple[str, str]] = []
    if verdict.status is Status.REGRESSED and verdict.status_of_times in _TIMES_NEED_WORDS:
        word = status_word(verdict.status_of_times)
        facts.append(("by its times", f"{word}: {printable(reason_of_times(verdict))}"))
    drifted = verdict.drifted
    if verdict.now_us is not None:
        screen = verdict.screen if drifted is None else drifted.screen
        facts.append(("this run", _this_run(verdict.now_us, screen, _base_word(verdict))))
    confirm = verdict.confirm if drifted is None else drifted.confirm
    if confirm is not None:
        name = "fresh processes" if verdict.base is None else "fresh pairs"
        facts.append((name, _confirmation(confirm, _base_word(verdict))))
    if verdict.decisive is not None:
        facts.extend(_interval(verdict.decisive))
        if verdict.status is not Status.IMPROVED:  # p asks whether it is slower
            facts.extend(_p_values(verdict.decisive, verdict.tolerance))
        facts.extend(_spread(verdict.decisive))
    if verdict.detectable_change is not None:
        share = format_share(verdict.detectable_change)
        facts.append(("detectable", f"a slowdown of {share} is caught 4 times in 5"))
    if verdict.cost is not None and not verdict.was_left_out:
        facts.append(("measured in", cost_words(verdict.cost, beside_base=verdict.base is not None)))
    if drifted is not None:
        facts.append(("anchor", _anchor(drifted)))
    facts.append(("baseline", _baseline(verdict)) if verdict.base is None else ("base", _base(verdict)))
    facts.extend(("not the same", printable(difference)) for difference in verdict.hard_differences)
    facts.extend(("changed", printable(difference)) for difference in verdict.soft_differences)
    facts.extend(("note", printable(note)) for note in verdict.notes)
    return facts


def _this_run(now_us: float, screen: Comparison | None, base: str) -> str:
    text = f"median {format_duration(now_us)}"
    return text if screen is None else f"{text}, {_against(screen.change, base)}"


def _confirmation(confirm: Comparison, base: str) -> str:
    text = f"mean {format_duration(confirm.head_us)} of {counted(confirm.head_sessions, 'session')}"
    return f"{text}, {_against(confirm.change, base)}"


def _against(change: float, base: str) -> str:
    text = format_change(change)
    return f"{text} against the {base}" if text.endswith("%") else f"{text} the {base}"


def _interval(comparison: Comparison) -> list[tuple[str, str]]:
    if comparison.low is None or comparison.high is None:
        return []
    interval = f"{format_change(comparison.low)} to {format_change(comparison.high)}"
    return [(f"{comparison.confidence * 100:g} % interval", interval)]


def _p_values(comparison: Comparison, tolerance: float) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    if comparison.p_value is not None:
        limit = format_tolerance(tolerance)
        if comparison.host.slower > 0.0:
            part = "memory" if comparison.host.is_slower_in_memory else "core"
            limit = f"{limit}, and its {part} {format_share(comparison.host.slower)},"
        meaning = f"the chance of measuring this if the code were just {limit} slower"
        facts.append(("p", f"{format_chance(comparison.p_value)}: {meaning}"))
    if comparison.rank_p_value is not None:
        meaning = "the same without assuming a distribution"
        facts.append(("p by rank", f"{format_chance(comparison.rank_p_value)}: {meaning}"))
    return facts


def _spread(comparison: Comparison) -> list[tuple[str, str]]:
    if comparison.spread is None:
        return []
    return [("spread", f"sessions differ by {format_share(comparison.spread)} (standard deviation)")]


def _baseline(verdict: Verdict) -> str:
    path = "no file" if verdict.baseline_path is None else printable(verdict.baseline_path)
    comparison = verdict.against_baseline
    if comparison is None:
        return path
    text = f"{format_duration(comparison.base_us)} from {counted(comparison.base_sessions, 'session')} in {path}"
    return text if verdict.drifted is None else f"{text}, {format_change(comparison.change)} now"


def _anchor(drift: Drift) -> str:
    """What the drift is measured from: ``10.00 µs from 5 sessions of 2025-01-31, 1a2b3c4d5e6f``."""
    sessions = counted(drift.decisive.base_sessions, "session")
    return f"{format_duration(drift.decisive.base_us)} from {sessions} of {printable(origin_of(drift))}"


def _base(verdict: Verdict) -> str:
    """What stood beside the judged code: ``10.00 µs: main (1a2b3c4d5e6f), measured in turns with it``."""
    name = printable(verdict.base).removeprefix("base ")
    if verdict.decisive is None:
        return name
    return f"{format_duration(verdict.decisive.base_us)}: {name}, measured in turns with it"
