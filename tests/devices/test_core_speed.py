"""Waiting for a core to be at full speed: of fixed work whose times a script gives, and of the real one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from pytest_ascendperf.devices.core_speed import CoreSpeed, Looks, fixed_work_us
from pytest_ascendperf.devices.cpu import CpuDevice

RUNS_OF_A_LOOK = 5
LOOK_S = 1e-3


class Core:
    """A core on which each look takes a millisecond and finds the next speed, then the last one; 1.0 is full speed."""

    def __init__(self, *slowing: float) -> None:
        self.now_s = 100.0
        self.looks = 0.0
        self._slowing = slowing

    def work_us(self) -> float:
        slowing = self._slowing[min(int(self.looks + 1e-6), len(self._slowing) - 1)]
        self.looks += 1.0 / RUNS_OF_A_LOOK
        self.now_s += LOOK_S / RUNS_OF_A_LOOK
        return 5.0 * slowing

    def speed(self) -> CoreSpeed:
        return CoreSpeed(work_us=self.work_us, time_s=lambda: self.now_s)


def waits(core: Core, limits_s: Sequence[float]) -> list[int]:
    """How many looks each wait takes beyond the one that finds the core at full speed; there is time in between."""
    speed, taken = core.speed(), []
    for limit_s in limits_s:
        taken.append(round(speed.wait(limit_s) / LOOK_S))
        core.now_s += 0.1
    return taken


def test_a_core_at_full_speed_is_looked_at_once() -> None:
    core = Core(1.0, 1.1, 1.25)
    assert waits(core, [5.0, 5.0, 5.0]) == [0, 0, 0]
    assert core.looks == pytest.approx(3)


def test_a_slowed_core_is_waited_for_until_it_has_been_quiet_for_a_while() -> None:
    core = Core(1.0, 1.26, 1.9, 1.4, 1.0)
    assert waits(core, [5.0, 5.0, 5.0]) == [0, 6, 0]


def test_a_pause_is_not_the_end() -> None:
    core = Core(1.0, 1.5, 1.0, 1.0, 1.5, 1.0, 1.5, 1.0, 1.0, 1.0, 1.5)
    assert waits(core, [5.0, 5.0]) == [0, 9]


def test_a_wait_ends_at_its_limit() -> None:
    core = Core(1.0, 1.5)
    assert waits(core, [5.0, 0.0455, 0.0, -1.0]) == [0, 46, 1, 1]


def test_what_a_process_saw_first_may_turn_out_to_have_been_slowed() -> None:
    core = Core(1.5, 1.0, 1.5, 1.0)
    assert waits(core, [5.0, 5.0, 5.0]) == [0, 0, 4]


def test_full_speed_that_was_just_seen_is_not_looked_for_again() -> None:
    core = Core(1.0, 2.0)
    speed = core.speed()
    assert speed.wait(5.0) == 0.0
    core.now_s += 0.9e-3
    assert speed.wait(5.0) == 0.0
    assert len(speed.found_us) == 1
    core.now_s += 0.2e-3
    assert speed.wait(0.0) > 0.0
    assert len(speed.found_us) == 2


def test_one_slow_run_is_an_interrupt_and_not_a_slowed_core() -> None:
    times_us = iter([9.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 400.0, 5.1, 400.0])
    now_s = iter([1.0, 1.1, 2.0, 2.1])
    speed = CoreSpeed(work_us=lambda: next(times_us), time_s=lambda: next(now_s))
    assert [speed.wait(5.0), speed.wait(5.0)] == [0.0, 0.0]
    assert speed.found_us == [5.0, 5.1]


def test_what_is_kept_is_how_the_core_was_found_before_each_round() -> None:
    """A neighbour that comes and goes faster than rounds do is waited for with ease, and slows every one of them."""
    core = Core(1.0, *[1.5, 1.0, 1.0, 1.0] * 3)
    speed, waited = core.speed(), []
    for _ in range(4):
        waited.append(round(speed.wait(5.0) / LOOK_S))
        core.now_s += 0.1
    assert waited == [0, 4, 4, 4]
    assert speed.found_us == [5.0, 7.5, 7.5, 7.5]
    speed.forget()
    assert speed.found_us == []


def test_what_the_call_does_to_the_clock_in_every_round_is_not_slowed() -> None:
    assert Looks.of([6.5] * 40) == Looks(least_us=6.5, slowed_share=0.0)
    assert Looks.of([4.0, *[6.5] * 30, *[9.0] * 9]) == Looks(least_us=6.5, slowed_share=9 / 40)
    assert Looks.of([4.5]) == Looks(least_us=4.5, slowed_share=0.0)


def test_the_real_work_takes_its_time_and_the_watch_of_the_cpu_tells_it() -> None:
    assert fixed_work_us() > 0.0
    device = CpuDevice()
    device.wait_for_full_speed(0.0)
    assert (unseen := device.watch().conditions()) is None or unseen.host is None or unseen.host.fixed_work_us is None
    watch = device.watch()
    device._speed._seen_s = -math.inf
    device.wait_for_full_speed(0.0)
    seen = watch.conditions()
    assert seen is not None
    assert seen.host is not None
    assert seen.host.fixed_work_us is not None
    assert seen.host.fixed_work_us > 0.0
    assert seen.host.slowed_share == 0.0
