"""How often unchanged code fails, and whether the printed detectable change is the real one.

    python -m benchmarks.false_alarms [--suites 2000] [--json FILE]

Sessions are drawn from scripted noise of known spread on the logarithmic scale and passed to ``judge.latency.screen``
and, where that flags a case, to ``judge.latency.confirm`` with fresh draws, as many as ``judge.confirmation`` asks for:
the gate is the real one.
Every row has draws of its own. A bar counts as met only when the upper end of the interval lies below it. Exit status 1
when one is missed. Normal noise has bars. The other kinds break what the test assumes, have none, and are printed for
honesty: above all "other day", where the sessions of a recording, and those of a run, share an offset that none shows.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv
from tabulate import tabulate

from pytest_ascendperf.judge.confirmation import is_settled
from pytest_ascendperf.judge.latency import confirm, screen
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status

SEED = 20250
BASE_US = 1000.0
CONFIRM_SESSIONS = 5
SUITE_SIZES = (1, 50)
TOLERANCES = (0.0, 0.05)
TEST_BAR = 0.01
"""Highest rate of false failures among tests."""
SUITE_BAR = {1: 0.01, 50: 0.05}
"""Highest rate of suites with a false failure, by the number of tests in them."""
EFFECT_BAR = 0.30
"""Largest relative difference between the printed and the real detectable change."""
POWER = 0.8

Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]
"""Draws ln(median / true median) of sessions, of the given shape."""


def normal(spread: float) -> Draw:
    """Normal noise with standard deviation ``spread``."""
    return lambda rng, shape: spread * rng.standard_normal(shape)


def bimodal(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Three sessions of ten run 50 % slower, as on a host with a busy neighbour; 1 % besides."""
    busy = np.where(rng.random(shape) < 0.3, math.log(1.5), 0.0)
    return np.asarray(busy + 0.01 * rng.standard_normal(shape), dtype=np.float64)


def heavy_tailed(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Student's t with two degrees of freedom, so without a variance, times 2 %."""
    return 0.02 * rng.standard_t(2, shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What makes unchanged code look different."""

    draw: Draw
    """Between sessions."""
    day_spread: float = 0.0
    """Standard deviation of a test's common offset of a recording, and of a run, on the logarithmic scale."""
    has_bar: bool = False


NOISES: dict[str, Noise] = {
    "normal 1 %": Noise(draw=normal(0.01), has_bar=True),
    "normal 3 %": Noise(draw=normal(0.03), has_bar=True),
    "normal 10 %": Noise(draw=normal(0.10), has_bar=True),
    "bimodal": Noise(draw=bimodal),
    "heavy-tailed": Noise(draw=heavy_tailed),
    "other day": Noise(draw=normal(0.01), day_spread=0.02),
}
"""Noise by the name in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """What unchanged code met in one setting."""

    noise: str
    tolerance: float
    baseline_sessions: int
    suite_tests: int
    suites: int
    flagged_tests: float
    """Share of tests that the screening sent to confirmation."""
    failed_tests: float
    failed_tests_at_most: float
    """Upper end of the one-sided 95 % Clopper-Pearson interval."""
    failed_suites: float
    failed_suites_low: float
    """Lower end of the two-sided 95 % Clopper-Pearson interval."""
    failed_suites_high: float
    bar: float | None
    """Highest share of failed suites allowed; None for noise without a bar."""
    met: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectableChange:
    """The printed detectable change beside the injected change that is really found in 80 % of runs."""

    noise: str
    tolerance: float
    baseline_sessions: int
    printed_mean: float
    printed_median: float
    empirical: float
    ratio: float
    """Mean printed over empirical."""
    single_within_bar: float
    """Share of single printed values within the bar: few sessions know their spread only roughly."""
    met: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulation, print both tables, and say whether the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--suites", type=int, default=2000, help="simulated suites per setting (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    alarms = [
        false_alarms(name, tolerance=tolerance, base_sessions=base, suite_tests=tests, suites=options.suites)
        for name in NOISES
        for tolerance in TOLERANCES
        for base in (5, 10)
        for tests in SUITE_SIZES
    ]
    changes = [
        detectable(name, tolerance=tolerance, base_sessions=base, suites=options.suites)
        for name, noise in NOISES.items()
        if noise.has_bar
        for tolerance in TOLERANCES
        for base in (5, 10, 20)
    ]
    print_alarms(alarms)
    print_changes(changes)
    if options.json is not None:
        document = {"seed": SEED, "false_alarms": [asdict(row) for row in alarms]}
        document["detectable_change"] = [asdict(row) for row in changes]
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    missed = sum(row.met is False for row in alarms) + sum(not row.met for row in changes)
    print(f"\n{missed} bars missed." if missed else "\nAll bars met.")
    return 1 if missed else 0


def false_alarms(noise: str, *, tolerance: float, base_sessions: int, suite_tests: int, suites: int) -> FalseAlarms:
    """Judge ``suites`` suites of unchanged tests."""
    source = NOISES[noise]
    rule = rule_of(tolerance, suite_tests)
    rng = generator(noise, tolerance, base_sessions, suite_tests)
    flagged = failed = failed_suites = 0
    for _ in range(suites):
        base, head, fresh = draw_sessions(source, rng, suite_tests, base_sessions)
        outcomes = [judge(*test, rule) for test in zip(base, head, fresh, strict=True)]
        flagged += sum(was_flagged for was_flagged, _ in outcomes)
        failures = sum(has_failed for _, has_failed in outcomes)
        failed += failures
        failed_suites += failures > 0
    tests = suites * suite_tests
    low, high = clopper_pearson(failed_suites, suites, 0.025)
    tests_at_most = clopper_pearson(failed, tests, 0.05)[1]
    bar = SUITE_BAR[suite_tests] if source.has_bar else None
    return FalseAlarms(
        noise=noise,
        tolerance=tolerance,
        baseline_sessions=base_sessions,
        suite_tests=suite_tests,
        suites=suites,
        flagged_tests=flagged / tests,
        failed_tests=failed / tests,
        failed_tests_at_most=tests_at_most,
        failed_suites=failed_suites / suites,
        failed_suites_low=low,
        failed_suites_high=high,
        bar=bar,
        met=None if bar is None else high <= bar and tests_at_most <= TEST_BAR,
    )


def detectable(noise: str, *, tolerance: float, base_sessions: int, suites: int) -> DetectableChange:
    """Compare the printed detectable change of ``suites`` one-test suites with the one found by bisection."""
    rule = rule_of(tolerance, 1)
    rng = generator(noise, tolerance, base_sessions, 0)
    base, head, fresh = draw_sessions(NOISES[noise], rng, suites, base_sessions)
    printed = np.array([screen(b, h, rule).detectable_change for b, h in zip(base, head, strict=True)], dtype=float)
    low, high = 0.0, 1.0
    for _ in range(10):
        middle = (low + high) / 2.0
        # The same draws at every step, so that the share found rises with the change.
        found = sum(
            judge(b, h * (1.0 + middle), [f * (1.0 + middle) for f in fs], rule)[1]
            for b, h, fs in zip(base, head, fresh, strict=True)
        )
        low, high = (middle, high) if found < POWER * suites else (low, middle)
    empirical = (low + high) / 2.0
    ratio = float(printed.mean()) / empirical
    return DetectableChange(
        noise=noise,
        tolerance=tolerance,
        baseline_sessions=base_sessions,
        printed_mean=float(printed.mean()),
        printed_median=float(np.median(printed)),
        empirical=empirical,
        ratio=ratio,
        single_within_bar=float(np.mean(np.abs(printed / empirical - 1.0) <= EFFECT_BAR)),
        met=abs(ratio - 1.0) <= EFFECT_BAR,
    )


def rule_of(tolerance: float, suite_tests: int) -> Rule:
    """The rule of one test of the suite."""
    return Rule(
        tolerance=tolerance,
        min_change_us=1.0,
        confirm_sessions=CONFIRM_SESSIONS,
        suite_tests=suite_tests,
        cases=1,
    )


def generator(noise: str, tolerance: float, base_sessions: int, suite_tests: int) -> np.random.Generator:
    """Random numbers of one row, shared with no other."""
    return np.random.default_rng(
        (SEED, list(NOISES).index(noise), TOLERANCES.index(tolerance), base_sessions, suite_tests)
    )


def draw_sessions(
    noise: Noise, rng: np.random.Generator, tests: int, base_sessions: int
) -> tuple[list[list[float]], list[float], list[list[float]]]:
    """Medians in µs: base sessions, the run's session and the fresh sessions of each test."""
    recording_day, run_day = noise.day_spread * rng.standard_normal((2, tests))
    base: list[list[float]] = (
        BASE_US * np.exp(noise.draw(rng, (tests, base_sessions)) + recording_day[:, None])
    ).tolist()
    head: list[float] = (BASE_US * np.exp(noise.draw(rng, (tests,)) + run_day)).tolist()
    fresh: list[list[float]] = (
        BASE_US * np.exp(noise.draw(rng, (tests, CONFIRM_SESSIONS)) + run_day[:, None])
    ).tolist()
    return base, head, fresh


def judge(base_us: list[float], head_us: float, fresh_us: list[float], rule: Rule) -> tuple[bool, bool]:
    """Whether one test was flagged, and whether it failed."""
    if not screen(base_us, head_us, rule).flagged:
        return False, False
    taken = next((n for n in range(len(fresh_us)) if is_settled(base_us, fresh_us[:n], rule)), len(fresh_us))
    return True, confirm(base_us, fresh_us[:taken], rule).status is Status.REGRESSED


def clopper_pearson(hits: int, trials: int, tail: float) -> tuple[float, float]:
    """Exact interval of a share with probability ``tail`` beyond each end (Clopper and Pearson 1934)."""
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, tail))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 1.0 - tail))
    return low, high


def print_alarms(rows: Sequence[FalseAlarms]) -> None:
    """The first table."""
    print(f"False failures of unchanged code, {rows[0].suites} suites each, {CONFIRM_SESSIONS} confirming sessions\n")
    table = [
        [
            row.noise,
            f"{row.tolerance:.0%}",
            row.baseline_sessions,
            row.suite_tests,
            f"{row.flagged_tests:.2%}",
            f"{row.failed_tests:.4%}",
            f"{row.failed_tests_at_most:.4%}",
            f"{row.failed_suites:.2%}",
            f"{row.failed_suites_low:.2%} to {row.failed_suites_high:.2%}",
            "-" if row.bar is None else f"{row.bar:.0%} {'met' if row.met else 'MISSED'}",
        ]
        for row in rows
    ]
    headers = ["noise", "tolerance", "K", "tests", "flagged", "failed tests", "at most", "failed suites", "95 %", "bar"]
    print(tabulate(table, headers=headers, disable_numparse=True))


def print_changes(rows: Sequence[DetectableChange]) -> None:
    """The second table."""
    print(f"\nDetectable change at {POWER:.0%} power, one test, {CONFIRM_SESSIONS} confirming sessions\n")
    table = [
        [
            row.noise,
            f"{row.tolerance:.0%}",
            row.baseline_sessions,
            f"{row.printed_mean:.2%}",
            f"{row.printed_median:.2%}",
            f"{row.empirical:.2%}",
            f"{row.ratio:.2f}",
            f"{row.single_within_bar:.0%}",
            f"{EFFECT_BAR:.0%} {'met' if row.met else 'MISSED'}",
        ]
        for row in rows
    ]
    headers = ["noise", "tolerance", "K", "printed, mean", "median", "empirical", "ratio", "single ±30%", "bar ±"]
    print(tabulate(table, headers=headers, disable_numparse=True))


if __name__ == "__main__":
    sys.exit(main())
