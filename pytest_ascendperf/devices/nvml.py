"""What NVML says of one CUDA device: its clock, why that is held down, and who else is on it.

NVML is the driver's library; ``nvidia-ml-py`` calls it (``pip install pytest-ascendperf[cuda]``). A device is asked
for by its UUID, since its number is another one under ``CUDA_VISIBLE_DEVICES``. What a device does not support is not
known.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cached_property
from types import ModuleType
from typing import Any, Protocol, TypeVar

from pytest_ascendperf.devices.run_processes import ListedProcess, others_of
from pytest_ascendperf.model.conditions import DeviceConditions

SOURCE = "NVML"

_HELD_DOWN = {
    0x08: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "hardware power brake slowdown",
}
"""Bits of the clock event reasons that something is wrong with. Being idle, clocks that were set and the cap on power,
which large products reach on a healthy device, are none of these; where they matter, the clock itself tells."""

_SM_CLOCK, _GPU_SENSOR = 1, 0

_MIB = 2**20

_A = TypeVar("_A")


class _Listed(Protocol):
    """A process as NVML lists it."""

    pid: int
    usedGpuMemory: int | None


def find_nvml() -> ModuleType | None:
    """The package that calls NVML; None where it is not installed."""
    try:
        return importlib.import_module("pynvml")
    except ImportError:
        return None


class Nvml:
    """NVML about the device of one UUID, as torch writes it; None where torch does not tell."""

    def __init__(self, pynvml: ModuleType, uuid: str | None) -> None:
        self._nvml: Any = pynvml
        self._uuid = uuid

    def conditions(self, keep_busy: Callable[[], None]) -> DeviceConditions:
        """The device as of now, just after ``keep_busy``: an idle one lowers its clock after some moments."""
        if self._uuid is None:
            return DeviceConditions(source=SOURCE, problem="this torch does not tell the UUID of the device")
        try:
            device = self._device
        except self._nvml.NVMLError as error:
            return DeviceConditions(source=SOURCE, problem=f"it does not know the device: {error}")
        keep_busy()
        nvml = self._nvml
        clock_mhz = self._known(nvml.nvmlDeviceGetClockInfo, device, _SM_CLOCK)
        bits = self._reasons(device)
        listed = self._known(nvml.nvmlDeviceGetComputeRunningProcesses, device)
        others = None if listed is None else others_of(tuple(map(self._process, listed)))
        power_mw = self._known(nvml.nvmlDeviceGetPowerUsage, device)
        unknown = [
            *(["no clock"] if clock_mhz is None else []),
            *(["no process of this run among those on the device"] if others is None else []),
        ]
        return DeviceConditions(
            source=SOURCE,
            clock_mhz=clock_mhz or None,
            max_clock_mhz=self._known(nvml.nvmlDeviceGetMaxClockInfo, device, _SM_CLOCK) or None,
            throttling=None if bits is None else tuple(words for bit, words in _HELD_DOWN.items() if bits & bit),
            others=others,
            temperature_c=self._known(nvml.nvmlDeviceGetTemperature, device, _GPU_SENSOR),
            power_w=None if power_mw is None else power_mw / 1e3,
            problem=f"it tells {' and '.join(unknown)}" if unknown else None,
        )

    @cached_property
    def _device(self) -> object:
        """NVML's handle of the device. Raises NVMLError."""
        self._nvml.nvmlInit()
        return self._nvml.nvmlDeviceGetHandleByUUID(f"GPU-{str(self._uuid).removeprefix('GPU-')}".encode())

    def _reasons(self, device: object) -> int | None:
        """The bits, under the name of this driver or of those before 535."""
        for name in ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"):
            ask = getattr(self._nvml, name, None)
            bits = None if ask is None else self._known(ask, device)
            if bits is not None:
                return int(bits)
        return None

    def _process(self, listed: _Listed) -> ListedProcess:
        name = self._known(self._nvml.nvmlSystemGetProcessName, listed.pid)
        memory_bytes = listed.usedGpuMemory
        return ListedProcess(
            pid=listed.pid,
            name=None if name is None else str(name),
            memory_mib=None if memory_bytes is None else memory_bytes / _MIB,
        )

    def _known(self, ask: Callable[..., _A], *given: object) -> _A | None:
        """The answer; None where the device or this driver has none."""
        try:
            return ask(*given)
        except self._nvml.NVMLError:
            return None
