"""The program that looks at the NPU in a process of its own: a faulty driver may abort the process that asks it.

Run as ``python npu_probe_program.py REPORT PACKAGE_ROOT``. It appends JSON objects to the file REPORT, one a line, as
it gets on: ``{"step": …}`` before each step, so that whoever finds it dead knows where it died, and ``{"error": …}`` or
``{"result": …}`` at the end. It says nothing on stdout, where torch_npu and the libraries below it print as they like.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TextIO

CANN_MODULES = ("CANN", "RUNTIME", "COMPILER", "HCCL", "TOOLKIT", "OPP", "OPP_KERNEL", "DRIVER")
"""What torch_npu's get_cann_version can be asked for."""


def main(report: Path, package_root: str) -> int:
    """Look at the NPU and write what was found to ``report``; 0 if the look itself succeeded."""
    # The folder of a script comes first on its path; this one has modules of common names.
    sys.path[:] = [entry for entry in sys.path if entry != str(Path(__file__).parent)]
    if package_root not in sys.path:
        sys.path.append(package_root)
    # Else importing torch imports torch_npu, and torch hides the cause when that fails.
    os.environ["TORCH_DEVICE_BACKEND_AUTOLOAD"] = "0"
    with report.open("a", encoding="utf-8") as file:
        try:
            _write(file, {"result": _look(lambda step: _write(file, {"step": step}))})
        except Exception as error:  # torch_npu raises Exception itself, and whatever it is has to be told
            _write(file, {"error": {"type": type(error).__name__, "message": str(error)}})
            return 1
    return 0


def _look(begin: Callable[[str], None]) -> dict[str, object]:
    begin("import torch")
    import torch

    begin("import torch_npu")
    import torch_npu

    versions = {
        "torch": str(torch.__version__),
        "torch_npu": str(torch_npu.__version__),
        "torch.version.cann": str(getattr(torch.version, "cann", "")),
    }
    begin("count the devices")
    count = int(torch.npu.device_count()) if torch.npu.is_available() else 0
    if count == 0:
        return {"devices": [], "versions": versions, "switches": {}}
    begin("initialise the NPU")
    torch.npu.init()
    begin("read the devices")
    devices = [_device(torch, index) for index in range(count)]
    begin("read the versions")
    versions.update(cann_versions())
    begin("read the switches")
    from pytest_ascendperf.devices import npu_knobs

    return {"devices": devices, "versions": versions, "switches": npu_knobs.switches(torch)}


def _device(torch: ModuleType, index: int) -> dict[str, object]:
    properties = torch.npu.get_device_properties(index)
    uuid = getattr(properties, "uuid", None)
    return {
        "name": str(torch.npu.get_device_name(index)),
        "total_memory_bytes": int(properties.total_memory),
        "uuid": None if uuid is None else str(uuid),
    }


def cann_versions() -> dict[str, str]:
    """What CANN itself says, by module; empty where torch_npu cannot ask it, blank texts left out."""
    try:
        from torch_npu.npu.utils import get_cann_version
    except ImportError:  # torch_npu for CANN 8.0 and before
        return {}
    versions: dict[str, str] = {}
    for module in CANN_MODULES:
        try:
            version = get_cann_version(module=module)
        except UnicodeDecodeError:  # an old driver's version is not text
            continue
        if version:
            versions[module] = version
    return versions


def _write(file: TextIO, message: dict[str, object]) -> None:
    file.write(json.dumps(message) + "\n")
    file.flush()


if __name__ == "__main__":
    # The runtime's threads and exit handlers have nothing to add, and may hang on a faulty device.
    status = main(Path(sys.argv[1]), sys.argv[2])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
