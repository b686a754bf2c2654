"""What a test holds when it takes the ``npu_perf`` fixture."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from pytest_ascendperf.errors import SettingsError
from pytest_ascendperf.model.finding import Finding
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.plugin.comparison import DEFAULT_BUDGET_S, CallComparison, call_names, checked_budget_s
from pytest_ascendperf.settings import check_keywords

P = ParamSpec("P")
R = TypeVar("R")


class Measurer(Protocol):
    """The running test, as far as the fixture needs it."""

    @property
    def device_name(self) -> str:
        """What ``tensor.to(...)`` takes."""

    def measure(self, name: str, settings: dict[str, object], call: Callable[[], R]) -> R:
        """Measure ``call`` as the case ``name`` and return what its first call returned."""

    def compare(
        self,
        first: Callable[[], object],
        second: Callable[[], object],
        *,
        names: tuple[str, str],
        budget_s: float,
    ) -> CallComparison:
        """Measure the two calls against each other."""

    def profile(self, call: Callable[[], object]) -> KernelTrace:
        """All that one call does."""

    def fusion_findings(
        self, names: tuple[str, ...], call: Callable[[], object] | None, *, wanted: bool
    ) -> tuple[Finding, ...]:
        """What does not hold where these patterns must, or must not, take effect."""


class NamedCase:
    """A measurement with a name of its own; call it like :class:`NpuPerf`."""

    def __init__(self, measurer: Measurer, name: str, settings: dict[str, object]) -> None:
        self._measurer = measurer
        self._name = name
        self._settings = settings

    def __call__(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Measure ``fn(*args, **kwargs)`` and return what its first call returned."""
        __tracebackhide__ = True
        return self._measurer.measure(self._name, self._settings, lambda: fn(*args, **kwargs))


class NpuPerf:
    """Measures calls of a test. Take it as the fixture ``npu_perf``.

    >>> out = npu_perf(model, x)                      # doctest: +SKIP
    >>> out = npu_perf.case("decode")(model, token)   # doctest: +SKIP
    >>> npu_perf.compare(fused, unfused, x).assert_faster(by=1.2)   # doctest: +SKIP
    """

    def __init__(self, measurer: Measurer) -> None:
        self._measurer = measurer

    @property
    def device(self) -> str:
        """The device that is measured, as ``tensor.to(...)`` takes it."""
        return self._measurer.device_name

    def __call__(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Measure ``fn(*args, **kwargs)`` and return what its first call returned.

        The call is repeated, so it must leave its arguments fit for the next call. Its exceptions come through.
        Raises MeasurementError when the test has measured an unnamed call before, or when ``fn`` only makes a
        coroutine or generator.
        """
        __tracebackhide__ = True
        return self._measurer.measure("", {}, lambda: fn(*args, **kwargs))

    def case(self, name: str, /, **settings: object) -> NamedCase:
        """A measurement of this name, for tests with more than one.

        ``settings`` are keywords of the marker, for this case only. Raises SettingsError for a name that is empty or
        a keyword that does not exist.
        """
        _check_name(name)
        check_keywords(settings, "npu_perf.case")
        return NamedCase(self._measurer, name, settings)

    def compare(
        self,
        a: Callable[..., object],
        b: Callable[..., object],
        /,
        *args: object,
        budget_s: float = DEFAULT_BUDGET_S,
        **kwargs: object,
    ) -> CallComparison:
        """Measure ``a(*args, **kwargs)`` and ``b(*args, **kwargs)`` in turns, to tell how many times faster ``a`` is.

        Nothing stored is needed, and nothing is stored: both run in this process, now. Both are repeated, so they must
        leave their arguments fit for the next call. Their exceptions come through. The rounds take ``budget_s`` seconds
        at most, as far as what is asserted is not decided earlier. Raises MeasurementError when a function only makes
        a coroutine or generator, and SettingsError for a budget that is not above 0.
        """
        __tracebackhide__ = True
        return self._measurer.compare(
            lambda: a(*args, **kwargs),
            lambda: b(*args, **kwargs),
            names=call_names(a, b),
            budget_s=checked_budget_s(budget_s),
        )

    def profile(self, fn: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> KernelTrace:
        """What ``fn(*args, **kwargs)`` runs, as a profiler sees it: kernels on an accelerator, operators on the CPU.

        It is called twice: once unseen, once recorded. Nothing is measured for the gate. Raises MeasurementError where
        the device records no kernels, or its profiler left nothing.
        """
        __tracebackhide__ = True
        return self._measurer.profile(lambda: fn(*args, **kwargs))

    def assert_fused(
        self, pattern: str, fn: Callable[P, object] | None = None, /, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Fail unless the fusion ``pattern`` takes effect in ``fn(*args, **kwargs)``.

        Without ``fn``, in the call that was measured last. The text of the failure shows the kernels that ran and where
        the chain broke. Raises SettingsError for a pattern that does not exist.
        """
        __tracebackhide__ = True
        self._check(pattern, None if fn is None else lambda: fn(*args, **kwargs), wanted=True)

    def assert_not_fused(
        self, pattern: str, fn: Callable[P, object] | None = None, /, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Fail if the fusion ``pattern`` takes effect; see :meth:`assert_fused`."""
        __tracebackhide__ = True
        self._check(pattern, None if fn is None else lambda: fn(*args, **kwargs), wanted=False)

    def _check(self, pattern: str, call: Callable[[], object] | None, *, wanted: bool) -> None:
        __tracebackhide__ = True
        findings = self._measurer.fusion_findings((pattern,), call, wanted=wanted)
        if findings:
            raise AssertionError(
                "\n".join(line for finding in findings for line in (finding.summary, *finding.details))
            )


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip():
        raise SettingsError("npu_perf.case()", f"expected a name that is not empty, got {name!r}")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise SettingsError("npu_perf.case()", f"expected a name that UTF-8 can hold, got {name!r}") from None
