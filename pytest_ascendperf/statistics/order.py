"""Order statistics of one session's rounds: quantiles, and how precisely the median is known.

Exactness matters more here than elsewhere, as these numbers are stored and printed: equal neighbours are never
interpolated, and the median of an even count is exactly (a + b) / 2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

_TAIL = 0.025
"""Probability beyond each end of the two-sided 95 % interval."""
_POSITION_DIGITS = 9
"""A rank such as 0.29 × 100 = 28.999999999999996 means the 29th value, not a mixture of two."""


def quantile(values: Iterable[float], level: float) -> float:
    """The quantile at ``level`` (0 to 1) by linear interpolation between order statistics, in the unit of ``values``.

    Definition 7 of Hyndman and Fan (1996), "Sample quantiles in statistical packages". Raises ValueError without values
    or for a level outside 0 to 1.
    """
    return quantiles(values, (level,))[0]


def quantiles(values: Iterable[float], levels: Sequence[float]) -> tuple[float, ...]:
    """The :func:`quantile` at each of ``levels``, sorting once; they rise with their level."""
    ordered = sorted(float(value) for value in values)
    if not ordered:
        raise ValueError("quantiles of no values; expected at least one")
    return tuple(_at(ordered, level) for level in levels)


def median(values: Iterable[float]) -> float:
    """The middle value, or the mean of the two middle ones. Raises ValueError without values."""
    return quantile(values, 0.5)


def median_half_width(values: Iterable[float]) -> float:
    """Half the width of the 95 % interval of the median, relative to the median; infinite below six values.

    The interval runs between two order statistics whose ranks follow from the binomial distribution with p = 1/2
    (Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2), so it asks nothing of the shape of the noise.
    It does ask for independent values, which rounds of one process are not: a stop rule for sampling, never a claim
    about the true time. Infinite, too, where the median is not above 0. Raises ValueError without values.
    """
    ordered = sorted(float(value) for value in values)
    centre = quantile(ordered, 0.5)
    rank = _lower_rank(len(ordered))
    if rank == 0 or not centre > 0.0:
        return math.inf
    return (ordered[-rank] - ordered[rank - 1]) / 2.0 / centre


def _at(ordered: Sequence[float], level: float) -> float:
    if not 0.0 <= level <= 1.0:
        raise ValueError(f"quantile level {level}; expected 0 to 1")
    position = round((len(ordered) - 1) * level, _POSITION_DIGITS)
    index = int(position)
    part = position - index
    low = ordered[index]
    if part == 0.0 or ordered[index + 1] == low:
        return low
    high = ordered[index + 1]
    if part == 0.5:
        return (low + high) / 2.0
    return min(low + part * (high - low), high)


@lru_cache(maxsize=1024)
def _lower_rank(count: int) -> int:
    """Rank (from 1) of the lower end of the median's 95 % interval among ``count`` values; 0 where there is none.

    The largest r with P(B < r) <= 2.5 %, B binomial(count, 1/2). Summed from the middle outwards: about √count terms.
    """
    rank = count // 2
    ways = math.lgamma(count + 1) - math.lgamma(rank + 1) - math.lgamma(count - rank + 1)
    probability = math.exp(ways - count * math.log(2.0))
    below = 0.5 - probability / 2.0 if count % 2 == 0 else 0.5 - probability
    while rank > 0 and below > _TAIL:
        probability *= rank / (count - rank + 1)
        rank -= 1
        below -= probability
    return rank
