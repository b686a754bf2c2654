"""The bound of a common slope: textbook figures, what it ignores, how often it is right, and where points tell none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from pytest_ascendperf.statistics.regression import common_slope_bound

POINTS = [(1.0, 2.1), (2.0, 3.9), (3.0, 6.2), (4.0, 7.8), (5.0, 10.1)]


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.5])
def test_of_one_group_it_is_the_bound_of_a_regression(alpha: float) -> None:
    fitted = stats.linregress([x for x, _ in POINTS], [y for _, y in POINTS])
    expected = fitted.slope + stats.t.isf(alpha, len(POINTS) - 2) * fitted.stderr
    assert common_slope_bound([POINTS], alpha=alpha) == pytest.approx(expected)


def test_differences_between_groups_do_not_count() -> None:
    here, there = POINTS, [(x + 100.0, y - 7.0) for x, y in POINTS[1:]]
    moved = [(x - 3.0, y + 50.0) for x, y in there]
    assert common_slope_bound([here, there], alpha=0.05) == pytest.approx(common_slope_bound([here, moved], alpha=0.05))


def test_of_two_groups_it_is_the_bound_of_a_regression_with_a_height_for_each() -> None:
    here, there = POINTS, [(1.0, 12.0), (2.5, 14.0), (4.0, 18.5)]
    design = np.array([[x, first, 1.0 - first] for group, first in ((here, 1.0), (there, 0.0)) for x, _ in group])
    observed = np.array([y for group in (here, there) for _, y in group])
    (slope, *_), (residual,), *_ = np.linalg.lstsq(design, observed)
    freedom = len(observed) - 3
    error = math.sqrt(residual / freedom * np.linalg.inv(design.T @ design)[0, 0])
    expected = slope + stats.t.isf(0.05, freedom) * error
    assert common_slope_bound([here, there], alpha=0.05) == pytest.approx(expected)


def test_points_on_a_line_leave_nothing_open() -> None:
    line = [(x, 3.0 - 0.5 * x) for x, _ in POINTS]
    assert common_slope_bound([line, line[:2]], alpha=0.05) == pytest.approx(-0.5)


@pytest.mark.parametrize(
    "groups",
    [
        pytest.param([POINTS[:2]], id="two points are a line whatever they are"),
        pytest.param([POINTS[:2], POINTS[:1], POINTS[:1]], id="a point alone in its group says nothing"),
        pytest.param([[(1.0, y) for _, y in POINTS]], id="x does not vary"),
        pytest.param([], id="no points"),
    ],
)
def test_it_is_infinite_where_points_tell_none(groups: list[list[tuple[float, float]]]) -> None:
    assert common_slope_bound(groups, alpha=0.05) == math.inf


def test_the_true_slope_is_above_it_as_often_as_was_asked_for() -> None:
    rng = np.random.default_rng(20_261_130)
    simulated, above = 4_000, 0
    for _ in range(simulated):
        groups = []
        for count, height in ((5, 0.0), (4, 9.0)):
            x = rng.standard_normal(count)
            y = 0.3 * x + height + 0.2 * rng.standard_normal(count)
            groups.append(list(zip(x.tolist(), y.tolist(), strict=True)))
        above += common_slope_bound(groups, alpha=0.05) < 0.3
    assert above / simulated == pytest.approx(0.05, abs=4.0 * math.sqrt(0.05 * 0.95 / simulated))
