"""The kernel pass on the scripted device: what one call runs, whatever the first call under a profiler does besides."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_ascendperf.devices.cpu import CpuDevice
from pytest_ascendperf.devices.scripted import ScriptedDevice
from pytest_ascendperf.measure.kernel_pass import CALLS, LONG_CALL_US, NOTHING_RAN, profile_kernels, record_calls


def linear(device: ScriptedDevice) -> Callable[[], None]:
    """A call of two products and an activation, the second product of another shape."""

    def call() -> None:
        device.spend(40.0, kernel="MatMulV3", inputs="32,64;64,128;128")
        device.spend(5.25, kernel="Relu", core="AI_VECTOR_CORE", inputs="32,128")
        device.spend(20.0, kernel="MatMulV3", inputs="32,128;128,8;8")
        device.wait()

    return call


def test_the_table_is_that_of_one_call(device: ScriptedDevice) -> None:
    found = profile_kernels(device, linear(device), call_us=65.25)
    assert found.problem is None
    assert found.table is not None
    assert [(kind.type, kind.core, kind.inputs, kind.count, kind.durations_us) for kind in found.table.kernels] == [
        ("MatMulV3", "AI_CORE", "32,128;128,8;8", 1, (20.0,)),
        ("MatMulV3", "AI_CORE", "32,64;64,128;128", 1, (40.0,)),
        ("Relu", "AI_VECTOR_CORE", "32,128", 1, (5.25,)),
    ]
    assert (found.table.calls, found.table.sessions, found.table.synchronizations) == (CALLS, 1, 1)
    assert found.table.varying == ()
    assert found.table.source == "scripted"
    assert found.trace is not None
    assert [record.type for record in found.trace] == ["MatMulV3", "Relu", "MatMulV3"]


def test_a_call_that_does_more_every_other_time_is_seen_to_vary(device: ScriptedDevice) -> None:
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        device.spend(10.0, kernel="Add")
        if calls % 2:
            device.spend(1.0, kernel="Cast")

    found = profile_kernels(device, call, call_us=10.0)
    assert found.table is not None
    assert found.table.varying == ("Cast",)
    assert found.trace is not None
    assert len(found.trace) > 2


def test_a_long_call_is_profiled_once(device: ScriptedDevice) -> None:
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        device.spend(2 * LONG_CALL_US, kernel="Conv2D")

    found = profile_kernels(device, call, call_us=2 * LONG_CALL_US)
    assert found.table is not None
    assert found.table.calls == 1
    assert calls == 3  # one that pays for the profiler's start, one that is kept, one to count waiting


def test_without_named_kernels_there_is_no_table_and_no_problem(device: ScriptedDevice) -> None:
    found = profile_kernels(device, lambda: device.spend(10.0), call_us=10.0)
    assert (found.table, found.trace, found.problem) == (None, None, None)


def test_a_call_without_torch_is_told_to_have_run_nothing() -> None:
    """The file that held nothing is gone by then, so it is not named."""
    device = CpuDevice()
    device.prepare()
    assert profile_kernels(device, lambda: sorted("kernels"), call_us=10.0).problem == NOTHING_RAN


def test_an_error_of_the_call_goes_through(device: ScriptedDevice) -> None:
    def call() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        profile_kernels(device, call, call_us=10.0)


def test_a_profile_that_cannot_be_read_is_a_sentence_and_no_error(device: ScriptedDevice) -> None:
    told = record_calls(device, lambda: device.spend(-5.0, kernel="Add"), calls=1)
    assert isinstance(told, str)
    assert "line 2" in told
