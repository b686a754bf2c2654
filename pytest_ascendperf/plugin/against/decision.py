"""One test from its first session to its verdicts: as many pairs of processes as it takes to decide."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from pytest_ascendperf.errors import AgainstError
from pytest_ascendperf.judge import error_rate
from pytest_ascendperf.judge.kernel_changes import KnownLoss
from pytest_ascendperf.judge.out_of_budget import cut_short
from pytest_ascendperf.judge.paired import Next
from pytest_ascendperf.judge.paired_contrast import paired_session
from pytest_ascendperf.judge.paired_verdict import (
    PairedEvidence,
    base_failed,
    base_lost,
    next_step,
    paired_verdict,
    used_alpha,
)
from pytest_ascendperf.measure.budget import BudgetOfRun
from pytest_ascendperf.model.cost import Cost
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.verdict import Verdict
from pytest_ascendperf.plugin.against.base import Base
from pytest_ascendperf.plugin.against.pair import TestRun
from pytest_ascendperf.plugin.against.pairs import PairsOfRun
from pytest_ascendperf.plugin.against.process import SideLost
from pytest_ascendperf.plugin.kernel_checks import known_losses


class TestToDecide(NamedTuple):
    """A marked test, and those that follow it on each side."""

    nodeid: str
    next_in_base: str | None
    next_in_head: str | None


TestToDecide.__test__ = False  # type: ignore[attr-defined]  # not a class of tests


class Decided(NamedTuple):
    """What came of a test."""

    reports: list[dict[str, Any]]
    """Head's reports of the first session, as pytest serialises them."""
    measurements: list[Measurement]
    """Head's half of the first session."""
    verdicts: list[Verdict]
    """Empty where the test did not pass in head: it then fails, or is skipped, as itself."""


class Decision:
    """Decides tests one by one."""

    def __init__(
        self, config: pytest.Config, pairs: PairsOfRun, base: Base, *, suite_tests: int, budget: BudgetOfRun | None
    ) -> None:
        self._config = config
        self._budget = budget
        self._pairs = pairs
        self._base = base
        self._suite_tests = suite_tests
        self._used_alpha: list[float] = []
        """What each test so far has used of the run's level."""

    def decide(self, test: TestToDecide) -> Decided:
        """Measure and judge ``test``. Raises AgainstError where head's process was lost in the first session."""
        saved_alpha = error_rate.saved_alpha(self._suite_tests, self._used_alpha)
        self._used_alpha.append(0.0)
        if self._budget is not None and self._budget.is_spent:
            return self._left_out(test, self._budget)
        lost: str | None = None
        started = time.monotonic()
        try:
            first = self._session(0, test)
        except SideLost as error:
            if error.side == "head":
                raise
            lost = error.in_one_line
            first = self._session(0, test, alone=True)
        measurements = list(first.head.measurements.values())
        if first.head.problem is not None:
            return Decided(first.reports, measurements, [])
        first_s = time.monotonic() - started
        if self._budget is not None:
            self._budget.measured_beside_base()
        evidence = {name: self._evidence(first, name, saved_alpha) for name in first.head.measurements}
        costs = {name: Cost(session_s=first_s / len(evidence)) for name in evidence}
        if lost is not None:
            verdicts = [base_lost(each, lost) for each in evidence.values()]
        elif (problem := self._problem_in_base(test, first)) is not None:
            verdicts = [base_failed(each, problem) for each in evidence.values()]
        else:
            for name, each in evidence.items():
                _add_session(each, first, name)
            self._further_sessions(test, evidence, costs)
            self._used_alpha[-1] = sum(map(used_alpha, evidence.values()))
            verdicts = [paired_verdict(each) for each in evidence.values()]
        verdicts = [dataclasses.replace(verdict, cost=costs[verdict.case.case]) for verdict in verdicts]
        if (budget := self._budget) is not None:
            verdicts = [
                cut_short(verdict, budget_s=budget.budget_s, tests_left=budget.tests_left)
                if costs[verdict.case.case].cut_short
                else verdict
                for verdict in verdicts
            ]
        return Decided(first.reports, measurements, verdicts)

    def _left_out(self, test: TestToDecide, budget: BudgetOfRun) -> Decided:
        """Let the test run in head without measuring it."""
        run = self._session(0, test, cases=[], alone=True)
        verdicts = [
            budget.left_out(each.case, tolerance=run.head.rules[name].tolerance, base=self._base.name)
            for name, each in run.head.measurements.items()
        ]
        return Decided(run.reports, [], [] if run.head.problem is not None else verdicts)

    def _problem_in_base(self, test: TestToDecide, first: TestRun) -> str | None:
        """Why the test, which may well be there, does not pass in the base; None where it passes, or is not there."""
        if first.base is not None:
            return first.base.problem
        collected = self._pairs.pair(0).base
        return collected.problem_of(test.nodeid)

    def _further_sessions(
        self, test: TestToDecide, evidence: Mapping[str, PairedEvidence], costs: dict[str, Cost]
    ) -> None:
        """Measure on until all cases are decided or the budget ends it, and add to ``costs`` what that took."""
        number = 0
        while wanted := [name for name, each in evidence.items() if next_step(each) is not Next.NOTHING]:
            if self._budget is not None and not self._budget.may_go_on():
                costs.update((name, dataclasses.replace(costs[name], cut_short=True)) for name in wanted)
                break
            number += 1
            started = time.monotonic()
            try:
                run = self._session(number, test, cases=wanted)
            except AgainstError as error:
                for name in wanted:
                    evidence[name].problems.append(" ".join(str(error).split()))
            else:
                for name in wanted:
                    _add_session(evidence[name], run, name)
            took_s = time.monotonic() - started
            if self._budget is not None:
                self._budget.fresh_process_took(took_s)
            costs.update((name, costs[name].with_fresh_process(took_s, shared_by=len(wanted))) for name in wanted)
        self._pairs.end_of_test()

    def _session(
        self, number: int, test: TestToDecide, *, cases: list[str] | None = None, alone: bool = False
    ) -> TestRun:
        """The session of pair ``number``. Only the first pair keeps fixtures for the next test: they take memory."""
        pair = self._pairs.pair(number)
        is_first = number == 0
        try:
            run = pair.run_test(
                test.nodeid,
                seed=f"{test.nodeid} {number}",
                cases=cases,
                alone=alone,
                next_in_base=test.next_in_base if is_first else None,
                next_in_head=test.next_in_head if is_first else None,
                head_first=number % 2 == 0,
            )
        except BaseException:
            self._pairs.lost(number)
            raise
        if run.base is not None and run.base.wrong_import is not None:
            self._pairs.lost(number)  # with the module that it should not have
            raise AgainstError(f"{self._base.name} {run.base.wrong_import}")
        return run

    def _evidence(self, run: TestRun, name: str, saved_alpha: float) -> PairedEvidence:
        rule = dataclasses.replace(run.head.rules[name], suite_tests=self._suite_tests, saved_alpha=saved_alpha)
        head = run.head.measurements[name]
        base = None if run.base is None else run.base.measurements.get(name)
        losses: tuple[KnownLoss, ...] = ()
        if base is not None and base.kernels is not None and head.kernels is not None:
            losses = known_losses(self._config, base.kernels, head.kernels)
        return PairedEvidence(
            head=head,
            base=base,
            rule=rule,
            base_name=self._base.name,
            demands=run.head.demands[name],
            compares_kernels=run.head.compares_kernels[name],
            losses=losses,
        )


def _add_session(evidence: PairedEvidence, run: TestRun, name: str) -> None:
    """Take in what ``run`` measured of the case ``name``, for the stage that is wanted now."""
    pairs = run.pairs.get(name)
    problem = _problem(run, name) if pairs is None else pairs.problem
    if evidence.base is None:
        return
    if problem is not None or pairs is None:
        evidence.problems.append(problem or "")
        return
    session = paired_session(pairs.base_us, pairs.head_us)
    evidence.clock = pairs.clock
    resolution_us = run.timer_resolution_us / pairs.calls_per_round
    evidence.resolution_us = max(evidence.resolution_us, resolution_us)
    evidence.rule = dataclasses.replace(
        evidence.rule, min_change_us=max(evidence.rule.min_change_us, evidence.resolution_us)
    )
    (evidence.confirming if next_step(evidence) is Next.CONFIRM else evidence.screening).append(session)


def _problem(run: TestRun, name: str) -> str:
    """Why the case has no rounds in this session."""
    for side, ended in (("head", run.head), ("the base", run.base)):
        if ended is None:
            continue
        if ended.problem is not None:
            return f"the test did not pass in {side}: {ended.problem}"
        measurement = ended.measurements.get(name)
        if measurement is None:
            return f"{side} did not measure the case"
        if measurement.invalid and measurement.session is None:
            return f"in {side}: {measurement.invalid[0]}"
    return "base and head did not reach the case in the same order"
