"""Base sessions against head sessions as numbers: the ratio of their medians, its error, and bounds on the true change.

The process is the replicate: each session counts once, through its median, however many rounds it holds. Medians are
compared on the logarithmic scale by Student's two-sample t with one variance for both sides (Student 1908, Fisher 1925;
Welch's form is not possible where a side is a single session):

    t = (mean ln head - mean ln base - ln(1 + tolerance)) / (s √(1/K + 1/m)),   K + m - 2 degrees of freedom

for K base and m head sessions, with s pooled over both sides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_ascendperf.statistics.series import geometric_mean, mean
from pytest_ascendperf.statistics.student import upper_quantile, upper_tail

SPREAD_FLOOR = 0.002
"""Sessions are never taken to agree better than this: a few may do so by chance, and clocks have steps."""
_LOG_LIMIT = 700.0
"""Beyond this a logarithm is cut, so that the ratio it stands for stays a finite number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Head relative to base. Logarithms are natural ones of ratios."""

    base_us: float
    """Geometric mean of the base medians."""
    head_us: float
    """Geometric mean of the head medians."""
    base_sessions: int
    head_sessions: int
    log_ratio: float
    """Estimate of ln(head / base)."""
    spread: float | None
    """Standard deviation of a session's ln(median), pooled; None where no side has two sessions."""
    noise: float | None
    """The spread that decisions use: at least ``SPREAD_FLOOR`` and the step of the clock."""

    @property
    def change(self) -> float:
        """Estimate of the relative change."""
        return relative(self.log_ratio)

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the spread."""
        return self.base_sessions + self.head_sessions - 2

    def p_value(self, tolerance: float) -> float | None:
        """Chance of so high a ratio if the true change were ``tolerance``; None where no spread is known."""
        if self.noise is None:
            return None
        return upper_tail((self.log_ratio - math.log1p(tolerance)) / self._standard_error(self.noise), self.freedom)

    def exceeds(self, tolerance: float, alpha: float) -> bool:
        """Whether the true change is shown to be above ``tolerance`` at the one-sided level ``alpha``."""
        low = self.lower_bound(alpha)
        return low is not None and low > tolerance

    def lower_bound(self, alpha: float) -> float | None:
        """The true change is below this with probability ``alpha``; None where no spread is known."""
        if self.noise is None:
            return None
        return relative(self.log_ratio - upper_quantile(alpha, self.freedom) * self._standard_error(self.noise))

    def upper_bound(self, alpha: float) -> float | None:
        """The true change is above this with probability ``alpha``; None where no spread is known."""
        if self.noise is None:
            return None
        return relative(self.log_ratio + upper_quantile(alpha, self.freedom) * self._standard_error(self.noise))

    def _standard_error(self, noise: float) -> float:
        return noise * math.sqrt(1.0 / self.base_sessions + 1.0 / self.head_sessions)


def contrast(base_us: Sequence[float], head_us: Sequence[float], *, resolution_us: float = 0.0) -> Contrast:
    """Compare the session medians ``head_us`` with ``base_us``, all in µs, finite and above 0, at least one each.

    The order of sessions does not matter, and equal medians give exactly that median and a change of exactly 0.
    """
    base_logs = [math.log(value) for value in base_us]
    head_logs = [math.log(value) for value in head_us]
    base_mean = mean(base_logs)
    head_mean = mean(head_logs)
    freedom = len(base_logs) + len(head_logs) - 2
    base_geometric = geometric_mean(base_us)
    spread = None
    noise = None
    if freedom > 0:
        squares = [(value - base_mean) ** 2 for value in base_logs] + [(value - head_mean) ** 2 for value in head_logs]
        spread = math.sqrt(math.fsum(squares) / freedom)
        noise = max(spread, SPREAD_FLOOR, resolution_us / base_geometric)
    return Contrast(
        base_us=base_geometric,
        head_us=geometric_mean(head_us),
        base_sessions=len(base_logs),
        head_sessions=len(head_logs),
        log_ratio=head_mean - base_mean,
        spread=spread,
        noise=noise,
    )


def relative(log_ratio: float) -> float:
    """The relative change that a natural logarithm of a ratio stands for: 0.05 for ln 1.05."""
    return math.expm1(min(log_ratio, _LOG_LIMIT))
