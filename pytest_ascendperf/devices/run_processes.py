"""Which processes belong to this test run: they are on the device for it, and take turns.

A run is a tree of processes: a controller with its workers, and the fresh processes that each of them starts. Its root
is the topmost process above this one that runs the same interpreter, without another program in between.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_ascendperf.model.conditions import OtherProcess

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProcess:
    """A process on a device, as the device's tool lists it."""

    pid: int
    """Its number on the host, or in this container where that is told."""
    name: str | None
    memory_mib: float | None


def others_of(listed: tuple[ListedProcess, ...], *, own_pid: int | None = None) -> tuple[OtherProcess, ...] | None:
    """Those of ``listed`` that do not belong to this run; None where they cannot be told apart.

    Whoever asks is on the device itself. Where it is not among them, they are numbered otherwise than here, as outside
    of a container.
    """
    if (os.getpid() if own_pid is None else own_pid) not in [process.pid for process in listed]:
        return None
    return tuple(
        OtherProcess(pid=process.pid, name=process.name, memory_mib=process.memory_mib)
        for process in listed
        if not is_of_this_run(process.pid)
    )


def is_of_this_run(pid: int, *, proc: Path = _PROC, own_pid: int | None = None) -> bool:
    """Whether the process ``pid`` is this one, or descends from the root of its run."""
    own = os.getpid() if own_pid is None else own_pid
    return pid == own or _root(proc, own) in (pid, *_ancestors(proc, pid))


def _root(proc: Path, own: int) -> int:
    interpreter, root = _program(proc, own), own
    for ancestor in _ancestors(proc, own):
        if interpreter is None or _program(proc, ancestor) != interpreter:
            break
        root = ancestor
    return root


def _ancestors(proc: Path, pid: int) -> Iterator[int]:
    """Parent, grandparent and so on, as far as the system tells."""
    seen = {0, pid}
    while (parent := _parent(proc, pid)) not in seen:
        yield parent
        seen.add(parent)
        pid = parent


def _parent(proc: Path, pid: int) -> int:
    """0 where there is none, or none to be seen."""
    with suppress(OSError, ValueError, IndexError):
        return int(
            (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
        )
    return 0


def _program(proc: Path, pid: int) -> str | None:
    try:
        return str((proc / str(pid) / "exe").readlink())
    except OSError:
        return None
