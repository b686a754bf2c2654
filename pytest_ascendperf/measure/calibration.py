"""How many calls make a round: enough that the timer's steps do not matter, few enough that many rounds fit.

The answer must not depend on the first call, which may compile, allocate or fill caches and take a thousand times as
long as those that follow. So calls are probed in growing numbers, as far as the warm-up's calls and time allow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pytest_ascendperf.devices.base import Device
from pytest_ascendperf.measure.rounds import RoundRunner

MAX_CALLS_PER_ROUND = 65_536
"""Reached by calls of a third of a nanosecond: only by those that do nothing."""

MIN_ROUND_STEPS = 100
"""A round of this many steps of the timer is read to 1 %, and the median of many rounds better."""
_BUDGET_SHARE = 0.02
"""A round takes at most this share of the sampling budget: as many rounds as the trend test needs fit twice."""
_PROBE_GROWTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What calibration found."""

    calls_per_round: int
    call_us: float
    """Time of one call as far as it is known, in µs; never below what the timer could have shown."""


def min_round_us(device: Device) -> float:
    """The shortest time that a round should take on ``device``, in µs."""
    return max(MIN_ROUND_STEPS * device.timer_resolution_us, device.min_round_us)


def pace_of(elapsed_us: float, calls: int, *, runner: RoundRunner[Any], budget_s: float) -> Pace:
    """The pace of ``calls`` calls that took ``elapsed_us`` µs together; less than one timer step counts as one."""
    # Written so that nan, from a broken device, counts as one step, too.
    step_us = runner.device.timer_resolution_us
    call_us = (elapsed_us if elapsed_us > step_us else step_us) / calls
    # The margin keeps 20 / 0.1 = 200.00000000000003 at 200.
    wanted = math.ceil(min_round_us(runner.device) / call_us - 1e-9)
    affordable = math.floor(_BUDGET_SHARE * budget_s * 1e6 / call_us)
    return Pace(calls_per_round=max(1, min(wanted, affordable, _most_calls(runner))), call_us=call_us)


def calibrate(
    runner: RoundRunner[Any], *, first_us: float, max_calls: int | None, deadline_s: float, budget_s: float
) -> Pace:
    """Probe the call, which took ``first_us`` µs the first time, in at most ``max_calls`` further calls.

    No probe is begun that would run past ``deadline_s`` of the runner's clock at the pace seen so far. Where the clock
    stands still however many calls are made, a round is one call: more of them would show nothing, either.
    """
    device = runner.device
    enough_us = min_round_us(device)
    elapsed_us, calls, host_s_per_call = first_us, 1, 0.0
    left = math.inf if max_calls is None else max_calls
    size = 1
    while size <= _most_calls(runner) and left >= 1:
        size = int(min(size, left))
        begun_s = runner.time_s()
        if begun_s + size * host_s_per_call >= deadline_s:
            break
        (elapsed_us,), calls = runner.batch(1, size), size
        host_s_per_call = (runner.time_s() - begun_s) / size
        if elapsed_us >= enough_us:
            break
        left -= size
        size *= _PROBE_GROWTH
    pace = pace_of(elapsed_us, calls, runner=runner, budget_s=budget_s)
    if elapsed_us <= 0.0 and left >= 1:
        return Pace(calls_per_round=1, call_us=pace.call_us)
    return pace


def _most_calls(runner: RoundRunner[Any]) -> int:
    """With cold caches a round is one call: the second one would find what the first one left."""
    return 1 if runner.cold else MAX_CALLS_PER_ROUND
