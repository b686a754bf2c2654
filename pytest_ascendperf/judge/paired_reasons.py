"""The outcome of a comparison side by side in words: what was found, the limit, what would tell more."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ascendperf.judge.reasons import position_of
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.stage import Comparison, Stage
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.units import format_change, format_duration, format_share, format_tolerance


def new_in_head(base: str, what: str) -> str:
    """``what`` (test, case) is not there in the base."""
    return f"New in head: this {what} does not exist in {base}, so there is nothing to compare it with."


def base_fails(base: str, problem: str) -> str:
    """The test does not pass in the base, so what it measures there means nothing."""
    return f"Not compared: the test does not pass in {base}: {problem}"


def other_device(base: str, differences: Sequence[object]) -> str:
    """Base and head ran on different devices."""
    return f"Not compared: {base} was measured on another device: {', '.join(map(str, differences))}."


def shown(status: Status, comparison: Comparison, rule: Rule, *, clock: Clock, needed: int | None) -> str:
    """What the sessions of the stage that decided say."""
    position = _position(comparison, clock)
    limit = f"the limit is {format_tolerance(rule.tolerance)}"
    pairs = _pairs(comparison.head_sessions)
    if status is Status.REGRESSED or (status is Status.IMPROVED and rule.improvement_fails):
        return f"{position}; {limit}. Confirmed in {pairs} that were not part of the suspicion."
    if status is Status.IMPROVED:
        return f"{position}, in {pairs}."
    if comparison.low is None or comparison.high is None:
        return f"{position}; {limit}."
    if status is Status.PASS:
        within = f"{limit}" if comparison.high <= rule.tolerance else _below(rule)
        return f"{position} and {_at_most(comparison.high)} in {pairs}; {within}."
    extent = f"{format_change(comparison.low)} to {format_change(comparison.high)}"
    return (
        f"{position}, and the true change may be anything from {extent}; {limit}. {_advice(comparison, rule, needed)}"
    )


def pending(comparison: Comparison, rule: Rule, *, clock: Clock) -> str:
    """The case looks slower, or faster where that fails, and no further session could be measured to decide."""
    return (
        f"{_position(comparison, clock)}; the limit is {format_tolerance(rule.tolerance)}. It could be neither "
        "confirmed nor dismissed: no further pair of processes measured it."
    )


def left_out(at_each_end: int) -> str:
    """Sessions that the numbers do not rest on."""
    ends = "lowest and the highest" if at_each_end == 1 else f"{at_each_end} lowest and the {at_each_end} highest"
    return f"The {ends} of the confirming sessions are left out of these numbers, as a few odd ones hid the others."


def missing(problems: Sequence[str]) -> str:
    """Sessions that gave nothing, one per entry of ``problems``."""
    sessions = "1 session" if len(problems) == 1 else f"{len(problems)} sessions"
    return f"{sessions} could not be used: {problems[0]}"


def _position(comparison: Comparison, clock: Clock) -> str:
    return position_of(comparison, clock, "the base")


def _at_most(high: float) -> str:
    return f"{'at most' if high >= 0.0 else 'at least'} {format_share(abs(high))} {'above' if high >= 0.0 else 'below'}"


def _below(rule: Rule) -> str:
    return f"differences below {format_duration(rule.min_change_us, digits=1)} do not count"


def _pairs(number: int) -> str:
    return "1 pair of processes" if number == 1 else f"{number} pairs of processes"


def _advice(comparison: Comparison, rule: Rule, needed: int | None) -> str:
    if needed is None:
        return "If nothing changed, no reasonable number of sessions would show it: quieten the machine."
    if needed <= comparison.head_sessions:
        return "If nothing changed, as many sessions show it in at least 80 % of runs: run it again."
    would_show = (
        f"If nothing changed, {needed} pairs of processes would show it; there were {comparison.head_sessions}."
    )
    if comparison.stage is Stage.SCREEN and not rule.must_decide and needed <= rule.confirm_sessions:
        return f"{would_show} Quieten the machine, or have up to {rule.confirm_sessions} measured: --ascendperf-strict"
    return f"{would_show} Quieten the machine, or allow a larger tolerance."
