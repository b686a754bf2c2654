"""Which fixed work tells a core's speed best: steady from process to process, and slowed by a neighbour as code is.

Each process runs every candidate as a session does, for a millisecond before its rounds, a few times in turn. How much
a candidate differs between processes at full speed is what it is wrong by where it says that a core changed. How much
longer it takes than usual in moments in which the interpreter is slowed, by another virtual machine on the other half
of the core, is what it sees of them. No bar: without neighbours nothing is slowed.

Usage: python benchmarks/fixed_work.py [processes, at least 2]
"""

from __future__ import annotations

import hashlib
import statistics
import time
import zlib
from collections.abc import Callable, Mapping, Sequence

from tabulate import tabulate

from fresh_processes import print_table
from pytest_ascendperf.devices.core_speed import SLOWED, fixed_work_us
from pytest_ascendperf.units import format_share

MOMENTS = 20
"""How often each candidate is run in a process."""
LOOKS = 40
"""In a moment."""
_DATA = bytes(range(256)) * 16


def loop() -> object:
    """Interpreted arithmetic of small integers."""
    total = 0
    for number in range(100):
        total += number * number % 7
    return total


def sorting() -> object:
    """Sorting small integers in no order."""
    return sorted(number * 7_919 % 211 for number in range(40))


def power() -> object:
    """Arithmetic of large integers."""
    return pow(3**400, 3, 2**1_000 - 1)


def checksum() -> object:
    """A checksum, each step of which waits for the last."""
    return zlib.adler32(_DATA)


def digest() -> object:
    """A cryptographic digest."""
    return hashlib.sha512(_DATA[:2_048]).digest()


def timed_us(work: Callable[[], object]) -> Callable[[], float]:
    """``work`` as fixed work is run."""

    def run_us() -> float:
        begun_ns = time.perf_counter_ns()
        work()
        return (time.perf_counter_ns() - begun_ns) / 1e3

    return run_us


CANDIDATES = {
    "base64 (the one in use)": fixed_work_us,
    **{work.__name__: timed_us(work) for work in (loop, sorting, power, checksum, digest)},
}


def moment_us(work_us: Callable[[], float]) -> float:
    """What fixed work takes in this moment, as a session asks: the median of looks, each the fastest run of three."""
    return statistics.median(min([work_us() for _ in range(5)][2:]) for _ in range(LOOKS))


def moments_us() -> dict[str, list[float]]:
    """What each candidate says in this process, moment after moment."""
    found: dict[str, list[float]] = {name: [] for name in CANDIDATES}
    for _ in range(MOMENTS):
        for name, work_us in CANDIDATES.items():
            found[name].append(moment_us(work_us))
    return found


def usual_us(processes: Sequence[Mapping[str, Sequence[float]]], name: str) -> float:
    """What a candidate takes at full speed: the lower quartile of the processes' medians."""
    return statistics.quantiles([statistics.median(process[name]) for process in processes], n=4)[0]


def by_speed(
    processes: Sequence[Mapping[str, Sequence[float]]], name: str
) -> tuple[list[list[float]], list[list[float]]]:
    """What a candidate takes in each process, in µs: in moments at full speed and in slowed ones, as the loop tells."""
    limit_us = SLOWED * usual_us(processes, "loop")
    pairs = [list(zip(process[name], process["loop"], strict=True)) for process in processes]
    full = [[us for us, loop_us in process if loop_us <= limit_us] for process in pairs]
    return full, [[us for us, loop_us in process if loop_us > limit_us] for process in pairs]


def table(processes: Sequence[Mapping[str, Sequence[float]]]) -> str:
    """A line for each candidate."""
    lines: list[list[object]] = []
    for name in CANDIDATES:
        full, slowed = by_speed(processes, name)
        steady = [statistics.median(process) for process in full if len(process) > MOMENTS / 2]
        usual = usual_us(processes, name)
        ratios = [us / usual for process in slowed for us in process]
        quartiles = [f"{ratio:.2f}" for ratio in statistics.quantiles(ratios, n=4)] if len(ratios) > 1 else [""] * 3
        twentieths = statistics.quantiles(steady, n=20) if len(steady) > 1 else []
        differs = format_share(twentieths[-1] / twentieths[0] - 1.0) if twentieths else ""
        lines.append([name, f"{usual:.2f}", len(steady), differs, len(ratios), *quartiles])
    headings = ["work", "µs", "processes", "9 of 10 differ by", "slowed moments", "1st quartile", "median", "3rd"]
    return tabulate(lines, headings, disable_numparse=True)


if __name__ == "__main__":
    print_table(__file__, moments_us, table)
