"""The rounds of one session as a series: mean, spread, autocorrelation, and the few that are worth keeping."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean; equal values give exactly that value. Raises ValueError without values."""
    if not values:
        raise ValueError("mean of no values; expected at least one")
    lowest = min(values)
    return lowest + math.fsum(value - lowest for value in values) / len(values)


def geometric_mean(values: Sequence[float]) -> float:
    """Geometric mean of values above 0, never outside them, so that equal ones give exactly that value.

    Raises ValueError without values.
    """
    centre = math.exp(mean([math.log(value) for value in values]))
    return max(min(values), min(centre, max(values)))


def standard_deviation(values: Sequence[float]) -> float:
    """Standard deviation of a sample (n - 1); 0 for one value. Raises ValueError without values."""
    centre = mean(values)
    if len(values) < 2:
        return 0.0
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def lag1_autocorrelation(values: Sequence[float]) -> float:
    """Autocorrelation of neighbours, -1 to 1; 0 where it is not defined (fewer than three values, or all equal).

    r₁ = Σ(xₜ - x̄)(xₜ₊₁ - x̄) / Σ(xₜ - x̄)², Box and Jenkins (1970), Time Series Analysis, section 2.1.
    """
    if len(values) < 3:
        return 0.0
    centre = mean(values)
    deviations = [value - centre for value in values]
    power = math.fsum(deviation * deviation for deviation in deviations)
    if power == 0.0:
        return 0.0
    return math.fsum(now * after for now, after in pairwise(deviations)) / power


def thinned(values: Sequence[float], *, at_most: int = 64) -> tuple[float, ...]:
    """``values`` in the order measured, or ``at_most`` of them at even distances, the first among them."""
    if len(values) <= at_most:
        return tuple(values)
    return tuple(values[index * len(values) // at_most] for index in range(at_most))
