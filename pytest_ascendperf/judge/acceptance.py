"""Which new values are accepted as baselines, and how the sessions of a recording become one."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ascendperf.model.baseline import Baseline, NotRecorded
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.verdict import Status

_MOVED = frozenset({Status.REGRESSED, Status.IMPROVED, Status.NOT_COMPARABLE, Status.PROVISIONAL})


def accepts(mode: str | None, status: Status, *, stored: bool) -> bool:
    """Whether an update in ``mode`` (``new``, ``changed``, ``all``; None for a run that judges) records this case.

    ``stored`` says whether the case has an entry of its own for this chip and software stack. An invalid measurement is
    accepted, too, where nothing is stored: the sessions that follow may be valid, and if not, the recording says so.
    """
    match mode:
        case None:
            return False
        case "new":
            return not stored
        case "changed":
            return not stored or status in _MOVED
        case _:
            return True


def baseline_of(case: CaseId, sessions: Sequence[Measurement | str], revision: str | None) -> Baseline | NotRecorded:
    """The baseline that ``sessions`` make, or why they make none.

    A session is its measurement of ``case``, or a sentence saying why there is none. One session without a measurement
    refuses them all: a test that does not pass has no accepted speed. Sessions that are not valid are left out as long
    as two are left, or the only one that was asked for.
    """
    measured: list[Measurement] = []
    for number, session in enumerate(sessions, start=1):
        if isinstance(session, str):
            return NotRecorded(case=case, reason=f"session {number} of {len(sessions)}: {session}")
        measured.append(session)
    valid = [measurement for measurement in measured if not measurement.invalid and measurement.session is not None]
    if len(valid) < min(2, len(sessions)):
        reasons = "; ".join(dict.fromkeys(reason for measurement in measured for reason in measurement.invalid))
        return NotRecorded(case=case, reason=f"{len(valid)} of {len(sessions)} sessions were valid: {reasons}")
    environment = valid[0].environment
    for measurement in valid:
        differences = measurement.environment.hard_differences(environment)
        if differences:
            changed = ", ".join(map(str, differences))
            return NotRecorded(case=case, reason=f"sessions ran under different conditions: {changed}")
    return Baseline(
        case=case,
        environment=environment,
        sessions=tuple(measurement.session for measurement in valid if measurement.session is not None),
        revision=revision,
    )
