"""A device with a clock that only a script moves: for tests and for documentation whose figures must not vary.

    device = ScriptedDevice()
    device.spend(12.5)       # the running call takes 12.5 µs of device time
    device.spend(12.5, kernel="MatMulV3", inputs="32,64;64,128;128")   # and a profile of it has this kernel

Time is counted in whole picoseconds, so that sums of durations are exact and a duration written with up to six decimals
of a microsecond reads back to the last digit.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from pytest_ascendperf.devices.base import Recording
from pytest_ascendperf.devices.immediate import ImmediateDevice
from pytest_ascendperf.errors import MeasurementError
from pytest_ascendperf.model.conditions import Conditions
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.kernels import EAGER_MODEL

_PS_PER_US = 1_000_000
_PS_PER_S = 1_000_000_000_000

_KERNEL_COLUMNS = (
    "Model ID",
    "Name",
    "Type",
    "Accelerator Core",
    "Start Time(us)",
    "Duration(us)",
    "Wait Time(us)",
    "Block Dim",
    "Input Shapes",
)
"""Columns of the table of kernels that a recording writes: those of torch_npu that readers look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedKernel:
    """One kernel that a script ran."""

    type: str
    core: str
    inputs: str
    graph: bool
    start_ps: int
    duration_ps: int


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


class ScriptedWatch:
    """A watch that sees what its script says."""

    def __init__(self, seen: Conditions | None) -> None:
        self._seen = seen

    def conditions(self) -> Conditions | None:
        """What the script says."""
        return self._seen


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
        self.waits = 0
        """How often the host waited for the device."""
        self.conditions: Sequence[Conditions | None] = ()
        """What the machine says of successive samples; after the last one it goes on saying that. Empty: nothing."""
        self.core_us: float | None = None
        """What fixed work on the core takes, in µs, when it is asked for; None: unknown."""
        self.memory_us: tuple[float, ...] = ()
        """What copies in memory take, in µs, when they are asked for; empty: unknown."""
        self._watches = 0
        self._kernels: list[ScriptedKernel] = []
        self._chip = chip
        self._stack_id = stack_id
        self._hard = dict(hard or {})
        self._soft = dict(soft or {})

    def spend(
        self,
        duration_us: float,
        *,
        kernel: str | None = None,
        core: str = "AI_CORE",
        inputs: str = "N/A",
        graph: bool = False,
    ) -> None:
        """Move the clock by ``duration_us`` µs, rounded to the picosecond; 0 lets it stand, less than 0 sets it back.

        With the name of a ``kernel``, that type of kernel ran on ``core`` for this time, and a profile has it; in
        ``inputs`` sizes are joined by commas and inputs by semicolons, and ``graph`` makes it a part of a compiled
        graph. Raises MeasurementError when the duration is not finite.
        """
        if not math.isfinite(duration_us):
            raise MeasurementError(f"spend() takes a finite number of µs, got {duration_us}")
        duration_ps = round(duration_us * _PS_PER_US)
        if kernel is not None:
            self._kernels.append(
                ScriptedKernel(
                    type=kernel, core=core, inputs=inputs, graph=graph, start_ps=self.now_ps, duration_ps=duration_ps
                )
            )
        self.now_ps += duration_ps

    def wait(self) -> None:
        """Let the host wait for the device, which takes no time."""
        self.waits += 1

    def start_interval(self) -> ScriptedInterval:
        """Open an interval at the clock's present reading."""
        return ScriptedInterval(self)

    def host_time_s(self) -> float:
        """The scripted clock, in seconds."""
        return self.now_ps / _PS_PER_S

    def controlled(self, threads: int | None) -> AbstractContextManager[None]:
        """Nothing to hold: scripted time does not depend on ``threads``."""
        return nullcontext()

    def core_work_us(self, *, of_rounds: bool) -> float | None:
        """What the script says."""
        return self.core_us

    def memory_work_us(self) -> tuple[float, ...]:
        """What the script says."""
        return self.memory_us

    def watch(self) -> ScriptedWatch:
        """Watch the machine of the script."""
        self._watches += 1
        return ScriptedWatch(self.conditions[min(self._watches, len(self.conditions)) - 1] if self.conditions else None)

    def flush_caches(self) -> None:
        """Nothing to flush: scripted time does not depend on caches."""

    def record_profile(self, folder: Path, run: Callable[[], None], *, full: bool = False) -> Recording | None:
        """Record the kernels that ``run`` names; None where it names none. ``full`` changes nothing."""
        self._kernels.clear()
        run()
        kernels = tuple(self._kernels)
        if not kernels:
            return None
        path = folder / "kernel_details.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(_KERNEL_COLUMNS)
            table.writerows(map(_kernel_row, kernels))
        return Recording(path=path, source="scripted")

    def count_synchronizations(self, run: Callable[[], None]) -> int | None:
        """How often ``run`` calls :meth:`wait`."""
        before = self.waits
        run()
        return self.waits - before

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


def _kernel_row(kernel: ScriptedKernel) -> tuple[str, ...]:
    start_us, duration_us = kernel.start_ps / _PS_PER_US, kernel.duration_ps / _PS_PER_US
    return (
        "1" if kernel.graph else str(EAGER_MODEL),
        f"{kernel.type}_{kernel.type}",
        kernel.type,
        kernel.core,
        f"{start_us:.3f}",
        f"{duration_us:.3f}",
        "0",
        "1",
        kernel.inputs,
    )


def describe_scripted() -> tuple[str, str]:
    """The chip and the stack as texts."""
    return "scripted", "scripted clock 1"
