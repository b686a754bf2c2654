"""Which rounds may not be judged, and that no others are refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pytest_ascendperf.judge.validity import RawRounds, invalid_reasons, notes


def rounds(*durations_us: float, settled: bool = True) -> RawRounds:
    return RawRounds(durations_us=durations_us, warmup_settled=settled)


def test_ordinary_rounds_may_be_judged() -> None:
    steady = rounds(*(100.0 + index % 5 for index in range(60)))
    assert invalid_reasons(steady) == ()
    assert notes(steady) == ()


@pytest.mark.parametrize(
    ("durations_us", "reasons"),
    [
        ([], ["No round was measured."]),
        ([0.0] * 3, ["The clock stood still: all 3 rounds lasted 0 µs."]),
        ([1.0, 0.0, 1.0], ["The clock did not advance in 1 of 3 rounds: they are shorter than it can show."]),
        ([1.0, -5.0, 1.0], ["The clock went backwards in 1 of 3 rounds."]),
        ([-math.inf, math.nan, math.inf, 1.0], ["3 of 4 rounds have a time that is not a finite number."]),
        (
            [math.nan, -1.0, 0.0],
            [
                "1 of 3 rounds have a time that is not a finite number.",
                "The clock went backwards in 1 of 3 rounds.",
                "The clock did not advance in 1 of 3 rounds: they are shorter than it can show.",
            ],
        ),
    ],
)
def test_a_broken_clock_is_named(durations_us: list[float], reasons: list[str]) -> None:
    assert list(invalid_reasons(rounds(*durations_us))) == reasons


@pytest.mark.parametrize(("last", "sign"), [(110.0, "+"), (90.0, "-")])
def test_a_drift_is_named_with_its_size_and_limit(last: float, sign: str) -> None:
    drifting = rounds(*(100.0 + (last - 100.0) * index / 99 for index in range(100)))
    (reason,) = invalid_reasons(drifting)
    assert reason.startswith(f"Times drifted by {sign}")
    assert "over the 100 rounds" in reason
    assert "the limit is 2.0 %" in reason


def test_a_drift_below_the_limit_is_let_pass_however_certain() -> None:
    assert invalid_reasons(rounds(*(100.0 + 1.5 * index / 99 for index in range(100)))) == ()


@pytest.mark.parametrize("stray_us", [1e3, 1e9])
def test_a_single_round_of_any_size_is_not_certain_to_be_wrong(stray_us: float) -> None:
    steady = [100.0 + index % 5 for index in range(60)]
    steady[30] = stray_us
    assert invalid_reasons(rounds(*steady)) == ()


def test_autocorrelated_noise_is_refused_at_most_once_in_a_hundred() -> None:
    """First-order autoregressive, coefficient .45, 5 % spread: the worst that was seen on shared hosts."""
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(2000):
        level = float(rng.standard_normal())
        durations = []
        for shock in rng.standard_normal(60):
            level = 0.45 * level + math.sqrt(1.0 - 0.45**2) * float(shock)
            durations.append(100.0 * math.exp(0.05 * level))
        refused += invalid_reasons(rounds(*durations)) != ()
    assert refused <= 20


def test_a_warm_up_that_did_not_settle_is_noted_and_judged() -> None:
    unsettled = rounds(*[100.0] * 5, settled=False)
    assert invalid_reasons(unsettled) == ()
    (note,) = notes(unsettled)
    assert "before times had settled" in note


def test_rounds_that_spread_too_far_are_named_with_the_limit_and_the_setting() -> None:
    """Quartiles of 8 rounds are means of neighbours: 100 and 160 around 130."""
    torn = [100.0, 160.0] * 4
    assert invalid_reasons(rounds(*torn)) == ()
    wider = [100.0, 170.0] * 4
    assert invalid_reasons(rounds(*wider)) == (
        "The middle half of 8 rounds spreads over 51.9 % of their median; the limit is 50 %. If the call is honestly "
        "that uneven, allow it: npu_perf(max_spread=...).",
    )
    assert invalid_reasons(replace(rounds(*wider), max_spread=0.6)) == ()


def test_less_than_eight_rounds_have_no_quartiles() -> None:
    assert invalid_reasons(rounds(*[100.0, 900.0] * 3, 500.0)) == ()


def test_a_clock_that_stood_still_has_no_spread() -> None:
    (reason,) = invalid_reasons(rounds(*[0.0] * 20))
    assert "stood still" in reason
