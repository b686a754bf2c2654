"""Kernel times from a second source, put into a profile of the same call where both saw the same kernels."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_ascendperf.model.kernels import COMMUNICATION, KernelTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelTime:
    """How long one kernel took."""

    name: str
    duration_ns: int


def with_kernel_times(trace: KernelTrace, times: Sequence[KernelTime], source: str) -> KernelTrace:
    """``trace`` with the durations of ``times``, which are in order of start; ``source`` is who took them.

    Communication has no part in it. Of several kernels of one name the first gets the first time, and so on. Where
    number and names do not agree with the trace, nothing is replaced, and a note says so.
    """
    import numpy as np

    computed = np.flatnonzero(~trace.columns.core.equals(COMMUNICATION))
    names = [trace.columns.name[int(row)] for row in computed]
    if Counter(names) != Counter(time.name for time in times):
        return replace(trace, notes=(*trace.notes, _disagreement(len(names), len(times), source)))
    waiting: dict[str | None, deque[int]] = defaultdict(deque)
    for time in times:
        waiting[time.name].append(time.duration_ns)
    durations = trace.columns.duration_ns.copy()
    own = trace.columns.own_ns.copy()
    durations[computed] = own[computed] = [waiting[name].popleft() for name in names]
    return replace(trace, columns=replace(trace.columns, duration_ns=durations, own_ns=own))


def _disagreement(in_profile: int, in_times: int, source: str) -> str:
    counts = f"{source} recorded {in_times} and the profile {in_profile} kernels"
    found = counts if in_times != in_profile else f"{source} recorded kernels of other names than the profile"
    return f"{found}, so the times are the profile's own."
