"""Calls that only make their work are refused, without a warning about work that never ran."""

from __future__ import annotations

import functools
import gc
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any

import pytest

from pytest_ascendperf.devices.scripted import ScriptedDevice
from pytest_ascendperf.errors import MeasurementError
from pytest_ascendperf.measure.call import measure_call
from pytest_ascendperf.model.case import CaseId

MakePlan = Callable[..., Any]


def must_not_run() -> int:
    raise AssertionError("must not run")


async def coroutine(times: int = 1) -> int:
    return must_not_run()


def generator() -> Iterator[int]:
    yield must_not_run()


async def async_generator() -> AsyncIterator[int]:
    yield must_not_run()


class Deferred:
    """An object of another library that stands for work to come."""

    def __await__(self) -> Generator[None, None, int]:
        yield
        return must_not_run()


class AsyncCallable:
    async def __call__(self) -> int:
        return must_not_run()


def made_elsewhere() -> Awaitable[int]:
    return Deferred()


@pytest.mark.parametrize(
    ("call", "kind", "remedy"),
    [
        (coroutine, "makes a coroutine", "asyncio.run"),
        (functools.partial(coroutine, 2), "makes a coroutine", "asyncio.run"),
        (lambda: coroutine(), "makes a coroutine", "asyncio.run"),
        (AsyncCallable(), "makes a coroutine", "asyncio.run"),
        (generator, "makes a generator", "list("),
        (lambda: generator(), "makes a generator", "list("),
        (lambda: (number for number in [1]), "makes a generator", "list("),
        (async_generator, "makes an async generator", "asyncio.run"),
        (lambda: async_generator(), "makes an async generator", "asyncio.run"),
        (made_elsewhere, "makes an awaitable Deferred", "asyncio.run"),
    ],
)
def test_a_call_that_does_no_work_is_refused(
    call: Callable[[], object], kind: str, remedy: str, device: ScriptedDevice, make_plan: MakePlan, case: CaseId
) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(MeasurementError) as caught:
            measure_call(device, make_plan(), case, call)
        gc.collect()
    assert [str(warning.message) for warning in warned] == []
    assert kind in str(caught.value)
    assert remedy in str(caught.value)
    assert gc.isenabled()


def test_a_generator_is_closed_without_having_run(device: ScriptedDevice, make_plan: MakePlan, case: CaseId) -> None:
    made: list[Generator[int, None, None]] = []

    def steps() -> Generator[int, None, None]:
        yield 1

    def call() -> Generator[int, None, None]:
        made.append(steps())
        return made[-1]

    with pytest.raises(MeasurementError):
        measure_call(device, make_plan(), case, call)
    assert len(made) == 1
    assert list(made[0]) == []


@pytest.mark.parametrize("result", [None, 0, [], {}, "text", object(), iter([1]), range(3), Deferred, coroutine])
def test_any_other_result_is_handed_back(
    result: object, device: ScriptedDevice, make_plan: MakePlan, case: CaseId
) -> None:
    def call() -> object:
        device.spend(5.0)
        return result

    returned, measurement = measure_call(device, make_plan(warmup=1, rounds=2), case, call)
    assert returned is result
    assert measurement.session is not None
