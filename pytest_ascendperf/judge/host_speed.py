"""What the host itself accounts for of a change, by its core and by its memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_ascendperf.judge.core_speed import core_change, core_spread
from pytest_ascendperf.judge.memory_speed import memory_change, memory_spread
from pytest_ascendperf.model.host_change import HostChange

if TYPE_CHECKING:
    from pytest_ascendperf.model.measurement import Session


def host_change(sessions: Sequence[Session], base: Sequence[Session]) -> HostChange:
    """How much slower or faster the host was for ``sessions`` than for ``base``."""
    return HostChange(core=core_change(sessions, base), memory=memory_change(sessions, base))


def host_spread(sessions: Sequence[Session]) -> float:
    """The standard deviation, on the logarithmic scale, of what is allowed for, between ``sessions``."""
    return max(core_spread(sessions), memory_spread(sessions))
