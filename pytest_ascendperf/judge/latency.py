"""Is the judged code slower than its baseline, or faster? Two stages over session medians, and what each may say.

The screening compares the run's one session with the baseline and flags what looks slower than allowed. Flagged cases
are measured again in fresh processes, and those new sessions alone decide: the session that raised the suspicion was
picked for what it shows and would count twice. Only the confirmation says REGRESSED, and IMPROVED where that fails. A
difference must count both relatively and in µs. How many fresh sessions it takes is for :mod:`.confirmation` to say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ascendperf.judge import error_rate
from pytest_ascendperf.judge.contrast import Contrast, contrast
from pytest_ascendperf.judge.sensitivity import NeededSessions, detectable_change, needed_sessions
from pytest_ascendperf.model.stage import Comparison, Stage
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.ranks import rank_p_value

if TYPE_CHECKING:
    from pytest_ascendperf.model.protocol import Rule

SINGLE_SESSION_LIMIT = 0.30
"""Change that is worth confirming where the baseline's one session says nothing about spread."""
RANK_SESSIONS = 19
"""Fewest base sessions with which the rank p value of one session can reach .05."""
_CONFIDENCE = 1.0 - 2.0 * error_rate.PASS_ALPHA


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What the run's own session says."""

    status: Status
    """Never REGRESSED; INVALID where a time is not a finite number above 0."""
    comparison: Comparison | None
    """None where the status is INVALID."""
    flagged: bool
    """Slower than allowed, or faster where that fails, as far as one session can say: to be confirmed in fresh ones."""
    detectable_change: float | None
    """Smallest true relative change that both stages together fail with 80 % power; None where no spread is known."""
    needed: NeededSessions | None
    """What would decide an unflagged INCONCLUSIVE; None otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What the fresh sessions say."""

    status: Status
    """INVALID where a time is not a finite number above 0."""
    comparison: Comparison | None
    """None where the status is INVALID or there were too few sessions."""
    needed: NeededSessions | None
    """What would decide an INCONCLUSIVE; None otherwise, and where there were too few sessions to say."""


def screen(
    baseline_medians_us: Sequence[float], head_us: float, rule: Rule, *, resolution_us: float = 0.0
) -> Screening:
    """Judge the median of one session, ``head_us``, against the baseline's session medians, all in µs per call.

    ``resolution_us`` is the step of the clock, per call: sessions are not taken to agree better than that.
    """
    if not baseline_medians_us or not are_times((*baseline_medians_us, head_us)):
        return Screening(status=Status.INVALID, comparison=None, flagged=False, detectable_change=None, needed=None)
    head = (head_us,)
    numbers = contrast(baseline_medians_us, head, resolution_us=resolution_us)
    if numbers.noise is None:
        status = Status.PROVISIONAL
        slower = numbers.change > max(SINGLE_SESSION_LIMIT, rule.tolerance)
    else:
        status = _status(numbers, rule, error_rate.IMPROVED_ALPHA)
        slower = numbers.exceeds(rule.tolerance, error_rate.SCREEN_ALPHA)
    flagged = slower and numbers.head_us - numbers.base_us > rule.min_change_us
    if rule.improvement_fails and is_faster(numbers, rule, error_rate.SCREEN_ALPHA):
        status, flagged = Status.INCONCLUSIVE, True
    return Screening(
        status=status,
        comparison=_comparison(numbers, Stage.SCREEN, baseline_medians_us, head, rule),
        flagged=flagged,
        detectable_change=detectable_change(
            base_us=numbers.base_us,
            base_sessions=numbers.base_sessions,
            noise=numbers.noise,
            rule=rule,
        ),
        needed=None if flagged else _needed(status, numbers, rule),
    )


def confirm(
    baseline_medians_us: Sequence[float], fresh_medians_us: Sequence[float], rule: Rule, *, resolution_us: float = 0.0
) -> Confirmation:
    """Judge the medians of fresh sessions, in µs per call; the screened session is not among them.

    Decides at the level of the last look, on as many sessions as there are; what ended at an earlier look was shown at
    a stricter one. INCONCLUSIVE without a comparison for fewer than ``error_rate.FEWEST_SESSIONS``. Against a baseline
    of one session everything else but REGRESSED is PROVISIONAL: the spread is then that of the fresh sessions alone.
    """
    if not baseline_medians_us or not are_times((*baseline_medians_us, *fresh_medians_us)):
        return Confirmation(status=Status.INVALID, comparison=None, needed=None)
    if len(fresh_medians_us) < error_rate.FEWEST_SESSIONS:
        return Confirmation(status=Status.INCONCLUSIVE, comparison=None, needed=None)
    numbers = contrast(baseline_medians_us, fresh_medians_us, resolution_us=resolution_us)
    alpha = error_rate.last_look_alpha(rule, numbers.base_sessions)
    if is_slower(numbers, rule, alpha):
        status = Status.REGRESSED
    elif numbers.base_sessions == 1:
        status = Status.PROVISIONAL
    else:
        status = _status(numbers, rule, alpha if rule.improvement_fails else error_rate.IMPROVED_ALPHA)
    return Confirmation(
        status=status,
        comparison=_comparison(numbers, Stage.CONFIRM, baseline_medians_us, fresh_medians_us, rule),
        needed=_needed(status, numbers, rule),
    )


def _status(numbers: Contrast, rule: Rule, improved_alpha: float) -> Status:
    """IMPROVED, PASS or INCONCLUSIVE, from the upper bounds of the true change."""
    if is_faster(numbers, rule, improved_alpha):
        return Status.IMPROVED
    return Status.PASS if is_within(numbers, rule, error_rate.PASS_ALPHA) else Status.INCONCLUSIVE


def is_slower(numbers: Contrast, rule: Rule, alpha: float) -> bool:
    """Whether the change is shown at level ``alpha`` to be above the limit, and is above the least one in µs."""
    return numbers.exceeds(rule.limit, alpha) and numbers.head_us - numbers.base_us > rule.min_change_us


def is_faster(numbers: Contrast, rule: Rule, alpha: float) -> bool:
    """Whether the change is shown at level ``alpha`` to be an improvement, and is above the least one in µs."""
    at_most = numbers.upper_bound(alpha)
    return at_most is not None and at_most < rule.improvement_limit and looks_faster(numbers, rule)


def looks_faster(numbers: Contrast, rule: Rule) -> bool:
    """Whether the estimate itself is an improvement, relatively and in µs."""
    return numbers.change < rule.improvement_limit and numbers.base_us - numbers.head_us > rule.min_change_us


def is_within(numbers: Contrast, rule: Rule, alpha: float) -> bool:
    """Whether the change is shown at level ``alpha`` to be within what passes, or below the least one in µs."""
    at_most = numbers.upper_bound(alpha)
    return at_most is not None and (at_most <= rule.pass_limit or at_most * numbers.base_us < rule.min_change_us)


def _needed(status: Status, numbers: Contrast, rule: Rule) -> NeededSessions | None:
    if status is not Status.INCONCLUSIVE or numbers.noise is None:
        return None
    return needed_sessions(
        base_us=numbers.base_us,
        base_sessions=numbers.base_sessions,
        noise=numbers.noise,
        rule=rule,
    )


def _comparison(
    numbers: Contrast, stage: Stage, base_us: Sequence[float], head_us: Sequence[float], rule: Rule
) -> Comparison:
    rank_p = None
    if numbers.base_sessions >= RANK_SESSIONS:
        limit = 1.0 + rule.limit
        rank_p = rank_p_value([value * limit for value in base_us], head_us)
    return Comparison(
        stage=stage,
        base_us=numbers.base_us,
        head_us=numbers.head_us,
        base_sessions=numbers.base_sessions,
        head_sessions=numbers.head_sessions,
        change=numbers.change,
        low=numbers.lower_bound(error_rate.PASS_ALPHA),
        high=numbers.upper_bound(error_rate.PASS_ALPHA),
        confidence=_CONFIDENCE,
        spread=numbers.spread,
        p_value=numbers.p_value(rule.limit),
        rank_p_value=rank_p,
        host=rule.host,
    )


def are_times(values_us: Sequence[float]) -> bool:
    """Whether all of these can be the time of a call."""
    return all(math.isfinite(value) and value > 0.0 for value in values_us)
