"""A distribution-free p value: the share of all ways to deal the same numbers that put the judged ones so high."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache


def rank_p_value(base: Sequence[float], head: Sequence[float]) -> float:
    """One-sided p of "``head`` lies no higher than ``base``", exact for any continuous noise.

    The Mann-Whitney test (1947) with its exact distribution. For one head value it is the conformal p value
    (1 + number of base values at or above it) / (number of base values + 1). Ties count against a finding.
    """
    wins = sum(judged > reference for judged in head for reference in base)
    deals = _deals_by_wins(len(base), len(head))
    return sum(deals[wins:]) / sum(deals)


@lru_cache(maxsize=64)
def _deals_by_wins(base: int, head: int) -> tuple[int, ...]:
    """How many of the C(base + head, head) deals have 0, 1, ... pairs in which the head value is the higher one.

    The coefficients of the Gaussian binomial, Π (1 - q^(base+i)) / (1 - q^i) for i = 1 ... head.
    """
    degree = base * head
    deals = [1] + [0] * degree
    for i in range(1, head + 1):
        for wins in range(degree, base + i - 1, -1):
            deals[wins] -= deals[wins - base - i]
        for wins in range(i, degree + 1):
            deals[wins] += deals[wins - i]
    return tuple(deals)
