"""Whether the rounds of a session drift by more than noise.

Rounds of one process resemble their neighbours (lag-1 autocorrelation of .3 to .45 on shared hosts), and a rank test
on the rounds themselves takes that for a trend. So the rounds are first reduced to at most twelve medians of blocks of
at least four rounds, between which little of the resemblance is left; the test runs over the blocks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise

from pytest_ascendperf.statistics.order import median

MAX_BLOCKS = 12
"""More blocks would add power only against trends far below what matters."""
BLOCK_ROUNDS = 4
"""Rounds per block, at least: with a lag-1 autocorrelation of .45, blocks of four correlate by less than .2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """What the rounds say about a drift."""

    p_value: float
    """Two-sided chance of so even a rise or fall if there were none; 1 where there are too few rounds to tell."""
    drift: float
    """Relative change from the first block to the last: 0.05 is 5 % slower at the end."""


def find_trend(durations_us: Sequence[float], *, block_rounds: int = BLOCK_ROUNDS) -> Trend:
    """The trend over ``durations_us``, in the order measured, in blocks of at least ``block_rounds`` rounds.

    The p value is that of the exact Mann-Kendall test (Mann 1945, Kendall 1938; ties make it cautious), the drift that
    of the Theil-Sen line through the logarithms (Theil 1950, Sen 1968). Seven blocks are the fewest that can reach
    p < .001. Durations that are not all finite and above 0 have no relative drift: p 1, drift 0.
    """
    if not all(math.isfinite(duration) and duration > 0.0 for duration in durations_us):
        return Trend(p_value=1.0, drift=0.0)
    blocks = _block_medians(durations_us, block_rounds)
    if len(blocks) < 2:
        return Trend(p_value=1.0, drift=0.0)
    rises = sum(late > early for early, late in combinations(blocks, 2))
    falls = sum(late < early for early, late in combinations(blocks, 2))
    slope = median(
        (math.log(late) - math.log(early)) / (j - i) for (i, early), (j, late) in combinations(enumerate(blocks), 2)
    )
    return Trend(p_value=_kendall_p(len(blocks), rises - falls), drift=math.expm1(slope * (len(blocks) - 1)))


def _block_medians(values: Sequence[float], block_rounds: int) -> list[float]:
    blocks = min(MAX_BLOCKS, len(values) // block_rounds)
    edges = [index * len(values) // blocks for index in range(blocks + 1)] if blocks else []
    return [median(values[start:end]) for start, end in pairwise(edges)]


def _kendall_p(count: int, score: int) -> float:
    """Two-sided p of Kendall's score (rises minus falls) of ``count`` values in random order."""
    pairs = count * (count - 1) // 2
    fewest_rises = (pairs + abs(score) + 1) // 2
    orders = _orders_by_rises(count)
    return min(1.0, 2.0 * sum(orders[fewest_rises:]) / sum(orders))


@lru_cache(maxsize=MAX_BLOCKS)
def _orders_by_rises(count: int) -> tuple[int, ...]:
    """How many of the ``count``! orders have 0, 1, 2, ... rising pairs (Mahonian numbers)."""
    orders = [1]
    for size in range(2, count + 1):
        longer = [0] * (len(orders) + size - 1)
        for rises, ways in enumerate(orders):
            for added in range(size):
                longer[rises + added] += ways
        orders = longer
    return tuple(orders)
