"""What the measuring code needs of a device, shaped for asynchronous ones.

Work is enqueued between the two ends of an interval, intervals are read after a synchronisation, and nothing is read
inside a loop. On an accelerator an interval is a pair of events on a stream, and the host that enqueues has a time of
its own; on the CPU every step is immediate and there is one clock (:class:`.immediate.ImmediateDevice`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pytest_ascendperf.model.conditions import Conditions
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.kernel_times import KernelTime


class Interval(Protocol):
    """A stretch of device time. It starts when the device reaches the point where it was opened."""

    def stop(self) -> None:
        """Close the interval behind the work enqueued so far. Does not wait for the device."""

    def has_ended(self) -> bool:
        """Whether the device has passed the end already. Does not wait; call it after :meth:`stop`."""

    def elapsed_us(self) -> float:
        """Device time between both ends, in µs. Call it only after :meth:`Device.synchronize`."""


class Watch(Protocol):
    """What is kept in mind from the beginning of a sample until its end."""

    def conditions(self) -> Conditions | None:
        """What the machine said of itself since; None where it says nothing. Called once, after the rounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A profile that a device wrote."""

    path: Path
    """What :func:`~pytest_ascendperf.profiles.open_profile` reads."""
    source: str
    """Who recorded it, and the settings that took effect: ``torch_npu.profiler Level1 ACL_AICORE_NONE``."""
    notes: tuple[str, ...] = ()
    """What a reader should know about it, each a sentence."""
    kernel_times: tuple[KernelTime, ...] | None = None
    """Times of the same kernels by a tool that slows them less; None where there is none. They may not agree with the
    profile: :func:`~pytest_ascendperf.model.kernel_times.with_kernel_times` uses them where they do."""


class Device(Protocol):
    """A place where calls run and are timed."""

    @property
    def kind(self) -> str:
        """The name under which users choose it: ``npu``, ``cpu``."""

    @property
    def torch_name(self) -> str:
        """What ``tensor.to(...)`` takes: ``npu:0``, ``cpu``."""

    @property
    def lock_name(self) -> str:
        """Name of the lock that whoever measures on this device holds; one per physical device of the host."""

    @property
    def timer_resolution_us(self) -> float:
        """Smallest step of the clock that intervals are read from, in µs."""

    @property
    def min_round_us(self) -> float:
        """A shorter round is mostly the cost of opening and closing an interval."""

    @property
    def has_own_clock(self) -> bool:
        """Whether intervals are read from the device's clock, beside which the host's time is worth knowing."""

    def prepare(self) -> None:
        """Import what ``torch_name`` needs to mean something. Raises DeviceError where that cannot be done."""

    def start_interval(self) -> Interval:
        """Open an interval behind the work enqueued so far."""

    def wait_until_issued(self) -> None:
        """Wait until the host has handed all that was enqueued over to the device. Does not wait for the device."""

    def synchronize(self) -> None:
        """Wait until the device has done all that was enqueued."""

    def host_time_s(self) -> float:
        """Monotonic host clock in seconds: for time budgets, and for host time where the device has its own clock."""

    def controlled(self, threads: int | None) -> AbstractContextManager[None]:
        """Hold the device's knobs for one measurement, such as ``threads`` compute threads; restored on exit."""

    def environment(self) -> Environment:
        """The fingerprint as of now; called inside :meth:`controlled`."""

    def refusals(self) -> tuple[str, ...]:
        """Why no time that this process measures here can be judged, a sentence each; empty where it can."""

    def wait_for_full_speed(self, limit_s: float) -> float:
        """Wait until nothing else slows what runs here, for at most ``limit_s``: the seconds waited.

        Called just before a round. 0.0 where there was nothing to wait for, or where the device cannot tell.
        """

    def full_speed_us(self) -> float | None:
        """What this process knows of full speed, a time in µs for :func:`~.registry.open_device` in another process.

        None where it knows nothing, or where the device cannot tell.
        """

    def core_work_us(self, *, of_rounds: bool) -> float | None:
        """Time of fixed work on the core that runs the calls, in µs: how fast the core is now.

        With ``of_rounds``, how fast it was where rounds began since this was last asked, if that is slower. May wait
        half a second until nothing of a call slows it any more. None for a device that is not the host's processor, and
        where it cannot tell.
        """

    def memory_work_us(self) -> tuple[float, ...]:
        """Times of a fixed copy on the host, in µs: how fast the memory that it shares with others is now.

        Drives measured code's data out of the caches. Empty for a device that is not the host's processor.
        """

    def watch(self) -> Watch:
        """Begin to watch the machine, just before the rounds of a sample.

        Both ends may take time and use the device: on the CPU a tenth of a millisecond each, on an accelerator whose
        tool is a program up to a second. Nothing may be timed meanwhile; between the ends a watch does nothing.
        """

    def raise_clock(self) -> None:
        """Keep the device busy for the moments that it takes to leave its idle clock."""

    def lead_in(self) -> None:
        """Enqueue a little work, so that the interval that comes next opens on a device that is busy.

        On an idle one the first launch's way to the device would be part of it.
        """

    def flush_caches(self) -> None:
        """Enqueue work that drives what measured code left in the device's caches out of them."""

    def reference_us(self) -> float | None:
        """Device time of work that is the same in every process, in µs; None for a device that has none."""

    def vector_reference_us(self) -> float | None:
        """The same of work of another kind, done by other units of the device and by another kernel."""

    def record_profile(self, folder: Path, run: Callable[[], None], *, full: bool = False) -> Recording | None:
        """Record which kernels ``run`` runs, into ``folder``, which is empty; None for a device without a profiler.

        ``full`` asks for everything the profiler can write, which takes longer. ``run`` may be called again for
        ``kernel_times``. Waits for the device. Nothing may be timed meanwhile: a profiler slows the host down.
        Exceptions of ``run`` go through. Raises ProfileError, saying why, where the profiler left nothing that can be
        read.
        """

    def count_synchronizations(self, run: Callable[[], None]) -> int | None:
        """How often ``run`` makes the host wait for the device; None where the device does not tell."""

    def release_memory(self) -> None:
        """Give back device memory that is kept for later, so that another process can use it."""

    def check_alive(self) -> None:
        """Raise DeviceError, saying what to do, when the device no longer does what it is given."""
