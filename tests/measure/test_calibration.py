"""How many calls make a round."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from pytest_ascendperf.devices.scripted import ScriptedDevice, ScriptedInterval
from pytest_ascendperf.measure.calibration import MAX_CALLS_PER_ROUND, Pace, calibrate, min_round_us, pace_of
from pytest_ascendperf.measure.rounds import RoundRunner

ScriptedWork = Any


class SteppedDevice(ScriptedDevice):
    """A scripted device whose clock has coarse steps."""

    def __init__(self, step_us: float) -> None:
        super().__init__()
        self.timer_resolution_us = step_us


def stepped(step_us: float) -> RoundRunner[None]:
    """A runner on a device whose clock has steps of ``step_us`` µs."""
    return RoundRunner(SteppedDevice(step_us), lambda: None)


def calibrated(device: ScriptedDevice, work: ScriptedWork, **changes: object) -> Pace:
    """The pace after a first call and the probes."""
    runner = RoundRunner(device, work)
    _, first_us = runner.first_call()
    bounds: dict[str, Any] = {"max_calls": None, "deadline_s": 2.0, "budget_s": 1.0}
    bounds.update(changes)
    return calibrate(runner, first_us=first_us, **bounds)


@pytest.mark.parametrize(
    ("call_us", "calls_per_round"),
    [(20.0, 1), (19.999, 2), (12.345678, 2), (10.0, 2), (0.1, 200), (0.0001, 65_536), (5e4, 1)],
)
def test_a_round_is_as_short_as_it_may_be(
    call_us: float, calls_per_round: int, device: ScriptedDevice, make_work: Callable[[float], ScriptedWork]
) -> None:
    assert calibrated(device, make_work(call_us)).calls_per_round == calls_per_round


def test_a_slow_first_call_does_not_count(
    device: ScriptedDevice, make_work: Callable[[Callable[[int], float]], ScriptedWork]
) -> None:
    pace = calibrated(device, make_work(lambda number: 30_000.0 if number == 0 else 2.0))
    assert pace == Pace(calls_per_round=10, call_us=2.0)


def test_a_coarse_timer_asks_for_longer_rounds() -> None:
    assert min_round_us(stepped(0.05).device) == 20.0
    assert min_round_us(stepped(1.0).device) == 100.0
    pace = pace_of(7.0, 1, runner=stepped(1.0), budget_s=1.0)
    assert pace.calls_per_round == math.ceil(100.0 / 7.0)


def test_a_time_below_the_timers_step_counts_as_one_step() -> None:
    for elapsed_us in (0.0, -5.0, math.nan, 0.01):
        assert pace_of(elapsed_us, 10, runner=stepped(0.05), budget_s=1.0).call_us == 0.005


def test_an_infinite_time_gives_a_round_of_one_call() -> None:
    assert pace_of(math.inf, 1, runner=stepped(0.05), budget_s=1.0).calls_per_round == 1


def test_a_round_takes_a_small_share_of_the_budget() -> None:
    """10 ms of budget: fifty rounds of 200 µs, where the timer alone would ask for 100 ms."""
    pace = pace_of(1.0, 1, runner=stepped(1000.0), budget_s=0.01)
    assert pace.calls_per_round == 1  # less than a step: one step, far more than the share
    assert pace_of(1e5, 10_000, runner=stepped(1000.0), budget_s=0.01).calls_per_round == 20


@pytest.mark.parametrize("max_calls", [0, 1, 5, 9, 100])
def test_probes_keep_to_the_calls_allowed(
    max_calls: int, device: ScriptedDevice, make_work: Callable[[float], ScriptedWork]
) -> None:
    work = make_work(0.1)
    pace = calibrated(device, work, max_calls=max_calls)
    assert work.calls <= 1 + max_calls
    assert pace.calls_per_round == 200


def test_no_probe_runs_past_the_deadline(device: ScriptedDevice, make_work: Callable[[float], ScriptedWork]) -> None:
    """A call of 1 µs for which the deadline leaves 50 calls: probes of 1 and 8, none of 64."""
    work = make_work(1.0)
    pace = calibrated(device, work, deadline_s=5e-5)
    assert work.calls == 1 + 1 + 8
    assert pace.calls_per_round == 20


def test_a_clock_that_stands_still_ends_the_probes(
    device: ScriptedDevice, make_work: Callable[[float], ScriptedWork]
) -> None:
    work = make_work(0.0)
    assert calibrated(device, work).calls_per_round == 1
    assert work.calls < MAX_CALLS_PER_ROUND


def test_a_device_clock_that_stands_still_is_bounded_by_the_host_clock(
    device: ScriptedDevice, make_work: Callable[[float], ScriptedWork]
) -> None:
    """Intervals read nothing, yet the calls take time: 10 ms each, so that half a second is 50 of them."""

    class Stopped(ScriptedDevice):
        def start_interval(self) -> ScriptedInterval:
            return ScriptedDevice().start_interval()

    stopped = Stopped()
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        stopped.spend(10_000.0)

    assert calibrated(stopped, call, deadline_s=0.5).calls_per_round == 1
    assert calls <= 50
