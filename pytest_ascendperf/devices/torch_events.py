"""What torch's accelerators have in common: intervals between two events on a stream, read after the loop.

An event is a point in the work of a stream. Recording one costs the host about as much as issuing a kernel, so a round
should hold many of them, and reading one waits for the device, so nothing is read before all rounds were issued.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

from pytest_ascendperf.devices.base import Recording, Watch
from pytest_ascendperf.devices.cpu import held_threads, is_traced
from pytest_ascendperf.devices.host_watch import HostWatch
from pytest_ascendperf.devices.processor import read_processor
from pytest_ascendperf.devices.reference_work import ReferenceWork, matrix_product, vector_work
from pytest_ascendperf.errors import DeviceError
from pytest_ascendperf.model.environment import Environment

if TYPE_CHECKING:
    from torch import Tensor

_FLOAT32_DIGITS = 7
"""Events tell their distance as a 32-bit float of milliseconds; more digits than these are noise of its conversion."""

_UNKNOWN_CACHE_BYTES = 256 * 2**20
"""What is written to flush a last-level cache whose size torch does not tell: more than any holds today."""


class EventInterval:
    """A pair of events on the current stream."""

    __slots__ = ("_start", "_stop")

    def __init__(self, accelerator: ModuleType) -> None:
        self._stop = accelerator.Event(enable_timing=True)
        self._start = accelerator.Event(enable_timing=True)
        self._start.record()

    def stop(self) -> None:
        """Record the second event."""
        self._stop.record()

    def has_ended(self) -> bool:
        """Whether the device has reached the second event."""
        return bool(self._stop.query())

    def elapsed_us(self) -> float:
        """Device time between the events, in µs. Waits for the device where it has not got that far."""
        return float(f"{self._start.elapsed_time(self._stop) * 1e3:.{_FLOAT32_DIGITS}g}")


class EventDevice(ABC):
    """One accelerator of this host, by torch's number. torch is imported by :meth:`prepare`."""

    kind: ClassVar[str]
    timer_resolution_us: ClassVar[float]
    min_round_us: ClassVar[float] = 1_000.0
    has_own_clock: ClassVar[bool] = True

    def __init__(self, index: int = 0) -> None:
        self.index = index
        """Its number among those that this process may use."""

    @property
    def torch_name(self) -> str:
        """The device with its number, as in ``npu:0``."""
        return f"{self.kind}:{self.index}"

    @property
    @abstractmethod
    def lock_name(self) -> str:
        """The physical device, whatever its number in this process."""

    @abstractmethod
    def environment(self) -> Environment:
        """The fingerprint as of now."""

    @abstractmethod
    def refusals(self) -> tuple[str, ...]:
        """Why no time that this process measures here can be judged."""

    @abstractmethod
    def wait_until_issued(self) -> None:
        """Wait until the host has handed over all that was enqueued."""

    @abstractmethod
    def record_profile(self, folder: Path, run: Callable[[], None], *, full: bool = False) -> Recording | None:
        """Record which kernels ``run`` runs."""

    @abstractmethod
    def count_synchronizations(self, run: Callable[[], None]) -> int | None:
        """How often ``run`` makes the host wait for the device."""

    @abstractmethod
    def import_torch(self) -> ModuleType:
        """torch, with what this accelerator needs. Raises DeviceError where that cannot be imported."""

    @cached_property
    def torch(self) -> ModuleType:
        """torch, with this device made the current one. Raises DeviceError where it cannot be imported."""
        torch = self.import_torch()
        self.accelerator_of(torch).set_device(self.index)
        return torch

    @property
    def accelerator(self) -> ModuleType:
        """``torch.npu``, ``torch.cuda``."""
        return self.accelerator_of(self.torch)

    def accelerator_of(self, torch: ModuleType) -> ModuleType:
        """The part of ``torch`` that is about this kind of device."""
        module: ModuleType = getattr(torch, self.kind)
        return module

    def prepare(self) -> None:
        """Import torch and make this device the current one. Raises DeviceError where that cannot be done."""
        _ = self.torch

    def start_interval(self) -> EventInterval:
        """Record an event on the current stream."""
        return EventInterval(self.accelerator)

    def synchronize(self) -> None:
        """Wait until the device has done all that was enqueued."""
        self.accelerator.synchronize()

    def host_time_s(self) -> float:
        """Monotonic host clock in seconds."""
        return time.perf_counter()

    def controlled(self, threads: int | None) -> AbstractContextManager[None]:
        """Hold torch's intra-op thread count of the host at ``threads`` (None: as it is)."""
        return held_threads(self.torch, threads)

    def wait_for_full_speed(self, limit_s: float) -> float:
        """0.0: asking the device would take longer than a round, and its watch tells afterwards."""
        return 0.0

    def full_speed_us(self) -> float | None:
        """None: it is not known."""
        return None

    def core_work_us(self, *, of_rounds: bool) -> float | None:
        """None: how fast the device is its reference work tells."""
        return None

    def memory_work_us(self) -> tuple[float, ...]:
        """Empty: the device has memory of its own."""
        return ()

    def watch(self) -> Watch:
        """Watch the host's processors: on them depends how long the host takes."""
        return HostWatch()

    def raise_clock(self) -> None:
        """Run the reference work for some milliseconds: an idle chip runs at a lower clock."""
        self._reference.keep_busy()

    def lead_in(self) -> None:
        """Enqueue some of the reference work."""
        self._reference.lead_in()

    def reference_us(self) -> float | None:
        """Time of one reference product of matrices, in µs; None where the host is too slow to time it."""
        return self._reference.time_us()

    def vector_reference_us(self) -> float | None:
        """Time of the reference work of vectors, in µs; None where the host is too slow to time it."""
        return self._vector_reference.time_us()

    def flush_caches(self) -> None:
        """Enqueue a write over as much memory as the last-level cache holds."""
        self._flushed.zero_()

    def release_memory(self) -> None:
        """Give back the memory that torch's allocator keeps for later, so that another process can use it."""
        self.accelerator.empty_cache()

    def check_alive(self) -> None:
        """Raise DeviceError when the device no longer computes.

        A value is computed and looked at: after some faults an accelerator's queue drops its work without an error.
        """
        torch = self.torch
        try:
            total = torch.full((4,), 3.0, device=self.torch_name).sum().item()
        except _out_of_memory_error(torch):  # it answers
            return
        except RuntimeError as error:
            raise DeviceError(self._lost(self.cause_of(error))) from error
        if total != 12.0:
            raise DeviceError(self._lost(f"4 × 3 gives {total:g}"))

    def cause_of(self, error: BaseException) -> str:
        """What an error of this device says went wrong, on one line."""
        return first_line(error)

    def _lost(self, cause: str) -> str:
        return (
            f"{self.torch_name} was lost earlier in this process ({cause}): nothing more is measured on it. "
            "Results so far are kept. Start pytest again for the tests that remain"
        )

    def host_keys(self) -> dict[str, str]:
        """What the host contributes. It does not change the time of a kernel, so all of it is soft."""
        return {
            "host": read_processor().name,
            "kernel": platform.release(),
            "pytest_ascendperf": importlib.metadata.version("pytest-ascendperf"),
            "python": platform.python_version(),
            "python_optimisation": str(sys.flags.optimize),
            "threads": str(self.torch.get_num_threads()),
            "tracing": "on" if is_traced() else "off",
        }

    @cached_property
    def _reference(self) -> ReferenceWork:
        return matrix_product(self, self.torch)

    @cached_property
    def _vector_reference(self) -> ReferenceWork:
        return vector_work(self, self.torch)

    @cached_property
    def _flushed(self) -> Tensor:
        torch = self.torch
        cache_bytes = getattr(self.accelerator.get_device_properties(self.index), "L2_cache_size", None)
        return torch.empty(cache_bytes or _UNKNOWN_CACHE_BYTES, dtype=torch.uint8, device=self.torch_name)


def visible_number(variable: str, index: int) -> str:
    """The host's name for the device that is number ``index`` here: ``variable`` lists the visible ones."""
    listed = [entry.strip() for entry in os.environ.get(variable, "").split(",") if entry.strip()]
    return listed[index] if index < len(listed) else str(index)


def _out_of_memory_error(torch: ModuleType) -> type[BaseException]:
    """Torch's own exception; torch 2.1 to 2.4 have it under ``torch.cuda`` only."""
    found: type[BaseException] = getattr(torch, "OutOfMemoryError", None) or torch.cuda.OutOfMemoryError
    return found


def first_line(error: BaseException) -> str:
    """The first line of an error's text that is not empty; the name of its type where there is none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
