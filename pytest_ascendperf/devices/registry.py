"""Opens the device of a choice. Modules of kinds that are not used are not loaded."""

from __future__ import annotations

from pytest_ascendperf.devices.base import Device
from pytest_ascendperf.devices.choice import DeviceChoice


def open_device(choice: DeviceChoice, *, full_speed_us: float | None = None) -> Device:
    """The device of ``choice``, not yet prepared: torch is not imported for it.

    ``full_speed_us`` is what another process knows of its full speed. Devices that wait for none have no use for it.
    """
    match choice.kind:
        case "npu":
            from pytest_ascendperf.devices.npu import NpuDevice

            return NpuDevice(choice.index)
        case "cuda":
            from pytest_ascendperf.devices.cuda import CudaDevice

            return CudaDevice(choice.index)
        case "scripted":
            from pytest_ascendperf.devices.scripted import ScriptedDevice

            return ScriptedDevice()
        case _:
            from pytest_ascendperf.devices.cpu import CpuDevice

            return CpuDevice(full_speed_us=full_speed_us)
