"""Which kernels a call runs on the NPU, by torch_npu's own profiler: recorded here, made into a table elsewhere.

Recorded is Level1 without the counters of the cores: the cheapest setting at which kernels have types, cores and
shapes. The calls of torch_npu's profiler raise nothing, they print, and turn warnings into failures where warnings are
errors. So what they say is caught, and what they leave on disk decides (:mod:`.npu_export`).
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType

from pytest_ascendperf.devices.base import Recording
from pytest_ascendperf.devices.npu_export import (
    DEFAULT_LIMITS,
    TimeLimits,
    effective_settings,
    export_profile,
    last_error,
)
from pytest_ascendperf.devices.npu_mspti import kernel_times
from pytest_ascendperf.errors import ProfileError

_SILENCING_VARIABLES = ("PROFILER_SAMPLECONFIG", "PROFILING_MODE")
"""Set by msprof for what it runs; torch_npu's profiler then records nothing and says so in a line."""

_NO_COUNTERS = "ACL_AICORE_NONE"
"""How the profiler writes that no counters of the cores were collected."""


def record_profile(
    torch: ModuleType, folder: Path, run: Callable[[], None], *, full: bool = False, limits: TimeLimits = DEFAULT_LIMITS
) -> Recording:
    """The profile of ``run`` in ``folder``; with times by mspti beside it where that is importable, by a second run.

    ``full`` asks for everything that torch_npu's analysis can write. ``torch`` is the module, with torch_npu imported.
    Raises ProfileError where there is no table of kernels in the end, saying what was tried.
    """
    _refuse_what_records_nothing(torch, folder)
    said = io.StringIO()
    _record(torch, folder, run, said)
    sessions = sorted(folder.glob("*_ascend_pt"))
    if not sessions:
        cause = last_error(said.getvalue()) or "it says nothing about it"
        raise ProfileError(str(folder), f"torch_npu's profiler wrote nothing: {cause}. Run: ascendperf doctor")
    exported = export_profile(sessions[-1], os.environ, full=full, limits=limits)
    settings = effective_settings(sessions[-1])
    return Recording(
        path=exported.path,
        source=f"torch_npu.profiler {' '.join(settings) if settings else '(settings unknown)'}",
        notes=(*exported.notes, *_remarks(settings)),
        kernel_times=kernel_times(torch, run),
    )


def _refuse_what_records_nothing(torch: ModuleType, folder: Path) -> None:
    for variable in _SILENCING_VARIABLES:
        if os.environ.get(variable):
            raise ProfileError(
                str(folder), f"{variable} is set, under which torch_npu's profiler records nothing. Unset {variable}"
            )
    # While a session records, torch_npu replaces the methods of its events by ones that remember the original.
    if hasattr(torch.npu.Event.record, "origin_func"):
        raise ProfileError(
            str(folder),
            "another session of torch_npu's profiler is recording, and two spoil each other. End that one before the "
            "measured call",
        )


def _record(torch: ModuleType, folder: Path, run: Callable[[], None], said: io.StringIO) -> None:
    """Run ``run`` under the profiler, which prints into ``said``."""
    from torch_npu import profiler

    torch.npu.synchronize()  # what was enqueued before is not of this call
    with _caught(said):
        to_folder = profiler.tensorboard_trace_handler(dir_name=str(folder), analyse_flag=False)
        if to_folder is None:  # refused; a session without it would write into the working directory
            return
        session = profiler.profile(
            activities=[profiler.ProfilerActivity.NPU],
            on_trace_ready=to_folder,
            experimental_config=profiler._ExperimentalConfig(
                profiler_level=profiler.ProfilerLevel.Level1,
                aic_metrics=profiler.AiCMetrics.AiCoreNone,
                export_type=[profiler.ExportType.Text],
            ),
        )
        session.start()
    try:
        run()
        torch.npu.synchronize()
    finally:
        with _caught(said):
            session.stop()


@contextmanager
def _caught(said: io.StringIO) -> Iterator[None]:
    """Keep what torch_npu prints, and keep a filter that makes warnings errors from ending it half way."""
    with redirect_stdout(said), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _remarks(settings: tuple[str, str] | None) -> Iterator[str]:
    if settings is not None and settings[1] != _NO_COUNTERS:
        yield (
            f"This torch_npu collected {settings[1]} although no counters were asked for. Collecting them takes time: "
            "compare kernel times with those of the same setting only."
        )
