"""What a gate can see: the change it finds with given power, and the sessions it takes to show that nothing changed.

All sizes are multiples of, or relative to, the standard deviation between sessions on the logarithmic scale.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_ascendperf.statistics.student import upper_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

POWER = 0.8
"""The customary chance of finding what is there."""
_NODES = 16
"""Gauss nodes per dimension; 48 of them give the same effect within 0.1 %."""
_STEPS = 20
"""Bisections: the effect is known to a millionth."""


@lru_cache(maxsize=1024)
def two_stage_effect(
    *,
    base_sessions: int,
    confirm_sessions: int,
    screen_alpha: float,
    confirm_alpha: float,
    margin_spread: float = 0.0,
    power: float = POWER,
) -> float:
    """Smallest true effect that a two-stage gate finds with ``power``, in standard deviations above its margin.

    The gate compares one session with ``base_sessions`` (at least 2), and then ``confirm_sessions`` (at least 1) new
    ones with the same base sessions; both one-sided t tests must exceed their quantile. As the stages share the base,
    their powers do not multiply. Given the error z of the base mean and both variances, they are independent:

        P(found) = E[ Φ(Δ - z - q₁ s_b √(1 + 1/K)) · Φ(√m (Δ - z - q₂ s_p √(1/K + 1/m))) ]

    with z ~ N(0, 1/K), (K-1) s_b² ~ χ²(K-1), (m-1) s_f² ~ χ²(m-1) and s_p² pooled from the two; the expectation is
    taken by Gauss quadrature and P(found) = ``power`` solved for Δ by bisection. With both alphas at 1/2 it is the
    effect that lies above a margin at both stages whatever the spread.

    The margin of the confirmation may itself be measured: raised, where that is above 0, by the difference between the
    means of both sides of something whose sessions differ by ``margin_spread``. That difference is c ~ N(0,
    margin_spread² (1/K + 1/m)), and the second factor becomes its mean over c, with x = Δ - z - q₂ s_p √(1/K + 1/m):

        E[Φ(√m (x - max(0, c)))] = (Φ(√m x) + F(x)) / 2

    F being the distribution function of ε + |c| with ε ~ N(0, 1/m): the skew normal one (Azzalini 1985), which takes
    Owen's T.
    """
    grid = _Grid(base_sessions, confirm_sessions, screen_alpha, confirm_alpha, margin_spread)
    high = 1.0
    while grid.power(high) < power:
        high *= 2.0
    low = 0.0 if high == 1.0 else high / 2.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if grid.power(middle) < power else (low, middle)
    return high


class _Grid:
    """The quadrature: per node, the base mean's error, both thresholds, and the weight."""

    def __init__(
        self, base: int, confirm: int, screen_alpha: float, confirm_alpha: float, margin_spread: float
    ) -> None:
        import numpy as np

        points, point_weights = np.polynomial.hermite_e.hermegauss(_NODES)
        base_squares, base_weights = _chi_square_nodes(base - 1)
        fresh_squares, fresh_weights = _chi_square_nodes(confirm - 1)
        pooled = (base_squares[:, None] + fresh_squares[None, :]) / (base + confirm - 2)
        screen_quantile = upper_quantile(screen_alpha, base - 1)
        confirm_quantile = upper_quantile(confirm_alpha, base + confirm - 2)
        self._error = (points / math.sqrt(base))[:, None, None]
        self._screen_limit = screen_quantile * np.sqrt(base_squares / (base - 1) * (1.0 + 1.0 / base))[None, :, None]
        self._confirm_limit = confirm_quantile * np.sqrt(pooled * (1.0 / base + 1.0 / confirm))[None, :, :]
        self._confirm_deviation = 1.0 / math.sqrt(confirm)
        self._margin_deviation = margin_spread * math.sqrt(1.0 / base + 1.0 / confirm)
        self._weights = (
            (point_weights / math.sqrt(2.0 * math.pi))[:, None, None]
            * base_weights[None, :, None]
            * fresh_weights[None, None, :]
        )

    def power(self, effect: float) -> float:
        from scipy.special import ndtr

        seen = effect - self._error
        screened = ndtr(seen - self._screen_limit)
        return float((screened * self._confirmed(seen - self._confirm_limit) * self._weights).sum())

    def _confirmed(self, above: NDArray[np.float64]) -> NDArray[np.float64]:
        """The chance that a mean of fresh sessions that is expected so far ``above`` its limit lies above it."""
        from scipy.special import ndtr, owens_t

        as_it_is: NDArray[np.float64] = ndtr(above / self._confirm_deviation)
        if self._margin_deviation == 0.0:
            return as_it_is
        standard = above / math.hypot(self._confirm_deviation, self._margin_deviation)
        raised = ndtr(standard) - 2.0 * owens_t(standard, self._margin_deviation / self._confirm_deviation)
        return (as_it_is + raised) / 2.0


def _chi_square_nodes(freedom: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values of χ² at the Gauss-Legendre nodes of its probability, and their weights; 0 for no freedom."""
    import numpy as np
    from scipy.special import gammaincinv

    if freedom == 0:
        return np.zeros(1), np.ones(1)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    squares = np.asarray(2.0 * gammaincinv(freedom / 2.0, (nodes + 1.0) / 2.0), dtype=np.float64)
    return squares, np.asarray(weights / 2.0, dtype=np.float64)


def head_sessions_to_show(
    margin: float, *, spread: float, base_sessions: int, alpha: float, at_most: int
) -> int | None:
    """Head sessions that show, with power .8, that an unchanged case stays below ``margin``; None above ``at_most``.

    ``margin`` and ``spread`` (between sessions) are on the logarithmic scale, ``alpha`` is that of the one-sided bound.
    Uses (t₁₋ₐ + t.₈) · s · √(1/K + 1/m) <= margin, the usual approximation of the noncentral t.
    """
    return _first_that_shows(at_most, lambda m: _shows(margin, spread, base_sessions, m, alpha))


def sessions_on_both_sides_to_show(margin: float, *, spread: float, alpha: float, at_most: int) -> int | None:
    """As :func:`head_sessions_to_show`, for as many base sessions as head sessions; None above ``at_most``."""
    return _first_that_shows(at_most, lambda n: _shows(margin, spread, n, n, alpha))


def _first_that_shows(at_most: int, shows: Callable[[int], bool]) -> int | None:
    """The smallest count from 1 that shows it; more sessions never show less."""
    first = bisect_left(range(1, at_most + 1), True, key=shows) + 1
    return first if first <= at_most else None


def _shows(margin: float, spread: float, base: int, head: int, alpha: float) -> bool:
    freedom = base + head - 2
    if freedom < 1:
        return False
    reach = upper_quantile(alpha, freedom) + upper_quantile(1.0 - POWER, freedom)
    return reach * spread * math.sqrt(1.0 / base + 1.0 / head) <= margin


def paired_sessions_to_show(margin: float, *, spread: float, alpha: float, at_most: int) -> int | None:
    """Sessions of base and head side by side that show, with power .8, that an unchanged case stays below ``margin``.

    None above ``at_most``. ``spread`` is the standard deviation of a session's log-ratio; the rest is as for
    :func:`head_sessions_to_show`, with one sample instead of two.
    """

    def shows(sessions: int) -> bool:
        return sessions > 1 and paired_effect(sessions=sessions, alpha=alpha) * spread <= margin

    return _first_that_shows(at_most, shows)


def paired_effect(*, sessions: int, alpha: float, power: float = POWER) -> float:
    """Smallest true effect that a one-sample t test over ``sessions`` (at least 2) finds, in standard deviations.

    (t₁₋ₐ + t_power) / √n, the usual approximation of the noncentral t.
    """
    freedom = sessions - 1
    return (upper_quantile(alpha, freedom) + upper_quantile(1.0 - power, freedom)) / math.sqrt(sessions)
