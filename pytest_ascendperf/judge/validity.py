"""May the rounds of a session be judged at all? Decided on the raw durations, before anything is computed from them.

What makes a session invalid is what is certain. A single round of any size is not: processes are preempted, pages
fault and clocks are adjusted, and the session's median hardly moves. No round is ever dropped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ascendperf.statistics.order import median
from pytest_ascendperf.statistics.trend import find_trend
from pytest_ascendperf.units import format_change, format_duration, format_share

if TYPE_CHECKING:
    from pytest_ascendperf.model.measurement import Session

TREND_P = 0.001
"""A trend must be this unlikely by chance ..."""
TREND_DRIFT = 0.02
"""... and change the time by this much from the first block of rounds to the last."""


REFERENCE_CHANGE = 0.05
"""The device's reference work may take this much more or less time than it did for the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRounds:
    """What one process measured, as the clock gave it."""

    durations_us: tuple[float, ...]
    """Time of each round in the order measured, in µs per round or per call; nothing is assumed of the values."""
    warmup_settled: bool
    """Whether the warm-up ended because times had stopped changing, not because its time was up."""


def invalid_reasons(rounds: RawRounds) -> tuple[str, ...]:
    """Why the rounds must not be judged, each a sentence; empty for rounds that may be."""
    durations = rounds.durations_us
    if not durations:
        return ("No round was measured.",)
    return _clock_reasons(durations) or _trend_reasons(durations)


def device_reasons(session: Session, base: Sequence[Session]) -> tuple[str, ...]:
    """Why ``session`` must not be compared with the sessions of ``base``, each a sentence: the device itself changed.

    The reference work is the same in every process and knows nothing of the measured code. Where it takes another time,
    the clock was throttled, or the device was shared, on one of the two occasions.
    """
    stored = [reference for other in base if (reference := other.reference_us) is not None]
    if session.reference_us is None or not stored:
        return ()
    before = median(stored)
    change = session.reference_us / before - 1.0
    if round(abs(change), 9) <= REFERENCE_CHANGE:  # 10.5 / 10 - 1 is above 0.05 by the last bit
        return ()
    when = "now" if change > 0.0 else "when the baseline was recorded"
    return (
        f"The device itself ran at another speed: its reference work takes {format_duration(session.reference_us)}, "
        f"and took {format_duration(before)} when the baseline was recorded ({format_change(change)}; the limit is "
        f"{format_share(REFERENCE_CHANGE)} either way). A throttled clock or another process on the device {when} does "
        "this.",
    )


def notes(rounds: RawRounds) -> tuple[str, ...]:
    """What a reader should know although the rounds may be judged.

    A warm-up that did not settle is only noted. What it would spoil is the judged rounds, and a drift there is found in
    them; a call too slow to be repeated often within the warm-up's time can never be seen to settle, and would never be
    judged.
    """
    if rounds.warmup_settled:
        return ()
    return ("The warm-up ended at its time limit, before times had settled: the first rounds may be slower.",)


def _clock_reasons(durations_us: tuple[float, ...]) -> tuple[str, ...]:
    count = len(durations_us)
    broken = sum(not math.isfinite(duration) for duration in durations_us)
    back = sum(math.isfinite(duration) and duration < 0.0 for duration in durations_us)
    still = sum(duration == 0.0 for duration in durations_us)
    reasons: list[str] = []
    if broken:
        reasons.append(f"{broken} of {count} rounds have a time that is not a finite number.")
    if back:
        reasons.append(f"The clock went backwards in {back} of {count} rounds.")
    if still == count:
        reasons.append(f"The clock stood still: all {count} rounds lasted 0 µs.")
    elif still:
        reasons.append(f"The clock did not advance in {still} of {count} rounds: they are shorter than it can show.")
    return tuple(reasons)


def _trend_reasons(durations_us: tuple[float, ...]) -> tuple[str, ...]:
    trend = find_trend(durations_us)
    if trend.p_value < TREND_P and abs(trend.drift) > TREND_DRIFT:
        return (
            f"Times drifted by {format_change(trend.drift)} over the {len(durations_us)} rounds "
            f"(p = {trend.p_value:.1g}); the limit is {format_share(TREND_DRIFT)}.",
        )
    return ()
