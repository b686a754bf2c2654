"""How much slower or faster the host itself was for one side of a comparison, and how limits move with it.

All code feels a slower core; slower memory is felt by some code alone. What either accounts for is no evidence against
the code where it became slower, and none for it where it became faster.
"""

from __future__ import annotations

from dataclasses import dataclass

PASS_SHARE = 0.5
"""Of what the host became faster by, this much is no evidence for a pass. Work feels a third of it to all of it. With
half of it one session of code that is slower by just the tolerance passes in 5 % on a shared host, without in 11 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostChange:
    """Relative changes of times from the base's sessions to the judged ones: 0.05 for 5 % slower, -0.05 for faster.

    Copies in memory feel the core, too, so the two are not added: the larger counts.
    """

    core: float = 0.0
    """How much longer fixed work took on the core."""
    memory: float = 0.0
    """How much longer the case takes, at most, by what a fixed copy in memory took longer."""

    @property
    def slower(self) -> float:
        """What the host accounts for of a slowdown; 0 where it was as fast or faster."""
        return max(0.0, self.core, self.memory)

    @property
    def faster(self) -> float:
        """What the host accounts for of an improvement, below 0; 0 where it was as fast or slower."""
        return min(0.0, self.core, self.memory)

    @property
    def is_slower_in_memory(self) -> bool:
        """Whether it is memory that accounts for the larger part of a slowdown."""
        return self.memory > max(0.0, self.core)

    @property
    def is_faster_in_memory(self) -> bool:
        """Whether it is memory that accounts for the larger part of an improvement."""
        return self.memory < min(0.0, self.core)

    def limit(self, tolerance: float) -> float:
        """The relative change above which code is slower than ``tolerance`` allows: raised by a slower host."""
        return _both(tolerance, self.slower)

    def pass_limit(self, tolerance: float) -> float:
        """The relative change up to which code passes: lowered by a part of what the host was faster."""
        return _both(tolerance, PASS_SHARE * self.faster)

    def improvement_limit(self, tolerance: float) -> float:
        """The relative change below which code is faster by more than ``tolerance``: lowered by a faster host."""
        return _both(-tolerance, self.faster)


SAME_HOST = HostChange()
"""It was as fast, or nothing tells."""


def _both(change: float, host_change: float) -> float:
    """The relative change of code that changed by ``change`` on a host that changed by ``host_change``."""
    return change + host_change + change * host_change
