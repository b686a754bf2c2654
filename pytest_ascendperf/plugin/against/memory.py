"""How many pairs of processes may stay from test to test: starting one takes seconds, keeping it takes memory.

Linux tells how much memory is a process's own, and how much is left. Elsewhere a fixed number stays. psutil would tell
the first on more systems, but knows no limit of a control group, which is what ends a run in a container.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path

PAIRS_IN_DOUBT = 8
"""Pairs that stay where the system does not tell: without models, each holds some 350 MB of its own."""
_SHARE = 0.5
"""All pairs together may hold this share of what they hold and what is left: the tests need the rest."""
_OWN = ("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:")
_KIB = 1024


def pairs_that_may_stay(sizes: Sequence[int | None], available: int | None) -> int:
    """How many of the pairs, whose own memory in bytes is ``sizes``, may stay, the first ones first; at least one.

    ``available`` is the memory that is left, in bytes. None is for what is not known.
    """
    held = [size for size in sizes if size is not None]
    if available is None or len(held) < len(sizes):
        return PAIRS_IN_DOUBT
    allowed = _SHARE * (available + sum(held))
    return max(1, sum(together <= allowed for together in accumulate(held)))


def own_bytes(pids: Iterable[int], *, proc: Path = Path("/proc")) -> int | None:
    """The memory that these processes share with no other one; None where the system does not tell."""
    total = 0
    for pid in pids:
        try:
            lines = (proc / str(pid) / "smaps_rollup").read_text(encoding="utf-8").splitlines()
            total += sum(int(line.split()[1]) * _KIB for line in lines if line.startswith(_OWN))
        except (OSError, ValueError, IndexError):
            return None
    return total


def available_bytes(*, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Memory that this process and those that it starts may still take; None where the system does not tell."""
    try:
        lines = (proc / "meminfo").read_text(encoding="utf-8").splitlines()
        left = next(int(line.split()[1]) * _KIB for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None
    return min([left, *_left_in_groups(proc, cgroups)])


def _left_in_groups(proc: Path, cgroups: Path) -> Iterable[int]:
    """What is left of each limit (cgroup v2) on this process; what its files take in the caches can be given up."""
    with suppress(OSError):
        for line in (proc / "self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers:
                continue
            group = cgroups / path.lstrip("/")
            for folder in (group, *group.parents):
                with suppress(OSError, ValueError, StopIteration):  # no limit here, or none that is told
                    limit = int((folder / "memory.max").read_text(encoding="ascii"))
                    used = int((folder / "memory.current").read_text(encoding="ascii"))
                    counters = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
                    files = next(int(each.split()[1]) for each in counters if each.startswith("inactive_file "))
                    yield max(0, limit - used + files)
                if folder == cgroups:
                    break
