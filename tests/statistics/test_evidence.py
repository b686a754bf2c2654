from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from scipy.special import betainc, betaln

from pytest_ascendperf.statistics.evidence import median_bounds, successes_needed


def log_evidence(successes: int, trials: int) -> float:
    """Logarithm of E by the beta functions, as the integral over p is usually written."""
    failures = trials - successes
    tail = float(betainc(failures + 1, successes + 1, 0.5))
    return (trials + 1) * math.log(2.0) + float(betaln(successes + 1, failures + 1)) + math.log(tail)


@pytest.mark.parametrize("evidence", [2, 20, 200, 1000])
def test_whole_numbers_give_what_the_beta_functions_give(evidence: int) -> None:
    for trials in [*range(1, 60), 300, 1000]:
        enough = [n for n in range(trials + 1) if log_evidence(n, trials) >= math.log(evidence)]
        assert successes_needed(trials, evidence) == min(enough, default=None), trials


def test_the_fewest_signs_that_show_anything() -> None:
    fewest = {
        evidence: next(n for n in range(1, 30) if successes_needed(n, evidence) is not None)
        for evidence in (20, 100, 200, 1000)
    }
    assert fewest == {20: 7, 100: 9, 200: 11, 1000: 13}


def test_looking_after_every_trial_does_not_raise_the_chance_of_an_error() -> None:
    """Fair coins, looked at 400 times each: the chance of ever being convinced stays below 1/20."""
    coins = random.Random(1)
    convinced = 0
    for _ in range(1000):
        successes = 0
        for trials in range(1, 401):
            successes += coins.random() < 0.5
            needed = successes_needed(trials, 20)
            if needed is not None and successes >= needed:
                convinced += 1
                break
    assert 5 <= convinced <= 50


def test_bounds_are_order_statistics_that_the_signs_do_not_refute() -> None:
    assert median_bounds(range(10), 200) is None
    assert median_bounds([float(n) for n in range(11)], 200) == (0.0, 10.0)
    values = [float(n) for n in random.Random(2).sample(range(300), 300)]
    bounds = median_bounds(values, 200)
    assert bounds is not None
    low, high = bounds
    assert (low, high) == (median_of_signs(values), 299.0 - median_of_signs(values))
    assert 100.0 < low < 149.5 < high < 200.0


def median_of_signs(values: list[float]) -> float:
    """The least median that fewer values lie above than it takes to refute it."""
    needed = successes_needed(len(values), 200)
    assert needed is not None
    return min(value for value in values if sum(other > value for other in values) < needed)


def test_more_values_of_the_same_kind_narrow_the_bounds() -> None:
    noise = random.Random(3)
    values = [noise.gauss(0.0, 1.0) for _ in range(1000)]
    widths = []
    for count in (20, 100, 1000):
        bounds = median_bounds(values[:count], 200)
        assert bounds is not None
        widths.append(bounds[1] - bounds[0])
    assert all(later < 0.7 * earlier for earlier, later in pairwise(widths))
