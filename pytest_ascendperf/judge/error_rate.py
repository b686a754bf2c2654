"""How often a verdict may be wrong, and how that is divided between the two stages and over the tests of a run.

A case fails only when the screening flags it *and* fresh sessions confirm it. Whatever the two stages have in common
(they share the baseline), the probability that both are wrong is at most that of either, so a case that has not changed
fails with probability min(α₁, α₂) at most. Over the whole run the second level is divided by the number of judged cases
(Bonferroni), which holds under any dependence between the cases, too. A case that is compared with its anchor as well
as with its baseline may fail by either, so each of the two has half of the case's level.
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


def confirm_alpha(rule: Rule) -> float:
    """One-sided level of the second stage for one question about one case under ``rule``."""
    return min(CASE_ALPHA, SUITE_ALPHA / (rule.suite_tests * rule.cases)) / rule.questions
