"""The simulated ``mspti``: the times of kernels as the simulator recorded them, without a profiler.

It has what the real package has of kernels, and its manners: codes are returned, nothing is raised. It uses the
standard library only: it is copied into the laid-out CANN.
"""

from __future__ import annotations

import ctypes
import json
import os
import tempfile
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from types import SimpleNamespace

__all__ = ["KernelMonitor", "MsptiResult"]

_MODE = json.loads(Path(os.environ["ASCENDPERF_SIM_SCENARIO"]).read_text(encoding="utf-8"))["mspti"]
if _MODE == "broken":
    raise OSError("libmspti.so: cannot open shared object file: No such file or directory")
_SIMULATOR = ctypes.CDLL("libascendcl.so")


class MsptiResult(IntEnum):
    """What a call of mspti came to."""

    MSPTI_SUCCESS = 0
    MSPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED = 2


class KernelMonitor:
    """Hands every kernel that runs between ``start`` and ``stop`` to a function."""

    _refused = False

    def start(self, callback: Callable[[SimpleNamespace], None]) -> MsptiResult:
        """Begin to record."""
        self._callback = callback
        if _MODE == "taken" and not KernelMonitor._refused:
            KernelMonitor._refused = True
            return MsptiResult.MSPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED
        _SIMULATOR.simulated_mspti_start()
        return MsptiResult.MSPTI_SUCCESS

    def stop(self) -> MsptiResult:
        """Hand out the records, in one object that changes from record to record, and end."""
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as file:
            _SIMULATOR.simulated_mspti_stop(file.name.encode())
            records = [] if _MODE == "taken" else [json.loads(line) for line in file]
        data = SimpleNamespace(device_id=0, stream_id=0, correlation_id=0, type="kernel", name="", start=0, end=0)
        for number, record in enumerate(records[:-1] if _MODE == "dropping" else records):
            data.name, data.start, data.stream_id = record["name"], record["start_ns"], record["stream"]
            data.end, data.correlation_id = record["start_ns"] + round(record["duration_us"] * 1000), number
            self._callback(data)
        return MsptiResult.MSPTI_SUCCESS
