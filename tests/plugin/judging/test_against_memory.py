"""How many pairs of processes may stay, of memory that files tell of as the Linux kernel does."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_ascendperf.plugin.against.memory import (
    PAIRS_IN_DOUBT,
    available_bytes,
    own_bytes,
    pairs_that_may_stay,
)

KIB = 1024
ROLLUP = """55ad-7ffc ---p 00000000 00:00 0    [rollup]
Rss:              900 kB
Shared_Clean:     700 kB
Private_Clean:     30 kB
Private_Dirty:    {dirty} kB
Swap:               5 kB
Private_Hugetlb:    8 kB
"""
MEMINFO = "MemTotal:       24000 kB\nMemFree:         1000 kB\nMemAvailable:    {left} kB\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("sizes", "available", "staying"),
    [
        ([], 100, 1),
        ([10, 10, 10], 30, 3),
        ([10, 10, 10], 29, 2),
        ([10, 10, 10], 0, 1),
        ([50], 0, 1),
        ([10] * 18, 1000, 18),
        ([10, 10, None], 1000, PAIRS_IN_DOUBT),
        ([10] * 18, None, PAIRS_IN_DOUBT),
    ],
)
def test_pairs_stay_while_they_hold_no_more_than_is_left(
    sizes: Sequence[int | None], available: int | None, staying: int
) -> None:
    assert pairs_that_may_stay(sizes, available) == staying


def test_the_memory_of_processes_is_what_they_share_with_no_other(tmp_path: Path) -> None:
    write(tmp_path / "7/smaps_rollup", ROLLUP.format(dirty=100))
    write(tmp_path / "8/smaps_rollup", ROLLUP.format(dirty=200))
    assert own_bytes([7, 8], proc=tmp_path) == (138 + 238) * KIB
    assert own_bytes([7, 9], proc=tmp_path) is None
    write(tmp_path / "9/smaps_rollup", "Private_Dirty: none\n")
    assert own_bytes([7, 9], proc=tmp_path) is None


def test_what_is_left_is_bound_by_every_group_that_this_process_is_in(tmp_path: Path) -> None:
    proc, cgroups = tmp_path / "proc", tmp_path / "cgroup"
    assert available_bytes(proc=proc, cgroups=cgroups) is None
    write(proc / "meminfo", MEMINFO.format(left=9000))
    assert available_bytes(proc=proc, cgroups=cgroups) == 9000 * KIB
    write(proc / "self/cgroup", "4:memory:/old\n0::/outer/inner\n")
    for name, limit, used in (("outer/inner", "max", 0), ("outer", f"{8000 * KIB}", 3000 * KIB)):
        write(cgroups / name / "memory.max", f"{limit}\n")
        write(cgroups / name / "memory.current", f"{used}\n")
        write(cgroups / name / "memory.stat", f"anon 5\ninactive_file {1000 * KIB}\n")
    assert available_bytes(proc=proc, cgroups=cgroups) == 6000 * KIB
    write(cgroups / "memory.max", f"{2000 * KIB}\n")
    write(cgroups / "memory.current", f"{4000 * KIB}\n")
    write(cgroups / "memory.stat", f"inactive_file {KIB}\n")
    assert available_bytes(proc=proc, cgroups=cgroups) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_this_system_tells() -> None:
    own, available = own_bytes([os.getpid()]), available_bytes()
    assert own is not None
    assert available is not None
    assert own > 1 << 20
    assert available > 1 << 20
