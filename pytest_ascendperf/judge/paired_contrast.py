"""Sessions of base and head side by side as one statistic: how far head is from its base, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ascendperf.judge import error_rate
from pytest_ascendperf.judge.contrast import SPREAD_FLOOR, relative
from pytest_ascendperf.model.host_change import SAME_HOST
from pytest_ascendperf.model.stage import Comparison, Stage
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.order import median
from pytest_ascendperf.statistics.power import paired_sessions_to_show
from pytest_ascendperf.statistics.series import geometric_mean, mean, standard_deviation
from pytest_ascendperf.statistics.student import upper_quantile, upper_tail

if TYPE_CHECKING:
    from pytest_ascendperf.model.protocol import Rule

_MOST_ADVISED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedSession:
    """One pair of processes that measured one case in turns."""

    log_ratio: float
    """Median over pairs of rounds of ln(head / base)."""
    base_us: float
    """Median of the base's rounds, in µs per call."""
    head_us: float
    """Median of head's rounds, in µs per call."""


def paired_session(base_us: Sequence[float], head_us: Sequence[float]) -> PairedSession:
    """The session of rounds in pairs, in µs per call, all finite and above 0; at least one pair."""
    return PairedSession(
        log_ratio=median(math.log(head) - math.log(base) for base, head in zip(base_us, head_us, strict=True)),
        base_us=median(base_us),
        head_us=median(head_us),
    )


class PairedContrast:
    """Student's one-sample t over the sessions of one stage, on the logarithmic scale.

    ``pass_alpha`` is the stage's one-sided level of the bound that must lie within tolerance for a pass. With
    ``left_out`` sessions left out at each end it is the trimmed t: as if the others were all there are, with a spread
    that makes up for it.
    """

    def __init__(
        self, sessions: Sequence[PairedSession], resolution_us: float, pass_alpha: float, *, left_out: int = 0
    ) -> None:
        ordered = sorted(sessions, key=lambda session: session.log_ratio)
        kept = ordered[left_out : len(ordered) - left_out]
        logs = [session.log_ratio for session in kept]
        self.count = len(kept)
        self.left_out = left_out
        self.log_ratio = mean(logs)
        self.base_us = geometric_mean([session.base_us for session in kept])
        self.head_us = geometric_mean([session.head_us for session in kept])
        self.spread = _spread_of_kept(logs, left_out) if self.count > 1 else None
        self.noise = None if self.spread is None else max(self.spread, SPREAD_FLOOR, resolution_us / self.base_us)
        """The spread that decisions use; None for one session."""
        self._pass_alpha = pass_alpha

    @property
    def change(self) -> float:
        """Estimate of the relative change."""
        return relative(self.log_ratio)

    def looks_slower(self, rule: Rule) -> bool:
        """Whether the estimate itself is beyond the limit, relatively and in µs."""
        return self.change > rule.tolerance and self.change * self.base_us > rule.min_change_us

    def looks_faster(self, rule: Rule) -> bool:
        """Whether the estimate itself is an improvement by more than the tolerance, relatively and in µs."""
        return self.change < -rule.tolerance and -self.change * self.base_us > rule.min_change_us

    def failing(self, rule: Rule, alpha: float) -> Status | None:
        """What fails the case if it is shown at the one-sided level ``alpha``; None where nothing is."""
        if self.looks_slower(rule) and self.bound(-1.0, alpha) > rule.tolerance:
            return Status.REGRESSED
        return Status.IMPROVED if rule.improvement_fails and self._is_faster(rule, alpha) else None

    def shown(self, rule: Rule) -> Status:
        """IMPROVED or PASS where the upper bounds of the true change show it, else INCONCLUSIVE."""
        return Status.IMPROVED if self._is_faster(rule, error_rate.IMPROVED_ALPHA) else self._passed(rule)

    def left_at_a_look(self, rule: Rule, *, is_last: bool) -> Status:
        """The same of a suspect that nothing fails at this look.

        What looks faster, where that fails, is within its limit, surely: it passes at the last look, not before.
        """
        if not rule.improvement_fails:
            return self.shown(rule)
        return Status.INCONCLUSIVE if self.looks_faster(rule) and not is_last else self._passed(rule)

    def _is_faster(self, rule: Rule, alpha: float) -> bool:
        return self.looks_faster(rule) and self.bound(1.0, alpha) < -rule.tolerance

    def _passed(self, rule: Rule) -> Status:
        at_most = self.bound(1.0, self._pass_alpha)
        is_within = at_most <= rule.tolerance or at_most * self.base_us < rule.min_change_us
        return Status.PASS if is_within else Status.INCONCLUSIVE

    def bound(self, side: float, alpha: float) -> float:
        """The one-sided bound of the true relative change at level ``alpha``: above with ``side`` 1, below with -1."""
        if self.noise is None:
            return side * math.inf
        return relative(self.log_ratio + side * upper_quantile(alpha, self.count - 1) * self._error(self.noise))

    def needed(self, rule: Rule) -> int | None:
        """Sessions that would show that an unchanged case is within its limit; None where no reasonable number does."""
        if self.noise is None:
            return None
        margin = math.log1p(max(rule.tolerance, rule.min_change_us / self.base_us))
        return paired_sessions_to_show(margin, spread=self.noise, alpha=self._pass_alpha, at_most=_MOST_ADVISED)

    def comparison(self, stage: Stage, rule: Rule) -> Comparison:
        """These numbers as a report tells them."""
        low, high, p_value = None, None, None
        if self.noise is not None:
            low, high = self.bound(-1.0, self._pass_alpha), self.bound(1.0, self._pass_alpha)
            t = (self.log_ratio - math.log1p(rule.tolerance)) / self._error(self.noise)
            p_value = upper_tail(t, self.count - 1)
        return Comparison(
            stage=stage,
            base_us=self.base_us,
            head_us=self.head_us,
            base_sessions=self.count,
            head_sessions=self.count,
            change=self.change,
            low=low,
            high=high,
            confidence=1.0 - 2.0 * self._pass_alpha,
            spread=self.spread,
            p_value=p_value,
            rank_p_value=None,
            host=SAME_HOST,  # both sides share it, and their moment
        )

    def _error(self, noise: float) -> float:
        return noise / math.sqrt(self.count)


def _spread_of_kept(ordered: Sequence[float], left_out: int) -> float:
    """The standard deviation of which √(number kept) is the error of the mean of what is kept of all values."""
    all_values = [*[ordered[0]] * left_out, *ordered, *[ordered[-1]] * left_out]
    return standard_deviation(all_values) * math.sqrt((len(all_values) - 1) / (len(ordered) - 1))
