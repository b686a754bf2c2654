"""Mean, spread, autocorrelation and thinning of a session's rounds."""

from __future__ import annotations

import statistics
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ascendperf.statistics.series import geometric_mean, lag1_autocorrelation, mean, standard_deviation, thinned

DURATIONS = st.lists(st.floats(min_value=1e-3, max_value=1e9), min_size=2, max_size=60)


@given(DURATIONS)
def test_mean_and_spread_agree_with_the_standard_library(values: list[float]) -> None:
    assert mean(values) == pytest.approx(statistics.fmean(values), rel=1e-12)
    assert standard_deviation(values) == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-9 * max(values))


@given(st.floats(min_value=1e-3, max_value=1e9), st.integers(1, 500))
def test_equal_values_have_exactly_that_mean_and_no_spread(value: float, count: int) -> None:
    assert mean([value] * count) == value
    assert standard_deviation([value] * count) == 0.0
    assert lag1_autocorrelation([value] * count) == 0.0


@given(st.lists(st.floats(1e-6, 1e9), min_size=1, max_size=20))
def test_geometric_mean_agrees_with_the_standard_library_and_stays_among_its_values(values: list[float]) -> None:
    found = geometric_mean(values)
    assert found == pytest.approx(statistics.geometric_mean(values))
    assert min(values) <= found <= max(values)


def test_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one"):
        mean([])


def test_autocorrelation_of_a_worked_example() -> None:
    """1, 2, 3, 4: deviations -1.5, -0.5, 0.5, 1.5; (0.75 - 0.25 + 0.75) / 5."""
    assert lag1_autocorrelation([1.0, 2.0, 3.0, 4.0]) == pytest.approx(0.25)


def test_autocorrelation_finds_the_coefficient_of_an_autoregressive_series() -> None:
    rng = np.random.default_rng(3)
    series = [0.0]
    for shock in rng.standard_normal(20_000):
        series.append(0.45 * series[-1] + float(shock))
    assert lag1_autocorrelation(series) == pytest.approx(0.45, abs=0.02)


def test_autocorrelation_of_two_values_is_not_defined() -> None:
    assert lag1_autocorrelation([1.0, 2.0]) == 0.0


@given(st.integers(0, 5000))
def test_thinning_keeps_the_order_and_even_distances_from_start_to_end(count: int) -> None:
    values = [float(index) for index in range(count)]
    kept = thinned(values)
    assert len(kept) == min(count, 64)
    assert list(kept) == sorted(set(kept))
    if count > 64:
        steps = {later - earlier for earlier, later in pairwise(kept)}
        assert kept[0] == 0.0
        assert max(steps) - min(steps) <= 1.0
        assert count - kept[-1] <= max(steps) + 1.0
    else:
        assert list(kept) == values
