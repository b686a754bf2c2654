"""Whether the core that this process runs on is at its full speed now, told by the time that fixed work takes.

The other hardware thread of a core may belong to another virtual machine. While that one works, code here takes half
as long again or twice as long, for tenths of a second or for seconds, and no counter of the kernel tells: the processor
was not taken away, it was shared. A clock that is held down looks the same. Fixed work that is known to take 5 µs shows
both in a moment. It knows nothing of the measured code, so choosing the moment of a round by it favours no result.

It tells of the one core that runs Python. Threads of the measured code on other cores are not seen, nor is a neighbour
that shares memory and caches alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable

SLOWED = 1.25
"""Fixed work that takes more than this many times its shortest time is slowed. Between moments at full speed it differs
by up to a tenth; a busy thread on the other half of the core makes it 1.4 to 1.9."""

_FIRST_RUNS = 2
"""Runs that bring the work back into the caches, from which the measured code has driven it."""
_RUNS = 3
"""Runs of which the fastest counts, so that an interrupt does not."""
_KNOWN_S = 1e-3
"""How long full speed that was seen is taken for granted: a look takes 25 µs, and rounds may be as short."""


def fixed_work_us() -> float:
    """Time of one run, in µs: arithmetic of small integers, which needs the core and hardly any memory."""
    begun_ns = time.perf_counter_ns()
    total = 0
    for number in range(100):
        total += number * number % 7
    return (time.perf_counter_ns() - begun_ns) / 1e3


class CoreSpeed:
    """What this process has seen of its core's speed so far."""

    def __init__(
        self, *, work_us: Callable[[], float] = fixed_work_us, time_s: Callable[[], float] = time.perf_counter
    ) -> None:
        self.shortest_us = float("inf")
        """The shortest time that the fixed work has taken, in µs."""
        self.looks = 0
        """How often somebody came to look, before a round."""
        self.times_slowed = 0
        """How often the core was slowed by then: in the round before, most likely, and where nothing was waited for in
        the next one, too."""
        self._work_us = work_us
        self._time_s = time_s
        self._seen_s = float("-inf")

    def wait(self, limit_s: float) -> float:
        """Look until the core is at full speed, for at most ``limit_s``: the seconds waited, 0.0 where one look is it.

        The core is kept busy meanwhile: it would lower its clock, and the measured code's data would leave its caches.
        """
        begun_s = self._time_s()
        if begun_s - self._seen_s < _KNOWN_S:
            return 0.0
        self.looks += 1
        if not self._is_slowed():
            self._seen_s = self._time_s()
            return 0.0
        self.times_slowed += 1
        while (waited_s := self._time_s() - begun_s) < limit_s:
            if not self._is_slowed():
                self._seen_s = self._time_s()
                return self._seen_s - begun_s
        return waited_s

    def _is_slowed(self) -> bool:
        for _ in range(_FIRST_RUNS):
            self._work_us()
        taken_us = min(self._work_us() for _ in range(_RUNS))
        self.shortest_us = min(self.shortest_us, taken_us)
        return taken_us > SLOWED * self.shortest_us
