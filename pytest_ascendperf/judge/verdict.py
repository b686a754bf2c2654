"""From a measurement and what is stored to a verdict: which comparison is allowed, and what its outcome is called."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_ascendperf.judge import latency, reasons
from pytest_ascendperf.judge.attribution import attribute
from pytest_ascendperf.judge.core_speed import slowed_session_reasons
from pytest_ascendperf.judge.drift import comparable_anchor, confirm_drift, screen_drift
from pytest_ascendperf.judge.exact import (
    NO_EVIDENCE,
    NOTHING_EXAMINED,
    ExactEvidence,
    examine,
    with_findings,
    without_findings,
)
from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.kernel_tables import combined
from pytest_ascendperf.judge.nearest import nearest
from pytest_ascendperf.judge.session_medians import fresh_sessions, on_one_clock, own_rule
from pytest_ascendperf.judge.validity import device_reasons, reference_notes
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.verdict import Status, Verdict

if TYPE_CHECKING:
    from pytest_ascendperf.model.attribution import Attribution
    from pytest_ascendperf.model.baseline import Baseline
    from pytest_ascendperf.model.environment import KeyDifference
    from pytest_ascendperf.model.measurement import Measurement, Session
    from pytest_ascendperf.model.protocol import Rule


def judge_screen(
    measurement: Measurement,
    baseline: Baseline | None,
    elsewhere: Sequence[Baseline],
    rule: Rule,
    *,
    baseline_path: str | None,
    timer_resolution_us: float = 0.0,
    exact: ExactEvidence = NO_EVIDENCE,
) -> Judgement:
    """Judge the run's own session, by its times and by what it ran.

    ``baseline`` is what is stored for this chip and stack, ``elsewhere`` the same case's baselines of other ones;
    ``timer_resolution_us`` is the smallest step of the clock that the session was read from; ``exact`` is what was
    found before.
    """
    timed = _judge_times(measurement, baseline, elsewhere, rule, baseline_path, timer_resolution_us)
    comparable = None if timed.verdict.hard_differences else baseline
    examined = examine(measurement, comparable, rule, exact)
    verdict = dataclasses.replace(timed.verdict, notes=(*timed.verdict.notes, *examined.notes))
    verdict = with_findings(verdict, examined.findings)
    return dataclasses.replace(timed, verdict=verdict, examined=examined)


def _judge_times(
    measurement: Measurement,
    baseline: Baseline | None,
    elsewhere: Sequence[Baseline],
    rule: Rule,
    baseline_path: str | None,
    timer_resolution_us: float,
) -> Judgement:
    session = measurement.session
    resolution_us = 0.0 if session is None else timer_resolution_us / session.calls_per_round
    rule = dataclasses.replace(rule, min_change_us=max(rule.min_change_us, resolution_us))
    draft = Judgement(
        verdict=_bare_verdict(measurement, baseline, rule, baseline_path),
        flagged=False,
        drift_flagged=False,
        environment=measurement.environment,
        rule=rule,
        baseline=baseline,
        resolution_us=resolution_us,
        kernels=measurement.kernels,
        examined=NOTHING_EXAMINED,
    )
    if measurement.invalid or session is None:
        problems = measurement.invalid or ("No session was measured.",)
        return _outcome(draft, Status.INVALID, reasons.invalid(problems))
    if baseline is None:
        return _without_baseline(draft, elsewhere)
    if draft.verdict.hard_differences:
        return _outcome(draft, Status.NOT_COMPARABLE, reasons.not_comparable(draft.verdict.hard_differences, ()))
    if changed := device_reasons(session, baseline.sessions):
        return _outcome(draft, Status.INVALID, reasons.invalid(changed))
    return _compared(draft, session, baseline)


def _compared(draft: Judgement, session: Session, baseline: Baseline) -> Judgement:
    """The session against a baseline that it may be compared with, and against its anchor where there is one."""
    resolution_us = draft.resolution_us
    clock, base_us, now_us = on_one_clock(session, baseline)
    anchor, told = comparable_anchor(session, baseline.anchor, clock)
    rule = dataclasses.replace(draft.rule, questions=1 if anchor is None else 2)
    screening_rule = own_rule(session, baseline.sessions, rule)
    result = latency.screen(base_us, now_us, screening_rule, resolution_us=resolution_us)
    if result.comparison is None:
        return _outcome(draft, Status.INVALID, reasons.invalid((_NOT_TIMES,)))
    reason = reasons.screened(
        result.status, result.comparison, screening_rule, clock=clock, flagged=result.flagged, needed=result.needed
    )
    drift, drift_flagged = None, False
    if anchor is not None:
        drift, drift_flagged = screen_drift(anchor, now_us, rule, clock=clock, resolution_us=resolution_us)
    verdict = dataclasses.replace(
        draft.verdict,
        clock=clock,
        now_us=now_us,
        status=result.status,
        reason=reason,
        detectable_change=result.detectable_change,
        screen=result.comparison,
        notes=(*draft.verdict.notes, *_speed_notes(session, baseline.sessions), *told),
        drift=drift,
    )
    return dataclasses.replace(draft, verdict=verdict, flagged=result.flagged, drift_flagged=drift_flagged, rule=rule)


def _speed_notes(session: Session, base: Sequence[Session]) -> tuple[str, ...]:
    return (*reference_notes(session, base), *slowed_session_reasons(session, base))


def judge_confirmed(judgement: Judgement, fresh: Sequence[Measurement], problems: Sequence[str] = ()) -> Verdict:
    """The final verdict of a case that was measured again, from the sessions of ``fresh`` processes alone.

    ``problems`` says, a sentence each, why further processes gave no session. Invalid sessions, and those that are not
    comparable with the judged one, are left out; the reason says how many, and what was wrong with the first. A
    judgement that asks for no confirmation stands as it is.
    """
    baseline = judgement.baseline
    if not judgement.needs_confirmation or baseline is None:
        return judgement.verdict
    verdict = without_findings(judgement.verdict)
    if judgement.asks_the_baseline:
        verdict = _confirmed(judgement, verdict, baseline, fresh, problems)
    if judgement.drift_flagged and baseline.anchor is not None:
        verdict = confirm_drift(
            verdict,
            baseline.anchor,
            fresh,
            problems,
            judgement.rule,
            environment=judgement.environment,
            resolution_us=judgement.resolution_us,
        )
    return with_findings(verdict, judgement.examined.findings)


def _confirmed(
    judgement: Judgement, verdict: Verdict, baseline: Baseline, fresh: Sequence[Measurement], problems: Sequence[str]
) -> Verdict:
    """What fresh sessions say of a case that looks changed by more than is allowed, or that one session left open."""
    if verdict.screen is None:
        return verdict
    clock, rule = verdict.clock, judgement.rule
    usable = fresh_sessions(judgement.environment, fresh, baseline.sessions, clock, rule)
    base_us = baseline.medians_on(clock) or ()
    result = latency.confirm(base_us, usable.medians_us, usable.rule, resolution_us=judgement.resolution_us)
    if result.status is Status.INVALID:
        reason = reasons.invalid((_NOT_TIMES,))
    elif result.comparison is None:
        reason = reasons.unconfirmed(verdict.screen, rule, len(usable.medians_us), clock=clock)
    else:
        taken = result.comparison.head_sessions
        why = reasons.measured_again(taken) if judgement.is_undecided else reasons.dismissed(verdict.screen, taken)
        reason = reasons.confirmed(
            result.status, result.comparison, usable.rule, clock=clock, why=why, needed=result.needed
        )
    missing = (*problems, *usable.left_out)
    if missing:
        reason = f"{reason} {reasons.missing_sessions(missing, len(fresh) + len(problems))}"
    verdict = dataclasses.replace(verdict, status=result.status, reason=reason, confirm=result.comparison)
    if verdict.status is Status.REGRESSED and result.comparison is not None:
        change_us = result.comparison.head_us - result.comparison.base_us
        verdict = dataclasses.replace(verdict, attribution=_attribution(judgement, fresh, change_us))
    return verdict


def _attribution(judgement: Judgement, fresh: Sequence[Measurement], change_us: float) -> Attribution | None:
    """The kernels that account for a slowdown of ``change_us``; of the fresh sessions where those were profiled."""
    base = None if judgement.baseline is None else judgement.baseline.kernels
    tables = [measurement.kernels for measurement in fresh if measurement.kernels is not None]
    head = combined(tables) if tables else judgement.kernels
    return None if base is None or head is None else attribute(base, head, change_us)


_NOT_TIMES = "A session's median is not a finite time above 0 µs."


def _bare_verdict(
    measurement: Measurement, baseline: Baseline | None, rule: Rule, baseline_path: str | None
) -> Verdict:
    """What is known before anything is compared; the status and the reason are those of nothing stored."""
    here = measurement.environment
    hard: tuple[KeyDifference, ...] = ()
    soft: tuple[KeyDifference, ...] = ()
    if baseline is not None:
        hard = here.hard_differences(baseline.environment)
        soft = here.soft_differences(baseline.environment)
    return Verdict(
        case=measurement.case,
        status=Status.NO_BASELINE,
        reason=reasons.no_baseline(baseline_path),
        now_us=None if measurement.session is None else measurement.session.median_us,
        clock=Clock.DEVICE if measurement.session is None else measurement.session.clock,
        tolerance=rule.tolerance,
        detectable_change=None,
        screen=None,
        confirm=None,
        hard_differences=hard,
        soft_differences=soft,
        baseline_path=baseline_path,
        notes=measurement.notes,
    )


def _without_baseline(draft: Judgement, elsewhere: Sequence[Baseline]) -> Judgement:
    if not elsewhere:
        return draft
    closest = nearest(elsewhere, draft.environment)
    there = closest.environment
    hard = draft.environment.hard_differences(there)
    told: tuple[str, ...] = ()
    if there.chip_id == draft.environment.chip_id:  # times of another chip tell nothing about the code
        told = reasons.elsewhere(closest, draft.verdict.now_us, draft.verdict.clock)
    verdict = dataclasses.replace(
        draft.verdict,
        status=Status.NOT_COMPARABLE,
        reason=reasons.not_comparable(hard, elsewhere),
        hard_differences=hard,
        soft_differences=draft.environment.soft_differences(there),
        notes=(*draft.verdict.notes, *told),
    )
    return dataclasses.replace(draft, verdict=verdict)


def _outcome(draft: Judgement, status: Status, reason: str) -> Judgement:
    return dataclasses.replace(draft, verdict=dataclasses.replace(draft.verdict, status=status, reason=reason))
