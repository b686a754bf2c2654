"""CUDA through torch: the same measurement on another accelerator."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import ModuleType

from pytest_ascendperf.devices import torch_install
from pytest_ascendperf.devices.base import Recording, Watch
from pytest_ascendperf.devices.device_watch import DeviceWatch
from pytest_ascendperf.devices.nvml import Nvml, find_nvml
from pytest_ascendperf.devices.processor import folder_name
from pytest_ascendperf.devices.torch_events import EventDevice, visible_number
from pytest_ascendperf.devices.torch_profiler import count_warned_synchronizations, record_with_torch
from pytest_ascendperf.errors import DeviceError
from pytest_ascendperf.model.environment import Environment

_HARD_VARIABLES = ("CUBLAS_WORKSPACE_CONFIG", "CUDA_DEVICE_MAX_CONNECTIONS", "NVIDIA_TF32_OVERRIDE")
"""Variables that choose other kernels, or how many streams run at once."""


class CudaDevice(EventDevice):
    """One CUDA device of this host."""

    kind = "cuda"
    timer_resolution_us = 0.5  # CUDA's documentation of cudaEventElapsedTime: about half a microsecond

    @property
    def lock_name(self) -> str:
        """The device by its number in the world where torch tells it, else by the host's."""
        uuid = self._uuid
        return f"cuda-{visible_number('CUDA_VISIBLE_DEVICES', self.index) if uuid is None else uuid}"

    def import_torch(self) -> ModuleType:
        """Torch. Raises DeviceError where it cannot be imported or finds no device."""
        torch = torch_install.import_torch(self.kind)
        if not torch.cuda.is_available():
            raise DeviceError(
                f"torch {torch.__version__} finds no CUDA device. Choose another: --ascendperf-device=cpu"
            )
        return torch

    def wait_until_issued(self) -> None:
        """Nothing to wait for: a launch returns when it was handed over."""

    def refusals(self) -> tuple[str, ...]:
        """The variable under which every launch waits for the device."""
        if os.environ.get("CUDA_LAUNCH_BLOCKING", "0") in ("", "0"):
            return ()
        return (
            "CUDA_LAUNCH_BLOCKING is set: every launch waits for the device, so a time is mostly the host's; "
            "unset CUDA_LAUNCH_BLOCKING.",
        )

    def watch(self) -> Watch:
        """Watch the host, and the device with NVML where ``nvidia-ml-py`` is installed."""
        nvml = self._nvml
        return super().watch() if nvml is None else DeviceWatch(lambda: nvml.conditions(self.raise_clock))

    def record_profile(self, folder: Path, run: Callable[[], None], *, full: bool = False) -> Recording:
        """Record which kernels ``run`` runs; ``full`` changes nothing."""

        def run_to_the_end() -> None:
            run()
            self.synchronize()

        return record_with_torch(self.torch, folder, run_to_the_end, activity="CUDA")

    def count_synchronizations(self, run: Callable[[], None]) -> int | None:
        """How often ``run`` makes the host wait, as torch's debug mode for it tells; explicit waiting is not seen."""
        return count_warned_synchronizations(self.accelerator, run)

    def environment(self) -> Environment:
        """Chip and CUDA version, as hard keys the software and switches below the measured code."""
        chip = str(self.accelerator.get_device_name(self.index))
        return Environment(
            device=self.kind,
            chip=chip,
            chip_id=folder_name(chip),
            stack_id=f"cuda-{self.torch.version.cuda}",
            hard=tuple(sorted(self._hard_keys().items())),
            soft=tuple(sorted(self.host_keys().items())),
        )

    @property
    def _uuid(self) -> str | None:
        """The device's number in the world, where torch tells it."""
        uuid = getattr(self.accelerator.get_device_properties(self.index), "uuid", None)
        return None if uuid is None else str(uuid)

    @cached_property
    def _nvml(self) -> Nvml | None:
        package = find_nvml()
        return None if package is None else Nvml(package, self._uuid)

    def _hard_keys(self) -> dict[str, str]:
        torch = self.torch
        keys = {
            "torch": str(torch.__version__),
            "cudnn": str(torch.backends.cudnn.version()),
            "cudnn_benchmark": "on" if torch.backends.cudnn.benchmark else "off",
            "deterministic": "on" if torch.are_deterministic_algorithms_enabled() else "off",
            "matmul_tf32": "on" if torch.backends.cuda.matmul.allow_tf32 else "off",
            "conv_tf32": "on" if torch.backends.cudnn.allow_tf32 else "off",
        }
        return keys | {name: os.environ[name] for name in _HARD_VARIABLES if os.environ.get(name)}
