"""The kernel pass: which kernels one call runs, recorded after its times were taken.

A profiler slows the host down and may change how work is issued, so nothing is timed for the gate while one is on. What
it records is exact all the same: the kernels themselves, and how often each ran.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_ascendperf.devices.base import Device
from pytest_ascendperf.errors import EmptyProfileError, ProfileError
from pytest_ascendperf.model.kernel_times import with_kernel_times
from pytest_ascendperf.scratch import ScratchFolder

if TYPE_CHECKING:
    from pytest_ascendperf.model.kernel_table import KernelTable
    from pytest_ascendperf.model.kernels import KernelTrace

CALLS = 3
"""Calls that are profiled: enough to see whether each of them runs the same kernels."""
LONG_CALL_US = 1e6
"""A call that takes longer is profiled once."""
NOTHING_RAN = "Its calls ran no kernels, and no operators of torch."
"""Why there is no profile of a call that does not use torch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelPass:
    """What came of profiling one case."""

    trace: KernelTrace | None
    """The kernels of one call, or of all profiled calls where these were not alike; None where there is no profile."""
    table: KernelTable | None
    """The kernels of one call, kind by kind; None where there is no profile."""
    problem: str | None
    """Why there is no profile although the device has a profiler, in a sentence."""
    notes: tuple[str, ...]
    """What a reader should know about the profile, each a sentence."""


def profile_kernels(device: Device, call: Callable[[], object], *, call_us: float) -> KernelPass:
    """Profile ``call``, which takes about ``call_us`` µs and is warm. Its exceptions go through."""
    from pytest_ascendperf.judge.kernel_tables import table_of_calls

    calls = 1 if call_us > LONG_CALL_US else CALLS
    # One call more than is kept: the first one under a profiler pays for its start.
    recorded = record_calls(device, call, calls=calls + 1)
    if isinstance(recorded, str):
        return KernelPass(trace=None, table=None, problem=recorded, notes=())
    if recorded is None:
        return KernelPass(trace=None, table=None, problem=None, notes=())
    trace, source = recorded
    computing = trace.computing()
    length, rest = divmod(len(computing), calls + 1)
    are_alike = not rest
    kept = computing[length:] if are_alike else computing
    table = table_of_calls(
        kept,
        calls if are_alike else calls + 1,
        source=source,
        synchronizations=device.count_synchronizations(lambda: _run(call, 1)),
    )
    one_call = kept[:length] if are_alike and not table.varying else kept
    return KernelPass(trace=one_call, table=table, problem=None, notes=trace.notes)


def record_calls(
    device: Device, call: Callable[[], object], *, calls: int, full: bool = False
) -> tuple[KernelTrace, str] | str | None:
    """All that ``calls`` calls did, and who recorded it; why not, in a sentence; None for a device without profiler."""
    from pytest_ascendperf.profiles import open_profile

    with ScratchFolder("profile") as folder:
        try:
            recording = device.record_profile(folder, lambda: _run(call, calls), full=full)
            if recording is None:
                return None
            trace = open_profile(recording.path)
            if recording.kernel_times is not None:
                trace = with_kernel_times(trace, recording.kernel_times, "mspti")
        except EmptyProfileError:
            return NOTHING_RAN
        except ProfileError as error:
            return str(error)
    return replace(trace, notes=(*trace.notes, *recording.notes)), recording.source


def _run(call: Callable[[], object], calls: int) -> None:
    for _ in range(calls):
        call()
