"""The other half of a duet: who takes the next turn, how long a turn lasts, and when there have been enough.

Rounds come in pairs, one of base and one of head, of equal numbers of calls. Which of the two comes first is drawn, but
evenly: each block of pairs holds both orders equally often, so that whatever the first turn does to the second cancels.

Where the other side ran last, it has filled the caches that both share. The first calls of a turn are then slower than
later ones (``benchmarks/shared_caches.py``), on both sides alike, so that a change of the call would read as smaller
than it is; and the side that was warmed up last would have the advantage of its data being there. So such a turn begins
with calls that do not count.

A call over several devices must not be played like this: its processes wait for each other, and a turn of the other
side in between would be part of that wait. When there are such calls, each side's rounds belong in one piece, and whole
sessions take turns. That decision has its place in :func:`play`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pytest_ascendperf.measure.duet import Ready
from pytest_ascendperf.measure.sampling import MAX_ROUNDS
from pytest_ascendperf.measure.session import per_call_us
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.statistics.order import median_half_width

BLOCK_PAIRS = 4
"""Pairs in a block: two of each order."""
ROUND_US = 5_000.0
"""How long a round should last at least."""
_BUDGET_SHARE = 0.02
"""... and at most, as a share of the sampling budget, so that enough pairs fit."""
LEAD_IN_US = 10_000.0
"""Calls that do not count take about this long: tens of MB go through the caches meanwhile."""
MIN_PAIRS = 16
"""Pairs before precision may end the session, so that one slice of the scheduler cannot decide it."""
_MAX_CALLS = 65_536


class Side(Protocol):
    """Base or head, ready for its rounds."""

    def round_us(self, calls: int, clock: Clock, *, counts: bool) -> float:
        """Run a round of ``calls`` calls: its time on ``clock``, in µs per round.

        One that does not count is no part of what the side says of itself.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The rounds of one session, in µs per call, in the order measured."""

    base_us: tuple[float, ...]
    head_us: tuple[float, ...]
    calls_per_round: int
    clock: Clock

    @property
    def problem(self) -> str | None:
        """Why the rounds cannot be judged, in a sentence; None where they can."""
        for name, rounds_us in (("base", self.base_us), ("head", self.head_us)):
            bad = sum(not (math.isfinite(duration) and duration > 0.0) for duration in rounds_us)
            if bad:
                return f"The clock stood still or went backwards in {bad} of the {len(rounds_us)} rounds of {name}."
        return None


def play(base: Side, head: Side, base_ready: Ready, head_ready: Ready, plan: SamplingPlan, seed: str) -> Pairs:
    """Let both sides take turns until the plan's rounds, precision or budget is reached, in whole blocks.

    The budget bounds the time of all turns of both sides, on the clock that they are read from.
    """
    clock = Clock.HOST if base_ready.host_bound or head_ready.host_bound else Clock.DEVICE
    calls = calls_per_round(base_ready, head_ready, plan, clock)
    turns = _Turns(clock, calls, lead_in_calls(base_ready, head_ready, plan, clock))
    base_us: list[float] = []
    head_us: list[float] = []
    orders = balanced_orders(seed)
    while not _is_enough(base_us, head_us, turns.spent_us, plan):
        for _ in range(BLOCK_PAIRS):
            if next(orders):
                base_us.append(turns.round_us(base))
                head_us.append(turns.round_us(head))
            else:
                head_us.append(turns.round_us(head))
                base_us.append(turns.round_us(base))
    return Pairs(base_us=tuple(base_us), head_us=tuple(head_us), calls_per_round=calls, clock=clock)


class _Turns:
    """Rounds of two sides, each led in where the other side ran last."""

    def __init__(self, clock: Clock, calls: int, lead_in: int) -> None:
        """``calls`` per round, and ``lead_in`` calls that do not count."""
        self.spent_us = 0.0
        """Time of all turns so far."""
        self._clock = clock
        self._calls = calls
        self._lead_in = lead_in
        self._last: Side | None = None

    def round_us(self, side: Side) -> float:
        """The time per call of a round of ``side``."""
        if self._lead_in and side is not self._last:
            self.spent_us += side.round_us(self._lead_in, self._clock, counts=False)
        self._last = side
        round_us = side.round_us(self._calls, self._clock, counts=True)
        self.spent_us += round_us
        return per_call_us(round_us, self._calls)


def lead_in_calls(base: Ready, head: Ready, plan: SamplingPlan, clock: Clock) -> int:
    """Calls that do not count at the start of a turn. Both sides make as many; long calls and cold ones need none."""
    wanted = 0 if plan.cold else round(LEAD_IN_US / max(base.call_us, head.call_us))
    return max(_least_calls(clock), min(wanted, _MAX_CALLS)) if wanted else 0


def balanced_orders(seed: str) -> Iterator[bool]:
    """For each pair, whether base comes first: in random order, and in half of the pairs of each block."""
    drawn = random.Random(seed)
    block = [True, False] * (BLOCK_PAIRS // 2)
    while True:
        drawn.shuffle(block)
        yield from block


def calls_per_round(base: Ready, head: Ready, plan: SamplingPlan, clock: Clock) -> int:
    """Calls that both sides make per round, so that even the faster side's rounds are long enough."""
    least = _least_calls(clock)
    if plan.cold:
        return least
    wanted = math.ceil(ROUND_US / min(base.call_us, head.call_us) - 1e-9)
    affordable = math.floor(_BUDGET_SHARE * plan.budget_s * 1e6 / max(base.call_us, head.call_us))
    return max(least, min(wanted, affordable, _MAX_CALLS))


def _least_calls(clock: Clock) -> int:
    return 2 if clock is Clock.HOST else 1  # the host's time is that of all calls but the last


def _is_enough(base_us: Sequence[float], head_us: Sequence[float], spent_us: float, plan: SamplingPlan) -> bool:
    count = len(base_us)
    if not count:
        return False
    if not all(math.isfinite(duration) and duration > 0.0 for duration in (*base_us, *head_us)):
        return True  # more rounds of a broken clock tell nothing
    if count >= (MAX_ROUNDS if plan.rounds is None else min(plan.rounds, MAX_ROUNDS)):
        return True
    if spent_us >= plan.budget_s * 1e6:
        return True
    ratios = [head / base for base, head in zip(base_us, head_us, strict=True)]
    return plan.rounds is None and count >= MIN_PAIRS and median_half_width(ratios) <= plan.precision


def play_alone(head: Side, ready: Ready, plan: SamplingPlan) -> None:
    """Let head run a few rounds without a partner: its time is then known, and compared with nothing."""
    clock = Clock.HOST if ready.host_bound else Clock.DEVICE
    calls = calls_per_round(ready, ready, plan, clock)
    for _ in range(2 * BLOCK_PAIRS):
        head.round_us(calls, clock, counts=True)
