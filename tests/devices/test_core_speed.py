"""Waiting for a core to be at full speed: of fixed work whose times a script gives, and of the real one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from pytest_ascendperf.devices.core_speed import CoreSpeed, fixed_work_us
from pytest_ascendperf.devices.cpu import CpuDevice

RUNS_OF_A_LOOK = 5


class Core:
    """A core on which each look finds the next speed, and then the last one; 1.0 is full speed."""

    def __init__(self, *slowing: float, look_s: float = 0.01) -> None:
        self.now_s = 100.0
        self.runs = 0
        self._slowing = slowing
        self._run_s = look_s / RUNS_OF_A_LOOK

    def work_us(self) -> float:
        slowing = self._slowing[min(self.runs // RUNS_OF_A_LOOK, len(self._slowing) - 1)]
        self.runs += 1
        self.now_s += self._run_s
        return 5.0 * slowing

    def speed(self) -> CoreSpeed:
        return CoreSpeed(work_us=self.work_us, time_s=lambda: self.now_s)


def waits(core: Core, limits_s: Sequence[float]) -> list[float]:
    """What each wait takes, some time after the one before; in seconds."""
    speed, taken = core.speed(), []
    for limit_s in limits_s:
        taken.append(speed.wait(limit_s))
        core.now_s += 0.1
    return taken


def test_a_core_at_full_speed_is_looked_at_once() -> None:
    core = Core(1.0, 1.1, 1.25)
    assert waits(core, [5.0, 5.0, 5.0]) == [0.0, 0.0, 0.0]
    assert core.runs == 3 * RUNS_OF_A_LOOK


def test_a_slowed_core_is_waited_for() -> None:
    core = Core(1.0, 1.26, 1.9, 1.4, 1.0)
    assert waits(core, [5.0, 5.0, 5.0]) == [0.0, pytest.approx(0.04), 0.0]


def test_a_wait_ends_at_its_limit() -> None:
    core = Core(1.0, 1.5)
    assert waits(core, [5.0, 0.045, 0.0, -1.0]) == [0.0, pytest.approx(0.05), pytest.approx(0.01), pytest.approx(0.01)]


def test_what_is_counted_is_how_often_the_core_was_slowed_when_somebody_came() -> None:
    """A neighbour that comes and goes faster than rounds do is waited for with ease, and slows every one of them."""
    core = Core(1.0, *[1.5, 1.0] * 3, 1.0)
    speed = core.speed()
    for _ in range(5):
        speed.wait(5.0)
        core.now_s += 0.1
    assert (speed.looks, speed.times_slowed) == (5, 3)


def test_what_a_process_saw_first_may_turn_out_to_have_been_slowed() -> None:
    core = Core(1.5, 1.0, 1.5, 1.0)
    assert waits(core, [5.0, 5.0, 5.0]) == [0.0, 0.0, pytest.approx(0.02)]


def test_full_speed_that_was_just_seen_is_not_looked_for_again() -> None:
    core = Core(1.0, 2.0, look_s=1e-5)
    speed = core.speed()
    assert speed.wait(5.0) == 0.0
    core.now_s += 0.9e-3
    assert speed.wait(5.0) == 0.0
    assert core.runs == RUNS_OF_A_LOOK
    core.now_s += 0.2e-3
    assert speed.wait(0.0) > 0.0
    assert core.runs == 2 * RUNS_OF_A_LOOK


def test_one_slow_run_is_an_interrupt_and_not_a_slowed_core() -> None:
    times_us = iter([9.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 400.0, 5.1, 400.0])
    speed = CoreSpeed(work_us=lambda: next(times_us))
    speed.wait(5.0)
    speed._seen_s = -math.inf
    assert speed.wait(5.0) == 0.0


def test_the_real_work_takes_its_time_and_the_watch_of_the_cpu_tells_it() -> None:
    assert fixed_work_us() > 0.0
    device = CpuDevice()
    assert (unseen := device.watch().conditions()) is None or unseen.host is None or unseen.host.fixed_work_us is None
    device.wait_for_full_speed(0.0)
    watch = device.watch()
    device.wait_for_full_speed(0.0)
    seen = watch.conditions()
    assert seen is not None
    assert seen.host is not None
    assert seen.host.fixed_work_us is not None
    assert seen.host.fixed_work_us > 0.0
    assert seen.host.slowed_share in (0.0, 1.0)
