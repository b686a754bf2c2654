"""A straight line through several groups of points, with one slope for all and a height for each."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pytest_ascendperf.statistics.series import mean
from pytest_ascendperf.statistics.student import upper_quantile


def common_slope_bound(groups: Sequence[Sequence[tuple[float, float]]], *, alpha: float) -> float:
    """The slope of y over x that the true one is above with probability ``alpha``; infinite where points tell none.

    ``groups`` hold points (x, y), each group at least one. Differences between groups do not count: the slope is that
    within groups of the analysis of covariance (Fisher 1932, Statistical Methods for Research Workers, 4th edition),

        b = Σ(x - x̄)(y - ȳ) / Σ(x - x̄)²,   s² = (Σ(y - ȳ)² - b Σ(x - x̄)(y - ȳ)) / f

    with means by group, f = points - groups - 1 degrees of freedom, and b + t(alpha, f) s / √Σ(x - x̄)² as its bound.
    """
    deviations = [deviation for group in groups for deviation in _deviations(group)]
    freedom = len(deviations) - len(groups) - 1
    square_x = math.fsum(x * x for x, _ in deviations)
    if freedom < 1 or square_x == 0.0:
        return math.inf
    product = math.fsum(x * y for x, y in deviations)
    slope = product / square_x
    unexplained = max(0.0, math.fsum(y * y for _, y in deviations) - slope * product)
    return slope + upper_quantile(alpha, freedom) * math.sqrt(unexplained / freedom / square_x)


def _deviations(group: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    x_mean, y_mean = mean([x for x, _ in group]), mean([y for _, y in group])
    return [(x - x_mean, y - y_mean) for x, y in group]
