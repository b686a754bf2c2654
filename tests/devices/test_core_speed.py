"""Waiting for a core to be at full speed: of fixed work whose times a script gives, and of the real one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_ascendperf.devices.core_speed import OWN_LOOKS, SETTLED_S, VAIN_CALLS, CoreSpeed, fixed_work_us
from pytest_ascendperf.devices.cpu import CpuDevice

RUNS_OF_A_LOOK = 5
LOOK_S = 1e-3


class Core:
    """A core on which each look takes a millisecond and finds the next speed, then the last one; 1.0 is full speed."""

    def __init__(self, *slowing: float) -> None:
        self.now_s = 100.0
        self.looks = 0.0
        self.slowing: Sequence[float] = slowing

    def work_us(self) -> float:
        slowing = self.slowing[min(int(self.looks + 1e-6), len(self.slowing) - 1)]
        self.looks += 1.0 / RUNS_OF_A_LOOK
        self.now_s += LOOK_S / RUNS_OF_A_LOOK
        return 5.0 * slowing

    def goes_on(self, *slowing: float) -> None:
        self.slowing, self.looks = slowing, 0.0

    def speed(self, known_us: float | None = None) -> CoreSpeed:
        return CoreSpeed(known_us=known_us, work_us=self.work_us, time_s=lambda: self.now_s)


def waits(core: Core, limits_s: Sequence[float], speed: CoreSpeed | None = None) -> list[int]:
    """How many looks each wait takes, 0 where one look finds the core at full speed; there is time in between."""
    speed, taken = speed or core.speed(), []
    for limit_s in limits_s:
        taken.append(round(speed.wait(limit_s) / LOOK_S))
        core.now_s += 0.1
    return taken


def known(speed: CoreSpeed) -> float:
    assert speed.shortest_us is not None
    return speed.shortest_us


def test_a_core_at_full_speed_is_looked_at_once() -> None:
    core = Core(1.0, 1.1, 1.25)
    assert core.speed().shortest_us is None
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


def test_what_the_core_can_do_is_learnt_before_the_call_runs() -> None:
    core = Core(1.0)
    speed = core.speed()
    speed.begin()
    core.goes_on(1.5, 1.5, 1.0)
    assert waits(core, [5.0], speed) == [5]


def test_what_a_process_saw_first_may_turn_out_to_have_been_slowed() -> None:
    core = Core(1.5, 1.0, 1.5, 1.0)
    assert waits(core, [5.0, 5.0, 5.0]) == [0, 0, 4]


def test_what_a_call_leaves_behind_in_every_round_is_waited_for_a_few_times_only() -> None:
    """The next call is met with an open mind again."""
    core = Core(1.0)
    speed = core.speed()
    for _ in range(2):
        speed.begin()
        core.goes_on(*[1.3, 1.0, 1.0, 1.0] * OWN_LOOKS, 1.3)
        assert waits(core, [5.0] * (OWN_LOOKS + 5), speed) == [4] * OWN_LOOKS + [0] * 5
        core.goes_on(1.3 * 1.26, 1.3, 1.0)
        assert waits(core, [5.0], speed) == [5]
        core.goes_on(1.0)


def test_what_lasts_is_a_neighbours_doing_from_the_first_look_on() -> None:
    core = Core(1.0)
    speed = core.speed()
    speed.begin()
    slowed = [1.8] * 11
    core.goes_on(*[*slowed, 1.0, 1.0, 1.0] * (OWN_LOOKS + 5))
    assert waits(core, [5.0] * (OWN_LOOKS + 5), speed) == [14] * (OWN_LOOKS + 5)


def test_a_process_that_begins_on_a_slowed_core_believes_the_one_that_started_it() -> None:
    core = Core(1.0)
    parent = core.speed()
    parent.begin()
    core.goes_on(1.6)
    child = core.speed(known_us=known(parent))
    child.begin()
    core.goes_on(1.6, 1.6, 1.0)
    assert waits(core, [5.0], child) == [5]
    assert known(child) == 5.0


def test_what_several_calls_have_waited_for_in_vain_is_not_waited_for_again() -> None:
    core = Core(1.0)
    speed = core.speed()
    speed.begin()
    core.goes_on(1.4)
    for _ in range(VAIN_CALLS):
        assert known(speed) == 5.0
        assert waits(core, [0.02, 0.01, 0.0], speed) == [20, 10, 1]
        speed.begin()
    assert known(speed) == pytest.approx(7.0)
    assert waits(core, [5.0], speed) == [0]
    core.goes_on(1.0, 1.4, 1.0)
    assert waits(core, [5.0, 5.0], speed) == [0, 4]


def test_a_call_that_saw_full_speed_once_has_not_waited_in_vain() -> None:
    core = Core(1.0)
    speed = core.speed()
    for _ in range(VAIN_CALLS + 1):
        speed.begin()
        core.goes_on(1.0, 1.4)
        assert waits(core, [0.02, 0.02], speed) == [0, 20]
    assert known(speed) == 5.0


def test_a_core_is_as_fast_as_it_usually_is_in_a_millisecond() -> None:
    core = Core(1.0)
    speed = core.speed()
    speed.begin()
    core.goes_on(1.02, *[1.04, 1.0, 1.06] * 13, 1.04)
    assert speed.told_us(of_rounds=True) == pytest.approx(5.2)
    assert core.looks == pytest.approx(41)


@pytest.mark.parametrize(("slowed_s", "told_us"), [(0.0, 5.0), (0.2, 5.0), (SETTLED_S - 0.01, 5.0), (60.0, 8.0)])
def test_what_a_call_leaves_behind_is_waited_for_and_what_stays_is_told(slowed_s: float, told_us: float) -> None:
    core = Core(1.0)
    speed = core.speed()
    speed.begin()
    core.goes_on(*[1.6] * round(slowed_s / LOOK_S), 1.0)
    begun_s = core.now_s
    assert speed.told_us(of_rounds=True) == pytest.approx(told_us)
    assert core.now_s - begun_s < SETTLED_S + 0.05


def test_rounds_that_had_no_time_left_to_wait_are_told_and_those_that_waited_are_not() -> None:
    core = Core(1.0)
    speed = core.speed()
    speed.begin()
    for limit_s, told_us in ((0.01, 8.0), (5.0, 5.0)):
        core.goes_on(*[1.6] * 20, 1.0)
        assert waits(core, [limit_s], speed) == [10 if limit_s < 1.0 else 23]
        core.goes_on(1.0)
        assert speed.told_us(of_rounds=True) == pytest.approx(told_us)


def test_the_usual_round_is_told_and_only_once() -> None:
    core = Core(1.0)
    speed = core.speed()
    for slowed_rounds, told_us in ((2, 5.0), (3, 8.0), (0, 5.0)):
        core.goes_on(*[1.6] * slowed_rounds, 1.0)
        waits(core, [0.0] * 5, speed)
        core.goes_on(1.0)
        assert speed.told_us(of_rounds=True) == pytest.approx(told_us)


def test_rounds_of_the_warm_up_are_not_those_of_the_session() -> None:
    core = Core(1.0)
    speed = core.speed()
    speed.begin()
    core.goes_on(1.6)
    waits(core, [0.0] * 5, speed)
    core.goes_on(1.0)
    assert speed.told_us(of_rounds=False) == pytest.approx(5.0)
    assert speed.told_us(of_rounds=True) == pytest.approx(5.0)


@pytest.mark.parametrize(("of_rounds", "told_us"), [(True, 8.0), (False, 5.0)])
def test_the_cpu_tells_how_fast_its_core_was_where_rounds_began(of_rounds: bool, told_us: float) -> None:
    core, device = Core(1.0), CpuDevice()
    device._speed = core.speed()
    with device.controlled(None):
        core.goes_on(1.6)
        device.wait_for_full_speed(0.0)
        core.goes_on(1.0)
        assert device.core_work_us(of_rounds=of_rounds) == pytest.approx(told_us)


def test_calls_that_wait_in_vain_count_in_a_row() -> None:
    core = Core(1.0)
    speed = core.speed()
    for _ in range(VAIN_CALLS):
        speed.begin()
        core.goes_on(1.0)
        assert waits(core, [0.02], speed) == [0]
        for _ in range(VAIN_CALLS - 1):
            speed.begin()
            core.goes_on(1.4)
            assert waits(core, [0.02], speed) == [20]
    assert known(speed) == 5.0


def test_full_speed_that_was_just_seen_is_not_looked_for_again() -> None:
    core = Core(1.0, 2.0)
    speed = core.speed()
    assert speed.wait(5.0) == 0.0
    core.now_s += 0.9e-3
    assert speed.wait(5.0) == 0.0
    assert core.looks == pytest.approx(1)
    core.now_s += 0.2e-3
    assert speed.wait(0.0) > 0.0


def test_one_slow_run_is_an_interrupt_and_not_a_slowed_core() -> None:
    times_us = iter([9.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 400.0, 5.1, 400.0])
    now_s = iter([1.0, 1.1, 2.0, 2.1])
    speed = CoreSpeed(work_us=lambda: next(times_us), time_s=lambda: next(now_s))
    assert [speed.wait(5.0), speed.wait(5.0)] == [0.0, 0.0]


def test_the_cpu_learns_what_its_core_can_do_and_then_waits_for_it() -> None:
    core, device = Core(1.0), CpuDevice()
    device._speed = core.speed()
    with device.controlled(None):
        core.goes_on(1.5, 1.5, 1.0)
        assert device.wait_for_full_speed(5.0) == pytest.approx(5 * LOOK_S)


def test_the_real_work_takes_its_time() -> None:
    speed = CoreSpeed()
    speed.begin()
    assert fixed_work_us() > 0.0
    assert 0.0 <= speed.wait(0.0) < 5.0
