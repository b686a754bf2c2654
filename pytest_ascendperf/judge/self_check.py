"""What a runner can be trusted with, from sessions of code that did not change: A/A sessions.

The gate's own judging is run over splits of these sessions: some as a baseline, one as the run, some as fresh processes
that confirm. Whatever it fails is a false alarm. Splits of few sessions share most of them and are no independent
trials, so what may be concluded from them is bounded by the number of splits that share no session.
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ascendperf.judge.acceptance import baseline_of
from pytest_ascendperf.judge.confirmation import sessions_taken
from pytest_ascendperf.judge.contrast import SPREAD_FLOOR
from pytest_ascendperf.judge.host_speed import host_spread
from pytest_ascendperf.judge.sensitivity import detectable_change
from pytest_ascendperf.judge.verdict import judge_confirmed, judge_screen
from pytest_ascendperf.model.baseline import Baseline, NotRecorded
from pytest_ascendperf.model.measurement import Clock, Measurement
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.proportion import proportion_bounds
from pytest_ascendperf.statistics.series import geometric_mean, standard_deviation
from pytest_ascendperf.units import next_round_number

if TYPE_CHECKING:
    from pytest_ascendperf.model.case import CaseId
    from pytest_ascendperf.model.protocol import Rule

FEWEST_SESSIONS = 5
"""Two for a baseline, one to judge, and two to confirm."""
SPLITS = 500
BOUND_ALPHA = 0.05
"""One-sided level of the bound of a false-alarm rate."""
LARGEST_SUGGESTION = 0.5
"""Above this no tolerance is suggested: a gate that lets a call take half as long again is better seen to be off."""
SUFFICIENT_SHARE = 0.75
"""Share of the tests for which the tolerance of a suite should do; few noisy ones must not blind the gate for all."""

_SEED = 20_240_229


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """How often the gate failed unchanged code."""

    splits: int
    failed: int
    base_sessions: int
    """Sessions of each split's baseline."""
    confirm_sessions: int
    """Sessions that were there to confirm."""
    disjoint: int
    """Splits that share no session, as many as there can be at once."""

    @property
    def rate(self) -> float:
        """Share of the splits."""
        return self.failed / self.splits


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCase:
    """What the sessions of one case tell."""

    case: CaseId
    clock: Clock
    median_us: float
    """Geometric mean of the session medians."""
    sessions: int
    """Valid ones, less those whose core was slowed beside others."""
    spread: float
    """Standard deviation of ln(session median)."""
    false_alarms: FalseAlarms | None
    """None where the sessions are too few to be split."""
    detectable_change: float | None
    """As a verdict would say for a baseline of the size in force; None where that is one session."""
    suggested_tolerance: float | None
    """The smallest slowdown that could be seen if none were tolerated, rounded up to 1, 2, 5, 10 ... %; None where that
    is above ``LARGEST_SUGGESTION``."""


def check_case(
    case: CaseId,
    sessions: Sequence[Measurement | str],
    rule: Rule,
    *,
    baseline_sessions: int,
    timer_resolution_us: float,
) -> CheckedCase | NotRecorded:
    """Check one case from its ``sessions``, or say why that cannot be done; they are as for a baseline.

    ``rule`` is the one in force, and ``baseline_sessions`` the number of sessions that a baseline is recorded from.
    """
    made = baseline_of(case, sessions, None)
    if isinstance(made, NotRecorded):
        return made
    used = [each for each in sessions if isinstance(each, Measurement) and each.session in made.sessions]
    clock, medians_us = _on_one_clock(made)
    median_us, spread = geometric_mean(medians_us), standard_deviation([math.log(each) for each in medians_us])
    resolution_us = timer_resolution_us / made.sessions[0].calls_per_round
    noise = max(spread, SPREAD_FLOOR, resolution_us / median_us)
    rule = dataclasses.replace(rule, host_spread=host_spread(made.sessions))
    return CheckedCase(
        case=case,
        clock=clock,
        median_us=median_us,
        sessions=len(used),
        spread=spread,
        false_alarms=_false_alarms(made, used, rule, baseline_sessions, timer_resolution_us),
        detectable_change=detectable_change(base_us=median_us, base_sessions=baseline_sessions, noise=noise, rule=rule),
        suggested_tolerance=_suggested_tolerance(median_us, max(baseline_sessions, 2), noise, rule),
    )


def all_false_alarms(cases: Sequence[CheckedCase]) -> FalseAlarms | None:
    """Those of all cases together; None where no case could be split. The sizes are those of the largest splits."""
    found = [case.false_alarms for case in cases if case.false_alarms is not None]
    if not found:
        return None
    return FalseAlarms(
        splits=sum(alarms.splits for alarms in found),
        failed=sum(alarms.failed for alarms in found),
        base_sessions=max(alarms.base_sessions for alarms in found),
        confirm_sessions=max(alarms.confirm_sessions for alarms in found),
        disjoint=sum(alarms.disjoint for alarms in found),
    )


def rate_bound(alarms: FalseAlarms) -> float:
    """The true rate is above this with a probability of ``BOUND_ALPHA`` at most, trusting disjoint splits only.

    Of these, as many count as failed as the rate over all splits makes, rounded up.
    """
    failed = min(math.ceil(alarms.rate * alarms.disjoint - 1e-9), alarms.disjoint)
    return proportion_bounds(failed, alarms.disjoint, alpha=BOUND_ALPHA)[1]


def suite_tolerance(cases: Sequence[CheckedCase]) -> float | None:
    """The smallest of the suggested tolerances that suffices for ``SUFFICIENT_SHARE`` of ``cases``, at least one.

    None where so many have none.
    """
    ordered = sorted(case.suggested_tolerance for case in cases if case.suggested_tolerance is not None)
    needed = math.ceil(SUFFICIENT_SHARE * len(cases))
    return ordered[needed - 1] if needed <= len(ordered) else None


def split_sizes(sessions: int, *, base: int, confirm: int) -> tuple[int, int] | None:
    """How many of ``sessions`` make a baseline and how many confirm, one more being judged; None for too few.

    As many as the gate would use where they are there; else fewer confirm, at least two, and then fewer make the base.
    """
    confirming = max(2, min(confirm, sessions - 1 - base))
    based = min(base, sessions - 1 - confirming)
    return (based, confirming) if based >= min(base, 2) else None


def _on_one_clock(baseline: Baseline) -> tuple[Clock, tuple[float, ...]]:
    clock = baseline.sessions[0].clock
    medians_us = baseline.medians_on(clock)
    if medians_us is not None:
        return clock, medians_us
    return Clock.DEVICE, tuple(session.device_median_us for session in baseline.sessions)


def _suggested_tolerance(median_us: float, baseline_sessions: int, noise: float, rule: Rule) -> float | None:
    bare = dataclasses.replace(rule, tolerance=0.0, min_change_us=0.0)
    seen = detectable_change(base_us=median_us, base_sessions=baseline_sessions, noise=noise, rule=bare)
    if seen is None or (rounded := next_round_number(seen)) > LARGEST_SUGGESTION:
        return None
    return rounded


def _false_alarms(
    baseline: Baseline,
    measurements: Sequence[Measurement],
    rule: Rule,
    baseline_sessions: int,
    timer_resolution_us: float,
) -> FalseAlarms | None:
    sizes = split_sizes(len(measurements), base=baseline_sessions, confirm=rule.confirm_sessions)
    if sizes is None:
        return None
    base, confirm = sizes
    rule = dataclasses.replace(rule, confirm_sessions=confirm)
    draw = random.Random(_SEED)
    failed = 0
    alarms = {Status.REGRESSED, Status.IMPROVED} if rule.improvement_fails else {Status.REGRESSED}
    for _ in range(SPLITS):
        head, *others = draw.sample(range(len(measurements)), 1 + base + confirm)
        recorded = dataclasses.replace(baseline, sessions=tuple(baseline.sessions[index] for index in others[:base]))
        judgement = judge_screen(
            measurements[head], recorded, (), rule, baseline_path=None, timer_resolution_us=timer_resolution_us
        )
        fresh = sessions_taken(judgement, (measurements[index] for index in others[base:]))
        failed += judge_confirmed(judgement, fresh).status in alarms
    return FalseAlarms(
        splits=SPLITS,
        failed=failed,
        base_sessions=base,
        confirm_sessions=confirm,
        disjoint=len(measurements) // (1 + base + confirm),
    )
