"""How much of a change may memory account for? Told by a fixed copy that each session made beside its rounds.

The last cache and the memory behind it are shared with other virtual machines. Copies there take a tenth longer in one
minute than in another, and so does code that waits for them; other code feels nothing of it. Which kind a case is of,
its own sessions show: where its time rises and falls with the copy's, it may owe that share of a change to memory. Few
sessions show it roughly, so the largest share counts that they leave possible, and all of it where they tell none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_ascendperf.statistics.regression import common_slope_bound
from pytest_ascendperf.statistics.series import mean, standard_deviation

if TYPE_CHECKING:
    from pytest_ascendperf.model.measurement import Session

SHARE_ALPHA = 0.05
"""The true share is above the one that counts with this probability. With a half of it an unchanged copy of 32 MB
failed in 6 % of confirmations on a shared host, with this in 1 %."""


def memory_change(sessions: Sequence[Session], base: Sequence[Session]) -> float:
    """How much longer the case takes in ``sessions``, at most, as the copy took longer than in ``base``: 0.05 for 5 %.

    Below 0 shorter. The ratio of the copy's geometric means, to the power of the share. 0 where the sessions of one
    side do not tell.
    """
    before, now = _points(base), _points(sessions)
    if not before or not now:
        return 0.0
    copy_change = mean([copy for copy, _ in now]) - mean([copy for copy, _ in before])
    return math.expm1(_largest_share(before, now) * copy_change)


def memory_spread(sessions: Sequence[Session]) -> float:
    """How much the case's time differs between ``sessions`` by memory, at most: as a standard deviation of logarithms.

    0 where fewer than two of them tell.
    """
    points = _points(sessions)
    return _largest_share(points) * standard_deviation([copy for copy, _ in points]) if points else 0.0


def _largest_share(*sides: Sequence[tuple[float, float]]) -> float:
    """Of what the copy takes longer, this much the case may take longer: none, all, or between."""
    return min(1.0, max(0.0, common_slope_bound(sides, alpha=SHARE_ALPHA)))


def _points(sessions: Sequence[Session]) -> list[tuple[float, float]]:
    """Logarithms of the time of the copy and of the case."""
    return [
        (math.log(session.memory_work_us), math.log(session.median_us))
        for session in sessions
        if session.memory_work_us is not None
    ]
