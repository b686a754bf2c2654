"""Fresh processes for one test: as many as its cases ask for, each a session for all that still do."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from pytest_ascendperf.errors import FreshProcessError
from pytest_ascendperf.judge.confirmation import wants_session
from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.out_of_budget import cut_short
from pytest_ascendperf.judge.verdict import judge_confirmed
from pytest_ascendperf.measure.budget import BudgetOfRun
from pytest_ascendperf.model.cost import Cost
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.verdict import Verdict
from pytest_ascendperf.plugin.bench import Bench
from pytest_ascendperf.plugin.fresh import FreshResult, run_session, target_of, time_limit_s
from pytest_ascendperf.plugin.measured_test import MeasuredTest


@dataclass(slots=True, kw_only=True)
class OpenCase:
    """One case while it is being measured again. A session that it no longer asked for is not its own."""

    judgement: Judgement
    cost: Cost
    fresh: list[Measurement] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Why processes gave nothing, a sentence each."""
    is_cut_short: bool = False

    @property
    def wants_session(self) -> bool:
        """Whether it asks for another one."""
        return wants_session(self.judgement, self.fresh, self.problems)

    def verdict(self, budget: BudgetOfRun | None) -> Verdict:
        """The final one."""
        verdict = replace(judge_confirmed(self.judgement, self.fresh, self.problems), cost=self.cost)
        if budget is None or not self.is_cut_short:
            return verdict
        return cut_short(verdict, budget_s=budget.budget_s, tests_left=budget.tests_left)


class Confirming:
    """Measures tests again, as fresh processes of this run."""

    def __init__(self, config: pytest.Config, bench: Bench, budget: BudgetOfRun | None) -> None:
        self._config = config
        self._bench = bench
        self._budget = budget

    def confirm(self, test: MeasuredTest, judgements: Mapping[str, Judgement]) -> dict[str, Verdict]:
        """The verdicts of those cases of ``test`` that must be measured again, by name."""
        cases = {name: OpenCase(judgement=each, cost=test.costs[name]) for name, each in judgements.items()}
        limit_s = time_limit_s(test.seconds_so_far)
        with self._bench.alone() as device:
            device.release_memory()  # the fresh processes need what this one keeps for later
            number = 0
            while wanting := {name: case for name, case in cases.items() if case.wants_session}:
                if not self._may_go_on(wanting.values(), number):
                    for case in wanting.values():
                        case.is_cut_short = True
                    break
                number += 1
                self._add_session(test, wanting, number, limit_s)
        return {name: case.verdict(self._budget) for name, case in cases.items()}

    def _may_go_on(self, cases: Iterable[OpenCase], sessions: int) -> bool:
        """Whether the budget has time for another session of ``cases``, which had so many."""
        if self._budget is None:
            return True
        if any(case.judgement.is_suspected for case in cases):
            return self._budget.may_confirm(sessions)
        return self._budget.may_decide(sessions)

    def _add_session(self, test: MeasuredTest, cases: Mapping[str, OpenCase], number: int, limit_s: float) -> None:
        started = time.monotonic()
        result = self._measured_again(test, limit_s)
        took_s = time.monotonic() - started
        if self._budget is not None:
            self._budget.fresh_process_took(took_s)
        measured = {} if isinstance(result, str) else {each.case.case: each for each in result.measurements}
        for name, case in cases.items():
            case.cost = case.cost.with_fresh_process(took_s, shared_by=len(cases))
            if name in measured:
                case.fresh.append(measured[name])
            else:
                problem = result if isinstance(result, str) else "did not measure this case"
                case.problems.append(f"fresh process {number} of {case.judgement.rule.confirm_sessions}: {problem}")

    def look_at_graphs(self, test: MeasuredTest) -> None:
        """Add what the graph compiler fused to the measurements of a test that runs graphs.

        It is known only when a process has ended, so a fresh one runs the test once more.
        """
        if not any(kernels is not None and kernels.has_graphs for kernels in test.kernel_tables()):
            return
        with self._bench.alone() as device:
            device.release_memory()
            started = time.monotonic()
            result = self._measured_again(test, time_limit_s(test.seconds_so_far))
            test.share_fresh_process(time.monotonic() - started)
        problem = result if isinstance(result, str) else result.passes_problem
        if isinstance(result, FreshResult):
            test.add_passes(result.measurements)
        if problem is not None:
            test.add_note(f"What the graph compiler fused is not known: {problem}")

    def _measured_again(self, test: MeasuredTest, limit_s: float) -> FreshResult | str:
        """What a fresh process says of the test, which passed there; or why it says nothing."""
        try:
            results = run_session(self._config, [target_of(test.item)], time_limit_s=limit_s, device_is_held=True)
        except FreshProcessError as error:
            return str(error)
        result = results.get(test.item.nodeid)
        if result is None:
            return "did not run the test"
        return result if result.problem is None else result.problem
