"""How often ``npu_perf.compare`` is right, on this machine's CPU, with work that is really added.

Bars, for calls of 1 ms and 5 s each: of equal calls, at most 1 % of the assertions that hold fail, and at most 1 % of
those that do not hold pass; a difference of 5 % is found in at least 95 %.

Usage: python benchmarks/compare_power.py [repetitions]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from pytest_ascendperf.devices.cpu import CpuDevice
from pytest_ascendperf.judge.comparison import decide
from pytest_ascendperf.measure.comparison import PairedRounds
from pytest_ascendperf.model.comparison import Claim, ClaimKind, Decision
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.statistics.proportion import proportion_bounds

CALL_S = 0.001
ADDED = 0.05
BUDGET_S = 5.0
PLAN = SamplingPlan(
    warmup=None,
    max_warmup_s=2.0,
    max_wait_s=0.0,
    rounds=None,
    budget_s=1.0,
    precision=0.005,
    threads=None,
    cold=False,
    max_spread=0.5,
)
FASTER = Claim(kind=ClaimKind.FASTER, limit=1.02)
NOT_SLOWER = Claim(kind=ClaimKind.NOT_SLOWER, limit=0.02)


class Question(NamedTuple):
    """A pair of calls, what is asserted of it, and the outcome that counts."""

    name: str
    first_units: float
    second_units: float
    claim: Claim
    counted: frozenset[Decision]


FAILS = frozenset({Decision.REFUTED, Decision.UNDECIDED})
PASSES = frozenset({Decision.SHOWN})
QUESTIONS = (
    Question("equal, assert_not_slower(within=0.02) fails: false alarm", 1.0, 1.0, NOT_SLOWER, FAILS),
    Question("  of these, refuted and not just undecided", 1.0, 1.0, NOT_SLOWER, frozenset({Decision.REFUTED})),
    Question("equal, assert_faster(by=1.02) passes: false proof", 1.0, 1.0, FASTER, PASSES),
    Question("first 5 % slower, assert_not_slower(within=0.02) fails: found", 1.0 + ADDED, 1.0, NOT_SLOWER, FAILS),
    Question("second 5 % slower, assert_faster(by=1.02) passes: found", 1.0, 1.0 + ADDED, FASTER, PASSES),
)


def work(units: int) -> Callable[[], None]:
    """A call that adds ``units`` numbers."""

    def call() -> None:
        total = 0
        for number in range(units):
            total += number

    return call


def units_per_call() -> int:
    """Units that take about ``CALL_S``."""
    probe, call = 10_000, work(10_000)
    times = []
    for _ in range(50):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return round(probe * CALL_S / statistics.median(times))


def outcome(question: Question, units: int) -> tuple[Decision, float]:
    """What one comparison decides, and the seconds that its rounds took."""
    rounds = PairedRounds(
        CpuDevice(),
        PLAN,
        work(round(units * question.first_units)),
        work(round(units * question.second_units)),
        budget_s=BUDGET_S,
    )
    rounds.warm_up()
    rounds.sample(rounds.first_look_is_enough)
    rounds.sample(lambda estimate: decide(question.claim, estimate) is not Decision.UNDECIDED)
    return decide(question.claim, rounds.estimate), rounds.seconds


def main() -> None:
    """Print the rates with their 95 % bounds, and the seconds."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    units = units_per_call()
    found: dict[tuple[float, float, Claim], list[tuple[Decision, float]]] = {}
    print(f"{repetitions} repetitions, {units} units per call")
    print("  rate   95 % bounds        seconds: median, 95 %, most")
    for question in QUESTIONS:
        key = (question.first_units, question.second_units, question.claim)
        if key not in found:
            found[key] = [outcome(question, units) for _ in range(repetitions)]
        counted = sum(decision in question.counted for decision, _ in found[key])
        low, high = proportion_bounds(counted, repetitions, alpha=0.025)
        seconds = sorted(each for _, each in found[key])
        print(
            f"{counted / repetitions:7.2%}  {low:6.2%} to {high:6.2%}  {statistics.median(seconds):6.2f} s"
            f" {seconds[int(0.95 * (repetitions - 1))]:6.2f} s {seconds[-1]:6.2f} s  {question.name}",
            flush=True,
        )


if __name__ == "__main__":
    main()
