"""Claims about two calls: what blocks of rounds show, refute and leave open, at every moment."""

from __future__ import annotations

import math
import random

import pytest

from pytest_ascendperf.judge.comparison import CONFIDENCE, FEWEST_BLOCKS, decide, estimate_ratio, middle_ratio
from pytest_ascendperf.model.comparison import Claim, ClaimKind, Decision


def faster(by: float) -> Claim:
    return Claim(kind=ClaimKind.FASTER, limit=by)


def not_slower(within: float) -> Claim:
    return Claim(kind=ClaimKind.NOT_SLOWER, limit=within)


def test_too_few_blocks_show_nothing_however_clear_they_are() -> None:
    few = estimate_ratio([3.0] * (FEWEST_BLOCKS - 1))
    assert (few.ratio, few.low, few.high, few.half_width) == (3.0, None, None, math.inf)
    assert decide(faster(1.1), few) is Decision.UNDECIDED
    enough = estimate_ratio([3.0] * FEWEST_BLOCKS)
    assert (enough.ratio, enough.low, enough.high, enough.half_width) == (3.0, 3.0, 3.0, 0.0)
    assert decide(faster(1.1), enough) is Decision.SHOWN
    assert CONFIDENCE == 0.99


@pytest.mark.parametrize(
    ("claim", "first_us", "second_us", "decision"),
    [
        (faster(1.2), 10.0, 12.0, Decision.SHOWN),
        (faster(1.21), 10.0, 12.0, Decision.REFUTED),
        (faster(0.5), 20.0, 10.0, Decision.SHOWN),
        (not_slower(0.2), 12.0, 10.0, Decision.SHOWN),
        (not_slower(0.1), 1.1, 1.0, Decision.SHOWN),
        (not_slower(0.15), 11.5, 10.0, Decision.SHOWN),
        (not_slower(0.19), 12.0, 10.0, Decision.REFUTED),
        (not_slower(0.0), 10.0, 10.0, Decision.SHOWN),
        (not_slower(0.0), 9.0, 10.0, Decision.SHOWN),
    ],
)
def test_a_limit_that_is_just_met_is_met(claim: Claim, first_us: float, second_us: float, decision: Decision) -> None:
    assert decide(claim, estimate_ratio([second_us / first_us] * 20)) is decision


def test_between_the_bounds_nothing_is_decided() -> None:
    estimate = estimate_ratio([1.0 + n / 100.0 for n in range(40)])
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low < estimate.ratio < estimate.high
    assert decide(faster(estimate.low), estimate) is Decision.SHOWN
    assert decide(faster(estimate.ratio), estimate) is Decision.UNDECIDED
    assert decide(faster(estimate.high), estimate) is Decision.UNDECIDED
    assert decide(faster(estimate.high * 1.001), estimate) is Decision.REFUTED


def test_exchanging_the_calls_turns_the_estimate_over() -> None:
    noise = random.Random(4)
    ratios = [math.exp(noise.gauss(0.1, 0.05)) for _ in range(50)]
    there, back = estimate_ratio(ratios), estimate_ratio([1.0 / ratio for ratio in ratios])
    assert there.low is not None
    assert there.high is not None
    assert (back.ratio, back.low, back.high) == pytest.approx((1.0 / there.ratio, 1.0 / there.high, 1.0 / there.low))
    assert there.half_width == pytest.approx(back.half_width)


def test_the_middle_of_an_even_number_is_geometric_and_never_rounds_equal_ones() -> None:
    assert middle_ratio([2.0, 8.0]) == 4.0
    assert middle_ratio([0.1 + 0.2] * 4) == 0.1 + 0.2


def looks(rounds: random.Random, *, truth: float, blocks: int, claim: Claim) -> Decision:
    """What is decided first when one looks after every block, in noise that resembles itself from round to round.

    Four rounds of each call make a block, in balanced random order. The noise is an AR(1) with a lag-1 autocorrelation
    of .45 and 10 % of standard deviation, far more than what is looked for.
    """
    noise, ratios = 0.0, []
    for _ in range(blocks):
        leads = rounds.sample([True, False] * 2, 4)
        pairs = []
        for first_leads in leads:
            times = []
            for first in (first_leads, not first_leads):
                noise = 0.45 * noise + rounds.gauss(0.0, 0.1 * math.sqrt(1.0 - 0.45**2))
                times.append((first, (1.0 if first else truth) * math.exp(noise)))
            by_call = dict(times)
            pairs.append(by_call[False] / by_call[True])
        ratios.append(middle_ratio(pairs))
        decision = decide(claim, estimate_ratio(ratios))
        if decision is not Decision.UNDECIDED:
            return decision
    return Decision.UNDECIDED


def test_noise_that_resembles_its_neighbours_refutes_no_claim_that_holds_just_so() -> None:
    """Both bounds are at .5 %: of 300 comparisons 1.5 each way are to be expected at most, however often looked at."""
    rounds = random.Random(5)
    decisions = [looks(rounds, truth=1.2, blocks=100, claim=faster(1.2)) for _ in range(300)]
    assert decisions.count(Decision.REFUTED) <= 4
    assert decisions.count(Decision.SHOWN) <= 4


def test_a_true_difference_is_found_in_spite_of_that_noise() -> None:
    rounds = random.Random(6)
    assert {looks(rounds, truth=1.05, blocks=300, claim=faster(1.02)) for _ in range(20)} == {Decision.SHOWN}
    assert {looks(rounds, truth=1 / 1.05, blocks=300, claim=not_slower(0.02)) for _ in range(20)} == {Decision.REFUTED}
