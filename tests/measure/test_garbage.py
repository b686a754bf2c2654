"""The cyclic collector stays out of the rounds, and is afterwards as it was."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from pytest_ascendperf.devices.scripted import ScriptedDevice
from pytest_ascendperf.measure.call import measure_call
from pytest_ascendperf.measure.garbage import collector_paused
from pytest_ascendperf.model.case import CaseId


@pytest.fixture(autouse=True)
def collector_restored() -> Iterator[None]:
    was_enabled = gc.isenabled()
    yield
    gc.enable() if was_enabled else gc.disable()


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("error", [None, KeyError, KeyboardInterrupt])
def test_it_is_restored_as_it_was(enabled: bool, error: type[BaseException] | None) -> None:
    gc.enable() if enabled else gc.disable()
    with nullcontext() if error is None else pytest.raises(error), collector_paused():
        assert not gc.isenabled()
        gc.enable()  # whatever the measured code does with it
        if error is not None:
            raise error
    assert gc.isenabled() is enabled


def test_old_garbage_is_collected_before() -> None:
    gc.disable()
    node = _cycle()
    with collector_paused():
        assert node() is None


def test_it_is_off_in_every_call_and_restored_after_a_measurement(
    device: ScriptedDevice, make_plan: Callable[..., Any], case: CaseId
) -> None:
    seen: set[bool] = set()

    def call() -> None:
        seen.add(gc.isenabled())
        device.spend(20.0)

    gc.enable()
    measure_call(device, make_plan(rounds=10), case, call)
    assert seen == {False}
    assert gc.isenabled()

    def failing() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        measure_call(device, make_plan(), case, failing)
    assert gc.isenabled()


def test_cycles_of_the_measured_calls_do_not_pile_up(
    device: ScriptedDevice, make_plan: Callable[..., Any], case: CaseId
) -> None:
    """Calls that leave a cycle behind each: most are freed while the measurement still runs."""
    alive: list[Callable[[], object]] = []
    most = 0

    def call() -> None:
        nonlocal most
        alive[:] = [node for node in alive if node() is not None]
        most = max(most, len(alive))
        alive.append(_cycle())
        device.spend(1_000.0)

    measure_call(device, make_plan(warmup=5, rounds=200), case, call)
    assert most < 150


class _Node:
    def __init__(self) -> None:
        self.itself = self


def _cycle() -> Callable[[], object]:
    return weakref.ref(_Node())
