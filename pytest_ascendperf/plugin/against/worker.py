"""The process of one side: it collects its tests once, runs each when told to, and its rounds when told to."""

from __future__ import annotations

import contextlib
import dataclasses
import pickle
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pytest_ascendperf.devices.base import Device
from pytest_ascendperf.errors import DeviceError
from pytest_ascendperf.measure.duet import Ready, RoundOrder, measure_in_duet
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.measurement import Clock, Measurement
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.plugin.against.base import Trees
from pytest_ascendperf.plugin.against.cores import pin
from pytest_ascendperf.plugin.against.heap import Heap
from pytest_ascendperf.plugin.against.imports import BaseFinder, ImportWatch
from pytest_ascendperf.plugin.against.line import Line
from pytest_ascendperf.plugin.against.request import WorkerRequest
from pytest_ascendperf.plugin.against.rule import rule_of
from pytest_ascendperf.plugin.bench import Bench
from pytest_ascendperf.plugin.fresh_process import end_with_parent, reason_of
from pytest_ascendperf.plugin.gate import TEST_KEY
from pytest_ascendperf.plugin.marker import asks_to_be_measured
from pytest_ascendperf.plugin.measured_test import KERNELS_KEY, MEASURE_KEY
from pytest_ascendperf.plugin.session_request import REQUEST_KEY

T = TypeVar("T")

NOT_ASKED_FOR = "Not measured: the other side does not measure this case, or it is decided already."


class LedCase:
    """One measured call, led from the other end of the line."""

    def __init__(self, line: Line, plan: SamplingPlan, case: CaseId) -> None:
        self._line = line
        self._plan = plan
        self._case = case

    def ready(self, ready: Ready) -> None:
        """Say so, with all that the leader needs to know."""
        self._line.send(
            kind="ready", case=self._case.case, ready=dataclasses.asdict(ready), plan=dataclasses.asdict(self._plan)
        )

    def next_order(self) -> RoundOrder | None:
        """Wait for it."""
        command = self._line.receive()
        if command["kind"] != "round":
            return None
        return RoundOrder(calls=command["calls"], clock=Clock(command["clock"]), counts=command["counts"])

    def answer(self, round_us: float) -> None:
        """Tell the round's time."""
        self._line.send(kind="rounds", us=round_us)


class Worker:
    """The hooks of this process."""

    def __init__(self, line: Line, request: WorkerRequest, trees: Trees | None) -> None:
        self._line = line
        self._sends_reports = request.side == "head"
        self._imports = None if trees is None else ImportWatch(trees, shares_environment=request.shares_environment)
        """The base's; head may import what it likes."""
        self._cores = request.cores
        self._problems: dict[str, str] = {}
        """Why a file could not be collected."""
        self._problem: str | None = None
        """Why the running test did not pass."""
        self._has_raised = False
        """Whether the phase that ended last did. An xfail that passes is reported as failed, and was measured."""
        self._config: pytest.Config
        self._cases: frozenset[str] | None = None
        """The cases to measure in this run of the test; None for all."""
        self._heap = Heap()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Let measured calls be led."""
        self._config = config
        config.stash[MEASURE_KEY] = self.measure

    def measure(self, device: Device, plan: SamplingPlan, case: CaseId, call: Callable[[], T]) -> tuple[T, Measurement]:
        """Measure ``call`` in turns with the other side; just call it where the case is not wanted."""
        if self._cases is None or case.case in self._cases:
            return measure_in_duet(device, plan, case, call, LedCase(self._line, plan, case))
        result = call()
        environment = device.environment()
        return result, Measurement(case=case, environment=environment, session=None, invalid=(NOT_ASKED_FOR,), notes=())

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take note of files that cannot be collected."""
        if report.failed:
            lines = [line.strip() for line in report.longreprtext.splitlines() if line.strip()]
            self._problems[report.nodeid] = lines[-1] if lines else "no reason given"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run tests as told until told to stop."""
        items = {item.nodeid: item for item in session.items if asks_to_be_measured(item)}
        with contextlib.suppress(DeviceError):  # which then fails each test
            Bench.of(self._config).device.environment()  # load the device's software while there is a core for it
        self._line.send(
            kind="collected",
            tests=list(items),
            problems=self._problems,
            wrong_import=self._wrong_import(),
            notes=pin(self._cores.while_measuring),
        )
        while (command := self._line.receive())["kind"] == "run":
            self._run(items[command["nodeid"]], items.get(command["next"]), command["cases"])
        return True

    def _run(self, item: pytest.Item, nextitem: pytest.Item | None, cases: list[str] | None) -> None:
        self._problem = None
        self._cases = None if cases is None else frozenset(cases)
        self._config.stash[KERNELS_KEY] = cases is None  # further sessions are about times alone
        # What the last test left set up for another one than this.
        item.session._setupstate.teardown_exact(item)
        self._heap.scatter(random.Random())  # the system's chance: where libraries and stacks lie is no more repeatable
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        if nextitem is None and Bench.of(self._config).is_open:
            Bench.of(self._config).device.release_memory()
        test = item.stash.get(TEST_KEY, None)
        measurements = {} if test is None else test.measurements
        self._line.send(
            kind="ended",
            problem=self._problem,
            measurements=[measurement.to_dict() for measurement in measurements.values()],
            rules={
                name: dataclasses.asdict(rule_of(self._config, test.keywords[name], cases=len(measurements)))
                for name in measurements
                if test is not None
            },
            demands={name: [finding.to_dict() for finding in test.demands(name)] for name in measurements if test},
            compares_kernels={name: test.compares_kernels(name) for name in measurements if test},
            wrong_import=self._wrong_import(),
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """See how the phase ended before anybody changes what is reported of it."""
        self._has_raised = call.excinfo is not None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand the report on, and keep why the test did not pass."""
        if self._has_raised and self._problem is None:
            self._problem = f"{report.when} {report.outcome}: {reason_of(report)}"
        if self._sends_reports:
            data: dict[str, Any] | None = self._config.hook.pytest_report_to_serializable(
                config=self._config, report=report
            )
            self._line.send(kind="report", report=data)

    def _wrong_import(self) -> str | None:
        return None if self._imports is None else self._imports.wrong_import()


def main(request_path: str, descriptor: int) -> int:
    """Serve one side and return pytest's exit status."""
    end_with_parent()
    request: WorkerRequest = pickle.loads(Path(request_path).read_bytes())
    pin(request.cores.while_starting)
    trees = None
    if request.head_tree is not None and request.base_tree is not None:
        trees = Trees(head=Path(request.head_tree), base=Path(request.base_tree))
        sys.meta_path.insert(0, BaseFinder(trees))
    session = request.session
    config = pytest.Config.fromdictargs(session.options, list(session.tests))
    config.args = list(session.tests)
    config.stash[REQUEST_KEY] = session
    config.pluginmanager.register(Worker(Line(descriptor), request, trees), "ascendperf-against-worker")
    return int(config.hook.pytest_cmdline_main(config=config))
