"""Student's t."""

from __future__ import annotations

import pytest
from scipy import stats

from pytest_ascendperf.statistics.student import upper_quantile, upper_tail


@pytest.mark.parametrize("freedom", [1, 4, 8, 100, 1000])
@pytest.mark.parametrize("alpha", [0.5, 0.2, 0.05, 0.01, 0.001, 5e-6])
def test_quantiles_and_tails_agree_with_scipy_far_into_the_tail(alpha: float, freedom: int) -> None:
    t = upper_quantile(alpha, freedom)
    assert t == pytest.approx(float(stats.t.isf(alpha, freedom)), rel=1e-9, abs=1e-12)
    assert upper_tail(t, freedom) == pytest.approx(alpha, rel=1e-9)


def test_a_quantile_from_the_printed_tables() -> None:
    assert upper_quantile(0.05, 4) == pytest.approx(2.132, abs=5e-4)
