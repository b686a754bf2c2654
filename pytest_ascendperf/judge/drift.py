"""Slow drift: code that is slower than the anchor of its baseline, although no acceptance since then showed it.

The anchor is asked the same question as the last baseline, with the same tolerance, over the same sessions. Each of the
two fails only if its own screening flagged the case, and each has half of the case's error level (``Rule.questions``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_ascendperf.judge import latency, reasons
from pytest_ascendperf.judge.session_medians import fresh_sessions
from pytest_ascendperf.judge.validity import device_reasons
from pytest_ascendperf.model.verdict import Drift, Status, Verdict

if TYPE_CHECKING:
    from pytest_ascendperf.model.anchor import Anchor
    from pytest_ascendperf.model.environment import Environment
    from pytest_ascendperf.model.measurement import Clock, Measurement, Session
    from pytest_ascendperf.model.protocol import Rule


def comparable_anchor(session: Session, anchor: Anchor | None, clock: Clock) -> tuple[Anchor | None, tuple[str, ...]]:
    """``anchor`` where ``session`` may be compared with it on ``clock``; else None, and why not, a sentence each."""
    if anchor is None:
        return None, ()
    if anchor.medians_on(clock) is None:
        return None, (reasons.anchor_on_another_clock(anchor),)
    if device_reasons(session, anchor.sessions):
        return None, (reasons.anchor_at_another_speed(anchor),)
    return anchor, ()


def screen_drift(
    anchor: Anchor, now_us: float, rule: Rule, *, clock: Clock, resolution_us: float
) -> tuple[Drift | None, bool]:
    """How the run's own session stands to a comparable ``anchor``, and whether fresh sessions have to confirm it."""
    result = latency.screen(anchor.medians_on(clock) or (), now_us, rule.of_anchor, resolution_us=resolution_us)
    if result.comparison is None:
        return None, False
    drift = Drift(
        screen=result.comparison,
        confirm=None,
        recorded=anchor.recorded,
        revision=anchor.revision,
        fails=False,
        status_without=None,
    )
    return drift, result.flagged


def confirm_drift(
    verdict: Verdict,
    anchor: Anchor,
    fresh: Sequence[Measurement],
    problems: Sequence[str],
    rule: Rule,
    *,
    environment: Environment,
    resolution_us: float,
) -> Verdict:
    """``verdict``, which rests on the last baseline, with what fresh sessions say of a suspected drift.

    A drift that is shown makes it REGRESSED; one that could not be looked at leaves no PASS.
    """
    if verdict.drift is None:
        return verdict
    clock = verdict.clock
    usable = fresh_sessions(environment, fresh, anchor.sessions, clock, rule.of_anchor)
    base_us = anchor.medians_on(clock) or ()
    result = latency.confirm(base_us, usable.medians_us, usable.rule, resolution_us=resolution_us)
    fails = result.status is Status.REGRESSED
    alone = fails and verdict.status is not Status.REGRESSED
    drift = dataclasses.replace(
        verdict.drift,
        confirm=result.comparison,
        fails=fails,
        status_without=verdict.status if alone else None,
    )
    status, reason = verdict.status, verdict.reason
    if alone and verdict.against_baseline is not None:
        status, reason = Status.REGRESSED, reasons.drifted(drift, verdict.against_baseline, rule, clock=clock)
    elif fails:
        reason = f"{reason} {reasons.also_drifted(drift)}"
    elif result.comparison is None:
        status = Status.INCONCLUSIVE if status is Status.PASS else status
        reason = f"{reason} {reasons.drift_unconfirmed(drift, rule, len(usable.medians_us), clock=clock)}"
    missing = (*problems, *usable.left_out)
    if missing and (told := reasons.missing_sessions(missing, len(fresh) + len(problems))) not in reason:
        reason = f"{reason} {told}"
    return dataclasses.replace(verdict, status=status, reason=reason, drift=drift)
