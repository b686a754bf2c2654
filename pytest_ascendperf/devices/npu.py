"""The Ascend NPU, through torch_npu: events around N launches, and a fingerprint of chip, CANN and knobs.

Only ``torch.npu`` and ``torch_npu`` are used, and only names that every torch_npu since 2.1 has; what came later is
looked for first (``npu_knobs``). torch_npu issues work in two steps: Python puts it into a queue on the host, and a
thread of its own launches it. What the host spends on a call is both, so host time is taken when that queue is empty.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import ModuleType

from pytest_ascendperf.devices import npu_knobs, npu_profiler, npu_synchronizations, torch_install
from pytest_ascendperf.devices.base import Recording, Watch
from pytest_ascendperf.devices.cann_install import AscendInstall, read_install
from pytest_ascendperf.devices.device_watch import DeviceWatch
from pytest_ascendperf.devices.npu_probe import ProbeResult, as_running
from pytest_ascendperf.devices.npu_probe_program import cann_versions
from pytest_ascendperf.devices.npu_smi import VISIBLE, NpuSmi, find_npu_smi
from pytest_ascendperf.devices.processor import folder_name
from pytest_ascendperf.devices.torch_events import EventDevice, first_line, visible_number
from pytest_ascendperf.devices.version_files import FoundVersion
from pytest_ascendperf.errors import DeviceError
from pytest_ascendperf.model.environment import Environment


class NpuDevice(EventDevice):
    """One NPU of this host."""

    kind = "npu"
    timer_resolution_us = 1.0

    @property
    def lock_name(self) -> str:
        """The device by the host's number, since two processes may see different ones as number 0."""
        return f"npu-{visible_number(VISIBLE, self.index)}"

    def import_torch(self) -> ModuleType:
        """Torch with torch_npu. Raises DeviceError where either cannot be imported."""
        torch = torch_install.import_torch(self.kind)
        try:
            importlib.import_module("torch_npu")
        except Exception as error:  # where CANN is half there, torch_npu raises Exception itself
            raise DeviceError(f"torch_npu cannot be imported: {first_line(error)}. Run: ascendperf doctor") from error
        return torch

    def wait_until_issued(self) -> None:
        """Wait until torch_npu's own thread has launched all that Python enqueued."""
        _ = self.accelerator.current_stream().npu_stream  # handing out the stream empties the queue first

    def cause_of(self, error: BaseException) -> str:
        """torch_npu's explanation and the runtime's code, out of the many lines of its errors."""
        code = re.search(r"error code is (\d+)", str(error))
        explanation = re.search(r"^\[Error\]: *(\S.*)$", str(error), re.MULTILINE)
        if code is None or explanation is None:
            return super().cause_of(error)
        return f"{explanation[1].rstrip('. ')}, error code {code[1]}"

    def refusals(self) -> tuple[str, ...]:
        """The variables of the environment under which times mean nothing, by name."""
        return tuple(f"{reason}." for reason in npu_knobs.refusals(os.environ))

    def watch(self) -> Watch:
        """Watch the host, and the chip with ``npu-smi`` where that is there: twice two questions around the rounds."""
        smi = self._smi
        return super().watch() if smi is None else DeviceWatch(lambda: smi.conditions(self.raise_clock))

    def record_profile(self, folder: Path, run: Callable[[], None], *, full: bool = False) -> Recording:
        """The kernels of ``run``, by torch_npu's profiler; ``full`` has torch_npu analyse it whole."""
        return npu_profiler.record_profile(self.torch, folder, run, full=full)

    def count_synchronizations(self, run: Callable[[], None]) -> int | None:
        """The waits of ``run`` that torch_npu reports; None where it does not report."""
        return npu_synchronizations.count_synchronizations(self.torch, run)

    def environment(self) -> Environment:
        """Chip and CANN, as hard keys all software and knobs below the measured code, as soft ones the host."""
        chip = str(self.accelerator.get_device_name(self.index))
        return Environment(
            device=self.kind,
            chip=chip,
            chip_id=folder_name(chip),
            stack_id="cann-unknown" if self._install.cann_version is None else self._install.cann_version.folder_name,
            hard=tuple(sorted(self._hard_keys().items())),
            soft=tuple(sorted({**self.host_keys(), **npu_knobs.soft_keys(os.environ)}.items())),
        )

    def _hard_keys(self) -> dict[str, str]:
        install = self._install
        return {
            "torch": str(self.torch.__version__),
            "torch_npu": _value(install.torch_npu),
            "cann": _value(install.cann[0] if install.cann else None),
            "opp_kernel": _value(install.opp_kernel[0] if install.opp_kernel else None),
            "driver": _value(install.driver),
            **npu_knobs.hard_keys(os.environ),
            **npu_knobs.switches(self.torch),
        }

    @cached_property
    def _smi(self) -> NpuSmi | None:
        program = find_npu_smi(os.environ)
        return None if program is None else NpuSmi(program, visible_number(VISIBLE, self.index), os.environ)

    @cached_property
    def _install(self) -> AscendInstall:
        """The software below torch_npu, by what runs rather than by what files say."""
        versions = {**cann_versions(), "torch.version.cann": str(getattr(self.torch.version, "cann", ""))}
        running = ProbeResult(devices=(), versions=tuple(sorted(versions.items())), switches=())
        return as_running(read_install(os.environ), running)


def _value(version: FoundVersion | None) -> str:
    return "unknown" if version is None else version.value
