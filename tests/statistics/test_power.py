"""The detectable effect of two stages against simulation, and the sessions that equivalence takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from pytest_ascendperf.statistics.power import (
    head_sessions_to_show,
    sessions_on_both_sides_to_show,
    two_stage_effect,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIMULATED = 100_000


def t_values(base: NDArray[np.float64], head: NDArray[np.float64]) -> NDArray[np.float64]:
    """The gate's t, one row per simulated case, written out with numpy."""
    k, m = base.shape[1], head.shape[1]
    squares = ((base - base.mean(1, keepdims=True)) ** 2).sum(1) + ((head - head.mean(1, keepdims=True)) ** 2).sum(1)
    error = np.sqrt(squares / (k + m - 2) * (1.0 / k + 1.0 / m))
    return np.asarray((head.mean(1) - base.mean(1)) / error, dtype=np.float64)


@pytest.mark.parametrize(
    ("base", "confirm", "alpha"),
    [(2, 3, 0.01), (3, 5, 0.01), (5, 1, 0.01), (5, 5, 0.01), (5, 5, 0.001), (10, 5, 0.001), (20, 3, 5e-6)],
)
def test_the_effect_is_found_with_its_power_in_simulation(base: int, confirm: int, alpha: float) -> None:
    """80 % of simulated gates find it: the standard error of the simulated share is 0.13 %."""
    effect = two_stage_effect(base_sessions=base, confirm_sessions=confirm, screen_alpha=0.05, confirm_alpha=alpha)
    rng = np.random.default_rng((base, confirm))
    bases = rng.standard_normal((SIMULATED, base))
    screened = t_values(bases, rng.standard_normal((SIMULATED, 1)) + effect) > stats.t.isf(0.05, base - 1)
    confirmed = t_values(bases, rng.standard_normal((SIMULATED, confirm)) + effect) > stats.t.isf(
        alpha, base + confirm - 2
    )
    assert float((screened & confirmed).mean()) == pytest.approx(0.8, abs=0.006)


@pytest.mark.parametrize(
    ("base", "confirm", "alpha", "margin_spread"),
    [(5, 5, 0.01, 0.5), (5, 5, 0.001, 3.0), (10, 3, 0.001, 10.0), (2, 5, 0.01, 1.0)],
)
def test_an_effect_above_a_margin_that_is_measured_itself_is_found_with_its_power(
    base: int, confirm: int, alpha: float, margin_spread: float
) -> None:
    effect = two_stage_effect(
        base_sessions=base,
        confirm_sessions=confirm,
        screen_alpha=0.05,
        confirm_alpha=alpha,
        margin_spread=margin_spread,
    )
    rng = np.random.default_rng((base, confirm))
    bases, fresh = rng.standard_normal((SIMULATED, base)), rng.standard_normal((SIMULATED, confirm)) + effect
    screened = t_values(bases, rng.standard_normal((SIMULATED, 1)) + effect) > stats.t.isf(0.05, base - 1)
    other_base, other_fresh = (margin_spread * rng.standard_normal((SIMULATED, count)) for count in (base, confirm))
    raised = np.maximum(0.0, other_fresh.mean(1, keepdims=True) - other_base.mean(1, keepdims=True))
    confirmed = t_values(bases, fresh - raised) > stats.t.isf(alpha, base + confirm - 2)
    assert float((screened & confirmed).mean()) == pytest.approx(0.8, abs=0.006)


def test_the_stages_are_not_treated_as_independent() -> None:
    """They share the base sessions, so both find an effect more often than the product of their powers says."""
    effect = two_stage_effect(base_sessions=5, confirm_sessions=5, screen_alpha=0.05, confirm_alpha=0.01)
    screen = 1.0 - stats.nct.cdf(stats.t.isf(0.05, 4), 4, effect / np.sqrt(1 / 5 + 1))
    confirm = 1.0 - stats.nct.cdf(stats.t.isf(0.01, 8), 8, effect / np.sqrt(1 / 5 + 1 / 5))
    assert screen * confirm < 0.795


def test_more_sessions_and_weaker_demands_show_smaller_effects() -> None:
    def effect(base: int, confirm: int, alpha: float, power: float = 0.8) -> float:
        return two_stage_effect(
            base_sessions=base, confirm_sessions=confirm, screen_alpha=0.05, confirm_alpha=alpha, power=power
        )

    assert effect(20, 5, 0.01) < effect(10, 5, 0.01) < effect(5, 5, 0.01) < effect(2, 5, 0.01)
    assert effect(10, 10, 0.001) < effect(10, 3, 0.001)
    assert effect(10, 5, 0.01) < effect(10, 5, 0.001)
    assert effect(10, 5, 0.01, 0.5) < effect(10, 5, 0.01, 0.8)


@pytest.mark.parametrize(("margin", "spread", "base"), [(0.05, 0.02, 10), (0.05, 0.01, 5), (0.03, 0.02, 20)])
def test_the_advised_head_sessions_show_equivalence_with_about_80_per_cent(
    margin: float, spread: float, base: int
) -> None:
    sessions = head_sessions_to_show(margin, spread=spread, base_sessions=base, alpha=0.05, at_most=50)
    assert sessions is not None

    def power(m: int) -> float:
        freedom = base + m - 2
        reach = margin / (spread * np.sqrt(1 / base + 1 / m))
        return float(1.0 - stats.nct.cdf(stats.t.isf(0.05, freedom), freedom, reach))

    assert power(sessions) > 0.78
    assert sessions == 1 or power(sessions - 1) < 0.8


def test_where_the_base_is_the_limit_no_number_of_head_sessions_is_advised() -> None:
    assert head_sessions_to_show(0.01, spread=0.05, base_sessions=5, alpha=0.05, at_most=50) is None
    both = sessions_on_both_sides_to_show(0.01, spread=0.05, alpha=0.05, at_most=1000)
    assert both is not None
    assert both > 50


def test_no_number_of_sessions_shows_equality_itself() -> None:
    assert sessions_on_both_sides_to_show(0.0, spread=0.01, alpha=0.05, at_most=1000) is None


def test_a_single_pair_of_sessions_shows_nothing() -> None:
    assert head_sessions_to_show(10.0, spread=0.01, base_sessions=1, alpha=0.05, at_most=1) is None
