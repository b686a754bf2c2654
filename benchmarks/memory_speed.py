"""How well a fixed copy tells how fast memory is now, as fixed work tells it of the core.

Code that needs memory depends on what neighbours leave of the shared caches, which differs from process to process and
from minute to minute. Each process here runs such a call, copies of 64 KiB that go on through buffers of 16 MiB. In
between it copies as a whole what may tell, 1 to 32 MiB, and runs the fixed work of the core. Where a copy tells, the
call follows it: their times rise and fall together, from process to process and more so in means of ten, which single
odd processes disturb less. As a slowed core slows copies, too, what counts is how much they have in common beyond
it. No bar: without neighbours nothing varies.

Usage: python benchmarks/memory_speed.py [processes, at least 30; below 100 they say little, as means of ten are few]
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from tabulate import tabulate

from fixed_work import timed_us
from fresh_processes import print_table
from pytest_ascendperf.devices.core_speed import fixed_work_us
from pytest_ascendperf.devices.memory_speed import MemorySpeed, written_buffers

MIB = 2**20
SIZES_MIB = (1, 4, 8, 16, 32)
CALL, CORE = "the call", "base64, the core"
MOMENTS = 6
"""How often each copy is looked at in a process."""
CALLS_S = 0.1
"""Calls between two looks."""
_MEAN_OF = 10


def copies_in_turn() -> Callable[[], None]:
    """A call that needs memory: 100 copies of 64 KiB, each from where the last one ended."""
    piece, pieces = MIB // 16, 256
    target, source = written_buffers(piece * pieces)
    at = 0

    def work() -> None:
        nonlocal at
        for _ in range(100):
            target[at : at + piece] = source[at : at + piece]
            at = (at + piece) % (piece * pieces)

    return work


def process_us() -> dict[str, float]:
    """The usual time of the call, of the core's fixed work and of each copy in this process."""
    copies = {f"{size} MiB": MemorySpeed(size * MIB) for size in SIZES_MIB}
    call_us = timed_us(copies_in_turn())
    found: dict[str, list[float]] = {name: [] for name in (CALL, CORE, *copies)}
    for _ in range(MOMENTS):
        for name, speed in copies.items():
            found[name] += speed.look_us()
        ends = time.perf_counter() + CALLS_S
        while time.perf_counter() < ends:
            found[CALL].append(call_us())
            found[CORE].append(fixed_work_us())
    return {name: statistics.median(times) for name, times in found.items()}


def beyond(core: Sequence[float], copy: Sequence[float], call: Sequence[float]) -> float:
    """Partial correlation: that of what is left of both when what follows the core is taken away (Yule 1907)."""
    both, first, second = (statistics.correlation(*pair) for pair in ((copy, call), (copy, core), (call, core)))
    return (both - first * second) / math.sqrt((1.0 - first**2) * (1.0 - second**2))


def means(values: Sequence[float]) -> list[float]:
    """Of ten processes one after the other; what is left over does not count."""
    return [statistics.fmean(values[at : at + _MEAN_OF]) for at in range(0, len(values) - _MEAN_OF + 1, _MEAN_OF)]


def table(processes: Sequence[Mapping[str, float]]) -> str:
    """A line for the core and for each copy."""
    logs = {name: [math.log(process[name]) for process in processes] for name in processes[0]}
    call, core = logs.pop(CALL), logs[CORE]
    lines = []
    for name, copy in logs.items():
        usual = f"{statistics.median(process[name] for process in processes):.1f}"
        alone, together = statistics.correlation(copy, call), statistics.correlation(means(copy), means(call))
        slope = statistics.linear_regression(means(copy), means(call)).slope
        line = [name, usual, f"{alone:.2f}", f"{together:.2f}", f"{slope:.2f}"]
        if name != CORE:
            line += [f"{beyond(core, copy, call):.2f}", f"{beyond(means(core), means(copy), means(call)):.2f}"]
        lines.append(line)
    headings = ["the call follows", "µs", "correlation", "of means", "slope", "beyond the core", "of means"]
    return tabulate(lines, headings, disable_numparse=True)


if __name__ == "__main__":
    print_table(__file__, process_us, table)
