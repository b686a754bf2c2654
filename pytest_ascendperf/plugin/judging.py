"""From a test's measurements to its verdicts: look up, screen, measure again in fresh processes what needs it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ascendperf.judge.acceptance import accepts
from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.verdict import judge_screen
from pytest_ascendperf.measure.budget import BudgetOfRun
from pytest_ascendperf.model.finding import Finding
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.plugin.bench import Bench
from pytest_ascendperf.plugin.confirming import Confirming
from pytest_ascendperf.plugin.measured_test import MeasuredTest
from pytest_ascendperf.plugin.options import ANCHOR_MODE
from pytest_ascendperf.plugin.outcome import TestOutcome
from pytest_ascendperf.plugin.paths import baselines_root, short_path
from pytest_ascendperf.plugin.self_check import RULES_KEY
from pytest_ascendperf.settings import Settings
from pytest_ascendperf.store.baseline_store import BaselineStore


class Judging:
    """The stored baselines and how this run uses them: to judge, or to accept what it measured."""

    def __init__(
        self,
        config: pytest.Config,
        bench: Bench,
        settings: Settings,
        *,
        suite_tests: int,
        budget: BudgetOfRun | None,
    ) -> None:
        self._config = config
        self._bench = bench
        self._store = BaselineStore(baselines_root(config, settings))
        self._confirming = Confirming(config, bench, budget)
        self._suite_tests = suite_tests
        self._update_mode: str | None = config.getoption("ascendperf_update_baselines")
        self._checks_itself = config.getoption("ascendperf_self_check") is not None

    def judge(self, test: MeasuredTest, outcome: TestOutcome) -> list[Finding]:
        """Add the verdicts of ``test`` and the names of its accepted cases to ``outcome``.

        Returns what the accepted cases run otherwise than the test itself asks for: recording does not make it hold.
        Raises BaselineError where a baseline cannot be read, DeviceError where the device stays in use.
        """
        if self._checks_itself:
            rules = self._config.stash.setdefault(RULES_KEY, {})
            rules.update((measurement.case, self._rule(test, name)) for name, measurement in test.measurements.items())
        if self._update_mode in ("all", ANCHOR_MODE) or self._checks_itself:
            for name in test.measurements:
                outcome.accept(name, self._rule(test, name))
            return self._unmet_demands(test)
        judgements = {name: self._screen(test, name) for name in test.measurements}
        unsettled = {name: judgement for name, judgement in judgements.items() if judgement.needs_confirmation}
        confirmed = self._confirming.confirm(test, unsettled) if unsettled else {}
        unmet: list[Finding] = []
        for name, judgement in judgements.items():
            verdict = confirmed.get(name) or replace(judgement.verdict, cost=test.costs[name])
            if accepts(self._update_mode, verdict, stored=judgement.baseline is not None):
                outcome.accept(name, judgement.rule)
                unmet += [finding for finding in verdict.failing_findings if not finding.is_against_baseline]
            else:
                outcome.verdicts.append(verdict)
        outcome.verdicts += test.left_out.values()
        return unmet

    def _rule(self, test: MeasuredTest, name: str) -> Rule:
        return test.rule_of(name, suite_tests=self._suite_tests)

    def _unmet_demands(self, test: MeasuredTest) -> list[Finding]:
        """What does not hold of what the test asks of its kernels."""
        return [finding for name in test.measurements for finding in test.demands(name)]

    def look_at_graphs(self, test: MeasuredTest) -> None:
        """Add what the graph compiler fused to the measurements of a test that runs graphs."""
        self._confirming.look_at_graphs(test)

    def _screen(self, test: MeasuredTest, name: str) -> Judgement:
        measurement = test.measurements[name]
        environment = measurement.environment
        baseline = self._store.find(measurement.case, environment)
        elsewhere = None if baseline is not None else self._store.elsewhere(measurement.case, environment)
        path = self._store.path_of(environment, measurement.case.module)
        judgement = judge_screen(
            measurement,
            baseline,
            () if elsewhere is None else elsewhere.baselines,
            self._rule(test, name),
            baseline_path=short_path(path, self._config.rootpath),
            timer_resolution_us=self._bench.device.timer_resolution_us,
            exact=test.exact_evidence(name, baseline),
        )
        if elsewhere is None or not elsewhere.errors:
            return judgement
        notes = (*judgement.verdict.notes, *map(str, elsewhere.errors))
        return replace(judgement, verdict=replace(judgement.verdict, notes=notes))
