"""What two alike calls that take turns do to each other's caches: at first, and at the beginning of each turn.

The call that was warmed up last keeps the caches to itself for a while. It is why the first turns of both calls of a
comparison do not count. Later on each turn finds the caches filled by the other call. It is why the turns of base and
head begin with calls that do not count, for 10 ms: the first two columns. No bar: what is found depends on the caches,
and on who shares them.

Usage: python benchmarks/shared_caches.py [repetitions]
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from statistics import fmean

from pytest_ascendperf.devices.cpu import CpuDevice
from pytest_ascendperf.measure.rounds import RoundRunner
from pytest_ascendperf.statistics.order import median

MEBIBYTE = 1 << 20
SIZES_MIB = (1, 8, 32, 128)
WARM_UP_S = 0.2
CALLS_PER_ROUND = 4
ENDS_S = (0.0, 0.025, 0.05, 0.1, 0.2, 0.4)
TURN_US = 80_000.0
TURNS = 8
TURN_ENDS_US = (0.0, 5_000.0, 10_000.0, 20_000.0, 40_000.0)
"""Parts of a turn that are compared with its last half."""


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


def within_turns(runners: Sequence[RoundRunner[None]]) -> list[list[float]]:
    """The times of the single calls of each turn, in µs; the first turn of either call is left out."""
    (call_us,) = runners[0].batch(1, CALLS_PER_ROUND)
    calls = math.ceil(TURN_US * CALLS_PER_ROUND / call_us)
    return [runner.batch(calls, 1) for _ in range(TURNS) for runner in runners][len(runners) :]


def print_within_turns(size_mib: int, found: Sequence[Sequence[float]]) -> None:
    """How much longer calls take in the parts of a turn than in its last half, median over turns."""
    columns = []
    for begin_us, end_us in pairwise(TURN_ENDS_US):
        slower = []
        for times_us in found:
            begun_us = [end - own for end, own in zip(accumulate(times_us), times_us, strict=True)]
            within = [own for at, own in zip(begun_us, times_us, strict=True) if begin_us <= at < end_us]
            slower.append(fmean(within) / fmean(times_us[len(times_us) // 2 :]) - 1.0 if within else math.nan)
        columns.append(f"{begin_us / 1e3:.0f} to {end_us / 1e3:.0f} ms {median(slower):+.1%}")
    print(f"copies within 2 x {size_mib} MiB: in a turn, calls are slower than at its end by: {', '.join(columns)}")


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
    for size_mib in SIZES_MIB:
        runners = [RoundRunner(device, copying(size_mib)) for _ in range(2)]
        print_within_turns(size_mib, within_turns(runners))


if __name__ == "__main__":
    main()
