"""Whether the core that this process runs on is at its full speed now, told by the time that fixed work takes.

The other hardware thread of a core may belong to another virtual machine. While that one works, code here takes half
as long again or twice as long, for tenths of a second or for seconds, and no counter of the kernel tells: the processor
was not taken away, it was shared. A clock that is held down looks the same. Fixed work that is known to take 5 µs shows
both in a moment. It knows nothing of the measured code, so choosing the moment of a round by it favours no result.

The measured code has a part in it as well: after work that waits for memory some processors lower the clock, for some
milliseconds. That is so after every round of such a call, in every process. So the least that successive looks find is
the call's own doing, and only what goes beyond it is somebody else's.

All this tells of the one core that runs Python. Threads of the measured code on other cores are not seen, nor is a
neighbour that shares memory and caches alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_ascendperf.statistics.order import quantiles

SLOWED = 1.25
"""Fixed work that takes more than this many times its shortest time is slowed. Between moments at full speed it differs
by up to a tenth; a busy thread on the other half of the core makes it 1.4 to 1.9."""
QUIET_S = 2e-3
"""A core that was slowed must have been at full speed for this long. Neighbours pause for tenths of a millisecond."""

_FIRST_RUNS = 2
"""Runs that bring the work back into the caches, from which the measured code has driven it."""
_RUNS = 3
"""Runs of which the fastest counts, so that an interrupt does not."""
_KNOWN_S = 1e-3
"""How long full speed that was seen is taken for granted: a look takes 25 µs, and rounds may be as short."""
_LEAST = 0.1
"""The quantile of looks that is taken for the least: a single one may have met the clock on its way up."""


def fixed_work_us() -> float:
    """Time of one run, in µs: arithmetic of small integers, which needs the core and hardly any memory."""
    begun_ns = time.perf_counter_ns()
    total = 0
    for number in range(100):
        total += number * number % 7
    return (time.perf_counter_ns() - begun_ns) / 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What successive looks between rounds found."""

    least_us: float
    """The time of the fixed work after rounds that nothing else slowed, in µs."""
    slowed_share: float
    """Share of the looks at which it took :data:`SLOWED` times as long, or longer."""

    @classmethod
    def of(cls, found_us: Sequence[float]) -> Looks:
        """``found_us`` are the times at each look, at least one, in µs."""
        (least_us,) = quantiles(found_us, (_LEAST,))
        slowed = sum(time_us > SLOWED * least_us for time_us in found_us)
        return cls(least_us=least_us, slowed_share=slowed / len(found_us))


class CoreSpeed:
    """What this process has seen of its core's speed so far."""

    def __init__(
        self, *, work_us: Callable[[], float] = fixed_work_us, time_s: Callable[[], float] = time.perf_counter
    ) -> None:
        self.found_us: list[float] = []
        """The time of the fixed work at each look before a round since the last :meth:`forget`, in µs."""
        self._shortest_us = float("inf")
        self._work_us = work_us
        self._time_s = time_s
        self._seen_s = float("-inf")

    def forget(self) -> None:
        """Begin a new list of what was found; the shortest time stays known."""
        self.found_us = []

    def wait(self, limit_s: float) -> float:
        """Look, and where the core is slowed wait until it is not, for at most ``limit_s``: the seconds waited.

        The core is kept busy meanwhile: it would lower its clock, and the measured code's data would leave its caches.
        """
        begun_s = self._time_s()
        if begun_s - self._seen_s < _KNOWN_S:
            return 0.0
        self.found_us.append(self._look_us())
        if not self._is_slowed(self.found_us[-1]):
            self._seen_s = self._time_s()
            return 0.0
        quiet_since_s = None
        while (now_s := self._time_s()) - begun_s < limit_s:
            if self._is_slowed(self._look_us()):
                quiet_since_s = None
            elif quiet_since_s is None:
                quiet_since_s = now_s
            elif now_s - quiet_since_s >= QUIET_S:
                self._seen_s = self._time_s()
                break
        return self._time_s() - begun_s

    def _look_us(self) -> float:
        for _ in range(_FIRST_RUNS):
            self._work_us()
        taken_us = min(self._work_us() for _ in range(_RUNS))
        self._shortest_us = min(self._shortest_us, taken_us)
        return taken_us

    def _is_slowed(self, taken_us: float) -> bool:
        return taken_us > SLOWED * self._shortest_us
