"""The budget of a run: its clock and its counts; how it is shared is for the judge to say.

Counted is the wall time of measured tests from their setup to the end of their teardown: fixtures, waiting for the
device, fresh processes. Under xdist each worker has the whole budget for its share of the tests, since workers run at
the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

from pytest_ascendperf.judge.allocation import Account, TestMean, may_confirm, may_decide, may_go_on, sampling_s
from pytest_ascendperf.judge.out_of_budget import left_out
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.model.verdict import Verdict
from pytest_ascendperf.units import format_time_span

SHORTENED = "Sampled for less than its settings allow, so that the budget of the run reaches all tests."
"""The note on a session that the budget made shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spent:
    """What tests took, in seconds."""

    tests: int = 0
    """Measured ones."""
    wall_s: float = 0.0
    asked_s: float = 0.0
    sampled_s: float = 0.0
    processes: int = 0
    fresh_s: float = 0.0
    """By fresh processes."""

    def plus(self, other: _Spent) -> _Spent:
        return _Spent(
            tests=self.tests + other.tests,
            wall_s=self.wall_s + other.wall_s,
            asked_s=self.asked_s + other.asked_s,
            sampled_s=self.sampled_s + other.sampled_s,
            processes=self.processes + other.processes,
            fresh_s=self.fresh_s + other.fresh_s,
        )

    def mean(self) -> TestMean | None:
        if not self.tests:
            return None
        own_s = self.wall_s - self.fresh_s
        return TestMean(
            own_s=own_s / self.tests, asked_s=self.asked_s / self.tests, sampled_s=self.sampled_s / self.tests
        )


class BudgetOfRun:
    """What this process may still spend."""

    def __init__(
        self,
        budget_s: float,
        *,
        tests: int,
        workers: int | None = None,
        clock: Callable[[], float],
    ) -> None:
        """``tests`` are all that the run measures, by ``workers`` processes; None for this one alone."""
        self.budget_s = budget_s
        self._tests = tests
        self._workers = workers
        self._clock = clock
        self._started = 0
        self._started_at: float | None = None
        self._running = _Spent()
        self._ended = _Spent()
        """By all tests that have ended, measured or not."""
        self._measured = _Spent()
        """By those of them that were measured."""

    @property
    def tests_left(self) -> int:
        """Tests to come after the running one; an estimate where workers share them."""
        return max(ceil(self._tests / (self._workers or 1)) - self._started, 0)

    @property
    def _reached(self) -> str:
        """What has been measured, in words."""
        measured = self._measured.tests + self._running.tests
        if self._workers is None:
            return f"{measured} of {self._tests} tests"
        return f"{measured} tests of this worker"

    @property
    def words(self) -> str:
        """What the header says of it."""
        return f"budget {format_time_span(self.budget_s)} for {self._tests} {'test' if self._tests == 1 else 'tests'}"

    def test_started(self) -> None:
        """Start the running test's clock."""
        self._started += 1
        self._started_at = self._clock()
        self._running = _Spent()

    def test_ended(self) -> None:
        """Stop it, and learn from what the test took."""
        running = self._running_so_far()
        self._ended = self._ended.plus(running)
        if running.tests:
            self._measured = self._measured.plus(running)
        self._started_at = None
        self._running = _Spent()

    def granted(self, plan: SamplingPlan) -> SamplingPlan | None:
        """How a call of the running test is measured; None where no time is left for it."""
        granted_s = sampling_s(self._account(self._measured), plan.budget_s)
        return None if granted_s is None else replace(plan, budget_s=granted_s)

    def left_out(self, case: CaseId, *, tolerance: float, base: str | None = None) -> Verdict:
        """The verdict on a case that no time is left for."""
        return left_out(case, tolerance=tolerance, budget_s=self.budget_s, reached=self._reached, base=base)

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left, so that the running test must not be measured beside a base."""
        return self._account(self._measured).left_s <= 0.0

    def may_confirm(self, sessions: int) -> bool:
        """Whether the running test, a suspect that has so many fresh sessions, may have another one."""
        return may_confirm(self._account(self._measured.plus(self._running_so_far())), sessions)

    def may_decide(self, sessions: int) -> bool:
        """Whether the running test, no suspect, that has so many fresh sessions may have another one."""
        return may_decide(self._account(self._measured.plus(self._running_so_far())), sessions)

    def may_go_on(self) -> bool:
        """Whether the running test may have another session beside its base."""
        return may_go_on(self._account(self._measured.plus(self._running_so_far())))

    def measured(self, measurement: Measurement, *, asked: SamplingPlan, granted: SamplingPlan) -> Measurement:
        """Learn from a measured call of the running test; the measurement with a note where it was shortened."""
        running, session = self._running, measurement.session
        sampled_s = 0.0
        if session is not None:
            sampled_s = min(session.rounds * session.calls_per_round * session.median_us * 1e-6, granted.budget_s)
        self._running = replace(
            running, tests=1, asked_s=running.asked_s + asked.budget_s, sampled_s=running.sampled_s + sampled_s
        )
        if granted.budget_s >= asked.budget_s:
            return measurement
        return replace(measurement, notes=(*measurement.notes, SHORTENED))

    def measured_beside_base(self) -> None:
        """Take note of the running test's first session with a base. Its sampling is not shortened."""
        self._running = replace(self._running, tests=1)

    def fresh_process_took(self, seconds: float) -> None:
        """Learn from a fresh process, or a further session with a base, of the running test."""
        running = self._running
        self._running = replace(running, processes=running.processes + 1, fresh_s=running.fresh_s + seconds)

    def _running_so_far(self) -> _Spent:
        wall_s = 0.0 if self._started_at is None else self._clock() - self._started_at
        return replace(self._running, wall_s=wall_s)

    def _account(self, known: _Spent) -> Account:
        spent = self._ended.plus(self._running_so_far())
        return Account(
            budget_s=self.budget_s,
            spent_s=spent.wall_s,
            tests_left=self.tests_left,
            mean=known.mean(),
            fresh_s=spent.fresh_s / spent.processes if spent.processes else None,
        )
