"""Kernels and operators as PyTorch's own profiler sees them: for the CPU, and for CUDA."""

from __future__ import annotations

import contextlib
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Literal

from pytest_ascendperf.devices.base import Recording
from pytest_ascendperf.errors import ProfileError

_FILE = "calls.pt.trace.json"


def record_with_torch(
    torch: ModuleType, folder: Path, run: Callable[[], None], *, activity: Literal["CPU", "CUDA"]
) -> Recording:
    """Record what ``run``, which waits for the device at its end, does there, as a timeline in ``folder``.

    Exceptions of ``run`` go through. Raises ProfileError where the profiler cannot be used: it is active already (one
    process has one), or wrote nothing.
    """
    if torch.autograd._profiler_enabled():  # a second one would end the first one's recording without a word
        raise ProfileError(str(folder), "a profiler of torch is active already, and there can be one at a time")
    profiler = torch.profiler
    session = profiler.profile(activities=[getattr(profiler.ProfilerActivity, activity)], record_shapes=True)
    with _without_probe_lines():
        session.start()
    try:
        run()
    finally:
        with _without_probe_lines():
            session.stop()
    path = folder / _FILE
    session.export_chrome_trace(str(path))
    if not path.is_file():
        raise ProfileError(str(folder), "torch.profiler left no timeline")
    return Recording(path=path, source=f"torch.profiler {activity}")


@contextlib.contextmanager
def _without_probe_lines() -> Iterator[None]:
    """Keep the lines off stderr that Kineto prints for tracing tools when it starts and stops; let others through."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            caught.seek(0)
            for line in caught:
                if not line.startswith(b"USDT:"):
                    os.write(2, line)


def count_warned_synchronizations(accelerator: ModuleType, run: Callable[[], None]) -> int | None:
    """How often ``run`` waits for the device, by the warnings that torch gives in its debug mode for it.

    None where this torch has no such mode.
    """
    set_mode = getattr(accelerator, "set_sync_debug_mode", None)
    get_mode = getattr(accelerator, "get_sync_debug_mode", None)
    if set_mode is None or get_mode is None:
        return None
    before = get_mode()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        set_mode("warn")
        try:
            run()
        finally:
            set_mode(before)
    return sum("synchronizing" in str(warning.message) for warning in caught)
