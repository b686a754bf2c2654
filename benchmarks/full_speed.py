"""How much sessions of one call differ where rounds wait for the core to be at full speed, and where they do not.

And how much those differ that are left where the ones of a slowed core are left out, as in a recording. Each session is
a process of its own, and the two kinds take turns, so both meet the same neighbours. No bar: on a machine that is alone
on its cores there is nothing to wait for, and both spread alike.

Usage: python benchmarks/full_speed.py [sessions]
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from pytest_ascendperf.devices.cpu import CpuDevice
from pytest_ascendperf.judge.core_speed import at_full_speed
from pytest_ascendperf.measure.call import measure_call
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.measurement import Session
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.statistics.order import median
from pytest_ascendperf.statistics.series import standard_deviation

WAITS_S = (0.0, 5.0)


def arithmetic() -> Callable[[], object]:
    """Interpreted arithmetic."""
    return lambda: sum(number * number % 7 for number in range(20_000))


def sorting() -> Callable[[], object]:
    """Sorting numbers in no order."""
    numbers = [number * 7_919 % 20_011 for number in range(20_000)]
    return lambda: sorted(numbers)


def product() -> Callable[[], object]:
    """A matrix product on one thread."""
    import torch

    matrix = torch.ones(384, 384)
    return lambda: matrix @ matrix


WORKS = {work.__name__: work for work in (arithmetic, sorting, product)}


def session(name: str, max_wait_s: float) -> tuple[Session, float]:
    """One session in this process, and the seconds that it took."""
    plan = SamplingPlan(
        warmup=None,
        max_warmup_s=2.0,
        max_wait_s=max_wait_s,
        rounds=None,
        budget_s=1.0,
        precision=0.005,
        threads=1,
        cold=False,
        max_spread=0.5,
    )
    call = WORKS[name]()
    begun_s = time.perf_counter()
    _, measurement = measure_call(CpuDevice(), plan, CaseId(module="benchmark", test=name), call)
    assert measurement.session is not None
    return measurement.session, time.perf_counter() - begun_s


def spread(sessions: Sequence[Session]) -> float:
    """Standard deviation of the logarithms of the medians."""
    return standard_deviation([math.log(session.median_us) for session in sessions])


def main() -> None:
    """Print the figures."""
    if len(sys.argv) > 2:
        measured, seconds = session(sys.argv[1], float(sys.argv[2]))
        print(json.dumps([measured.to_dict(), seconds]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    for name in WORKS:
        found: dict[float, list[tuple[Session, float]]] = {wait_s: [] for wait_s in WAITS_S}
        for _ in range(count):
            for wait_s in WAITS_S:
                command = [sys.executable, __file__, name, str(wait_s)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                measured_data, seconds = json.loads(done.stdout)
                found[wait_s].append((Session.from_dict(measured_data), seconds))
        for wait_s, pairs in found.items():
            sessions, times_s = zip(*pairs, strict=True)
            medians_us = [session.median_us for session in sessions]
            print(
                f"{name:<12} waits up to {wait_s:g} s: medians of {count} sessions {min(medians_us):.0f} to "
                f"{max(medians_us):.0f} µs, they differ by {spread(sessions):.1%}; a session takes "
                f"{median(times_s):.1f} s"
            )
        left = at_full_speed(sessions)
        print(f"{name:<12} of the latter, {len(left)} were at full speed and differ by {spread(left):.1%}")


if __name__ == "__main__":
    main()
