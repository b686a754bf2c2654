"""A rate that was counted: what the true one may be."""

from __future__ import annotations


def proportion_bounds(found: int, trials: int, *, alpha: float) -> tuple[float, float]:
    """Lower and upper bound of the probability behind ``found`` of ``trials`` independent trials.

    Exact (Clopper and Pearson 1934): either bound is passed with probability ``alpha`` at most. Raises ValueError for
    no trials, or more found than tried.
    """
    from scipy.special import betaincinv

    if not 0 <= found <= trials or trials == 0:
        raise ValueError(f"{found} of {trials}; expected at least one trial and no more found than tried")
    low = 0.0 if found == 0 else float(betaincinv(found, trials - found + 1, alpha))
    high = 1.0 if found == trials else float(betaincinv(found + 1, trials - found, 1.0 - alpha))
    return low, high
