"""May the rounds of a session be judged at all? Decided on the raw durations, before anything is computed from them.

What the machine says of itself counts as well; its rules are those of :mod:`.conditions`.

What makes a session invalid is what is certain. A single round of any size is not: processes are preempted, pages
fault and clocks are adjusted, and the session's median hardly moves. No round is ever dropped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ascendperf.judge.conditions import clock_reasons, condition_notes, condition_reasons
from pytest_ascendperf.judge.core_speed import slowed_base_reasons
from pytest_ascendperf.statistics.order import median, quantiles
from pytest_ascendperf.statistics.trend import find_trend
from pytest_ascendperf.units import format_change, format_duration, format_share, format_tolerance

if TYPE_CHECKING:
    from pytest_ascendperf.model.conditions import Conditions
    from pytest_ascendperf.model.measurement import Session

TREND_P = 0.001
"""A trend must be this unlikely by chance ..."""
TREND_DRIFT = 0.02
"""... and change the time by this much from the first block of rounds to the last."""

UNSETTLED = "The warm-up ended at its time limit, before times had settled: the first rounds may be slower."

MAX_SPREAD = 0.5
"""Range of the middle half of the rounds, relative to their median, unless a test allows more. Rounds of one call on a
busy shared host seldom reach a fifth of it; beyond it the median is a matter of chance."""
SPREAD_ROUNDS = 8
"""Fewer rounds have no quartiles to speak of."""

REFERENCE_CHANGE = 0.05
"""The device's reference work may take this much more or less time than it did for the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRounds:
    """What one process measured, as the clock gave it."""

    durations_us: tuple[float, ...]
    """Time of each round in the order measured, in µs per round or per call; nothing is assumed of the values."""
    warmup_settled: bool
    """Whether the warm-up ended because times had stopped changing, not because its time was up."""
    max_spread: float = MAX_SPREAD
    """Range of the middle half of the rounds that is allowed, relative to their median."""
    conditions: Conditions | None = None
    """What the machine said of itself meanwhile; None where it says nothing."""
    on_host: bool = True
    """Whether the durations are the host's time."""


def invalid_reasons(rounds: RawRounds) -> tuple[str, ...]:
    """Why the rounds must not be judged, each a sentence; empty for rounds that may be.

    Where the machine or the clock is at fault, how the times look then is no reason of its own.
    """
    durations = rounds.durations_us
    if not durations:
        return ("No round was measured.",)
    said = condition_reasons(rounds.conditions, rounds=len(durations), on_host=rounds.on_host)
    faults = (*said, *_clock_reasons(durations))
    return faults or (*_trend_reasons(durations), *_spread_reasons(durations, rounds.max_spread))


def device_reasons(session: Session, base: Sequence[Session]) -> tuple[str, ...]:
    """Why ``session`` must not be compared with the sessions of ``base``, each a sentence: the device itself changed.

    A clock that the device tells is what decides, or, on the host's processor, a core that was slowed when ``base`` was
    recorded; one that is slowed now hides nothing (:mod:`.core_speed`). Beside them there is the reference work.
    The reference work is the same in every process and knows nothing of the measured code. Where it takes another time,
    the clock was throttled, or the device was shared, on one of the two occasions. Where there are two kinds of it,
    both must have changed alike; one alone is a kernel that the software changed (:func:`reference_notes`).
    """
    if told := (*clock_reasons(session, base), *slowed_base_reasons(session, base)):
        return told
    product = _product_change(session, base)
    if product is None or not product.is_beyond_limit:
        return ()
    vectors = _vector_change(session, base)
    if vectors is not None and not (vectors.is_beyond_limit and vectors.is_slower is product.is_slower):
        return ()
    when = "now" if product.is_slower else "when the baseline was recorded"
    also = "" if vectors is None else f" Its reference work of vectors changed by {format_change(vectors.change)}."
    return (
        f"The device itself ran at another speed: its reference work takes {format_duration(product.now_us)}, "
        f"and took {format_duration(product.before_us)} when the baseline was recorded "
        f"({format_change(product.change)}; the limit is {format_share(REFERENCE_CHANGE)} either way).{also} "
        f"A throttled clock or another process on the device {when} does this.",
    )


def reference_notes(session: Session, base: Sequence[Session]) -> tuple[str, ...]:
    """What to know of reference work of which one kind takes another time and the other does not, a sentence each."""
    found = {"matrix product": _product_change(session, base), "work of vectors": _vector_change(session, base)}
    changes = {kind: change for kind, change in found.items() if change is not None}
    if len(changes) < len(found) or device_reasons(session, base):
        return ()
    return tuple(
        f"The reference {kind} takes {format_duration(change.now_us)} and took {format_duration(change.before_us)} "
        f"when the baseline was recorded ({format_change(change.change)}), and the other one does not follow it: its "
        "kernel changed, not the device."
        for kind, change in changes.items()
        if change.is_beyond_limit
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReferenceChange:
    """How long one kind of reference work takes, then and now."""

    before_us: float
    now_us: float

    @property
    def change(self) -> float:
        return self.now_us / self.before_us - 1.0

    @property
    def is_slower(self) -> bool:
        return self.change > 0.0

    @property
    def is_beyond_limit(self) -> bool:
        return round(abs(self.change), 9) > REFERENCE_CHANGE  # 10.5 / 10 - 1 is above 0.05 by the last bit


def _product_change(session: Session, base: Sequence[Session]) -> _ReferenceChange | None:
    return _reference_change(session.reference_us, [other.reference_us for other in base])


def _vector_change(session: Session, base: Sequence[Session]) -> _ReferenceChange | None:
    return _reference_change(session.vector_reference_us, [other.vector_reference_us for other in base])


def _reference_change(now_us: float | None, stored_us: Sequence[float | None]) -> _ReferenceChange | None:
    """None where one side has no such time."""
    known_us = [time_us for time_us in stored_us if time_us is not None]
    return _ReferenceChange(before_us=median(known_us), now_us=now_us) if known_us and now_us is not None else None


def notes(rounds: RawRounds) -> tuple[str, ...]:
    """What a reader should know although the rounds may be judged.

    A warm-up that did not settle is only noted. What it would spoil is the judged rounds, and a drift there is found in
    them; a call too slow to be repeated often within the warm-up's time can never be seen to settle, and would never be
    judged.
    """
    said = condition_notes(rounds.conditions, rounds=len(rounds.durations_us), on_host=rounds.on_host)
    return (*(() if rounds.warmup_settled else (UNSETTLED,)), *said)


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


def _spread_reasons(durations_us: tuple[float, ...], max_spread: float) -> tuple[str, ...]:
    if len(durations_us) < SPREAD_ROUNDS:
        return ()
    low_us, middle_us, high_us = quantiles(durations_us, (0.25, 0.5, 0.75))
    spread = (high_us - low_us) / middle_us
    if spread <= max_spread:
        return ()
    return (
        f"The middle half of {len(durations_us)} rounds spreads over {format_share(spread)} of their median; the limit "
        f"is {format_tolerance(max_spread)}. If the call is honestly that uneven, allow it: npu_perf(max_spread=...).",
    )
