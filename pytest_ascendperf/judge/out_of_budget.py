"""What is said of a case that the budget of the run did not reach, or not to its end. It never passes for that."""

from __future__ import annotations

from dataclasses import replace

from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.cost import Cost
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.verdict import Status, Verdict
from pytest_ascendperf.units import format_time_span


def left_out(case: CaseId, *, tolerance: float, budget_s: float, reached: str, base: str | None = None) -> Verdict:
    """The verdict on a case that was not measured, the budget having been spent after ``reached``: 3 of 9 tests."""
    return Verdict(
        case=case,
        status=Status.INCONCLUSIVE,
        reason=f"Not measured: the budget of {format_time_span(budget_s)} was spent after {reached}.",
        now_us=None,
        clock=Clock.DEVICE,
        tolerance=tolerance,
        detectable_change=None,
        screen=None,
        confirm=None,
        hard_differences=(),
        soft_differences=(),
        baseline_path=None,
        notes=(),
        base=base,
        cost=Cost(cut_short=True),
    )


def cut_short(verdict: Verdict, *, budget_s: float, tests_left: int) -> Verdict:
    """``verdict``, which stands on fewer sessions than it wanted, saying so. Its cost must be known."""
    if verdict.cost is None:
        return verdict
    reserved = (
        "" if not tests_left else f"; {tests_left} more {'test' if tests_left == 1 else 'tests'} had to be reached"
    )
    reason = f"{verdict.reason} The budget of {format_time_span(budget_s)} left no time for more sessions{reserved}."
    return replace(verdict, reason=reason, cost=replace(verdict.cost, cut_short=True))
