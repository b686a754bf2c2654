"""One running test that measures: its cases so far, and how the next one is measured."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import pytest

from pytest_ascendperf.devices.base import Device
from pytest_ascendperf.errors import MeasurementError
from pytest_ascendperf.judge.exact import ExactEvidence, demands
from pytest_ascendperf.judge.kernel_changes import KnownLoss
from pytest_ascendperf.measure.budget import BudgetOfRun
from pytest_ascendperf.measure.call import measure_call
from pytest_ascendperf.measure.comparison import PairedRounds
from pytest_ascendperf.measure.kernel_pass import KernelPass, profile_kernels, record_calls
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.comparison import ComparedCalls
from pytest_ascendperf.model.cost import Cost
from pytest_ascendperf.model.finding import Finding
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.protocol import Rule, SamplingPlan
from pytest_ascendperf.model.verdict import Verdict
from pytest_ascendperf.plugin.bench import Bench
from pytest_ascendperf.plugin.comparison import CallComparison
from pytest_ascendperf.plugin.kernel_checks import fusion_findings, known_losses
from pytest_ascendperf.plugin.marker import Marked
from pytest_ascendperf.plugin.options import settings_of
from pytest_ascendperf.plugin.protocol import rule_of, sampling_plan
from pytest_ascendperf.plugin.session_request import is_fresh_session
from pytest_ascendperf.settings import Settings

R = TypeVar("R")


class Measure(Protocol):
    """How a call is measured: :func:`~pytest_ascendperf.measure.call.measure_call`, or led by another process."""

    def __call__(
        self, device: Device, plan: SamplingPlan, case: CaseId, call: Callable[[], R]
    ) -> tuple[R, Measurement]:
        """The result of the first call of ``call``, and the measurement of those that follow."""


MEASURE_KEY = pytest.StashKey[Measure]()
"""On the config of a process whose calls are not measured by themselves."""


KERNELS_KEY = pytest.StashKey[bool]()
"""On the config of such a process: whether the kernels of the test that runs now are recorded at all."""


class MeasuredTest:
    """The measurements of one test, in the order in which it makes them."""

    def __init__(self, item: pytest.Item, marked: Marked, bench: Bench, budget: BudgetOfRun | None = None) -> None:
        self.item = item
        self.marked = marked
        self._budget = budget
        self.measurements: dict[str, Measurement] = {}
        """By case name."""
        self.costs: dict[str, Cost] = {}
        """By case name: what those took."""
        self.left_out: dict[str, Verdict] = {}
        """By case name: the verdicts on calls that the budget of the run had no time left to measure."""
        self._last_left_out: Callable[[], object] | None = None
        self._comparisons: list[CallComparison] = []
        self.has_looked = False
        """Whether the test looked at kernels without measuring: it then has done its work, too."""
        self._passes: dict[str, KernelPass | None] = {}
        """What was recorded of each case, by its name; None where nothing was to be."""
        self.keywords: dict[str, Mapping[str, object]] = {}
        """What the marker, or the case itself, sets for each case."""
        self._bench = bench
        self._started = time.monotonic()

    @property
    def device_name(self) -> str:
        """What ``tensor.to(...)`` takes."""
        return self._bench.device.torch_name

    @property
    def seconds_so_far(self) -> float:
        """Wall time since the test's setup began."""
        return time.monotonic() - self._started

    def measure(self, name: str, settings: Mapping[str, object], call: Callable[[], R]) -> R:
        """Measure ``call`` as the case ``name``. Raises MeasurementError for a second case of that name."""
        __tracebackhide__ = True
        if self.marked.body_is_measured:
            raise MeasurementError(
                "the whole body of this test is measured already; take npu_perf as a parameter to measure calls in it"
            )
        return self._measure(name, settings, call)

    def compare(
        self,
        first: Callable[[], object],
        second: Callable[[], object],
        *,
        names: tuple[str, str],
        budget_s: float,
    ) -> CallComparison:
        """Measure the two calls against each other."""
        __tracebackhide__ = True
        config = self.item.config
        plan = sampling_plan(settings_of(config, self.marked.keywords))
        rounds = PairedRounds(self._bench.device, plan, first, second, budget_s=budget_s)
        comparison = CallComparison(
            rounds,
            self._bench.alone,
            nodeid=self.item.nodeid,
            names=names,
            decides=not is_fresh_session(config) and config.getoption("ascendperf_self_check") is None,
        )
        self._comparisons.append(comparison)
        return comparison

    def take_comparisons(self) -> list[ComparedCalls]:
        """What was compared, and no longer hold on to the calls: models may hang on them."""
        compared = [comparison.value() for comparison in self._comparisons]
        self._comparisons.clear()
        return compared

    def measure_body(self, function: Callable[..., object], arguments: Mapping[str, object]) -> None:
        """Measure the test function itself."""
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise MeasurementError(
                "an async test body cannot be the measured call; take npu_perf as a parameter and measure a function "
                "that waits for its result"
            )
        # The body has run once already: where there is no time to measure it, it need not run again.
        self._measure("", {}, lambda: function(**arguments), when_left_out=lambda: None)

    def _measure(
        self,
        name: str,
        settings: Mapping[str, object],
        call: Callable[[], R],
        *,
        when_left_out: Callable[[], R] | None = None,
    ) -> R:
        __tracebackhide__ = True
        if name in self.measurements or name in self.left_out:
            again = f"a case named {name!r}" if name else "an unnamed call"
            raise MeasurementError(
                f"this test has measured {again} before; name each of them: npu_perf.case('prefill')(fn, ...)"
            )
        keywords = {**self.marked.keywords, **settings}
        resolved = settings_of(self.item.config, keywords)
        plan = sampling_plan(resolved)
        case = CaseId.from_nodeid(self.item.nodeid, name)
        self.keywords[name] = keywords
        granted = plan if self._budget is None else self._budget.granted(plan)
        if self._budget is not None and granted is None:
            self.left_out[name] = self._budget.left_out(case, tolerance=resolved.tolerance)
            self._last_left_out = call
            return (when_left_out or call)()
        measure = self.item.config.stash.get(MEASURE_KEY, measure_call)
        with self._bench.alone() as device:
            started = time.monotonic()
            result, measurement = measure(device, granted or plan, case, call)
            measured = time.monotonic()
            kernel_pass = None
            if self._wants_kernels(resolved):
                call_us = 0.0 if measurement.session is None else measurement.session.median_us
                kernel_pass = _profiled(device, resolved, call, call_us=call_us)
            ended = time.monotonic()
        if self._budget is not None and granted is not None:
            measurement = self._budget.measured(measurement, asked=plan, granted=granted)
        if kernel_pass is not None:
            measurement = replace(
                measurement,
                kernels=kernel_pass.table,
                kernel_problem=kernel_pass.problem,
                notes=(*measurement.notes, *kernel_pass.notes),
            )
        self.measurements[name] = measurement
        self.costs[name] = Cost(session_s=measured - started, kernels_s=ended - measured)
        self._passes[name] = kernel_pass
        return result

    def _wants_kernels(self, settings: Settings) -> bool:
        """Whether the kernels of a case with these settings are to be recorded."""
        if not self.item.config.stash.get(KERNELS_KEY, True):
            return False
        if settings.fusion or settings.max_kernels is not None or settings.kernels == "always":
            return True
        # Those of a slowdown are compared with those of the baseline, so a recording needs them.
        is_recording = self.item.config.getoption("ascendperf_update_baselines") is not None
        return settings.kernels == "regressed" and (is_recording or is_fresh_session(self.item.config))

    def profile(self, call: Callable[[], object]) -> KernelTrace:
        """All that one call does, after one that is not recorded. Raises MeasurementError where it cannot be seen."""
        __tracebackhide__ = True
        self.has_looked = True
        call()
        with self._bench.alone() as device:
            recorded = record_calls(device, call, calls=1)
        if recorded is None:
            raise MeasurementError(f"the {device.kind} device records no kernels")
        if isinstance(recorded, str):
            raise MeasurementError(recorded)
        return recorded[0]

    def fusion_findings(
        self, names: tuple[str, ...], call: Callable[[], object] | None, *, wanted: bool
    ) -> tuple[Finding, ...]:
        """What does not hold where the patterns ``names`` must (or must not) take effect in ``call``.

        None is the call that was measured last. Raises MeasurementError where there was none, or its kernels were not
        recorded; SettingsError for an unknown pattern.
        """
        __tracebackhide__ = True
        self.has_looked = True
        if call is None:  # what the test demands holds whether there was time to measure or not
            call = self._last_left_out
        if call is None:
            last_pass = next(reversed(self._passes.values()), None)
            if last_pass is None:
                raise MeasurementError(
                    "no measured call whose kernels were recorded stands before this check; give it one: "
                    "npu_perf.assert_fused('matmul+bias+act', model, x)"
                )
            return fusion_findings(self.item.config, names, last_pass, wanted=wanted)
        call()
        with self._bench.alone() as device:
            kernel_pass = profile_kernels(device, call, call_us=0.0)
        return fusion_findings(self.item.config, names, kernel_pass, wanted=wanted)

    def rule_of(self, name: str, *, suite_tests: int) -> Rule:
        """When a change of the case ``name`` counts."""
        settings = settings_of(self.item.config, self.keywords[name])
        return rule_of(settings, suite_tests=suite_tests, cases=len(self.measurements) + len(self.left_out))

    def kernel_tables(self) -> list[KernelTable | None]:
        """What each case ran, in the order measured."""
        return [measurement.kernels for measurement in self.measurements.values()]

    def add_passes(self, fresh: Sequence[Measurement]) -> None:
        """Take over what the graph compiler fused in a process that measured this test and no other."""
        for measurement in fresh:
            name = measurement.case.case
            if name in self.measurements:
                passes = measurement.fusion_passes
                self.measurements[name] = replace(self.measurements[name], fusion_passes=passes)

    def share_fresh_process(self, seconds: float) -> None:
        """Add a fresh process that was started for all cases to what they cost."""
        for name, cost in self.costs.items():
            self.costs[name] = cost.with_fresh_process(seconds, shared_by=len(self.costs))

    def add_note(self, note: str) -> None:
        """Let every case say this."""
        for name, measurement in self.measurements.items():
            self.measurements[name] = replace(measurement, notes=(*measurement.notes, note))

    def demands(self, name: str) -> tuple[Finding, ...]:
        """What the case ``name`` runs otherwise than the test itself asks for. Raises SettingsError."""
        rule = self.rule_of(name, suite_tests=1)
        return demands(self.measurements[name], rule, self.exact_evidence(name, None))

    def compares_kernels(self, name: str) -> bool:
        """Whether the kernels of the case ``name`` are compared, and not only looked at for what a slowdown is from."""
        return settings_of(self.item.config, self.keywords[name]).kernels == "always"

    def exact_evidence(self, name: str, baseline: Baseline | None) -> ExactEvidence:
        """What is known of the kernels of the case ``name`` before it is judged. Raises SettingsError."""
        config, kernel_pass = self.item.config, self._passes[name]
        settings = settings_of(config, self.keywords[name])
        losses: tuple[KnownLoss, ...] = ()
        if baseline is not None and baseline.kernels is not None and kernel_pass is not None:
            losses = () if kernel_pass.table is None else known_losses(config, baseline.kernels, kernel_pass.table)
        return ExactEvidence(explicit=fusion_findings(config, settings.fusion, kernel_pass, wanted=True), losses=losses)


def _profiled(device: Device, settings: Settings, call: Callable[[], object], *, call_us: float) -> KernelPass:
    with device.controlled(settings.threads):
        return profile_kernels(device, call, call_us=call_us)
