"""What ending a confirmation early saves, and what it costs: beside a gate that always takes all fresh sessions.

    python -m benchmarks.confirmation_cost [--cases 20000] [--json FILE]

Sessions are drawn from normal noise of known spread on the logarithmic scale. Both gates see the same draws: the one
in force, with ``judge.confirmation`` deciding after each fresh session, and one that takes all of them and decides
once, at the whole level. ``flagged`` is the share of cases that are confirmed at all; ``fails`` are shares of all
cases; sessions are the mean number of fresh processes of a flagged case. At +5 % the change is just the tolerance: an
unchanged case of a gate that tolerates nothing. Exit status 1 where these fail more often than their level allows, as
far as chance leaves no doubt (lower end of the 99.9 % Clopper-Pearson interval).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np
from scipy.special import betaincinv
from tabulate import tabulate

from pytest_ascendperf.judge.confirmation import is_settled
from pytest_ascendperf.judge.contrast import contrast
from pytest_ascendperf.judge.error_rate import confirm_alpha
from pytest_ascendperf.judge.latency import confirm, is_slower, screen
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status

SEED = 4021
BASE_US = 1000.0
BASE_SESSIONS = 5
CONFIRM_SESSIONS = 5
TOLERANCE = 0.05
SPREADS = (0.005, 0.01, 0.02)
CHANGES = (0.0, 0.05, 0.10, 0.20)
SUITE_SIZES = (1, 50, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting."""

    suite_tests: int
    spread: float
    change: float
    flagged: float
    fails_before: float
    """With all fresh sessions and one decision."""
    fails: float
    passes: float
    """Share of flagged cases that end as PASS."""
    sessions: float | None
    """None where nothing was flagged."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulation and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=20_000, help="simulated cases per row (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    rows = [
        simulate(tests, spread, change, options.cases)
        for tests, spread, change in product(SUITE_SIZES, SPREADS, CHANGES)
    ]
    print(
        f"{options.cases:,} cases per row, tolerance {TOLERANCE:.0%}, {BASE_SESSIONS} base sessions, at most "
        f"{CONFIRM_SESSIONS} fresh sessions\n"
    )
    table = [
        [
            row.suite_tests,
            f"{row.spread:.1%}",
            f"+{row.change:.0%}" if row.change else "A/A",
            f"{row.flagged:.2%}",
            f"{row.fails_before:.2%}",
            f"{row.fails:.2%}",
            f"{row.passes:.0%}",
            str(CONFIRM_SESSIONS) if row.sessions is not None else "-",
            "-" if row.sessions is None else f"{row.sessions:.2f}",
        ]
        for row in rows
    ]
    headers = ["tests", "spread", "change", "flagged", "fails, all", "fails", "passes", "sessions, all", "sessions"]
    print(tabulate(table, headers=headers, disable_numparse=True))
    if options.json is not None:
        document = {"seed": SEED, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    alarms = [
        row
        for row in rows
        if row.change <= TOLERANCE and at_least(row.fails, options.cases) > confirm_alpha(rule_of(row.suite_tests))
    ]
    print(f"\n{len(alarms)} rows above their level." if alarms else "\nAll rows of unchanged cases within their level.")
    return 1 if alarms else 0


def at_least(share: float, cases: int) -> float:
    """What the true share is above with a chance of 99.95 %."""
    hits = round(share * cases)
    return float(betaincinv(hits, cases - hits + 1, 0.0005)) if hits else 0.0


def rule_of(suite_tests: int) -> Rule:
    """The rule of one test of such a run."""
    return Rule(
        tolerance=TOLERANCE, min_change_us=1.0, confirm_sessions=CONFIRM_SESSIONS, suite_tests=suite_tests, cases=1
    )


def simulate(suite_tests: int, spread: float, change: float, cases: int) -> Row:
    """Judge ``cases`` cases of one setting with both gates."""
    rule = rule_of(suite_tests)
    rng = np.random.default_rng((SEED, suite_tests, round(spread * 1e6), round(change * 1e6)))
    medians = BASE_US * np.exp(spread * rng.standard_normal((cases, BASE_SESSIONS + 1 + CONFIRM_SESSIONS)))
    medians[:, BASE_SESSIONS:] *= 1.0 + change
    flagged = failed_before = failed = passed = sessions = 0
    for case in medians.tolist():
        base_us, head_us, fresh_us = case[:BASE_SESSIONS], case[BASE_SESSIONS], case[BASE_SESSIONS + 1 :]
        if not screen(base_us, head_us, rule).flagged:
            continue
        flagged += 1
        failed_before += is_slower(contrast(base_us, fresh_us), rule, confirm_alpha(rule))
        taken = next((n for n in range(len(fresh_us)) if is_settled(base_us, fresh_us[:n], rule)), len(fresh_us))
        sessions += taken
        status = confirm(base_us, fresh_us[:taken], rule).status
        failed += status is Status.REGRESSED
        passed += status is Status.PASS
    return Row(
        suite_tests=suite_tests,
        spread=spread,
        change=change,
        flagged=flagged / cases,
        fails_before=failed_before / cases,
        fails=failed / cases,
        passes=passed / max(flagged, 1),
        sessions=sessions / flagged if flagged else None,
    )


if __name__ == "__main__":
    sys.exit(main())
