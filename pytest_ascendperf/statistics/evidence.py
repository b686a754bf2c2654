"""Evidence that may be looked at after every observation: how many of n signs must agree before they show something.

An ordinary test that is repeated until it succeeds succeeds by chance. The bound here holds however often one looks and
whenever one stops (Ville 1939). For S successes of n trials, each with probability at most 1/2 given those before it,

    E(n, S) = 2 ∫ over p from 1/2 to 1 of (2p)^S (2 - 2p)^(n-S) dp

is a mixture of likelihood ratios whose chance of ever reaching 1/α is at most α. As a binomial sum it needs whole
numbers only: E = Σ over k <= S of C(n + 1, k) / ((n + 1) C(n, S)).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache


@lru_cache(maxsize=4096)
def successes_needed(trials: int, evidence: int) -> int | None:
    """Fewest successes in ``trials`` trials with which E reaches ``evidence`` (1/α); None where not even all would do.

    More than half of the trials are needed for any evidence above 1.
    """
    enough: int | None = None
    ways = 1  # C(trials, successes)
    below = 2 ** (trials + 1) - 1  # the sum over k <= successes of C(trials + 1, k)
    last = 1  # C(trials + 1, successes + 1)
    for successes in range(trials, -1, -1):
        if below < evidence * (trials + 1) * ways:
            break
        enough = successes
        # one success fewer: C(n + 1, s) leaves the sum, which then ends at s - 1
        last = last * (successes + 1) // (trials + 1 - successes)
        below -= last
        ways = ways * successes // (trials - successes + 1)
    return enough


def median_bounds(values: Sequence[float], evidence: int) -> tuple[float, float] | None:
    """Bounds on the median that ``values`` scatter about; None where there are too few to show any.

    Each bound is passed with probability 1/``evidence`` at most, over all moments at which one may look. Those are the
    medians that neither the signs above nor the signs below them speak against: two order statistics, so that a
    monotonic change of scale changes the bounds alike.
    """
    needed = successes_needed(len(values), evidence)
    if needed is None:
        return None
    ordered = sorted(values)
    return ordered[len(ordered) - needed], ordered[needed - 1]
