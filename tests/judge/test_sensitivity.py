"""What a comparison could have seen."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from pytest_ascendperf.judge.latency import confirm, screen
from pytest_ascendperf.judge.sensitivity import detectable_change, needed_sessions
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.power import two_stage_effect

RULE = Rule(tolerance=0.05, min_change_us=1.0, confirm_sessions=5, suite_tests=50, cases=1)


def test_the_detectable_change_is_the_two_stage_effect_above_the_tolerance() -> None:
    """50 tests leave each a level of .001, of which the last look has three quarters."""
    effect = two_stage_effect(base_sessions=10, confirm_sessions=5, screen_alpha=0.05, confirm_alpha=0.00075)
    found = detectable_change(base_us=1000.0, base_sessions=10, noise=0.01, rule=RULE)
    assert found == pytest.approx(1.05 * math.exp(effect * 0.01) - 1.0)


def test_a_fast_call_is_limited_by_the_least_difference() -> None:
    """10 µs: 1 µs is 10 %, above what the spread would allow to see, and must be exceeded at both stages."""
    found = detectable_change(base_us=10.0, base_sessions=10, noise=0.002, rule=RULE)
    assert found is not None
    assert 0.10 < found < 0.105


@pytest.mark.parametrize(("sessions", "noise"), [(1, None), (1, 0.01)])
def test_one_base_session_has_no_detectable_change(sessions: int, noise: float | None) -> None:
    assert detectable_change(base_us=1000.0, base_sessions=sessions, noise=noise, rule=RULE) is None


def test_the_screening_prints_it_for_the_spread_of_the_baseline() -> None:
    base = [1000.0, 1004.0, 997.0, 1001.0, 998.0]
    result = screen(base, 1002.0, RULE)
    assert result.comparison is not None
    expected = detectable_change(
        base_us=result.comparison.base_us, base_sessions=5, noise=result.comparison.spread, rule=RULE
    )
    assert result.detectable_change == expected


def test_agreeing_sessions_still_leave_the_floor_to_be_seen() -> None:
    result = screen([1000.0] * 5, 1000.0, RULE)
    assert result.detectable_change is not None
    assert result.detectable_change > 0.05
    assert confirm([1000.0] * 5, [1000.0 * (1.0 + result.detectable_change)] * 5, RULE).status is Status.REGRESSED


def test_the_needed_sessions_fall_with_the_tolerance_and_end_where_the_base_is_the_limit() -> None:
    tight = needed_sessions(base_us=1000.0, base_sessions=10, noise=0.02, rule=replace(RULE, tolerance=0.03))
    loose = needed_sessions(base_us=1000.0, base_sessions=10, noise=0.02, rule=RULE)
    assert tight.head is not None
    assert loose.head is not None
    assert loose.head < tight.head
    hopeless = needed_sessions(base_us=1000.0, base_sessions=5, noise=0.1, rule=RULE)
    assert hopeless.head is None
    assert hopeless.each_side is not None


def test_the_least_difference_counts_as_a_margin_where_it_is_the_wider_one() -> None:
    fast = needed_sessions(base_us=5.0, base_sessions=10, noise=0.05, rule=RULE)
    slow = needed_sessions(base_us=5000.0, base_sessions=10, noise=0.05, rule=RULE)
    assert fast.head == 1
    assert slow.head != 1
