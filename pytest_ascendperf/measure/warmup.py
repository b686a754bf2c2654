"""Warm-up: the calls before the first judged round, until their times have stopped changing.

Times change at first because code is compiled, memory is allocated, caches fill and clocks rise. How long that takes
differs from call to call, so the warm-up looks at the rounds themselves: it ends when the later half of them shows no
trend. That half grows with the warm-up, so a slow change is met by a long look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_ascendperf.measure.calibration import Pace, calibrate, pace_of
from pytest_ascendperf.measure.rounds import RoundRunner, is_clock_sound
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.statistics.order import median
from pytest_ascendperf.statistics.trend import find_trend

SETTLED_P = 0.05
"""Less unlikely by chance than this, a trend is taken for noise; a false one costs a longer warm-up and no more."""
SETTLED_DRIFT = 0.002
"""A trend that changes times by no more than this over the later half is let pass. A tenth of what makes a session
invalid, as the sampling may last ten times as long as that half."""

_MIN_WINDOW = 8
"""Rounds that the later half has at least: below, even a strict rise or fall is not unlikely by chance."""
_MIN_WARMUP_S = 0.05
"""Clocks and caches need some ten milliseconds, however short the rounds."""
_MAX_WARMUP_CALLS = 10_000_000
_MAX_BATCH = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmup:
    """How the warm-up ended."""

    pace: Pace
    settled: bool
    """False where its time was up before times had stopped changing; True for a number of calls the user chose."""


def warm_up(runner: RoundRunner[Any], plan: SamplingPlan, *, first_us: float, begun_s: float) -> Warmup:
    """Warm up after the first call, which began at ``begun_s`` on the host clock and took ``first_us`` µs."""
    if plan.warmup is not None:
        return _exactly(runner, plan.warmup, first_us=first_us, budget_s=plan.budget_s)
    deadline_s = begun_s + plan.max_warmup_s
    pace = calibrate(runner, first_us=first_us, max_calls=None, deadline_s=deadline_s, budget_s=plan.budget_s)
    return warm_up_until_settled(runner, pace, budget_s=plan.budget_s, deadline_s=deadline_s)


def warm_up_until_settled(runner: RoundRunner[Any], pace: Pace, *, budget_s: float, deadline_s: float) -> Warmup:
    """Run rounds until the later half of them has settled, or to the deadline."""
    begun_s = runner.time_s()
    last_call = runner.calls_made + _MAX_WARMUP_CALLS
    calls = pace.calls_per_round
    rounds_us: list[float] = []
    while runner.time_s() < deadline_s and runner.calls_made < last_call:
        wanted = min(max(len(rounds_us) // 2, _MIN_WINDOW), _MAX_BATCH)
        size = runner.rounds_until(deadline_s, pace.call_us * calls, at_most=wanted)
        batch_us = runner.batch(size, calls, deadline_s=deadline_s)
        if not is_clock_sound(batch_us):
            return Warmup(pace=pace, settled=False)
        rounds_us += batch_us
        later_half = rounds_us[len(rounds_us) // 2 :]
        pace = pace_of(median(later_half), calls, runner=runner, budget_s=budget_s)
        if runner.time_s() - begun_s >= _MIN_WARMUP_S and is_settled(later_half):
            return Warmup(pace=pace, settled=True)
    return Warmup(pace=pace, settled=False)


def is_settled(rounds_us: Sequence[float]) -> bool:
    """Whether successive rounds are enough to tell and show no trend beyond noise."""
    if len(rounds_us) < _MIN_WINDOW:
        return False
    # Blocks of one round where there are few: taking noise for a trend errs on the safe side here.
    trend = find_trend(rounds_us, block_rounds=1)
    return trend.p_value >= SETTLED_P or abs(trend.drift) <= SETTLED_DRIFT


def _exactly(runner: RoundRunner[Any], warmup_calls: int, *, first_us: float, budget_s: float) -> Warmup:
    """Make ``warmup_calls`` calls in all, the first one included; the number of calls per round is found among them."""
    allowed = max(warmup_calls - runner.calls_made, 0)
    pace = calibrate(runner, first_us=first_us, max_calls=allowed, deadline_s=float("inf"), budget_s=budget_s)
    while (left := warmup_calls - runner.calls_made) > 0:
        calls = min(left, pace.calls_per_round)
        (elapsed_us,) = runner.batch(1, calls)
        if calls == pace.calls_per_round and is_clock_sound((elapsed_us,)):
            pace = pace_of(elapsed_us, calls, runner=runner, budget_s=budget_s)
    return Warmup(pace=pace, settled=True)
