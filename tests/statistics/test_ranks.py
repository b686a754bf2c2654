"""The distribution-free p value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from pytest_ascendperf.statistics.ranks import rank_p_value


@pytest.mark.parametrize(("base", "head"), [(19, 1), (5, 5), (20, 5), (2, 7), (30, 3)])
def test_p_is_that_of_the_exact_mann_whitney_test(base: int, head: int) -> None:
    rng = np.random.default_rng(base)
    for shift in (-1.0, 0.0, 1.0, 3.0):
        low, high = rng.standard_normal(base), rng.standard_normal(head) + shift
        expected = stats.mannwhitneyu(high, low, alternative="greater", method="exact").pvalue
        assert rank_p_value(low.tolist(), high.tolist()) == pytest.approx(float(expected), rel=1e-12)


def test_for_one_head_session_it_is_the_share_of_ranks_at_or_above_it() -> None:
    base = [float(value) for value in range(1, 20)]
    assert rank_p_value(base, [100.0]) == pytest.approx(1 / 20)
    assert rank_p_value(base, [17.5]) == pytest.approx(3 / 20)
    assert rank_p_value(base, [0.0]) == 1.0


def test_ties_count_against_a_finding() -> None:
    assert rank_p_value([1.0] * 19, [1.0]) == 1.0
    assert rank_p_value([1.0] * 18 + [2.0], [2.0]) == pytest.approx(2 / 20)


def test_the_ways_to_deal_add_up() -> None:
    """All head values on top is one deal of C(base + head, head)."""
    assert rank_p_value([1.0] * 12, [2.0] * 4) == pytest.approx(1 / math.comb(16, 4))
