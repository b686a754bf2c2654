from __future__ import annotations

import pytest
from scipy.stats import binom

from pytest_ascendperf.statistics.proportion import proportion_bounds


@pytest.mark.parametrize(("found", "trials"), [(1, 3), (3, 600), (250, 500), (599, 600)])
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_at_either_bound_so_extreme_a_count_has_just_the_chance_alpha(found: int, trials: int, alpha: float) -> None:
    low, high = proportion_bounds(found, trials, alpha=alpha)
    assert binom.sf(found - 1, trials, low) == pytest.approx(alpha)
    assert binom.cdf(found, trials, high) == pytest.approx(alpha)


def test_nothing_and_everything_found() -> None:
    low, high = proportion_bounds(0, 59, alpha=0.05)
    assert low == 0.0
    assert high == pytest.approx(1.0 - 0.05 ** (1 / 59))
    assert high < 0.05, "59 trials without a finding show a rate below 5 %"
    assert proportion_bounds(59, 59, alpha=0.05) == pytest.approx((1.0 - high, 1.0))


@pytest.mark.parametrize(("found", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_counts_that_cannot_be(found: int, trials: int) -> None:
    with pytest.raises(ValueError, match="expected at least one trial"):
        proportion_bounds(found, trials, alpha=0.05)
