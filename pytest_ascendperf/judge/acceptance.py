"""Which new values are accepted as baselines, and how the sessions of a recording become one."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ascendperf.judge.core_speed import at_full_speed
from pytest_ascendperf.judge.kernel_tables import combined
from pytest_ascendperf.model.baseline import Baseline, NotRecorded
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.measurement import Measurement, Session
from pytest_ascendperf.model.verdict import Status, Verdict

MOST_AGAIN = 2
"""Further sessions of a case whose core was slowed: as often as an invalid sample is taken again."""

_MOVED = frozenset({Status.REGRESSED, Status.IMPROVED, Status.NOT_COMPARABLE, Status.PROVISIONAL})


def accepts(mode: str | None, verdict: Verdict, *, stored: bool) -> bool:
    """Whether an update in ``mode`` records this case: ``new``, ``changed``, ``all``, ``anchor``; None: the run judges.

    ``stored`` says whether the case has an entry of its own for this chip and software stack. An invalid measurement is
    accepted, too, where nothing is stored: the sessions that follow may be valid, and if not, the recording says so.
    What moved is its time or what it runs. A case that breaks what its test asks for has not moved: no baseline
    makes that good. Nor has one that fails by slow drift alone: with new sessions and the old anchor it fails again.
    """
    match mode:
        case None:
            return False
        case "new":
            return not stored
        case "changed":
            ran_otherwise = any(finding.is_against_baseline for finding in verdict.findings)
            return not stored or (verdict.drifted is None and (verdict.status_of_times in _MOVED or ran_otherwise))
        case _:
            return True


def baseline_of(case: CaseId, sessions: Sequence[Measurement | str], revision: str | None) -> Baseline | NotRecorded:
    """The baseline that ``sessions`` make, or why they make none.

    A session is its measurement of ``case``, or a sentence saying why there is none. One session without a measurement
    refuses them all: a test that does not pass has no accepted speed. Sessions that are not valid are left out, and
    those whose core was slowed beside others, as long as two are left, or the only one that was asked for. Where fewer
    than two were at full speed, all valid ones make it.
    """
    measured: list[Measurement] = []
    for number, session in enumerate(sessions, start=1):
        if isinstance(session, str):
            return NotRecorded(case=case, reason=f"session {number} of {len(sessions)}: {session}")
        measured.append(session)
    valid = [measurement for measurement in measured if _is_valid(measurement)]
    enough = min(2, len(sessions))
    if len(valid) < enough:
        first = next((" ".join(measurement.invalid) for measurement in measured if measurement.invalid), "")
        return NotRecorded(case=case, reason=f"{len(valid)} of {len(sessions)} sessions were valid: {first}")
    environment = valid[0].environment
    for measurement in valid:
        differences = measurement.environment.hard_differences(environment)
        if differences:
            changed = ", ".join(map(str, differences))
            return NotRecorded(case=case, reason=f"sessions ran under different conditions: {changed}")
    tables = [measurement.kernels for measurement in valid if measurement.kernels is not None]
    usable = _sessions(valid)
    fast = at_full_speed(usable)
    return Baseline(
        case=case,
        environment=environment,
        sessions=fast if len(fast) >= enough else usable,
        revision=revision,
        kernels=combined(tables) if tables else None,
        fusion_passes=_fusion_passes(valid),
    )


def wants_another(sessions: Sequence[Measurement | str], count: int) -> bool:
    """Whether a recording of ``count`` sessions should measure a further one in place of one whose core was slowed."""
    if len(sessions) >= count + MOST_AGAIN or any(isinstance(session, str) for session in sessions):
        return False  # in the latter case no further session makes it a baseline
    valid = _sessions([each for each in sessions if isinstance(each, Measurement) and _is_valid(each)])
    return len(at_full_speed(valid)) < min(len(valid), count)


def missing_kernels(sessions: Sequence[Measurement | str]) -> str | None:
    """Why the baseline of ``sessions`` holds no kernels although they were to be recorded, in a sentence; else None."""
    measured = [session for session in sessions if isinstance(session, Measurement) and not session.invalid]
    tables = [session.kernels for session in measured if session.kernels is not None]
    if tables:
        sources = sorted({table.source for table in tables})
        return None if combined(tables) is not None else f"Sessions recorded in different ways: {'; '.join(sources)}."
    return next((session.kernel_problem for session in measured if session.kernel_problem is not None), None)


def _is_valid(measurement: Measurement) -> bool:
    return not measurement.invalid and measurement.session is not None


def _sessions(measurements: Sequence[Measurement]) -> tuple[Session, ...]:
    return tuple(measurement.session for measurement in measurements if measurement.session is not None)


def _fusion_passes(sessions: Sequence[Measurement]) -> tuple[tuple[str, int], ...] | None:
    """The passes that took effect in every session that recorded them, each as often as it did at least."""
    recorded = [dict(session.fusion_passes) for session in sessions if session.fusion_passes is not None]
    if not recorded:
        return None
    names = set(recorded[0]).intersection(*recorded)
    return tuple((name, min(passes[name] for passes in recorded)) for name in sorted(names))
