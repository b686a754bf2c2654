"""How the host's processors served this process over a stretch of time, from the counters of the Linux kernel.

``/proc/stat`` counts what each processor did, in ticks of a hundredth of a second, ``/proc/self/task/*/schedstat`` how
long each thread waited for a processor, in nanoseconds, and a control group's ``cpu.stat`` for how long a limit on
processor time stopped it. All are counters, so a watch reads them twice. Other systems have none of these, and a
container may hide some: what cannot be read is not known.

A thread that waits may wait for another thread of its own process, such as one of torch's. That is the measured code's
own affair. So what counts as waiting for others is never more than the time that others had the processors.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from pytest_ascendperf.model.conditions import Conditions, HostConditions

_NS_PER_S = 1e9
_US_PER_S = 1e6

_TICKS_OF_DOUBT = 1.25
"""Both counters of a difference were rounded down, so it is wrong by 0.41 of a tick (standard deviation): over n
processors by no more than this many ticks times √n, three standard deviations."""

_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ, _STEAL = 0, 1, 2, 5, 6, 7
"""Columns of ``/proc/stat``; the time of guests is part of that of users."""
_BUSY = (_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ)

_DIGITS = 4
"""Decimals of a share that are kept: its counters hold no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turns:
    """The times that threads were given a processor."""

    ran_s: float
    waited_s: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """The counters at one time, in seconds; None where they cannot be read."""

    time_s: float
    busy_s: float | None
    """What the processors that this process may use did, for whomever."""
    steal_s: float | None
    own_s: float
    """Processor time of this process and of those that it started."""
    threads: dict[int, _Turns]
    """What each thread of this process had; empty where that cannot be read."""
    limited_s: float | None
    """Time that limits on processor time stopped this process's threads."""


class HostWatch:
    """The time from its making to :meth:`conditions`.

    A reading takes about a tenth of a millisecond, and ten microseconds more for each thread of the process. It is made
    in the measuring process itself, so never inside a round.
    """

    def __init__(self, *, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> None:
        self._proc = proc
        self._cgroups = cgroups
        affinity = getattr(os, "sched_getaffinity", None)  # Linux has it
        self._processors: set[int] = set() if affinity is None else affinity(0)
        self._begin = self._read()

    def conditions(self) -> Conditions | None:
        """What the host did since; None where the system does not tell."""
        host = _conditions(self._begin, self._read(), processors=len(self._processors))
        return None if host == HostConditions() else Conditions(host=host)

    def _read(self) -> _Reading:
        columns, ended = self._columns_s(), os.times()
        return _Reading(
            time_s=time.perf_counter(),
            busy_s=None if columns is None else sum(columns[column] for column in _BUSY),
            steal_s=None if columns is None else columns[_STEAL],
            own_s=time.process_time() + ended.children_user + ended.children_system + self._descendants_s(),
            threads=self._threads(),
            limited_s=self._limited_s(),
        )

    def _columns_s(self) -> list[float] | None:
        """Columns of ``/proc/stat``, summed over the processors that this process may use."""
        names = {f"cpu{number}" for number in self._processors}
        try:
            lines = (self._proc / "stat").read_text(encoding="ascii").splitlines()
        except (OSError, UnicodeDecodeError):
            return None
        rows = [cells for name, *cells in map(str.split, filter(None, lines)) if name in names]
        if not rows or any(len(row) <= _STEAL or not all(cell.isdecimal() for cell in row) for row in rows):
            return None
        return [sum(int(row[column]) for row in rows) * _tick_s() for column in range(_STEAL + 1)]

    def _threads(self) -> dict[int, _Turns]:
        threads: dict[int, _Turns] = {}
        for task in (self._proc / "self/task").glob("*"):
            with suppress(OSError, ValueError):  # a thread may end meanwhile
                ran_ns, waited_ns, count = map(int, (task / "schedstat").read_text(encoding="ascii").split())
                threads[int(task.name)] = _Turns(ran_s=ran_ns / _NS_PER_S, waited_s=waited_ns / _NS_PER_S, count=count)
        return threads

    def _descendants_s(self) -> float:
        """Processor time of the living processes that this one started, and of those that they started."""
        found: list[int] = []
        waiting = [*self._children("self")]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            waiting += self._children(str(pid))
        return sum(self._process_s(pid) for pid in found)

    def _children(self, process: str) -> Iterator[int]:
        for path in (self._proc / process / "task").glob("*/children"):
            with suppress(OSError, ValueError):
                yield from map(int, path.read_text(encoding="ascii").split())

    def _process_s(self, pid: int) -> float:
        """Processor time of a process and of its children that have ended."""
        with suppress(OSError, ValueError, IndexError):
            text = (self._proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
            return sum(map(int, text.rpartition(")")[2].split()[11:15])) * _tick_s()
        return 0.0

    def _limited_s(self) -> float | None:
        """From every control group that this process is in: the one that has the limit is the one that counts."""
        found = [limited for folder in self._groups() if (limited := _throttled_s(folder / "cpu.stat")) is not None]
        return max(found) if found else None

    def _groups(self) -> Iterator[Path]:
        with suppress(OSError, UnicodeDecodeError):
            for line in (self._proc / "self/cgroup").read_text(encoding="utf-8").splitlines():
                _, controllers, path = line.split(":", 2)
                if controllers and "cpu" not in controllers.split(","):
                    continue
                root = self._cgroups / "cpu" if controllers else self._cgroups
                group = root / path.lstrip("/")
                yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(root))


def _conditions(begin: _Reading, end: _Reading, *, processors: int) -> HostConditions:
    elapsed_s = end.time_s - begin.time_s
    limited_s = _rise(begin.limited_s, end.limited_s)
    limited_share = None if limited_s is None else _share(limited_s, elapsed_s)
    busy_s, steal_s = _rise(begin.busy_s, end.busy_s), _rise(begin.steal_s, end.steal_s)
    if busy_s is None or steal_s is None:
        return HostConditions(limited_share=limited_share)
    doubt_s = _TICKS_OF_DOUBT * _tick_s() * sqrt(processors)
    others_s = max(busy_s - (end.own_s - begin.own_s) - doubt_s, 0.0)
    stolen_s = max(steal_s - doubt_s, 0.0)
    turns = _turns_between(begin.threads, end.threads)
    waiting_s = min(max(turns.waited_s - (limited_s or 0.0), 0.0), others_s)
    return HostConditions(
        steal_share=_share(stolen_s, stolen_s + busy_s),
        waiting_share=_share(waiting_s, waiting_s + turns.ran_s) if end.threads else None,
        waits=turns.count if end.threads else None,
        others_share=_share(others_s, elapsed_s * processors),
        limited_share=limited_share,
    )


def _turns_between(begin: dict[int, _Turns], end: dict[int, _Turns]) -> _Turns:
    """What all threads had together; a thread that has ended since has taken its count with it."""
    none = _Turns(ran_s=0.0, waited_s=0.0, count=0)
    pairs = [(begin.get(thread, none), turns) for thread, turns in end.items()]
    return _Turns(
        ran_s=sum(after.ran_s - before.ran_s for before, after in pairs),
        waited_s=sum(after.waited_s - before.waited_s for before, after in pairs),
        count=sum(after.count - before.count for before, after in pairs),
    )


def _rise(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else max(after - before, 0.0)


def _share(part: float, whole: float) -> float:
    return round(part / whole, _DIGITS) if part else 0.0


def _throttled_s(path: Path) -> float | None:
    """What ``cpu.stat`` of a control group says, of either version of control groups."""
    try:
        pairs = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        values = {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}
    except (OSError, UnicodeDecodeError, ValueError):
        return None
    if "throttled_usec" in values:
        return values["throttled_usec"] / _US_PER_S
    return values["throttled_time"] / _NS_PER_S if "throttled_time" in values else None


def _tick_s() -> float:
    return 1.0 / os.sysconf("SC_CLK_TCK")
