"""Quantiles and the median's interval."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_ascendperf.model.measurement import QUANTILE_LEVELS
from pytest_ascendperf.statistics.order import median, median_half_width, quantile, quantiles

DURATIONS = st.lists(st.floats(min_value=1e-3, max_value=1e9), min_size=1, max_size=60)
LEVELS = [level for _, level in QUANTILE_LEVELS]


@given(DURATIONS)
def test_quantiles_agree_with_numpys_default_definition(values: list[float]) -> None:
    expected = np.quantile(np.array(values), LEVELS)
    np.testing.assert_allclose(quantiles(values, LEVELS), expected, rtol=1e-9)


@given(DURATIONS)
def test_quantiles_rise_with_their_level_and_stay_inside_the_values(values: list[float]) -> None:
    """A stored session is refused unless its quantiles rise, so not even the last bit may be out of order."""
    found = quantiles(values, LEVELS)
    assert list(found) == sorted(found)
    assert found[0] == min(values)
    assert found[-1] <= max(values)


@given(st.floats(min_value=1e-3, max_value=1e9), st.integers(1, 200), st.floats(0.0, 1.0))
def test_equal_values_come_back_to_the_last_digit(value: float, count: int, level: float) -> None:
    assert quantile([value] * count, level) == value


@given(DURATIONS)
def test_the_median_is_the_middle_value_or_the_mean_of_two(values: list[float]) -> None:
    assert median(values) == statistics.median(values)


@pytest.mark.parametrize(
    ("values", "level", "expected"),
    [
        ([12.345678, 12.345678, 99.0], 0.25, 12.345678),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([0.1, 0.2], 0.5, (0.1 + 0.2) / 2.0),
        ([float(rank) for rank in range(101)], 0.29, 29.0),
        ([1.0, 2.0], 0.25, 1.25),
        ([7.0], 0.99, 7.0),
    ],
)
def test_quantile_on_worked_examples(values: list[float], level: float, expected: float) -> None:
    assert quantile(values, level) == expected


def test_no_values_and_impossible_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one"):
        median([])
    with pytest.raises(ValueError, match=r"expected 0 to 1"):
        quantile([1.0], 1.01)


@pytest.mark.parametrize("count", [*range(6, 80), 169, 170, 171, 1000, 5001, 10_000])
def test_the_interval_of_the_median_is_the_narrowest_with_95_per_cent(count: int) -> None:
    """Its ranks are those that the binomial distribution gives, for small counts and for large ones."""
    values = [1000.0 + index for index in range(count)]
    rank = next(r for r in range(count, 0, -1) if stats.binom.cdf(r - 1, count, 0.5) <= 0.025)
    half_width = (values[count - rank] - values[rank - 1]) / 2.0
    assert median_half_width(values) == pytest.approx(half_width / median(values), rel=1e-12)


@pytest.mark.parametrize("count", range(1, 6))
def test_fewer_than_six_values_leave_the_median_unknown(count: int) -> None:
    assert median_half_width([1.0] * count) == math.inf


def test_equal_values_have_an_interval_of_no_width_and_a_clock_that_stood_still_has_none() -> None:
    assert median_half_width([3.0] * 6) == 0.0
    assert median_half_width([0.0] * 6) == math.inf
