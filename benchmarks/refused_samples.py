"""How often this machine's CPU is refused as too busy to be measured on, and what dropping rounds would do instead.

Measured: matrix products of three lengths on one processor, alone and beside a process that wants all of it. No bar:
how quiet this machine is otherwise is its own affair. Alone, on a machine without other work, none should be refused.
Simulated: how much sessions' medians differ where up to a fifth of the rounds was held up, with those and without them.

Usage: python benchmarks/refused_samples.py [measurements]
"""

from __future__ import annotations

import math
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_ascendperf.devices.cpu import CpuDevice
from pytest_ascendperf.devices.host_watch import HostWatch
from pytest_ascendperf.measure.call import measure_call
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.statistics.order import median
from pytest_ascendperf.statistics.series import standard_deviation

PLAN = SamplingPlan(
    warmup=None,
    max_warmup_s=0.3,
    max_wait_s=0.0,
    rounds=None,
    budget_s=0.5,
    precision=0.005,
    threads=1,
    cold=False,
    max_spread=0.5,
)
SIZES = {"short call": 64, "call of some ms": 512, "call of some tens of ms": 1280}
CASE = CaseId(module="benchmark", test="product")

SESSIONS, ROUNDS = 2_000, 200
SESSION_SPREAD, ROUND_SPREAD, MOST_HELD_UP, DELAY = 0.01, 0.03, 0.2, 3.0


@contextmanager
def neighbour(processor: int, *, present: bool) -> Iterator[None]:
    """Another process that wants all of ``processor``; no child of this one, as those count as the measured code."""
    if not present:
        yield
        return
    program = f"import os; os.sched_setaffinity(0, {{{processor}}}); print(os.getpid(), flush=True)\nwhile True: pass"
    with subprocess.Popen(
        ["/bin/sh", "-c", '"$0" -c "$1" &', sys.executable, program], stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdout is not None
        pid = int(shell.stdout.readline())
        shell.wait()
        try:
            yield
        finally:
            os.kill(pid, signal.SIGKILL)


def measured(size: int, count: int) -> list[Measurement]:
    """``count`` measurements of a matrix product."""
    import torch

    matrix = torch.ones(size, size)
    return [measure_call(CpuDevice(), PLAN, CASE, lambda: matrix @ matrix)[1] for _ in range(count)]


def row(name: str, found: list[Measurement]) -> str:
    """How many were refused, and how much the medians of all and of the others differ."""
    refused = sum(bool(one.invalid) for one in found)
    again = sum(any("was discarded" in note for note in one.notes) for one in found)
    everything = [one.session.median_us for one in found if one.session is not None]
    valid = [one.session.median_us for one in found if one.session is not None and not one.invalid]
    return (
        f"  {name:<42} refused {refused:>3} of {len(found)}, sampled again {again:>3}; medians differ by "
        f"{spread(everything)}, those not refused by {spread(valid)}"
    )


def spread(medians_us: list[float]) -> str:
    """Standard deviation of the logarithms, in per cent."""
    return f"{standard_deviation(list(map(math.log, medians_us))):.1%}" if len(medians_us) > 1 else "-"


def simulated_spreads() -> tuple[float, float]:
    """How much session medians differ with the rounds that were held up, and without them."""
    rng = random.Random(20250131)
    kept, dropped = [], []
    for _ in range(SESSIONS):
        level = rng.gauss(0.0, SESSION_SPREAD)
        share = rng.uniform(0.0, MOST_HELD_UP)
        clean = [math.exp(level + rng.gauss(0.0, ROUND_SPREAD)) for _ in range(ROUNDS)]
        held_up = round(share * ROUNDS)
        late = [value + rng.expovariate(1.0 / DELAY) for value in clean[:held_up]]
        kept.append(math.log(median(late + clean[held_up:])))
        dropped.append(math.log(median(clean[held_up:])))
    return standard_deviation(kept), standard_deviation(dropped)


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    processor = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processor})
    readings = []
    for _ in range(200):
        begun_s = time.perf_counter()
        HostWatch()
        readings.append(time.perf_counter() - begun_s)
    print(f"one reading of the host's counters: {statistics.median(readings) * 1e6:.0f} µs")
    for present in (False, True):
        for name, size in SIZES.items():
            with neighbour(processor, present=present):
                print(row(f"{name}, {'beside a neighbour' if present else 'alone'}", measured(size, count)), flush=True)
    kept, dropped = simulated_spreads()
    print(
        f"simulated, up to {MOST_HELD_UP:.0%} of {ROUNDS} rounds held up: medians of sessions differ by {kept:.2%} "
        f"with these rounds, by {dropped:.2%} without them"
    )


if __name__ == "__main__":
    main()
