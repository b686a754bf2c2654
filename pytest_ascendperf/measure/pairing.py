"""The other half of a duet: who takes the next turn, how long a turn lasts, and when there have been enough.

Rounds come in pairs, one of base and one of head, of equal numbers of calls. Which of the two comes first is drawn, but
evenly: each block of pairs holds both orders equally often, so that whatever the first turn does to the second cancels.

The side that was warmed up last has its data in the caches that both share, and keeps an advantage for as long as it
takes the turns to level it: with tens of MB on a server's CPU some 100 ms (``benchmarks/shared_caches.py``). So turns
that do not count come first.

A call over several devices must not be played like this: its processes wait for each other, and a turn of the other
side in between would be part of that wait. When there are such calls, each side's rounds belong in one piece, and whole
sessions take turns. That decision has its place in :func:`play`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from pytest_ascendperf.measure.duet import Ready
from pytest_ascendperf.measure.rounds import is_clock_sound
from pytest_ascendperf.measure.sampling import MAX_ROUNDS, MIN_ROUNDS
from pytest_ascendperf.measure.session import per_call_us
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.statistics.order import median_half_width

BLOCK_PAIRS = 4
"""Pairs in a block: two of each order."""
ROUND_US = 5_000.0
"""How long a turn should last at least: changing from one process to the other costs some ten µs and a cold cache."""
LEAD_IN_US = 100_000.0
"""Turns that do not count take about this long, for both sides together: some GB go through the caches meanwhile."""
_BUDGET_SHARE = 0.02
"""... and at most, as a share of the sampling budget, so that enough pairs fit."""
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

    The budget bounds the time of all rounds that count, of both sides together, on the clock that they are read from.
    """
    clock = Clock.HOST if base_ready.host_bound or head_ready.host_bound else Clock.DEVICE
    calls = calls_per_round(base_ready, head_ready, plan, clock)
    pair_us = partial(_pair_us, base, head, calls, clock)
    for number in range(0 if plan.cold else lead_in_pairs((base_ready.call_us + head_ready.call_us) * calls)):
        if not is_clock_sound(pair_us(base_first=number % 2 == 0, counts=False)):
            break  # the rounds that count will tell
    base_us: list[float] = []
    head_us: list[float] = []
    orders = balanced_orders(seed)
    while not _is_enough(base_us, head_us, calls, plan):
        for _ in range(BLOCK_PAIRS):
            on_base_us, on_head_us = pair_us(base_first=next(orders), counts=True)
            base_us.append(on_base_us)
            head_us.append(on_head_us)
    return Pairs(base_us=tuple(base_us), head_us=tuple(head_us), calls_per_round=calls, clock=clock)


def _pair_us(
    base: Side, head: Side, calls: int, clock: Clock, *, base_first: bool, counts: bool
) -> tuple[float, float]:
    """The times per call of one round of base and one of head."""
    if base_first:
        on_base_us = base.round_us(calls, clock, counts=counts)
        on_head_us = head.round_us(calls, clock, counts=counts)
    else:
        on_head_us = head.round_us(calls, clock, counts=counts)
        on_base_us = base.round_us(calls, clock, counts=counts)
    return per_call_us(on_base_us, calls), per_call_us(on_head_us, calls)


def lead_in_pairs(pair_us: float) -> int:
    """Pairs of rounds that do not count, where a pair takes ``pair_us``. A long round levels the caches by itself."""
    return int(LEAD_IN_US // pair_us)


def balanced_orders(seed: str) -> Iterator[bool]:
    """For each pair, whether base comes first: in random order, and in half of the pairs of each block."""
    drawn = random.Random(seed)
    block = [True, False] * (BLOCK_PAIRS // 2)
    while True:
        drawn.shuffle(block)
        yield from block


def calls_per_round(base: Ready, head: Ready, plan: SamplingPlan, clock: Clock) -> int:
    """Calls that both sides make per round, so that even the faster side's rounds are long enough."""
    least = 2 if clock is Clock.HOST else 1  # the host's time is that of all calls but the last
    if plan.cold:
        return least
    wanted = math.ceil(ROUND_US / min(base.call_us, head.call_us) - 1e-9)
    affordable = math.floor(_BUDGET_SHARE * plan.budget_s * 1e6 / max(base.call_us, head.call_us))
    return max(least, min(wanted, affordable, _MAX_CALLS))


def _is_enough(base_us: Sequence[float], head_us: Sequence[float], calls: int, plan: SamplingPlan) -> bool:
    count = len(base_us)
    if not count:
        return False
    if not all(math.isfinite(duration) and duration > 0.0 for duration in (*base_us, *head_us)):
        return True  # more rounds of a broken clock tell nothing
    if count >= (MAX_ROUNDS if plan.rounds is None else min(plan.rounds, MAX_ROUNDS)):
        return True
    if (math.fsum(base_us) + math.fsum(head_us)) * calls >= plan.budget_s * 1e6:
        return True
    ratios = [head / base for base, head in zip(base_us, head_us, strict=True)]
    return plan.rounds is None and count >= MIN_ROUNDS and median_half_width(ratios) <= plan.precision


def play_alone(head: Side, ready: Ready, plan: SamplingPlan) -> None:
    """Let head run a few rounds without a partner: its time is then known, and compared with nothing."""
    clock = Clock.HOST if ready.host_bound else Clock.DEVICE
    calls = calls_per_round(ready, ready, plan, clock)
    for _ in range(2 * BLOCK_PAIRS):
        head.round_us(calls, clock, counts=True)
