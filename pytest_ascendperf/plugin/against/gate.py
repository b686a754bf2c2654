"""The hooks of a run with a base: marked tests are handed to the processes that measure, all others run as always."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_ascendperf.devices.registry import open_device
from pytest_ascendperf.errors import AgainstError, AscendPerfError, DeviceError
from pytest_ascendperf.measure.budget import BudgetOfRun
from pytest_ascendperf.plugin.against.base import Base, BaseCheckout
from pytest_ascendperf.plugin.against.cores import cores_of_run
from pytest_ascendperf.plugin.against.decision import Decided, Decision, TestToDecide
from pytest_ascendperf.plugin.against.pairs import PAIRS_ON_ACCELERATORS, PairsOfRun
from pytest_ascendperf.plugin.against.process import Collected
from pytest_ascendperf.plugin.against.reports import crash_report, failed_report
from pytest_ascendperf.plugin.against.request import AgainstRequest
from pytest_ascendperf.plugin.bench import Bench
from pytest_ascendperf.plugin.budget import budget_of_run
from pytest_ascendperf.plugin.fresh import target_of
from pytest_ascendperf.plugin.marker import asks_to_be_measured
from pytest_ascendperf.plugin.options import command_line_of, failing_statuses, settings_of
from pytest_ascendperf.plugin.outcome import TestOutcome
from pytest_ascendperf.report.against import SideBySide
from pytest_ascendperf.report.failure import failure_message
from pytest_ascendperf.report.junit import junit_properties


class AgainstGate:
    """Owns the base, the processes and the device's lock; gives all of them back however the run ends."""

    def __init__(self, config: pytest.Config, request: AgainstRequest) -> None:
        """Raises AgainstError where the revision or the interpreter cannot be used."""
        self._config = config
        self._settings = settings_of(config, {})
        self._bench = Bench.of(config)
        self._checkout = BaseCheckout(request, config.rootpath)
        self._collected: list[str] = []
        self._base: Base | None = None
        self._pairs: PairsOfRun | None = None
        self._decision: Decision
        self._budget: BudgetOfRun | None = None
        self._marked: list[pytest.Item] = []
        self._base_tests: Collected | None = None
        self._before_sigterm: object = None
        self._gone: list[str] = []
        self._notes: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Take note of all that head has, before any of it is deselected."""
        self._collected = [item.nodeid for item in items]

    def open(self, marked: Sequence[pytest.Item]) -> None:
        """Check the base out and start the first pair. Raises pytest.UsageError, with nothing left behind."""
        self._marked = list(marked)
        self._end_on_sigterm()
        try:
            with self._bench.held():
                self._open()
        except (AgainstError, DeviceError) as error:
            self._close()
            raise pytest.UsageError(f"ascendperf: {error}") from None

    def _open(self) -> None:
        device = open_device(self._bench.choice)
        cores = cores_of_run(device_has_own_clock=device.has_own_clock, threads=self._settings.threads)
        self._base = base = self._checkout.make()
        self._notes += [*cores.notes, *base.notes]
        asked_for = self._asked_for()
        files = list(dict.fromkeys(Path(item.path) for item in self._marked))
        # pytest 8 passes over a folder's other files where one of them is named beside it.
        beside = [file for file in files if not any(file.is_relative_to(path) for path in asked_for)]
        self._pairs = PairsOfRun(
            self._config,
            base,
            beside + asked_for,
            cores=cores,
            most_kept=PAIRS_ON_ACCELERATORS if device.has_own_clock else None,
            timeout_s=self._settings.against_timeout_s,
        )
        first = self._pairs.pair(0)
        self._base_tests = first.base
        self._notes += first.base.notes
        self._gone = sorted(first.base.tests - set(self._collected)) if self._selects_whole_files() else []
        self._budget = budget_of_run(self._config, self._settings, tests=len(self._marked))
        self._decision = Decision(self._config, self._pairs, base, suite_tests=len(self._marked), budget=self._budget)

    def _asked_for(self) -> list[Path]:
        """Files and folders that the command line names: the base may have tests there that head does not."""
        if not self._selects_whole_files():
            return []
        return [path for name in self._config.args if (path := self._config.invocation_params.dir / name).exists()]

    def _selects_whole_files(self) -> bool:
        return not any("::" in name for name in self._config.args)

    @property
    def sides(self) -> SideBySide | None:
        """What the reports say of both sides; None where nothing was to be measured."""
        if self._base is None:
            return None
        return SideBySide(
            base=self._base.name,
            head=self._base.head_name,
            new=[item.nodeid for item in self._marked if not self._may_be_in_base(item.nodeid)],
            gone=self._gone,
            notes=self._notes,
        )

    @property
    def _tests_of_base(self) -> frozenset[str]:
        return frozenset() if self._base_tests is None else self._base_tests.tests

    def _may_be_in_base(self, nodeid: str) -> bool:
        """Whether the base has the test, or a file of its name that it cannot collect."""
        return self._base_tests is not None and (
            nodeid in self._base_tests.tests or self._base_tests.problem_of(nodeid) is not None
        )

    def pytest_report_collectionfinish(self) -> list[str]:
        """The device, the base, and what is worth knowing of how both are measured."""
        if self._base is None:
            return []
        choice = self._bench.choice
        number = "" if choice.name == choice.kind else f"{choice.name}, "
        head = f"head {self._base.head_name}" if self._base.head_name else "head"
        return [
            f"ascendperf: {number}{choice.chip}, {choice.stack}",
            f"ascendperf: {self._base.name} and {head} side by side; stored baselines are not looked at",
            *(f"  {note}" for note in self._notes),
            *([] if self._budget is None else [f"ascendperf: {self._budget.words}"]),
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a marked test on both sides and report it as head's."""
        if self._pairs is None or not asks_to_be_measured(item):
            return None
        if self._budget is not None:
            self._budget.test_started()
        hook = item.ihook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._reports(item):
            hook.pytest_runtest_logreport(report=report)
        self._tear_down(item, nextitem)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        if self._budget is not None:
            self._budget.test_ended()
        return True

    def _tear_down(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Tear down what unmarked tests before this one left set up for it, in this process."""
        call = pytest.CallInfo.from_call(
            lambda: item.session._setupstate.teardown_exact(nextitem),
            when="teardown",
            reraise=(pytest.exit.Exception, KeyboardInterrupt),
        )
        if call.excinfo is not None:
            item.ihook.pytest_runtest_logreport(report=pytest.TestReport.from_item_and_call(item, call))

    def _reports(self, item: pytest.Item) -> list[pytest.TestReport]:
        outcome = TestOutcome(target=target_of(item), suite_tests=len(self._marked))
        try:
            with self._bench.held():
                decided = self._decision.decide(self._to_decide(item))
        except AscendPerfError as error:
            return [crash_report(item, str(error), outcome)]
        return self._finished(item, decided, outcome)

    def _finished(self, item: pytest.Item, decided: Decided, outcome: TestOutcome) -> list[pytest.TestReport]:
        outcome.measurements.extend(decided.measurements)
        outcome.verdicts.extend(decided.verdicts)
        failing = [
            verdict
            for verdict in decided.verdicts
            if verdict.status.value in failing_statuses(self._config, self._settings)
        ]
        reports: list[pytest.TestReport] = []
        for data in decided.reports:
            report = self._config.hook.pytest_report_from_serializable(config=self._config, data=data)
            if report.when == "call" and failing:
                report = failed_report(item, report, failure_message(failing, command_line_of(self._config)))
            if report.when == "call" or (report.when == "setup" and not report.passed):
                report.__dict__["ascendperf"] = outcome.to_dict()
            report.user_properties = [*map(tuple, report.user_properties), *junit_properties(decided.verdicts)]
            reports.append(report)
        return reports

    def _to_decide(self, item: pytest.Item) -> TestToDecide:
        following = self._marked[self._marked.index(item) + 1 :]
        return TestToDecide(
            nodeid=item.nodeid,
            next_in_head=following[0].nodeid if following else None,
            next_in_base=next((other.nodeid for other in following if other.nodeid in self._tests_of_base), None),
        )

    def pytest_unconfigure(self) -> None:
        """Give everything back."""
        self._close()

    def _close(self) -> None:
        if self._pairs is not None:
            self._pairs.stop()
            self._pairs = None
        self._checkout.remove()
        if self._before_sigterm is not None:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._before_sigterm = None

    def _end_on_sigterm(self) -> None:
        """Let a terminated run end like an interrupted one: the worktree and the processes must not outlive it."""
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            self._before_sigterm = signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, frame: object) -> None:
    raise pytest.exit.Exception("terminated", returncode=128 + number)
