"""How often a verdict may be wrong, and how that is divided between the two stages and over the tests of a run.

A case fails only when the screening flags it *and* fresh sessions confirm it. Whatever the two stages have in common
(they share the baseline), the probability that both are wrong is at most that of either, so a case that has not changed
fails with probability min(α₁, α₂) at most. Over the whole run the second level is divided by the number of judged cases
(Bonferroni), which holds under any dependence between the cases, too.

The second stage looks at the fresh sessions more than once, so that a clear case ends early, and its level is divided
between these looks, again by Bonferroni. The sign e-process of :mod:`~pytest_ascendperf.statistics.evidence`, which may
be looked at whenever one likes, does not serve here however many sessions there are: it wants signs that each come up
with probability 1/2 at most given those before. All fresh sessions are held against one baseline, whose error they
share, so where that is too low every one of them is above it. It also cannot reach 1/α = 1,000 before 13 sessions.
"""

from __future__ import annotations

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
"""One-sided level of the bound that must lie beyond the tolerance for an improvement."""
EARLY_PASS_ALPHA = 0.01
"""Level of that bound for a pass that ends the second stage early: each early look adds this to a pass's 5 %."""

FIRST_LOOK = 2
"""Fresh sessions before the first look: what failed in one process may have failed for reasons of that process."""
_LAST_SHARE = 0.75
"""Share of the level that the last look gets: clear changes need little, small ones all there is."""


def confirm_alpha(rule: Rule) -> float:
    """One-sided level of the second stage for one case under ``rule``."""
    return min(CASE_ALPHA, SUITE_ALPHA / (rule.suite_tests * rule.cases))


def early_looks(rule: Rule) -> dict[int, float]:
    """After how many fresh sessions the second stage may end before its last one, each with its level for REGRESSED.

    After 2, and after twice as many for as long as that is no more than half of all: none for 2 or 3 sessions.
    """
    counts: list[int] = []
    count = FIRST_LOOK
    while count <= rule.confirm_sessions / 2.0:
        counts.append(count)
        count *= 2
    return {count: confirm_alpha(rule) * (1.0 - _LAST_SHARE) / len(counts) for count in counts}


def last_look_alpha(rule: Rule) -> float:
    """One-sided level at which the second stage decides in the end."""
    return confirm_alpha(rule) * (_LAST_SHARE if early_looks(rule) else 1.0)
