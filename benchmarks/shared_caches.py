"""How long the call that was warmed up last keeps the caches to itself, of two alike calls that then take turns.

It is why the first turns of base and head, and of both calls of a comparison, do not count. No bar: what is found
depends on the caches, and on who shares them.

Usage: python benchmarks/shared_caches.py [repetitions]
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from itertools import pairwise

from pytest_ascendperf.devices.cpu import CpuDevice
from pytest_ascendperf.measure.rounds import RoundRunner
from pytest_ascendperf.statistics.order import median

MEBIBYTE = 1 << 20
SIZES_MIB = (1, 8, 32, 128)
WARM_UP_S = 0.2
CALLS_PER_ROUND = 4
ENDS_S = (0.0, 0.025, 0.05, 0.1, 0.2, 0.4)


def copying(size_mib: int) -> Callable[[], None]:
    """Copies the next mebibyte of a buffer of this size into another one."""
    source, target = bytearray(size_mib * MEBIBYTE), memoryview(bytearray(size_mib * MEBIBYTE))
    at = 0

    def call() -> None:
        nonlocal at
        target[at : at + MEBIBYTE] = memoryview(source)[at : at + MEBIBYTE]
        at = (at + MEBIBYTE) % len(source)

    return call


def turns(first: RoundRunner[None], last: RoundRunner[None]) -> list[tuple[float, float]]:
    """When each pair of rounds began, in seconds, and ln of how many times longer the first call's round took."""
    for runner in (first, last):
        begun_s = time.perf_counter()
        while time.perf_counter() - begun_s < WARM_UP_S:
            runner.batch(1, CALLS_PER_ROUND)
    pairs: list[tuple[float, float]] = []
    begun_s = time.perf_counter()
    while (now_s := time.perf_counter() - begun_s) < ENDS_S[-1]:
        order = (first, last) if len(pairs) % 2 else (last, first)
        times_us = {runner: runner.batch(1, CALLS_PER_ROUND)[0] for runner in order}
        pairs.append((now_s, math.log(times_us[first] / times_us[last])))
    return pairs


def main() -> None:
    """Print the figures."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    device = CpuDevice()
    for size_mib in SIZES_MIB:
        pairs: list[tuple[float, float]] = []
        for _ in range(repetitions):
            first, last = (RoundRunner(device, copying(size_mib)) for _ in range(2))
            pairs += turns(first, last)
        found = [
            f"{begin_s * 1e3:.0f} to {end_s * 1e3:.0f} ms {median(within):+.1%}"
            for begin_s, end_s in pairwise(ENDS_S)
            if (within := [ratio for at_s, ratio in pairs if begin_s <= at_s < end_s])
        ]
        print(f"copies within 2 x {size_mib} MiB: the call warmed up first is slower by: {', '.join(found)}")


if __name__ == "__main__":
    main()
