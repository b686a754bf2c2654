"""Was the core as fast for one session as for another? Told by fixed work that each session ran beside its rounds.

The other hardware thread of a core may belong to another virtual machine, and clocks move. Either changes the time of
all code, and no counter of the kernel tells. So sessions of a slowed core are left out: of a baseline, where others
were measured, and of the fresh sessions that confirm a slowdown. A run's own session may be slowed: it can raise a
suspicion in vain, and cannot hide a slowdown. A baseline that was recorded on a slowed core could, so it is not judged
against.

Below that limit a core may still be slower in one minute than in another, by a tenth, for all sessions that are
measured then. They agree with each other, so no spread tells. What the core itself became slower by is therefore no
evidence against the code, and what it became faster by none for an improvement: the limits are moved by it. Work that
waits for memory feels less of it than the fixed work does, so this allows for more than happened rather than for less.
For a pass, which is claimed less strictly, the limit is moved by half of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_ascendperf.statistics.order import median
from pytest_ascendperf.statistics.series import mean, standard_deviation
from pytest_ascendperf.units import format_change, format_duration, format_share

if TYPE_CHECKING:
    from pytest_ascendperf.model.measurement import Session

CORE_CHANGE = 0.25
"""The fixed work may take this much longer than it does for the other side. At full speed it differs by less than 1 %,
more where clocks move; a busy thread on the other half of the core makes it 1.4 to 1.7 times as long."""


def slowed_session_reasons(session: Session, base: Sequence[Session]) -> tuple[str, ...]:
    """Why ``session`` does not show that code is slower than ``base``: its core was slowed. Empty where none tells."""
    before_us, now_us = _usual_us(base), session.core_work_us
    if before_us is None or now_us is None or not _is_slowed(now_us, before_us):
        return ()
    return (
        "Its core was slowed, by another virtual machine, by a lower clock, or by threads that the code left running: "
        f"beside its rounds fixed work took {format_duration(now_us)}, and when the baseline was recorded "
        f"{format_duration(before_us)} ({format_change(now_us / before_us - 1.0)}; the limit is "
        f"{format_share(CORE_CHANGE)}).",
    )


def slowed_base_reasons(session: Session, base: Sequence[Session]) -> tuple[str, ...]:
    """Why ``session`` must not be compared with ``base``: its core was slowed when that was recorded."""
    before_us, now_us = _usual_us(base), session.core_work_us
    if before_us is None or now_us is None or not _is_slowed(before_us, now_us):
        return ()
    return (
        f"The core was slowed when the baseline was recorded: fixed work took {format_duration(before_us)} then and "
        f"takes {format_duration(now_us)} now ({format_change(now_us / before_us - 1.0)}; the limit is "
        f"{format_share(CORE_CHANGE)}). Record it again on an idle machine, or slower code would pass.",
    )


def core_change(sessions: Sequence[Session], base: Sequence[Session]) -> float:
    """How much longer the fixed work took beside ``sessions`` than beside ``base``: 0.05 for 5 % longer, -0.05 shorter.

    The ratio of the geometric means, as medians of sessions are compared. 0 where the sessions of one side do not tell.
    """
    before_us, now_us = _known_us(base), _known_us(sessions)
    if not before_us or not now_us:
        return 0.0
    return math.expm1(mean([math.log(us) for us in now_us]) - mean([math.log(us) for us in before_us]))


def core_spread(sessions: Sequence[Session]) -> float:
    """How much the fixed work differs between ``sessions``: the standard deviation of its logarithm.

    0 where fewer than two of them tell.
    """
    logs = [math.log(us) for us in _known_us(sessions)]
    return standard_deviation(logs) if logs else 0.0


def at_full_speed(sessions: Sequence[Session]) -> tuple[Session, ...]:
    """Those of ``sessions`` whose core was not slowed beside the fastest of them, in their order.

    A session that does not tell counts as one that was not.
    """
    known_us = _known_us(sessions)
    if not known_us:
        return tuple(sessions)
    fastest_us = min(known_us)
    return tuple(
        session
        for session in sessions
        if session.core_work_us is None or not _is_slowed(session.core_work_us, fastest_us)
    )


def _usual_us(sessions: Sequence[Session]) -> float | None:
    known_us = _known_us(sessions)
    return median(known_us) if known_us else None


def _known_us(sessions: Sequence[Session]) -> list[float]:
    return [session.core_work_us for session in sessions if session.core_work_us is not None]


def _is_slowed(one_us: float, other_us: float) -> bool:
    return round(one_us / other_us - 1.0, 9) > CORE_CHANGE
