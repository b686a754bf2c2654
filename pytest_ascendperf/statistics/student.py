"""Student's t distribution: the quantiles and tails that every timed verdict rests on."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def upper_quantile(alpha: float, freedom: int) -> float:
    """The value that t with ``freedom`` degrees of freedom exceeds with probability ``alpha`` (0 to 1, exclusive)."""
    from scipy.special import stdtrit

    return -float(stdtrit(freedom, alpha))


def upper_tail(t: float, freedom: int) -> float:
    """The probability that t with ``freedom`` degrees of freedom exceeds ``t``."""
    from scipy.special import stdtr

    return float(stdtr(freedom, -t))
