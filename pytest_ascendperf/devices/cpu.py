"""The CPU as a device: the default that is always there.

Every step of the protocol is immediate: an interval is two readings of ``time.perf_counter_ns``, and there is nothing
to wait for. What makes two CPU measurements comparable is the larger part: thread counts, vector width, precision
switches and tracing change a time far more than most code changes do, so they are hard keys.

torch is imported when the first measurement begins, also for a test that never uses it. The thread counts and switches
are known to torch alone, and a key that depended on which tests ran before would differ from process to process.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import itertools
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from types import ModuleType

from pytest_ascendperf.devices import torch_install
from pytest_ascendperf.devices.base import Recording
from pytest_ascendperf.devices.core_speed import CoreSpeed
from pytest_ascendperf.devices.host_watch import HostWatch
from pytest_ascendperf.devices.immediate import ImmediateDevice
from pytest_ascendperf.devices.memory_speed import MemorySpeed
from pytest_ascendperf.devices.processor import Processor, read_processor
from pytest_ascendperf.devices.torch_profiler import record_with_torch
from pytest_ascendperf.errors import DeviceError
from pytest_ascendperf.model.environment import Environment

_NS_PER_US = 1_000

_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")

_VARIABLE_PREFIXES = ("OMP_", "GOMP_", "KMP_", "MKL_", "ONEDNN_", "DNNL_", "OPENBLAS_", "MALLOC_")
"""Environment variables of the thread pools, kernels and allocators below torch."""

_RESOLUTION_READINGS = 1_000

_FLUSH_BYTES = 256 * 2**20
"""More than the caches of a processor hold."""


class CpuInterval:
    """A stretch of ``time.perf_counter_ns``."""

    __slots__ = ("_start_ns", "_stop_ns")

    def __init__(self) -> None:
        self._stop_ns = 0
        # Last, so that nothing but the measured work lies between the two readings.
        self._start_ns = time.perf_counter_ns()

    def stop(self) -> None:
        """Close the interval now."""
        self._stop_ns = time.perf_counter_ns()

    def has_ended(self) -> bool:
        """Always: calls on the CPU return when they are done."""
        return True

    def elapsed_us(self) -> float:
        """Time between both ends, in µs."""
        return (self._stop_ns - self._start_ns) / _NS_PER_US


class CpuDevice(ImmediateDevice):
    """The host's processor, measured on the host's clock."""

    kind = "cpu"
    torch_name = "cpu"
    lock_name = "cpu"

    def __init__(self, *, full_speed_us: float | None = None) -> None:
        """``full_speed_us`` is what another process knows: rounds wait for it even where this one has not seen it."""
        self._speed = CoreSpeed(known_us=full_speed_us)
        self._memory = MemorySpeed()

    @cached_property
    def timer_resolution_us(self) -> float:
        """Smallest step seen between successive readings of the clock, in µs; it includes the cost of reading it."""
        readings = [time.perf_counter_ns() for _ in range(_RESOLUTION_READINGS)]
        steps = [later - earlier for earlier, later in itertools.pairwise(readings) if later > earlier]
        if not steps:  # the clock is coarser than all the readings together
            return time.get_clock_info("perf_counter").resolution * 1e6
        return min(steps) / _NS_PER_US

    def start_interval(self) -> CpuInterval:
        """Open an interval now."""
        return CpuInterval()

    def host_time_s(self) -> float:
        """Monotonic host clock in seconds."""
        return time.perf_counter()

    def controlled(self, threads: int | None) -> AbstractContextManager[None]:
        """Hold torch's intra-op thread count at ``threads`` (None: as it is) and restore it on exit.

        Raises DeviceError when torch is not installed or ``threads`` is not positive.
        """
        torch = torch_install.import_torch(self.kind)
        self._speed.begin()
        return held_threads(torch, threads)

    def wait_for_full_speed(self, limit_s: float) -> float:
        """Wait until fixed work takes no longer than it has to; see :mod:`.core_speed`."""
        return self._speed.wait(limit_s)

    def full_speed_us(self) -> float | None:
        """The shortest time of that fixed work."""
        return self._speed.shortest_us

    def core_work_us(self, *, of_rounds: bool) -> float:
        """The usual time of that fixed work, now and where rounds began."""
        return self._speed.told_us(of_rounds=of_rounds)

    def memory_work_us(self) -> tuple[float, ...]:
        """Times of a few copies of 16 MiB; see :mod:`.memory_speed`."""
        return self._memory.look_us()

    def watch(self) -> HostWatch:
        """Watch the host's processors."""
        return HostWatch()

    def flush_caches(self) -> None:
        """Write through more memory than the caches hold. Raises DeviceError when torch is not installed."""
        torch = torch_install.import_torch(self.kind)
        torch.zeros(_FLUSH_BYTES, dtype=torch.uint8)

    def record_profile(self, folder: Path, run: Callable[[], None], *, full: bool = False) -> Recording:
        """Record which of torch's operators ``run`` calls; ``full`` changes nothing."""
        return record_with_torch(torch_install.import_torch(self.kind), folder, run, activity="CPU")

    def environment(self) -> Environment:
        """The fingerprint as of now. Raises DeviceError when torch is not installed."""
        torch = torch_install.import_torch(self.kind)
        return Environment(
            device=self.kind,
            chip=self._processor.name,
            chip_id=self._processor.chip_id,
            stack_id=torch_install.stack_id(str(torch.__version__)),
            hard=tuple(sorted(_hard_keys(torch, self._processor).items())),
            soft=tuple(sorted(_soft_keys().items())),
        )

    @cached_property
    def _processor(self) -> Processor:
        return read_processor()


def describe_cpu() -> tuple[str, str]:
    """The chip and the stack as texts, without importing torch."""
    version = torch_install.installed_version()
    return read_processor().name, "torch is not installed" if version is None else f"torch {version}"


@contextlib.contextmanager
def held_threads(torch: ModuleType, threads: int | None) -> Iterator[None]:
    """Hold torch's intra-op thread count at ``threads`` (None: as it is) and restore it on exit.

    Raises DeviceError when ``threads`` is not positive.
    """
    before: int = torch.get_num_threads()
    try:
        if threads is not None:
            if threads < 1:
                raise DeviceError(f"expected at least 1 compute thread, got threads={threads}")
            torch.set_num_threads(threads)
        yield
    finally:
        # The measured code may have changed it, too.
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)


def _hard_keys(torch: ModuleType, processor: Processor) -> dict[str, str]:
    """What changes the meaning of a time. The torch version is not among them: it is the stack."""
    keys = {
        "cpu_capability": str(torch.backends.cpu.get_cpu_capability()),
        "deterministic": _deterministic(torch),
        "float32_matmul_precision": _float32_matmul_precision(torch),
        "interop_threads": str(torch.get_num_interop_threads()),
        "machine": platform.machine(),
        "python": f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}{_abi_flags()}",
        "python_optimisation": str(sys.flags.optimize),
        "system": platform.system(),
        "threads": str(torch.get_num_threads()),
        "tracing": "on" if is_traced() else "off",
        "usable_cores": str(_usable_cores()),
    }
    if processor.revision is not None:
        keys["cpu_revision"] = processor.revision
    return keys


def _soft_keys() -> dict[str, str]:
    """What may matter, as far as it can be read."""
    keys = {
        "kernel": platform.release(),
        "pytest_ascendperf": _version_of("pytest-ascendperf"),
        "python_version": platform.python_version(),
        # torch converts to and from it, and data loading often runs on it.
        "numpy": _version_of("numpy"),
    }
    keys.update((name, value) for name, value in os.environ.items() if name.startswith(_VARIABLE_PREFIXES))
    preloaded = os.environ.get("LD_PRELOAD", "").replace(":", " ").split()
    if preloaded:  # an allocator such as jemalloc; the folders say nothing about speed
        keys["LD_PRELOAD"] = " ".join(Path(library).name for library in preloaded)
    with contextlib.suppress(OSError, UnicodeDecodeError):  # virtual machines and other systems have none
        keys["governor"] = _GOVERNOR.read_text(encoding="ascii").strip()
    return keys


def _deterministic(torch: ModuleType) -> str:
    if not torch.are_deterministic_algorithms_enabled():
        return "off"
    return "warn only" if torch.is_deterministic_algorithms_warn_only_enabled() else "on"


def _float32_matmul_precision(torch: ModuleType) -> str:
    """The global switch; where it was set per backend, which the global one refuses to report, the CPU backend's."""
    try:
        return str(torch.get_float32_matmul_precision())
    except RuntimeError:
        return str(torch.backends.mkldnn.matmul.fp32_precision)


def _abi_flags() -> str:
    """``t`` for a free-threaded interpreter, ``d`` for a debug one; both are slower."""
    return str(getattr(sys, "abiflags", ""))


def is_traced() -> bool:
    """Whether a debugger, a profiler or a coverage tool watches this thread's Python code."""
    if sys.gettrace() is not None or sys.getprofile() is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)  # Python 3.12 and later
    return monitoring is not None and any(monitoring.get_tool(tool) is not None for tool in range(6))


def _usable_cores() -> int:
    """Cores that this process may run on, which is fewer than the host has where it is pinned."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _version_of(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
