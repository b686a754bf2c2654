"""One running test that measures: its cases so far, and how the next one is measured."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest

from pytest_ascendperf.errors import MeasurementError
from pytest_ascendperf.measure.call import measure_call
from pytest_ascendperf.measure.comparison import PairedRounds
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.comparison import ComparedCalls
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.protocol import Rule, SamplingPlan
from pytest_ascendperf.plugin.bench import Bench
from pytest_ascendperf.plugin.comparison import CallComparison
from pytest_ascendperf.plugin.marker import Marked
from pytest_ascendperf.plugin.options import settings_of
from pytest_ascendperf.plugin.session_request import is_fresh_session
from pytest_ascendperf.settings import Settings

R = TypeVar("R")


class MeasuredTest:
    """The measurements of one test, in the order in which it makes them."""

    def __init__(self, item: pytest.Item, marked: Marked, bench: Bench) -> None:
        self.item = item
        self.marked = marked
        self.measurements: dict[str, Measurement] = {}
        """By case name."""
        self._comparisons: list[CallComparison] = []
        self._keywords: dict[str, Mapping[str, object]] = {}
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
        plan = _plan(settings_of(config, self.marked.keywords))
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
        self._measure("", {}, lambda: function(**arguments))

    def _measure(self, name: str, settings: Mapping[str, object], call: Callable[[], R]) -> R:
        __tracebackhide__ = True
        if name in self.measurements:
            again = f"a case named {name!r}" if name else "an unnamed call"
            raise MeasurementError(
                f"this test has measured {again} before; name each of them: npu_perf.case('prefill')(fn, ...)"
            )
        keywords = {**self.marked.keywords, **settings}
        plan = _plan(settings_of(self.item.config, keywords))
        case = CaseId.from_nodeid(self.item.nodeid, name)
        with self._bench.alone() as device:
            result, measurement = measure_call(device, plan, case, call)
        self.measurements[name] = measurement
        self._keywords[name] = keywords
        return result

    def rule_of(self, name: str, *, suite_tests: int) -> Rule:
        """When a change of the case ``name`` counts."""
        settings = settings_of(self.item.config, self._keywords[name])
        return Rule(
            tolerance=settings.tolerance,
            min_change_us=settings.min_change_us,
            confirm_sessions=settings.confirm_sessions,
            suite_tests=suite_tests,
            cases=len(self.measurements),
        )


def _plan(settings: Settings) -> SamplingPlan:
    return SamplingPlan(
        warmup=settings.warmup,
        max_warmup_s=settings.max_warmup_s,
        rounds=settings.rounds,
        budget_s=settings.budget_s,
        precision=settings.precision,
        threads=settings.threads,
        cold=settings.cache == "cold",
    )
