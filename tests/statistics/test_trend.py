"""Drift over rounds, against noise that resembles its neighbours."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from pytest_ascendperf.statistics.trend import MAX_BLOCKS, find_trend


def autoregressive(rng: np.random.Generator, rounds: int, *, phi: float, spread: float) -> list[float]:
    """Rounds around 100 µs whose logarithms have standard deviation ``spread`` and lag-1 autocorrelation ``phi``."""
    level = float(rng.standard_normal())
    levels = [level]
    for shock in rng.standard_normal(rounds - 1):
        level = phi * level + math.sqrt(1.0 - phi * phi) * float(shock)
        levels.append(level)
    return [100.0 * math.exp(spread * value) for value in levels]


@pytest.mark.parametrize("order", [(1, 2, 3, 4, 5), (1, 3, 2, 5, 4), (5, 4, 3, 2, 1), (2, 4, 1, 5, 3)])
def test_p_is_that_of_kendalls_exact_test(order: tuple[int, ...]) -> None:
    blocks = [float(value) for value in order]
    expected = stats.kendalltau(range(len(blocks)), blocks, method="exact").pvalue
    assert find_trend(blocks, block_rounds=1).p_value == pytest.approx(float(expected))


def test_p_values_are_those_of_all_orders() -> None:
    """Among all orders of six values, a share of at most p has a p value that small."""
    found = sorted(find_trend([float(v) for v in order], block_rounds=1).p_value for order in permutations(range(1, 7)))
    for index, p_value in enumerate(found):
        assert p_value >= (index + 1) / len(found) - 1e-12 or found[index + 1] == p_value


@pytest.mark.parametrize("rounds", [28, 40, 100, 1000])
@pytest.mark.parametrize("factor", [1.05, 0.95])
def test_a_steady_drift_is_found_with_its_size(rounds: int, factor: float) -> None:
    trend = find_trend([100.0 * factor ** (index / (rounds - 1)) for index in range(rounds)])
    blocks = min(MAX_BLOCKS, rounds // 4)
    assert trend.p_value < 0.001
    assert trend.drift == pytest.approx(factor ** ((blocks - 1) / blocks) - 1.0, rel=0.06)


def test_a_decaying_warm_up_is_found_as_getting_faster() -> None:
    trend = find_trend([100.0 * (1.0 + 0.5 * math.exp(-index / 60.0)) for index in range(200)])
    assert trend.p_value < 0.001
    assert trend.drift < -0.2


@pytest.mark.parametrize("rounds", [28, 40, 48, 60, 200])
def test_autocorrelated_noise_is_rarely_taken_for_a_trend(rounds: int) -> None:
    """At most 1 % of noise with lag-1 autocorrelation .45 and 5 % spread has p < .001 and drifts by 2 %."""
    rng = np.random.default_rng(rounds)
    trends = [find_trend(autoregressive(rng, rounds, phi=0.45, spread=0.05)) for _ in range(2000)]
    assert sum(trend.p_value < 0.001 and abs(trend.drift) > 0.02 for trend in trends) <= 20


def test_the_same_test_on_rounds_instead_of_blocks_would_fail_that() -> None:
    """Why there are blocks: on a dozen neighbouring rounds, the noise passes for a trend more than 1 % of the time."""
    rng = np.random.default_rng(12)
    trends = [find_trend(autoregressive(rng, 12, phi=0.45, spread=0.05), block_rounds=1) for _ in range(2000)]
    assert sum(trend.p_value < 0.001 and abs(trend.drift) > 0.02 for trend in trends) > 20


def test_one_stray_round_is_no_trend() -> None:
    rounds = [100.0 + index % 3 for index in range(120)]
    rounds[-1] = 1e6
    assert find_trend(rounds).p_value > 0.001


@pytest.mark.parametrize(
    "rounds",
    [[], [1.0], [1.0] * 7, [5.0] * 100, [0.0] * 100, [1.0, math.nan] * 50, [1.0, -1.0] * 50, [1.0, math.inf] * 50],
)
def test_what_has_no_relative_drift_has_no_trend(rounds: list[float]) -> None:
    trend = find_trend(rounds)
    assert (trend.p_value, trend.drift) == (1.0, 0.0)


def test_rounds_that_only_tie_or_rise_are_judged_cautiously() -> None:
    """Ties are neither rise nor fall: a coarse clock can hide a trend from the test but not invent one."""
    stepped = [1.0] * 20 + [2.0] * 28
    rising = [1.0 + index / 48 for index in range(48)]
    assert find_trend(stepped).p_value > find_trend(rising).p_value
