"""The scripted clock: exact, and moved by nothing but the script."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_ascendperf.devices.base import Device
from pytest_ascendperf.devices.scripted import ScriptedDevice
from pytest_ascendperf.errors import MeasurementError


@pytest.mark.parametrize("calls", [1, 2, 3, 7, 1000, 65_536])
def test_sums_of_durations_are_exact(calls: int) -> None:
    device = ScriptedDevice()
    interval = device.start_interval()
    for _ in range(calls):
        device.spend(12.345678)
    interval.stop()
    assert device.now_ps == 12_345_678 * calls
    assert interval.elapsed_us() == 12_345_678 * calls / 1_000_000


@given(duration_ps=st.integers(min_value=-(10**15), max_value=10**15))
@example(duration_ps=249)
def test_a_duration_in_decimals_is_taken_to_the_picosecond(duration_ps: int) -> None:
    """Up to 1,000 s; a float of µs times a million often falls just short of the whole number that was meant."""
    device = ScriptedDevice()
    device.spend(float(Decimal(duration_ps) / 1_000_000))
    assert device.now_ps == duration_ps


def test_only_spend_moves_the_clock_and_the_host_clock_is_the_same_one() -> None:
    device = ScriptedDevice()
    interval = device.start_interval()
    with device.controlled(4):
        device.synchronize()
        device.environment()
    interval.stop()
    assert interval.elapsed_us() == 0.0
    assert device.host_time_s() == 0.0
    device.spend(2_500_000.0)
    assert device.host_time_s() == 2.5
    assert interval.elapsed_us() == 0.0


def test_the_clock_may_stand_still_and_be_set_back() -> None:
    device = ScriptedDevice()
    device.spend(10.0)
    interval = device.start_interval()
    device.spend(0)
    device.spend(-4.5)
    interval.stop()
    assert interval.elapsed_us() == -4.5


@pytest.mark.parametrize("duration_us", [math.nan, math.inf, -math.inf])
def test_a_duration_that_is_not_finite_is_refused(duration_us: float) -> None:
    device = ScriptedDevice()
    with pytest.raises(MeasurementError, match="finite number of µs, got"):
        device.spend(duration_us)
    assert device.now_ps == 0


def test_one_picosecond_is_the_smallest_step() -> None:
    device: Device = ScriptedDevice()
    assert device.timer_resolution_us == 0.000001
    clock = ScriptedDevice()
    clock.spend(0.000001)
    assert clock.now_ps == 1


def test_environments_differ_as_the_test_asks() -> None:
    plain = ScriptedDevice().environment()
    assert (plain.chip, plain.stack_id, plain.hard, plain.soft) == ("scripted", "scripted-1", (), ())
    assert plain == ScriptedDevice().environment()
    other = ScriptedDevice(hard={"threads": "2", "a": "b"}, soft={"kernel": "6"}, chip="x", stack_id="y").environment()
    assert other.hard == (("a", "b"), ("threads", "2"))
    assert [difference.key for difference in other.hard_differences(plain)] == ["a", "chip", "stack", "threads"]
    assert [difference.key for difference in other.soft_differences(plain)] == ["kernel"]
