"""Which cores base and head run on: one for both, since two cores are never alike."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_TASKS = Path("/proc/self/task")


class Cores(NamedTuple):
    """Cores of one process; empty where they stay as they are."""

    while_starting: tuple[int, ...]
    """As many as later, since libraries size their thread pools by them, but each side's own: both start at once."""
    while_measuring: tuple[int, ...]


class CoresOfRun(NamedTuple):
    """The cores of both sides, and what a reader should know of them."""

    base: Cores
    head: Cores
    notes: tuple[str, ...]


_AS_THEY_ARE = Cores((), ())


def cores_of_run(*, device_has_own_clock: bool, threads: int | None) -> CoresOfRun:
    """As many cores as the calls compute with, which is one unless ``threads`` says otherwise.

    A device with a clock of its own is left alone: its runtime has threads that one core would stall.
    """
    if device_has_own_clock:
        return CoresOfRun(_AS_THEY_ARE, _AS_THEY_ARE, ())
    if not hasattr(os, "sched_setaffinity"):
        note = "Base and head cannot be kept on one core on this system: times vary more."
        return CoresOfRun(_AS_THEY_ARE, _AS_THEY_ARE, (note,))
    usable = sorted(os.sched_getaffinity(0))
    wanted = min(threads or 1, len(usable))
    shared = tuple(usable[-wanted:])  # the first cores serve the machine's interrupts
    other = tuple(usable[-2 * wanted : -wanted]) if len(usable) >= 2 * wanted else shared
    notes = (
        ("This run may use one core only, which base and head share with pytest itself.",) if len(usable) == 1 else ()
    )
    return CoresOfRun(Cores(other, shared), Cores(shared, shared), notes)


def pin(cores: Sequence[int]) -> tuple[str, ...]:
    """Keep all threads of this process on ``cores``, if any; a sentence where the system refuses."""
    if not cores:
        return ()
    try:
        os.sched_setaffinity(0, cores)
    except OSError as error:
        numbers = ", ".join(map(str, cores))
        return (
            f"Base and head could not be kept on core {numbers} ({error.strerror or error}): times vary more where "
            "they run on different ones.",
        )
    for task in _TASKS.iterdir() if _TASKS.exists() else ():
        with contextlib.suppress(OSError):  # a thread that has ended meanwhile
            os.sched_setaffinity(int(task.name), cores)
    return ()
