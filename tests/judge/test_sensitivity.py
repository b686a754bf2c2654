"""What a comparison could have seen."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pytest_ascendperf.judge.confirmation import sessions_taken
from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.latency import confirm, screen
from pytest_ascendperf.judge.sensitivity import detectable_change, needed_sessions
from pytest_ascendperf.judge.verdict import judge_confirmed, judge_screen
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Measurement, Session
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.power import two_stage_effect
from session_values import session

CASE = CaseId(module="test_x.py", test="test_x")
HERE = Environment(device="cpu", chip="cpu", chip_id="cpu", stack_id="torch", hard=(), soft=())
RULE = Rule(tolerance=0.05, min_change_us=1.0, confirm_sessions=5, suite_tests=50, cases=1)


def test_the_detectable_change_is_the_two_stage_effect_above_the_tolerance() -> None:
    """50 tests leave each a level of .001, of which the last look has three quarters."""
    effect = two_stage_effect(base_sessions=10, confirm_sessions=5, screen_alpha=0.05, confirm_alpha=0.00075)
    found = detectable_change(base_us=1000.0, base_sessions=10, noise=0.01, rule=RULE)
    assert found == pytest.approx(1.05 * math.exp(effect * 0.01) - 1.0)


@pytest.mark.parametrize("host_spread", [0.003, 0.03, 0.1, 1.0])
def test_an_allowance_that_is_rough_hides_as_much(host_spread: float) -> None:
    """The effect is known in steps of the ratio between both spreads; each is within 2.5 % of the exact one."""
    exact = two_stage_effect(
        base_sessions=10,
        confirm_sessions=5,
        screen_alpha=0.05,
        confirm_alpha=0.00075,
        margin_spread=host_spread / 0.01,
    )
    found = detectable_change(base_us=1000.0, base_sessions=10, noise=0.01, rule=replace(RULE, host_spread=host_spread))
    assert found is not None
    assert math.log1p(found) - math.log1p(0.05) == pytest.approx(exact * 0.01, rel=0.025)


def measured(one: Session) -> Measurement:
    return Measurement(case=CASE, environment=HERE, session=one, invalid=(), notes=())


def judged(own: Session, *stored: Session) -> Judgement:
    baseline = Baseline(case=CASE, environment=HERE, sessions=stored, revision=None)
    return judge_screen(measured(own), baseline, (), RULE, baseline_path=None)


def found_share(change: float, *, spread: float, host_spread: float, cases: int = 2_000) -> float:
    """How many of so many cases of 1 ms fail that became slower by ``change``, on cores that did not change."""
    rng = np.random.default_rng(5)

    def sessions(count: int, factor: float) -> list[Session]:
        times, cores = np.exp(spread * rng.standard_normal(count)), np.exp(host_spread * rng.standard_normal(count))
        pairs = zip(times, cores, strict=True)
        return [session(1000.0 * factor * float(time), core_us=5.0 * float(core)) for time, core in pairs]

    def fails() -> bool:
        base, (own, *fresh) = sessions(5, 1.0), sessions(6, 1.0 + change)
        judgement = judged(own, *base)
        return judge_confirmed(judgement, sessions_taken(judgement, map(measured, fresh))).status is Status.REGRESSED

    return sum(fails() for _ in range(cases)) / cases


def test_a_change_of_the_detectable_size_is_found_although_the_core_is_known_roughly() -> None:
    """Of 2,000 cases one sigma is 0.9 %."""
    rule = replace(RULE, host_spread=0.03)
    told = detectable_change(base_us=1000.0, base_sessions=5, noise=0.01, rule=rule)
    exactly_known = detectable_change(base_us=1000.0, base_sessions=5, noise=0.01, rule=RULE)
    assert told is not None
    assert exactly_known is not None
    assert found_share(told, spread=0.01, host_spread=0.03) == pytest.approx(0.8, abs=0.03)
    assert found_share(exactly_known, spread=0.01, host_spread=0.03) < 0.7


def test_the_screening_prints_it_for_the_spread_of_the_core_too() -> None:
    """Base sessions of 1 %, whose fixed work differs by 3 %."""

    def printed(*cores_us: float | None) -> float | None:
        times_us = (990.0, 1010.0, 1000.0, 995.0, 1005.0)
        stored = [session(time_us, core_us=core_us) for time_us, core_us in zip(times_us, cores_us, strict=True)]
        return judged(session(1000.0, core_us=5.0), *stored).verdict.detectable_change

    steady, rough = printed(*[5.0] * 5), printed(4.8, 5.2, 5.1, 4.9, 5.0)
    assert steady is not None
    assert rough is not None
    assert rough > 1.05 * steady
    assert printed(*[None] * 5) == steady


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
