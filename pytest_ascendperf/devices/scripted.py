"""A device with a clock that only a script moves: for tests and for documentation whose figures must not vary.

    device = ScriptedDevice()
    device.spend(12.5)       # the running call takes 12.5 µs of device time

Time is counted in whole picoseconds, so that sums of durations are exact and a duration written with up to six decimals
of a microsecond reads back to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from pytest_ascendperf.devices.immediate import ImmediateDevice
from pytest_ascendperf.errors import MeasurementError
from pytest_ascendperf.model.environment import Environment

_PS_PER_US = 1_000_000
_PS_PER_S = 1_000_000_000_000


class ScriptedInterval:
    """A stretch of a scripted clock."""

    def __init__(self, device: ScriptedDevice) -> None:
        self._device = device
        self._start_ps = device.now_ps
        self._stop_ps = self._start_ps

    def stop(self) -> None:
        """Close the interval at the clock's present reading."""
        self._stop_ps = self._device.now_ps

    def has_ended(self) -> bool:
        """Always: scripted work is done when it is spent."""
        return True

    def elapsed_us(self) -> float:
        """Scripted time between both ends, in µs."""
        return (self._stop_ps - self._start_ps) / _PS_PER_US


class ScriptedDevice(ImmediateDevice):
    """A deterministic device. Only :meth:`spend` moves its clock, which is its host clock as well.

    ``hard`` and ``soft`` are keys of its environment; two devices with different hard keys are not comparable.
    """

    kind = "scripted"
    torch_name = "cpu"
    lock_name = "scripted"
    timer_resolution_us = 1 / _PS_PER_US

    def __init__(
        self,
        *,
        chip: str = "scripted",
        stack_id: str = "scripted-1",
        hard: Mapping[str, str] | None = None,
        soft: Mapping[str, str] | None = None,
    ) -> None:
        self.now_ps = 0
        """Reading of the clock, in picoseconds since the device was made."""
        self._chip = chip
        self._stack_id = stack_id
        self._hard = dict(hard or {})
        self._soft = dict(soft or {})

    def spend(self, duration_us: float) -> None:
        """Move the clock by ``duration_us`` µs, rounded to the picosecond; 0 lets it stand, less than 0 sets it back.

        Raises MeasurementError when the duration is not finite.
        """
        if not math.isfinite(duration_us):
            raise MeasurementError(f"spend() takes a finite number of µs, got {duration_us}")
        self.now_ps += round(duration_us * _PS_PER_US)

    def start_interval(self) -> ScriptedInterval:
        """Open an interval at the clock's present reading."""
        return ScriptedInterval(self)

    def host_time_s(self) -> float:
        """The scripted clock, in seconds."""
        return self.now_ps / _PS_PER_S

    def controlled(self, threads: int | None) -> AbstractContextManager[None]:
        """Nothing to hold: scripted time does not depend on ``threads``."""
        return nullcontext()

    def flush_caches(self) -> None:
        """Nothing to flush: scripted time does not depend on caches."""

    def environment(self) -> Environment:
        """The environment given to the constructor."""
        return Environment(
            device=self.kind,
            chip=self._chip,
            chip_id=self._chip,
            stack_id=self._stack_id,
            hard=tuple(sorted(self._hard.items())),
            soft=tuple(sorted(self._soft.items())),
        )


def describe_scripted() -> tuple[str, str]:
    """The chip and the stack as texts."""
    return "scripted", "scripted clock 1"
