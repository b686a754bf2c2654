"""Two readings of a device as one."""

from __future__ import annotations

from pytest_ascendperf.devices.device_watch import DeviceWatch, combined
from pytest_ascendperf.model.conditions import DeviceConditions, OtherProcess

ONE, TWO = OtherProcess(pid=1, name="one"), OtherProcess(pid=2)


def test_the_lower_clock_and_all_that_either_saw_count() -> None:
    before = DeviceConditions(
        source="x", clock_mhz=1200.0, max_clock_mhz=1800.0, throttling=("hot",), others=(TWO,), power_w=1.0
    )
    after = DeviceConditions(
        source="x", clock_mhz=1500.0, max_clock_mhz=1800.0, throttling=("brake", "hot"), others=(ONE, TWO), power_w=2.0
    )
    expected = DeviceConditions(
        source="x", clock_mhz=1200.0, max_clock_mhz=1800.0, throttling=("hot", "brake"), others=(ONE, TWO), power_w=2.0
    )
    assert combined(before, after) == expected


def test_what_neither_knows_stays_unknown_and_what_one_knows_counts() -> None:
    unknown, known = DeviceConditions(source="x"), DeviceConditions(source="x", throttling=(), others=())
    assert combined(unknown, unknown) == unknown
    assert combined(unknown, known) == combined(known, unknown) == known
    failed = DeviceConditions(source="x", problem="why")
    assert combined(failed, known).problem == combined(known, failed).problem == "why"


def test_a_watch_looks_at_both_ends() -> None:
    readings = iter([DeviceConditions(source="x", clock_mhz=9.0), DeviceConditions(source="x", clock_mhz=8.0)])
    watch = DeviceWatch(lambda: next(readings))
    assert watch.conditions().device == DeviceConditions(source="x", clock_mhz=8.0)
