"""How often the rule of ``--ascendperf-against`` is wrong, how often it is right, and how long a decision takes.

Draws the log-ratios of sessions from a normal distribution with a known spread, and lets the judging code itself ask
for sessions until it decides. Nothing is measured here: the spread of a real host stands in the reports of its runs.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from itertools import product
from typing import NamedTuple

from pytest_ascendperf.judge.paired import Next, PairedSession, confirm_paired, screen_paired
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status

DECISIONS = 4_000
SPREADS = (0.004, 0.01, 0.013, 0.02, 0.04)
CHANGES = (0.0, 0.02, 0.05, 0.10)
SUITES = (1, 50)
TOLERANCE = 0.02
SESSIONS = 20
ODD_SHARE, ODD_FACTOR = 0.05, 10.0
"""Real sessions have heavier tails than normal ones: so many deviate so many times as far."""
BASE_US = 1_000.0


class Decided(NamedTuple):
    """What came of one simulated case."""

    status: Status
    sessions: int


def decide(rule: Rule, change: float, spread: float, odd_share: float, draw: random.Random) -> Decided:
    """Let the judge ask for sessions of a case whose true change is known, until it decides."""

    def session() -> PairedSession:
        factor = ODD_FACTOR if draw.random() < odd_share else 1.0
        log_ratio = math.log1p(change) + draw.gauss(0.0, spread) * factor
        return PairedSession(log_ratio=log_ratio, base_us=BASE_US, head_us=BASE_US * math.exp(log_ratio))

    screening = [session()]
    while (screened := screen_paired(screening, rule)).next is Next.MORE:
        screening.append(session())
    if screened.next is Next.NOTHING:
        return Decided(screened.status, len(screening))
    confirming = [session()]
    while (confirmed := confirm_paired(confirming, rule)).next is Next.MORE:
        confirming.append(session())
    return Decided(confirmed.status, len(screening) + len(confirming))


def rule_for(suite_tests: int, *, must_decide: bool) -> Rule:
    """The rule of a run with that many tests, in which an undecided one fails or does not."""
    return Rule(
        tolerance=TOLERANCE,
        min_change_us=0.0,
        confirm_sessions=SESSIONS,
        suite_tests=suite_tests,
        cases=1,
        must_decide=must_decide,
    )


def upper_limit(found: int, of: int) -> float:
    """The 95 % upper limit of a rate that was found that often (Clopper and Pearson 1934)."""
    from scipy.special import betaincinv

    return 1.0 if found == of else float(betaincinv(found + 1, of - found, 0.95))


def print_row(rule: Rule, spread: float, change: float, odd_share: float, draw: random.Random) -> None:
    """Decide, and print what came of it."""
    begun = time.perf_counter()
    decided = [decide(rule, change, spread, odd_share, draw) for _ in range(DECISIONS)]
    judging_ms = (time.perf_counter() - begun) / DECISIONS * 1e3
    found = Counter(each.status for each in decided)
    sessions = sum(each.sessions for each in decided) / DECISIONS
    limit = f" (< {upper_limit(found[Status.REGRESSED], DECISIONS):.2%})" if change == 0.0 else ""
    print(
        f"{'yes' if rule.must_decide else 'no':>6}  {rule.suite_tests:>5}  {odd_share:>4.0%}  {spread:>6.1%}"
        f"  {change:>6.0%}  {found[Status.REGRESSED] / DECISIONS:>9.2%}  {found[Status.PASS] / DECISIONS:>8.2%}"
        f"  {found[Status.INCONCLUSIVE] / DECISIONS:>12.2%}  {sessions:>8.2f}  {judging_ms:>4.1f} ms{limit}"
    )


def main() -> None:
    """Print a row per suite, spread and true change, and for undecided cases that fail or do not."""
    draw = random.Random(1)
    print(
        f"{DECISIONS} decisions per row, tolerance {TOLERANCE:.0%}, at most {SESSIONS} confirming sessions, normal "
        f"session estimates, of which the odd ones deviate {ODD_FACTOR:.0f} times as far"
    )
    print("strict  tests   odd  spread  change  regressed      pass  inconclusive  sessions  judging")
    for must_decide, suite_tests, odd_share in product((False, True), SUITES, (0.0, ODD_SHARE)):
        for spread, change in product(SPREADS, CHANGES):
            print_row(rule_for(suite_tests, must_decide=must_decide), spread, change, odd_share, draw)


if __name__ == "__main__":
    main()
