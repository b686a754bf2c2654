"""Sampling: the rounds that are judged, as many as the plan asks for or as its precision needs, within its budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_ascendperf.measure.calibration import MIN_ROUND_STEPS, Pace
from pytest_ascendperf.measure.rounds import RoundRunner, is_clock_sound
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.statistics.order import median, median_half_width
from pytest_ascendperf.units import format_duration

MAX_ROUNDS = 10_000
"""More rounds would say more about this process, which is not what sessions differ by."""
MIN_ROUNDS = 32
"""Rounds before precision may end the sampling: enough for the test that finds a trend in them."""

_MIN_SAMPLING_S = 0.05
"""Time before precision may end the sampling, so that one slice of the scheduler cannot fill the session."""
_MIN_BATCH = 8
_MAX_BATCH = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The rounds of one attempt."""

    rounds_us: tuple[float, ...]
    """Device time per round, in the order measured."""
    calls_per_round: int
    notes: tuple[str, ...]


def sample(
    runner: RoundRunner[Any], plan: SamplingPlan, pace: Pace, *, first_rounds_us: tuple[float, ...], begun_s: float
) -> Sample:
    """Sample rounds after ``first_rounds_us``, which are part of the sample; the budget counts from ``begun_s``.

    That is a time of :meth:`.RoundRunner.time_s`.
    """
    device = runner.device
    deadline_s = begun_s + plan.budget_s
    limit = MAX_ROUNDS if plan.rounds is None else min(plan.rounds, MAX_ROUNDS)
    calls = pace.calls_per_round
    rounds_us = list(first_rounds_us)
    is_sound = is_clock_sound(rounds_us)
    while is_sound and len(rounds_us) < limit:
        now_s = runner.time_s()
        if rounds_us and now_s >= deadline_s:
            break
        if plan.rounds is None and now_s - begun_s >= _MIN_SAMPLING_S and is_precise(rounds_us, plan.precision):
            break
        wanted = min(_batch_size(len(rounds_us)), limit - len(rounds_us))
        round_us = rounds_us[-1] if rounds_us else pace.call_us * calls
        size = runner.rounds_until(deadline_s, round_us, at_most=wanted)
        batch_us = runner.batch(size, calls, deadline_s=deadline_s)
        rounds_us += batch_us
        is_sound = is_clock_sound(batch_us)
    notes = _notes(plan, rounds_us, calls, device.timer_resolution_us) if is_sound else ()
    return Sample(rounds_us=tuple(rounds_us), calls_per_round=calls, notes=notes)


def _batch_size(rounds_so_far: int) -> int:
    """Half as many again, so that the checks between batches stay few; the first round alone shows the pace."""
    return min(max(rounds_so_far // 2, _MIN_BATCH), _MAX_BATCH) if rounds_so_far else 1


def is_precise(rounds_us: Sequence[float], precision: float) -> bool:
    """Whether there are enough rounds, and their median is known to the relative half-width ``precision``."""
    return len(rounds_us) >= MIN_ROUNDS and median_half_width(rounds_us) <= precision


def _notes(plan: SamplingPlan, rounds_us: Sequence[float], calls: int, resolution_us: float) -> tuple[str, ...]:
    """What a reader should know of how the sampling ended; one sentence each."""
    notes: list[str] = []
    count, budget_us = len(rounds_us), plan.budget_s * 1e6
    if count == 1 and plan.rounds != 1 and rounds_us[0] >= budget_us:
        took, budget = format_duration(rounds_us[0] / calls), format_duration(budget_us)
        notes.append(f"One call took {took}, longer than the sampling budget of {budget}: one round was measured.")
    elif plan.rounds is not None and count < min(plan.rounds, MAX_ROUNDS):
        notes.append(
            f"The sampling budget of {format_duration(budget_us)} ended after {count} of {plan.rounds} rounds."
        )
    elif plan.rounds is not None and plan.rounds > MAX_ROUNDS:
        notes.append(f"{MAX_ROUNDS} rounds were measured, which is the most; {plan.rounds} were asked for.")
    if median(rounds_us) < MIN_ROUND_STEPS * resolution_us:
        notes.append(
            f"A round lasted {format_duration(median(rounds_us))}, less than {MIN_ROUND_STEPS} steps of the timer "
            f"({format_duration(resolution_us)} each): times are coarse. More warm-up calls let rounds grow."
        )
    return tuple(notes)
