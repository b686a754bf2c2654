"""Is the first of two calls as much faster than the second as a test claims? Decided while the rounds come in.

The unit is a block of rounds of both calls in balanced random order, and its ratio is the median over its pairs of
rounds. Suppose that the second call takes just c times as long as the first, whatever else happens. Then whether the
block's ratio lies above c is decided by the order that was drawn, which is as likely as the reverse one, however rounds
resemble their neighbours. So the signs of (ratio - c) are fair coins, and the bounds of :mod:`~..statistics.evidence`
hold at every moment: looking after each block and stopping when the claim is decided costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ascendperf.model.comparison import Decision
from pytest_ascendperf.statistics.evidence import median_bounds, successes_needed

if TYPE_CHECKING:
    from pytest_ascendperf.model.comparison import Claim

EVIDENCE = 200
"""Either bound may be wrong once in this many comparisons."""
CONFIDENCE = 1.0 - 2.0 / EVIDENCE
FEWEST_BLOCKS = next(blocks for blocks in range(1, EVIDENCE) if successes_needed(blocks, EVIDENCE) is not None)
"""Blocks below which nothing can be shown."""

_LAST_BITS = 1e-9
"""12 µs against 10 µs is 1.2 ×, whatever the last bits of the quotient say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioEstimate:
    """What the blocks so far say of the ratio: time of the second call per time of the first."""

    ratio: float
    low: float | None
    """None, as ``high``, below ``FEWEST_BLOCKS`` blocks."""
    high: float | None

    @property
    def half_width(self) -> float:
        """Half the width of the interval, relative to its middle on the logarithmic scale."""
        if self.low is None or self.high is None:
            return math.inf
        return math.sqrt(self.high / self.low) - 1.0


def estimate_ratio(block_ratios: Sequence[float]) -> RatioEstimate:
    """The estimate from the ratios of blocks, at least one, all finite and above 0."""
    bounds = median_bounds(block_ratios, EVIDENCE)
    low, high = bounds if bounds is not None else (None, None)
    return RatioEstimate(ratio=middle_ratio(block_ratios), low=low, high=high)


def middle_ratio(ratios: Sequence[float]) -> float:
    """The median of ``ratios``, at least one, all above 0; geometric, so that the reverse ratios give the reverse."""
    ordered = sorted(ratios)
    lower, upper = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return lower if lower == upper else math.sqrt(lower * upper)


def decide(claim: Claim, estimate: RatioEstimate) -> Decision:
    """What ``estimate`` says of ``claim``."""
    if estimate.low is None or estimate.high is None:
        return Decision.UNDECIDED
    if estimate.low >= claim.least_ratio * (1.0 - _LAST_BITS):
        return Decision.SHOWN
    if estimate.high < claim.least_ratio * (1.0 - _LAST_BITS):
        return Decision.REFUTED
    return Decision.UNDECIDED
