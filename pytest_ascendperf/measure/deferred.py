"""Calls that only make the work and do not do it: coroutine and generator functions. Their time says nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from pytest_ascendperf.errors import MeasurementError


def reject_deferring_function(call: Callable[[], object]) -> None:
    """Raise MeasurementError when calling ``call`` would only make a coroutine or a generator."""
    for defers, kind, remedy in (
        (inspect.iscoroutinefunction, "coroutine", _AWAIT),
        (inspect.isasyncgenfunction, "async generator", _AWAIT),
        (inspect.isgeneratorfunction, "generator", _EXHAUST),
    ):
        if defers(call):
            raise MeasurementError(_message(kind, remedy))


def reject_deferred_result(result: object) -> None:
    """Raise MeasurementError when ``result`` is a coroutine or a generator, which is closed without having run."""
    if inspect.iscoroutine(result):
        result.close()  # else Python warns that it was never awaited
        raise MeasurementError(_message("coroutine", _AWAIT))
    if inspect.isgenerator(result):
        result.close()
        raise MeasurementError(_message("generator", _EXHAUST))
    if inspect.isasyncgen(result):
        raise MeasurementError(_message("async generator", _AWAIT))
    if inspect.isawaitable(result):
        raise MeasurementError(_message(f"awaitable {type(result).__name__}", _AWAIT))


_AWAIT = "Measure a function that runs it to its end, such as lambda: asyncio.run(step())"
_EXHAUST = "Measure a function that runs it to its end, such as lambda: list(steps())"


def _message(kind: str, remedy: str) -> str:
    article = "an" if kind[0] == "a" else "a"
    return f"the measured call only makes {article} {kind} and does none of its work. {remedy}"
