"""What devices have in common whose calls return when their work is done: no queue to wait for, no second clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar


class ImmediateDevice:
    """The steps of :class:`~.base.Device` that have nothing to do where every call is done when it returns."""

    min_round_us: ClassVar[float] = 20.0
    has_own_clock: ClassVar[bool] = False

    def prepare(self) -> None:
        """Nothing to prepare: torch knows the CPU whenever it is imported."""

    def wait_until_issued(self) -> None:
        """Nothing to wait for."""

    def synchronize(self) -> None:
        """Nothing to wait for."""

    def refusals(self) -> tuple[str, ...]:
        """None: what spoils times here differs by degree and is kept in the environment."""
        return ()

    def wait_for_full_speed(self, limit_s: float) -> float:
        """0.0: what slows it, if anything, is not known."""
        return 0.0

    def full_speed_us(self) -> float | None:
        """None: it is not known."""
        return None

    def core_work_us(self, *, of_rounds: bool) -> float | None:
        """None: it is not known."""
        return None

    def memory_work_us(self) -> tuple[float, ...]:
        """Empty: it is not known."""
        return ()

    def raise_clock(self) -> None:
        """The warm-up calls raise it: they run on this very clock."""

    def lead_in(self) -> None:
        """There is no way to the device to hide."""

    def reference_us(self) -> float | None:
        """None: on a shared host even fixed work takes a different time from moment to moment."""
        return None

    def count_synchronizations(self, run: Callable[[], None]) -> int | None:
        """None: every call waits."""
        return None

    def vector_reference_us(self) -> float | None:
        """None, as there is no other reference work either."""
        return None

    def release_memory(self) -> None:
        """Nothing is kept."""

    def check_alive(self) -> None:
        """This process runs, so the device does."""
