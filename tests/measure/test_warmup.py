"""Warm-up: it ends after a change of the times has ended, and never later than it may."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from pytest_ascendperf.devices.scripted import ScriptedDevice
from pytest_ascendperf.measure.rounds import RoundRunner
from pytest_ascendperf.measure.warmup import Warmup, is_settled, warm_up
from pytest_ascendperf.model.protocol import SamplingPlan

ScriptedWork = Any
MakeWork = Callable[[Any], ScriptedWork]
MakePlan = Callable[..., SamplingPlan]


def warmed(device: ScriptedDevice, work: ScriptedWork, plan: SamplingPlan) -> Warmup:
    """The outcome of the first call and the warm-up after it."""
    begun_s = device.host_time_s()
    runner = RoundRunner(device, work)
    _, first_us = runner.first_call()
    outcome = warm_up(runner, plan, first_us=first_us, begun_s=begun_s)
    assert runner.calls_made == work.calls
    return outcome


def decaying(calls: int, call_us: float) -> Callable[[int], float]:
    """Three times as slow at first, then exponentially nearer to ``call_us``, which it takes from ``calls`` on."""
    return lambda number: call_us * (1.0 + 2.0 * math.exp(-6.0 * number / calls)) if number < calls else call_us


@pytest.mark.parametrize("call_us", [0.1, 12.345678, 1_000.0, 20_000.0])
def test_it_outlasts_thirty_slow_calls(
    call_us: float, device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan
) -> None:
    work = make_work(decaying(30, call_us))
    outcome = warmed(device, work, make_plan())
    assert outcome.settled
    assert work.calls > 30
    assert outcome.pace.call_us == pytest.approx(call_us)


@pytest.mark.parametrize("slow_calls", [300, 3_000, 10_000, 50_000])
def test_it_outlasts_a_decay_of_any_length(
    slow_calls: int, device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan
) -> None:
    """Calls of 20 µs: up to a second of decay, of which the last half per cent is let pass."""
    work = make_work(decaying(slow_calls, 20.0))
    outcome = warmed(device, work, make_plan(max_warmup_s=10.0))
    assert outcome.settled
    assert work.duration_us(work.calls) <= 20.0 * 1.005


def test_it_outlasts_a_decay_under_noise(device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan) -> None:
    noise = random.Random(7)
    trend = decaying(5_000, 20.0)
    work = make_work(lambda number: trend(number) * math.exp(noise.gauss(0.0, 0.05)))
    assert warmed(device, work, make_plan(max_warmup_s=10.0)).settled
    assert trend(work.calls) <= 20.0 * 1.03


def test_steady_calls_are_warmed_up_for_a_twentieth_of_a_second(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan
) -> None:
    outcome = warmed(device, make_work(50.0), make_plan())
    assert outcome.settled
    assert 0.05 <= device.host_time_s() < 0.1


@pytest.mark.parametrize("max_warmup_s", [0.5, 2.0])
def test_times_that_never_settle_end_at_the_limit(
    max_warmup_s: float, device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan
) -> None:
    """Each call 0.1 % slower than the one before it."""
    work = make_work(lambda number: 1000.0 * 1.001**number)
    outcome = warmed(device, work, make_plan(max_warmup_s=max_warmup_s))
    assert not outcome.settled
    assert max_warmup_s <= device.host_time_s() < max_warmup_s * 1.1


def test_calls_too_slow_to_tell_are_not_called_settled(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan
) -> None:
    work = make_work(400_000.0)
    outcome = warmed(device, work, make_plan())
    assert not outcome.settled
    assert work.calls == 5  # two seconds


def test_without_time_there_is_the_first_call_alone(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan
) -> None:
    work = make_work(5.0)
    outcome = warmed(device, work, make_plan(max_warmup_s=0.0))
    assert work.calls == 1
    assert outcome.pace.calls_per_round == 4


@pytest.mark.parametrize("warmup", [1, 2, 3, 10, 11, 1000, 200_000])
def test_a_number_of_calls_is_kept_exactly(
    warmup: int, device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan
) -> None:
    work = make_work(12.345678)
    outcome = warmed(device, work, make_plan(warmup=warmup, max_warmup_s=0.0))
    assert work.calls == warmup
    assert outcome.settled
    assert outcome.pace.calls_per_round == 2


def test_a_chosen_number_sees_past_a_slow_start(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan
) -> None:
    outcome = warmed(device, make_work(lambda number: 1000.0 if number < 50 else 2.0), make_plan(warmup=100))
    assert outcome.pace.calls_per_round == 10


@pytest.mark.parametrize("duration_us", [0.0, -1.0])
def test_a_broken_clock_ends_it(
    duration_us: float, device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan
) -> None:
    work = make_work(duration_us)
    assert not warmed(device, work, make_plan()).settled
    assert work.calls < 100_000


def test_few_rounds_are_not_enough_to_be_settled() -> None:
    assert is_settled([1.0] * 8)
    assert not is_settled([1.0] * 7)
    assert not is_settled([])


def test_a_change_of_a_thousandth_is_let_pass_and_one_of_two_per_cent_is_not() -> None:
    assert is_settled([100.0 + 0.1 * index / 99 for index in range(100)])
    assert not is_settled([100.0 + 2.0 * index / 99 for index in range(100)])
    assert not is_settled([102.0 - 2.0 * index / 99 for index in range(100)])
