"""Student's two-sample t over session medians."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_ascendperf.judge.contrast import SPREAD_FLOOR, contrast, relative

BASE = [12.0, 12.5, 12.3, 12.8, 12.1]
HEAD = [13.4, 13.1, 13.9]
MEDIAN = st.floats(min_value=1e-3, max_value=1e9)


@pytest.mark.parametrize("tolerance", [0.0, 0.03, 0.2])
def test_p_is_that_of_scipys_t_test_on_logarithms(tolerance: float) -> None:
    expected = stats.ttest_ind(np.log(HEAD), np.log(BASE) + math.log1p(tolerance), alternative="greater").pvalue
    assert contrast(BASE, HEAD).p_value(tolerance) == pytest.approx(float(expected), rel=1e-9)


def test_bounds_are_the_ends_of_scipys_interval() -> None:
    interval = stats.ttest_ind(np.log(HEAD), np.log(BASE)).confidence_interval(0.90)
    found = contrast(BASE, HEAD)
    assert found.lower_bound(0.05) == pytest.approx(math.expm1(float(interval.low)), rel=1e-9)
    assert found.upper_bound(0.05) == pytest.approx(math.expm1(float(interval.high)), rel=1e-9)


def test_a_comparison_worked_by_hand() -> None:
    """Logarithms 0, 0.1, 0.2 against 0.4: s = 0.1, error 0.1 √(1/3 + 1), two degrees of freedom, t = 0.3 / error."""
    found = contrast([1.0, math.exp(0.1), math.exp(0.2)], [math.exp(0.4)])
    error = 0.1 * math.sqrt(4.0 / 3.0)
    assert found.freedom == 2
    assert found.spread == pytest.approx(0.1)
    assert found.log_ratio == pytest.approx(0.3)
    # With two degrees of freedom the tail is (1 - t / √(t² + 2)) / 2.
    t = 0.3 / error
    assert found.p_value(0.0) == pytest.approx((1.0 - t / math.sqrt(t * t + 2.0)) / 2.0)


@given(MEDIAN, st.integers(1, 30), st.integers(1, 10))
def test_equal_medians_come_back_to_the_last_digit_with_no_change(value: float, base: int, head: int) -> None:
    found = contrast([value] * base, [value] * head)
    assert (found.base_us, found.head_us, found.change) == (value, value, 0.0)


@given(st.lists(MEDIAN, min_size=1, max_size=12), st.lists(MEDIAN, min_size=1, max_size=6))
def test_the_order_of_sessions_does_not_matter(base: list[float], head: list[float]) -> None:
    reordered = contrast(base[::-1], sorted(head))
    assert reordered == contrast(base, head)


def test_the_median_of_a_single_head_session_is_kept_as_it_is() -> None:
    assert contrast(BASE, [12.345678]).head_us == 12.345678


def test_sessions_are_never_taken_to_agree_better_than_the_floor_or_the_clock() -> None:
    assert contrast([10.0] * 5, [10.0]).noise == SPREAD_FLOOR
    assert contrast([10.0] * 5, [10.0]).spread == 0.0
    assert contrast([10.0] * 5, [10.0], resolution_us=0.5).noise == 0.05
    noisy = contrast(BASE, HEAD, resolution_us=1e-6)
    assert noisy.noise == noisy.spread


def test_one_session_on_each_side_shows_no_spread() -> None:
    found = contrast([10.0], [11.0])
    assert found.spread is None
    assert found.noise is None
    assert found.p_value(0.0) is None
    assert found.lower_bound(0.05) is None
    assert found.upper_bound(0.05) is None
    assert not found.exceeds(0.0, 0.05)
    assert found.change == pytest.approx(0.1)


@given(st.lists(st.floats(1e-300, 1e300), min_size=1, max_size=4), st.lists(st.floats(1e-300, 1e300), min_size=1))
def test_every_number_is_finite_however_far_the_medians_are_apart(base: list[float], head: list[float]) -> None:
    found = contrast(base, head)
    numbers = [found.base_us, found.head_us, found.change, found.upper_bound(1e-6), found.lower_bound(1e-6)]
    assert all(number is None or math.isfinite(number) for number in numbers)
    assert min(base) <= found.base_us <= max(base)


def test_the_base_time_is_the_geometric_mean() -> None:
    assert contrast(BASE, HEAD).base_us == pytest.approx(float(stats.gmean(BASE)), rel=1e-12)


def test_relative_is_the_change_that_a_log_ratio_stands_for() -> None:
    assert relative(math.log(1.05)) == pytest.approx(0.05)
    assert relative(math.log(0.5)) == pytest.approx(-0.5)
