"""How often a verdict may be wrong, and how that is divided between the two stages and over the tests of a run.

A case fails only when the screening flags it *and* fresh sessions confirm it. Whatever the two stages have in common
(they share the baseline), the probability that both are wrong is at most that of either, so a case that has not changed
fails with probability min(α₁, α₂) at most. Over the whole run the second level is divided by the number of judged cases
(Bonferroni), which holds under any dependence between the cases, too. A case that is compared with its anchor as well
as with its baseline may fail by either, so each of the two has half of the case's level. Where being faster fails as
well (``Rule.improvement_fails``), that is one more question, confirmed in the same two stages.

Side by side no two tests share a baseline, and they are decided one after the other. There what a test has not used of
its share is left to those after it (the online fallback procedure of Tian and Ramdas 2021, after Wiens and Dmitrienko
2005): a test that the screening passes is never asked whether it is slower, and one that is called slower rightly costs
nothing of what false failures may have. Only the looks at a suspect that stays open, or passes, have used their shares.
So the chance of any false failure in the run stays at 5 %, if the sessions of different tests are independent, and
every test has at least the level that an equal division would give it.

Where an undecided case fails the run as well (``Rule.must_decide``), it is measured again without having been flagged.
Then the second stage alone bounds how often it is called slower, by α₂, which is the smaller one.

The second stage looks at the fresh sessions more than once, so that a clear case ends early, and its level is divided
between these looks, again by Bonferroni. The sign e-process of :mod:`~pytest_ascendperf.statistics.evidence`, which may
be looked at whenever one likes, does not serve here however many sessions there are: it wants signs that each come up
with probability 1/2 at most given those before. All fresh sessions are held against one baseline, whose error they
share, so where that is too low every one of them is above it. It also cannot reach 1/α = 1,000 before 13 sessions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_ascendperf.model.protocol import Rule

SCREEN_ALPHA = 0.05
"""One-sided level of the first stage. It sets how many unchanged cases are measured again, not how many fail."""
SUITE_ALPHA = 0.05
"""Chance of any false failure in a run in which nothing changed."""
CASE_ALPHA = 0.01
"""Chance of a false failure of one case, also where it is the only one of its run."""
PASS_ALPHA = 0.05
"""One-sided level of the bound that must lie within tolerance for a pass."""
IMPROVED_ALPHA = 0.01
"""One-sided level of the bound that must lie beyond the tolerance for an improvement, where that fails nothing."""
EARLY_PASS_ALPHA = 0.01
"""Level of that bound for a pass that ends the second stage early: each early look adds this to a pass's 5 %."""
SUSPECT_PASS_ALPHA = 0.01
"""Level of that bound at each look at a suspect, with base and head side by side. With the looks of the screening, each
at 5 %, code that is slower by just the limit passes in 8 to 16 % (``benchmarks/against_power.py``). At 5 % here, too,
it would be a quarter; at 1 % in the screening, too, 6 %, and unchanged code would take half as many sessions again."""

FEWEST_SESSIONS = 2
"""Fresh sessions before anything is said: what failed in one process may have failed for reasons of that process."""
_ORDERS = 50
"""Sessions may come in kinds: memory lands well or badly. A baseline of one kind and fresh sessions of another agree so
well among themselves that t is huge, and no level helps. But that n fresh sessions lie above all K of the baseline
happens in 1 of C(K + n, n) cases whatever their distribution, and an early look waits until that is 1 in 50."""
_LAST_SHARE = 0.75
"""Share of the level that the last look gets: clear changes need little, small ones all there is."""
_LATEST_EARLY_LOOK = 0.65
"""Share of all sessions after which an early look would save too few of them."""


def confirm_alpha(rule: Rule) -> float:
    """One-sided level of the second stage for one question about one case under ``rule``."""
    return min(CASE_ALPHA, (SUITE_ALPHA / rule.suite_tests + rule.saved_alpha) / rule.cases) / rule.ways_to_fail


def saved_alpha(suite_tests: int, used: Sequence[float]) -> float:
    """Level that the tests decided so far, of ``suite_tests``, have left. ``used`` is what each of them has used."""
    return max(0.0, SUITE_ALPHA * min(len(used), suite_tests - 1) / suite_tests - sum(used))


def pass_looks(rule: Rule) -> tuple[int, ...]:
    """After how many fresh sessions a case may pass, or be given up, before its last one."""
    return _doubled(FEWEST_SESSIONS, rule)


def early_looks(rule: Rule, base_sessions: int) -> dict[int, float]:
    """After how many fresh sessions a case may be called slower, or faster, before its last one, each with its level.

    With five sessions of each side at most: after 3. With ten or more in the baseline: after 2.
    """
    first = FEWEST_SESSIONS
    while math.comb(base_sessions + first, first) < _ORDERS:
        first += 1
    counts = _doubled(first, rule)
    return {count: confirm_alpha(rule) * (1.0 - _LAST_SHARE) / len(counts) for count in counts}


def last_look_alpha(rule: Rule, base_sessions: int) -> float:
    """One-sided level at which the second stage decides in the end."""
    return confirm_alpha(rule) * (_LAST_SHARE if early_looks(rule, base_sessions) else 1.0)


def _doubled(first: int, rule: Rule) -> tuple[int, ...]:
    """``first`` and its doubles, as long as that many sessions are well before the last."""
    counts: list[int] = []
    while first <= _LATEST_EARLY_LOOK * rule.confirm_sessions:
        counts.append(first)
        first *= 2
    return tuple(counts)
