"""Whether the core that this process runs on is at its full speed now, told by the time that fixed work takes.

The other hardware thread of a core may belong to another virtual machine. While that one works, code here takes half
as long again or twice as long, for tenths of a second or for seconds, and no counter of the kernel tells: the processor
was not taken away, it was shared. Fixed work that is known to take 3 µs shows it in a moment, so rounds can wait.

What full speed is, a process learns from the shortest time that it has seen, and from the process that started it: one
that begins on a slowed core cannot know it by itself.

What is found just before a round depends on the measured code as well: after work that waits for memory some processors
lower the clock, and the code's own threads may still be busy. Such slowness is gone a few milliseconds after the call,
a neighbour stays for longer. So what the first looks at a call find, and what is gone that soon, is taken for the
call's own doing, which no waiting mends.

What is left, half a second after the call or where rounds had no time left to wait, tells how fast the core was, as
reference work tells of an accelerator, and sessions that differ in it are not compared. Threads that the code leaves
running for good look like a neighbour.

It tells of the one core that runs Python. Threads of the measured code on other cores are not seen, nor is a neighbour
that shares memory and caches alone.
"""

from __future__ import annotations

import binascii
import math
import time
from collections.abc import Callable

from pytest_ascendperf.statistics.order import median

SLOWED = 1.25
"""Fixed work that takes more than this many times its usual time is slowed. At full speed it differs by less than
1 %, more where clocks move; a busy thread on the other half of the core makes it 1.4 to 1.7."""
QUIET_S = 2e-3
"""A core that was slowed must have been at full speed for this long. Neighbours pause for tenths of a millisecond."""
OWN_LOOKS = 10
"""Looks at a call, the median of which is what its rounds leave behind."""
OWN_S = 10e-3
"""What a call leaves behind is gone sooner than this; what lasts longer is a neighbour's doing."""
VAIN_CALLS = 3
"""After so many calls in a row that waited as long as they could and never saw full speed, the core has none such."""

SETTLED_S = 0.5
"""What a call leaves behind seldom slows the core for longer: idle threads of some pools spin for a fifth of a second
until they sleep."""

_LOOKS_BEFORE = 40
"""Looks before a call's first round: a millisecond in which nothing of the call runs."""
_FIRST_RUNS = 2
"""Runs that bring the work back into the caches, from which the measured code has driven it."""
_RUNS = 3
"""Runs of which the fastest counts, so that an interrupt does not."""
_KNOWN_S = 1e-3
"""How long full speed that was seen is taken for granted: a look takes 25 µs, and rounds may be as short."""
_WORK = bytes(3072)
"""What the fixed work encodes, in about 3 µs."""


def fixed_work_us() -> float:
    """Time of one run, in µs: a base64 encoding, which needs the core and hardly any memory.

    Compiled code: a loop in Python takes 3 % longer in one process than in the next, by where its objects happen to
    lie. This differs by 0.2 %, and a busy thread on the other half of the core slows it by half, as it does interpreted
    code. It hardly slows code that waits for its own last result, as checksums do.
    """
    begun_ns = time.perf_counter_ns()
    binascii.b2a_base64(_WORK)
    return (time.perf_counter_ns() - begun_ns) / 1e3


class CoreSpeed:
    """What this process knows of its core's speed."""

    def __init__(
        self,
        *,
        known_us: float | None = None,
        work_us: Callable[[], float] = fixed_work_us,
        time_s: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``known_us``: another process on this machine has seen the fixed work take no longer than that."""
        self._work_us = work_us
        self._time_s = time_s
        self._shortest_us = math.inf if known_us is None else known_us
        self._found_us: list[float] = []
        """By the first looks at this call."""
        self._seen_s = -math.inf
        """When the core was last seen at full speed."""
        self._begun_s = -math.inf
        """When this call was begun."""
        self._waited_in_vain = False
        """Whether this call has waited as long as it may."""
        self._vain_calls = 0
        """Calls in a row, the last of which is the one before this, that never saw full speed."""
        self._rounds = 0
        """How many began since :meth:`told_us`."""
        self._slowed_us: list[float] = []
        """What the fixed work took where one of them began on a slowed core, having no time left to wait."""

    @property
    def shortest_us(self) -> float | None:
        """The time of the fixed work at full speed, in µs, as far as this process knows; None before the first look."""
        return self._shortest_us if self._shortest_us < math.inf else None

    def begin(self) -> None:
        """Another call is measured from here on: learn what the core can do, and forget what the last call left.

        Where several calls waited in vain the core cannot do any more what it once did: it is learnt anew, or every
        call from here on would wait.
        """
        is_vain = self._waited_in_vain and self._seen_s < self._begun_s
        self._vain_calls = self._vain_calls + 1 if is_vain else 0
        if self._vain_calls == VAIN_CALLS:
            self._shortest_us, self._vain_calls = math.inf, 0
        self._begun_s = self._time_s()
        self._waited_in_vain = False
        self._found_us = []
        for _ in range(_LOOKS_BEFORE):
            self._look_us()

    def wait(self, limit_s: float) -> float:
        """Look, and where the core is slowed wait until it is not, for at most ``limit_s``: the seconds waited.

        The core is kept busy meanwhile: it would lower its clock, and the measured code's data would leave its caches.
        """
        begun_s = self._time_s()
        self._rounds += 1
        if begun_s - self._seen_s < _KNOWN_S:
            return 0.0
        found_us = self._look_us()
        if not self._is_slowed(found_us):
            self._keep(found_us)
            self._seen_s = self._time_s()
            return 0.0
        recovered_s = self._recovered_s(begun_s + limit_s)
        now_s = self._time_s()
        if recovered_s is None:
            self._slowed_us.append(found_us)
            self._waited_in_vain = True
        else:
            self._seen_s = now_s
            if recovered_s - begun_s < OWN_S:
                self._keep(found_us)
        return now_s - begun_s

    def told_us(self, *, of_rounds: bool) -> float:
        """How fast the core is: the time of the fixed work, in µs, that no call is the cause of.

        What it usually takes in a millisecond when nothing of a call slows it any more, which is at once where the core
        is at full speed, and at the latest after ``SETTLED_S``. With ``of_rounds``, where most of the rounds since this
        was last asked began on a slowed core, what it took there, if that is longer.
        """
        if self._look_us() > SLOWED * self._shortest_us:
            self._recovered_s(self._time_s() + SETTLED_S)
        now_us = median([self._look_us() for _ in range(_LOOKS_BEFORE)])
        rounds, slowed_us = self._rounds, self._slowed_us
        self._rounds, self._slowed_us = 0, []
        return max(now_us, median(slowed_us)) if of_rounds and 2 * len(slowed_us) > rounds else now_us

    def _recovered_s(self, deadline_s: float) -> float | None:
        """Wait until the core has been at full speed for a while, and since when it is; None past the deadline."""
        quiet_since_s = None
        while (now_s := self._time_s()) < deadline_s:
            if self._look_us() > SLOWED * self._shortest_us:
                quiet_since_s = None
            elif quiet_since_s is None:
                quiet_since_s = now_s
            elif now_s - quiet_since_s >= QUIET_S:
                return quiet_since_s
        return None

    def _look_us(self) -> float:
        for _ in range(_FIRST_RUNS):
            self._work_us()
        taken_us = min(self._work_us() for _ in range(_RUNS))
        self._shortest_us = min(self._shortest_us, taken_us)
        return taken_us

    def _is_slowed(self, taken_us: float) -> bool:
        own_us = median(self._found_us) if len(self._found_us) == OWN_LOOKS else 0.0
        return taken_us > SLOWED * max(self._shortest_us, own_us)

    def _keep(self, found_us: float) -> None:
        if len(self._found_us) < OWN_LOOKS:
            self._found_us.append(found_us)
