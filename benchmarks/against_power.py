"""How often the rule of ``--ascendperf-against`` is wrong, how often it is right, and how long a decision takes.

Draws the log-ratios of sessions from a normal distribution with a known spread, and lets the judging code itself ask
for sessions until it decides. All tests of a run are slower by the same, and each has what those before it have left of
the run's level. Nothing is measured here: the spread of a real host stands in the reports of its runs.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
import time
from collections import Counter
from typing import NamedTuple

from pytest_ascendperf.judge.error_rate import saved_alpha
from pytest_ascendperf.judge.paired import Next, confirm_paired, screen_paired
from pytest_ascendperf.judge.paired_contrast import PairedSession
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
    used_alpha: float


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
        return Decided(screened.status, len(screening), screened.used_alpha)
    confirming = [session()]
    while (confirmed := confirm_paired(confirming, rule)).next is Next.MORE:
        confirming.append(session())
    return Decided(confirmed.status, len(screening) + len(confirming), confirmed.used_alpha)


def decide_run(rule: Rule, change: float, spread: float, odd_share: float, draw: random.Random) -> list[Decided]:
    """Decide all tests of a run, one after the other."""
    decided: list[Decided] = []
    for _ in range(rule.suite_tests):
        saved = saved_alpha(rule.suite_tests, [each.used_alpha for each in decided])
        decided.append(decide(dataclasses.replace(rule, saved_alpha=saved), change, spread, odd_share, draw))
    return decided


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
    runs = [decide_run(rule, change, spread, odd_share, draw) for _ in range(DECISIONS // rule.suite_tests)]
    decided = list(itertools.chain.from_iterable(runs))
    judging_ms = (time.perf_counter() - begun) / DECISIONS * 1e3
    found = Counter(each.status for each in decided)
    red = sum(any(each.status is Status.REGRESSED for each in run) for run in runs) / len(runs)
    sessions = sum(each.sessions for each in decided) / DECISIONS
    limit = f" (< {upper_limit(found[Status.REGRESSED], DECISIONS):.2%})" if change == 0.0 else ""
    print(
        f"{'yes' if rule.must_decide else 'no':>6}  {rule.suite_tests:>5}  {odd_share:>4.0%}  {spread:>6.1%}"
        f"  {change:>6.0%}  {found[Status.REGRESSED] / DECISIONS:>9.2%}  {red:>8.1%}"
        f"  {found[Status.PASS] / DECISIONS:>8.2%}  {found[Status.INCONCLUSIVE] / DECISIONS:>12.2%}"
        f"  {sessions:>8.2f}  {judging_ms:>4.1f} ms{limit}"
    )


def main() -> None:
    """Print a row per suite, spread and true change, and for undecided cases that fail or do not."""
    draw = random.Random(1)
    print(
        f"{DECISIONS} decisions per row, tolerance {TOLERANCE:.0%}, at most {SESSIONS} confirming sessions, normal "
        f"session estimates, of which the odd ones deviate {ODD_FACTOR:.0f} times as far"
    )
    print("strict  tests   odd  spread  change  regressed  red runs      pass  inconclusive  sessions  judging")
    for must_decide, suite_tests, odd_share in itertools.product((False, True), SUITES, (0.0, ODD_SHARE)):
        for spread, change in itertools.product(SPREADS, CHANGES):
            print_row(rule_for(suite_tests, must_decide=must_decide), spread, change, odd_share, draw)


if __name__ == "__main__":
    main()
