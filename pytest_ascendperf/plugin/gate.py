"""The hooks of a process that measures: around a test's setup, body, call phase and report.

Registered only once a collected test asks to be measured, so that other runs do not pay for it.
"""

from __future__ import annotations

import unittest
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from pytest_ascendperf.errors import AscendPerfError, DeviceError, SettingsError
from pytest_ascendperf.measure.budget import BudgetOfRun
from pytest_ascendperf.model.verdict import Verdict
from pytest_ascendperf.plugin.bench import Bench
from pytest_ascendperf.plugin.budget import budget_of_run
from pytest_ascendperf.plugin.fixture import NpuPerf
from pytest_ascendperf.plugin.fresh import target_of
from pytest_ascendperf.plugin.judging import Judging
from pytest_ascendperf.plugin.kernel_checks import check_patterns
from pytest_ascendperf.plugin.marker import MARKED_KEY, Marked, asks_to_be_measured, read_marks
from pytest_ascendperf.plugin.measured_test import MeasuredTest
from pytest_ascendperf.plugin.options import command_line_of, settings_of
from pytest_ascendperf.plugin.outcome import TestOutcome
from pytest_ascendperf.plugin.session_request import is_fresh_session
from pytest_ascendperf.report.failure import failure_message
from pytest_ascendperf.report.junit import comparison_properties, junit_properties
from pytest_ascendperf.report.kernels import finding_lines
from pytest_ascendperf.report.next_step import CommandLine
from pytest_ascendperf.settings import Settings

TEST_KEY = pytest.StashKey[MeasuredTest]()
OUTCOME_KEY = pytest.StashKey[TestOutcome]()


def open_gate(config: pytest.Config, *, suite_tests: int) -> Gate:
    """The gate of this process, ``suite_tests`` being the number of tests that the run measures."""
    settings = settings_of(config, {})
    bench = Bench.of(config)
    budget = budget_of_run(config, settings, tests=suite_tests)
    judging = None
    if not is_fresh_session(config):
        judging = Judging(config, bench, settings, suite_tests=suite_tests, budget=budget)
    return Gate(bench, settings, judging, command_line_of(config), suite_tests=suite_tests, budget=budget)


class Gate:
    """Measures the marked tests of this process and, unless it is a fresh session of another one, judges them."""

    def __init__(
        self,
        bench: Bench,
        settings: Settings,
        judging: Judging | None,
        command_line: CommandLine,
        *,
        suite_tests: int,
        budget: BudgetOfRun | None,
    ) -> None:
        self._bench = bench
        self._budget = budget
        self._suite_tests = suite_tests
        self._failing_statuses = settings.failing_statuses
        self._judging = judging
        self._command_line = command_line

    def header(self) -> list[str]:
        """Device and stack, each device that was passed over, and the budget; torch is not imported for it."""
        try:
            choice = self._bench.choice
        except DeviceError as error:
            return [f"ascendperf: {error}"]
        number = "" if choice.name == choice.kind else f"{choice.name}, "
        return [
            f"ascendperf: {number}{choice.chip}, {choice.stack}",
            *(f"  {reason}" for reason in choice.passed_over),
            *([] if self._budget is None else [f"ascendperf: {self._budget.words}"]),
        ]

    def fixture_of(self, item: pytest.Item) -> NpuPerf:
        """What the test ``item`` holds as ``npu_perf``."""
        return NpuPerf(item.stash[TEST_KEY])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Let the budget count what a marked test takes, from its setup to its teardown."""
        if self._budget is None or not asks_to_be_measured(item):
            return (yield)
        self._budget.test_started()
        try:
            return (yield)
        finally:
            self._budget.test_ended()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Give a marked test its state, and a fresh one to a test that runs again."""
        if not asks_to_be_measured(item):
            return
        item.stash[OUTCOME_KEY] = TestOutcome(target=target_of(item), suite_tests=self._suite_tests)
        if item.nodeid.startswith("::"):
            pytest.fail(
                f"{item.path} lies outside of the root directory {item.config.rootpath}. pytest gives such tests ids "
                "without a file, so their baselines cannot be told apart. Give --rootdir=DIR with a folder above both.",
                pytrace=False,
            )
        with _failing_on(SettingsError):
            marked = _marks_now(item)
            check_patterns(item.config, {} if marked is None else marked.keywords)
        if marked is None:
            pytest.fail(
                f"npu_perf cannot measure {type(item).__name__} {item.nodeid}. It measures test functions and methods "
                "of plain classes; unittest.TestCase methods and items of other plugins have no call to repeat.",
                pytrace=False,
            )
        with _failing_on(DeviceError):
            self._bench.check()
        item.stash[MARKED_KEY] = marked
        item.stash[TEST_KEY] = MeasuredTest(item, marked, self._bench, self._budget)

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Run the body once as pytest does, then measure it where the body is the measured call."""
        result = yield
        test = pyfuncitem.stash.get(TEST_KEY, None)
        if test is not None and test.marked.body_is_measured:
            names = pyfuncitem._fixtureinfo.argnames
            test.measure_body(pyfuncitem.obj, {name: pyfuncitem.funcargs[name] for name in names})
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Judge what the test measured, all its cases together, and fail it where that is called for."""
        test = item.stash.get(TEST_KEY, None)
        try:
            result = yield
        finally:
            if test is not None:
                self._gather_comparisons(item, test)
        if test is None:
            return result
        outcome = item.stash[OUTCOME_KEY]
        if self._judging is not None:
            self._judging.look_at_graphs(test)
        outcome.measurements.extend(test.measurements.values())
        has_worked = test.measurements or test.left_out or outcome.comparisons or test.has_looked
        if not has_worked:
            pytest.fail(
                "this test takes npu_perf and measured nothing. Call npu_perf(fn, ...) or npu_perf.compare(a, b, ...) "
                "in it, or drop the fixture.",
                pytrace=False,
            )
        if self._judging is not None:
            with _failing_on(AscendPerfError):
                unmet = self._judging.judge(test, outcome)
            item.user_properties.extend(junit_properties(outcome.verdicts))
            self._fail_where_called_for(outcome.verdicts)
            if unmet:
                pytest.fail("\n".join(line.strip() for line in finding_lines(tuple(unmet))), pytrace=False)
        return result

    def _gather_comparisons(self, item: pytest.Item, test: MeasuredTest) -> None:
        """Also those of a test that failed, perhaps on one of them."""
        comparisons = test.take_comparisons()
        item.stash[OUTCOME_KEY].comparisons.extend(comparisons)
        item.user_properties.extend(comparison_properties(comparisons))

    def _fail_where_called_for(self, verdicts: list[Verdict]) -> None:
        failing = [verdict for verdict in verdicts if verdict.status.value in self._failing_statuses]
        if failing:
            pytest.fail(failure_message(failing, self._command_line), pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send the outcome with the report of the phase that ends the test; xdist carries it to the controller."""
        report = yield
        outcome = item.stash.get(OUTCOME_KEY, None)
        if outcome is not None and report.failed:
            self._bench.doubt()
        if outcome is not None and (report.when == "call" or (report.when == "setup" and not report.passed)):
            report.__dict__["ascendperf"] = outcome.to_dict()
        return report


def _marks_now(item: pytest.Item) -> Marked | None:
    """What a test asks for, hooks that added markers after its collection included; None where it cannot be measured.

    Raises SettingsError.
    """
    if not isinstance(item, pytest.Function) or (item.cls is not None and issubclass(item.cls, unittest.TestCase)):
        return None
    return read_marks(item, {})


@contextmanager
def _failing_on(kind: type[AscendPerfError]) -> Iterator[None]:
    """Let an error of this ``kind`` fail the running test with its text alone, since its traceback is ours."""
    try:
        yield
    except kind as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
