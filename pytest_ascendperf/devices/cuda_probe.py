"""Whether there is a CUDA device that can be used, found out without importing torch into this process.

Importing torch takes seconds, so it is done, in a process of its own, only where torch is built for CUDA and the host
shows signs of a driver.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_ascendperf.devices import torch_install
from pytest_ascendperf.devices.diagnosis import Diagnosis

TIMEOUT_S = 120.0

_DRIVER_FILES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""Made by the driver: on Linux, and on Linux under Windows."""

_PROGRAM = """
import json, torch
names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
print(json.dumps({"torch": torch.__version__, "cuda": torch.version.cuda, "names": names}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CudaFound:
    """CUDA devices that can be used."""

    names: tuple[str, ...]
    """At least one, in torch's order."""
    torch: str
    cuda: str


def find_cuda(
    environ: Mapping[str, str], *, timeout_s: float = TIMEOUT_S, interpreter: str = sys.executable
) -> CudaFound | Diagnosis:
    """The CUDA devices that ``environ`` leads to, or the reason why none can be used."""
    unlikely = why_not_probed(torch_install.cuda_version(), has_driver=has_driver())
    if unlikely is not None:
        return unlikely
    command = [interpreter, "-c", _PROGRAM]
    try:
        done = subprocess.run(
            command,
            env={**environ, "TORCH_DEVICE_BACKEND_AUTOLOAD": "0"},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _diagnosis(f"looking for CUDA devices did not end within {timeout_s:g} s")
    return read_answer(done.returncode, done.stdout, done.stderr)


def is_likely() -> bool:
    """Whether torch is built for CUDA and the host shows signs of a driver, so that asking is worth the time."""
    return why_not_probed(torch_install.cuda_version(), has_driver=has_driver()) is None


def why_not_probed(cuda_version: str | None, *, has_driver: bool) -> Diagnosis | None:
    """What rules out a CUDA device without asking torch, by the version torch is built for; None where nothing does."""
    if cuda_version is None:
        return Diagnosis(
            problem="the installed torch is not built for CUDA",
            remedy="install one that is, or choose another device",
        )
    if not has_driver:
        return Diagnosis(
            problem=f"torch is built for CUDA {cuda_version}, but this host has no NVIDIA driver",
            remedy="install the driver, or choose another device",
        )
    return None


def has_driver() -> bool:
    """Whether the host shows signs of an NVIDIA driver."""
    return any(file.exists() for file in _DRIVER_FILES) or shutil.which("nvidia-smi") is not None


def read_answer(status: int, output: str, errors: str) -> CudaFound | Diagnosis:
    """What the probe's process, which ended with ``status``, said on its output and error streams."""
    if status != 0:
        last = next((line.strip() for line in reversed(errors.splitlines()) if line.strip()), "no message")
        return _diagnosis(f"looking for CUDA devices failed with status {status}: {last}")
    answer = json.loads(output.strip().splitlines()[-1])
    if not answer["names"]:
        return _diagnosis(f"torch {answer['torch']} finds no CUDA device")
    return CudaFound(names=tuple(answer["names"]), torch=answer["torch"], cuda=answer["cuda"])


def _diagnosis(problem: str) -> Diagnosis:
    return Diagnosis(problem=problem, remedy="see whether nvidia-smi answers and what CUDA_VISIBLE_DEVICES hides")
