"""The self-check on sessions whose spread is known: what it counts, what it claims, and what it suggests."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from pytest_ascendperf.judge import self_check
from pytest_ascendperf.judge.self_check import (
    LARGEST_SUGGESTION,
    SPLITS,
    CheckedCase,
    FalseAlarms,
    all_false_alarms,
    check_case,
    rate_bound,
    split_sizes,
    suite_tolerance,
)
from pytest_ascendperf.measure.session import summarise
from pytest_ascendperf.model.baseline import NotRecorded
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Clock, Measurement
from pytest_ascendperf.model.protocol import Rule

CASE = CaseId(module="tests/test_ffn.py", test="test_ffn")


def measurement(
    median_us: float,
    *,
    host_us: float | None = None,
    invalid: str = "",
    hard: str = "",
    core_us: float | None = None,
) -> Measurement:
    session = summarise(
        [median_us],
        None if host_us is None else [host_us],
        clock=Clock.DEVICE if host_us is None else Clock.HOST,
        started="2025-01-31T04:00:00Z",
        calls_per_round=1,
        warmup_calls=1,
    )
    environment = Environment(
        device="scripted",
        chip="scripted",
        chip_id="scripted",
        stack_id="scripted-1",
        hard=(("threads", hard),) if hard else (),
        soft=(),
    )
    session = replace(session, core_work_us=core_us)
    reasons = (invalid,) if invalid else ()
    return Measurement(case=CASE, environment=environment, session=session, invalid=reasons, notes=())


def rule(*, tolerance: float = 0.05, min_change_us: float = 1.0, confirm_sessions: int = 5) -> Rule:
    return Rule(
        tolerance=tolerance,
        min_change_us=min_change_us,
        confirm_sessions=confirm_sessions,
        suite_tests=1,
        cases=1,
    )


def check(medians_us: list[float], limits: Rule | None = None, *, base: int = 5, step_us: float = 0.0) -> CheckedCase:
    made = check_case(
        CASE,
        [measurement(median_us) for median_us in medians_us],
        limits or rule(),
        baseline_sessions=base,
        timer_resolution_us=step_us,
    )
    assert isinstance(made, CheckedCase)
    return made


def suggestion(medians_us: list[float], *, step_us: float = 0.0) -> float:
    suggested = check(medians_us, step_us=step_us).suggested_tolerance
    assert suggested is not None
    return suggested


def noisy(sessions: int, spread: float, *, seed: int = 1) -> list[float]:
    noise = random.Random(seed)
    return [1000.0 * noise.lognormvariate(0.0, spread) for _ in range(sessions)]


@pytest.mark.parametrize(
    ("sessions", "base", "confirm", "sizes"),
    [
        (11, 5, 5, (5, 5)),
        (40, 5, 5, (5, 5)),
        (10, 5, 5, (5, 4)),
        (8, 5, 5, (5, 2)),
        (7, 5, 5, (4, 2)),
        (5, 5, 5, (2, 2)),
        (4, 5, 5, None),
        (10, 10, 5, (7, 2)),
        (5, 1, 2, (1, 2)),
        (4, 1, 2, (1, 2)),
        (3, 1, 2, None),
    ],
)
def test_sessions_are_split_as_the_gate_would_use_them_as_far_as_they_go(
    sessions: int, base: int, confirm: int, sizes: tuple[int, int] | None
) -> None:
    assert split_sizes(sessions, base=base, confirm=confirm) == sizes


def test_equal_sessions_never_fail_and_suggest_the_least_tolerance() -> None:
    checked = check([100.0] * 10)
    assert checked.false_alarms == FalseAlarms(splits=SPLITS, failed=0, base_sessions=5, confirm_sessions=4, disjoint=1)
    assert checked.median_us == pytest.approx(100.0)
    assert (checked.spread, checked.sessions) == (0.0, 10)
    assert checked.suggested_tolerance == 0.01, "sessions are never taken to agree better than 0.2 %"


def test_two_kinds_of_sessions_fail_as_often_as_splits_part_them() -> None:
    """Six fast sessions and six slow ones: only a split with all fast ones as its baseline looks like a regression."""
    checked = check([100.0] * 6 + [200.0] * 6, rule(confirm_sessions=5), base=6)
    assert checked.false_alarms is not None
    assert checked.false_alarms.failed == 0, "1 split in 924 parts them"
    parted = check([100.0] * 3 + [200.0] * 3, rule(confirm_sessions=2), base=3)
    assert parted.false_alarms is not None
    assert parted.false_alarms.rate == pytest.approx(1 / 20, abs=0.02), "1 split in C(6, 3) = 20 parts them"
    both_ways = replace(rule(confirm_sessions=2), improvement_fails=True)
    faster_too = check([100.0] * 3 + [200.0] * 3, both_ways, base=3)
    assert faster_too.false_alarms is not None
    assert faster_too.false_alarms.rate == pytest.approx(2 / 20, abs=0.03), "and 1 the other way round"
    tolerant = check([100.0] * 3 + [200.0] * 3, rule(confirm_sessions=2, tolerance=2.0), base=3)
    assert tolerant.false_alarms is not None
    assert tolerant.false_alarms.failed == 0
    small = check([100.0] * 3 + [200.0] * 3, rule(confirm_sessions=2, min_change_us=150.0), base=3)
    assert small.false_alarms is not None
    assert small.false_alarms.failed == 0, "a difference below min_change_us never fails"


def test_alternation_of_fast_and_slow_sessions_is_spread_and_not_a_regression() -> None:
    checked = check(noisy(60, 0.03), rule(tolerance=0.0, min_change_us=0.0))
    assert checked.false_alarms is not None
    assert checked.false_alarms.disjoint == 60 // 11
    assert checked.false_alarms.rate < 0.01
    assert checked.spread == pytest.approx(0.03, rel=0.25)


def test_the_detectable_change_is_the_gates_own_for_the_baseline_that_will_be_recorded() -> None:
    medians_us = noisy(20, 0.02)
    few, many = check(medians_us, base=5), check(medians_us, base=20)
    assert few.detectable_change is not None
    assert many.detectable_change is not None
    assert 0.05 < many.detectable_change < few.detectable_change
    assert few.suggested_tolerance is not None
    assert many.suggested_tolerance is not None
    assert few.suggested_tolerance >= many.suggested_tolerance
    assert check(medians_us, base=1).detectable_change is None


def test_a_core_that_is_known_roughly_makes_less_detectable_and_takes_a_wider_tolerance() -> None:
    """Times differ by 0.4 %, and the fixed work that tells of the core by 5 %."""
    medians_us = noisy(20, 0.004)
    pairs = zip(medians_us, noisy(20, 0.05, seed=2), strict=True)
    sessions = [measurement(median_us, core_us=core_us / 200.0) for median_us, core_us in pairs]
    rough = check_case(CASE, sessions, rule(), baseline_sessions=5, timer_resolution_us=0.0)
    steady = check(medians_us)
    assert isinstance(rough, CheckedCase)
    assert rough.detectable_change is not None
    assert steady.detectable_change is not None
    assert rough.detectable_change > 1.1 * steady.detectable_change
    assert rough.suggested_tolerance is not None
    assert steady.suggested_tolerance is not None
    assert rough.suggested_tolerance > steady.suggested_tolerance


def test_the_suggested_tolerance_does_not_depend_on_the_one_in_force() -> None:
    medians_us = noisy(20, 0.02)
    suggested = {check(medians_us, rule(tolerance=tolerance)).suggested_tolerance for tolerance in (0.0, 0.05, 0.5)}
    assert len(suggested) == 1
    (tolerance,) = suggested
    seen = check(medians_us, rule(tolerance=0.0, min_change_us=0.0)).detectable_change
    assert seen is not None
    assert tolerance is not None
    assert tolerance / 2.5 <= seen <= tolerance
    short = check([value / 1000.0 for value in medians_us])
    assert short.suggested_tolerance == tolerance, "nor on min_change_us, which is a limit of its own"


def test_the_step_of_the_clock_is_spread_too() -> None:
    assert suggestion([100.0] * 10, step_us=2.0) > suggestion([100.0] * 10)


@pytest.mark.parametrize("spread", [0.25, 3.0])
def test_no_tolerance_is_suggested_that_gates_nothing(spread: float) -> None:
    assert check(noisy(10, spread)).suggested_tolerance is None


def test_the_largest_tolerance_that_is_suggested_is_half_the_time() -> None:
    assert suggestion(noisy(10, 0.12)) == LARGEST_SUGGESTION


def test_invalid_sessions_are_left_out_and_missing_ones_refuse() -> None:
    good = [measurement(100.0 + n) for n in range(9)]
    made = check_case(
        CASE, [*good, measurement(500.0, invalid="It drifted.")], rule(), baseline_sessions=5, timer_resolution_us=0.0
    )
    assert isinstance(made, CheckedCase)
    assert made.sessions == 9
    assert made.median_us < 110.0
    refused = check_case(CASE, [*good, "the test failed"], rule(), baseline_sessions=5, timer_resolution_us=0.0)
    assert refused == NotRecorded(case=CASE, reason="session 10 of 10: the test failed")
    moved = check_case(CASE, [*good, measurement(1.0, hard="8")], rule(), baseline_sessions=5, timer_resolution_us=0.0)
    assert isinstance(moved, NotRecorded)
    assert "different conditions" in moved.reason


def test_sessions_of_a_slowed_core_are_left_out_as_in_a_recording() -> None:
    sessions = [*(measurement(100.0, core_us=5.0) for _ in range(10)), measurement(160.0, core_us=8.0)]
    checked = check_case(CASE, sessions[::-1], rule(), baseline_sessions=5, timer_resolution_us=0.0)
    assert isinstance(checked, CheckedCase)
    assert (checked.sessions, checked.spread) == (10, 0.0)
    assert checked.false_alarms is not None
    assert checked.false_alarms.failed == 0


def test_few_valid_sessions_tell_a_spread_and_no_false_alarms() -> None:
    invalid = [measurement(1.0, invalid="It drifted.")] * 7
    made = check_case(
        CASE,
        [*invalid, *(measurement(100.0 + n) for n in range(3))],
        rule(),
        baseline_sessions=5,
        timer_resolution_us=0.0,
    )
    assert isinstance(made, CheckedCase)
    assert (made.sessions, made.false_alarms) == (3, None)
    assert made.spread > 0.0


def test_host_bound_cases_are_checked_on_the_hosts_time() -> None:
    sessions = [measurement(500.0, host_us=100.0 + n) for n in range(10)]
    made = check_case(CASE, sessions, rule(), baseline_sessions=5, timer_resolution_us=0.0)
    assert isinstance(made, CheckedCase)
    assert (made.clock, round(made.median_us)) == (Clock.HOST, 104)


def test_the_bound_counts_disjoint_splits_only() -> None:
    none = FalseAlarms(splits=500, failed=0, base_sessions=5, confirm_sessions=5, disjoint=1)
    assert rate_bound(none) == pytest.approx(0.95)
    some = FalseAlarms(splits=500, failed=1, base_sessions=5, confirm_sessions=5, disjoint=3)
    assert rate_bound(some) == pytest.approx(0.8647, abs=1e-4), "one of the three counts as failed"
    many = FalseAlarms(splits=500_000, failed=0, base_sessions=5, confirm_sessions=5, disjoint=59)
    assert 0.049 < rate_bound(many) < 0.05
    every = FalseAlarms(splits=500, failed=500, base_sessions=5, confirm_sessions=5, disjoint=3)
    assert rate_bound(every) == 1.0


def test_all_cases_together() -> None:
    cases = [check([100.0] * 10), check([100.0] * 33), check([100.0] * 3)]
    assert cases[2].false_alarms is None
    assert all_false_alarms(cases) == FalseAlarms(
        splits=2 * SPLITS, failed=0, base_sessions=5, confirm_sessions=5, disjoint=1 + 3
    )
    assert all_false_alarms(cases[2:]) is None


def test_few_noisy_tests_do_not_widen_the_tolerance_of_all() -> None:
    quiet, loud = check([100.0] * 10), check(noisy(10, 0.1))
    assert suggestion([100.0] * 10) < suggestion(noisy(10, 0.1))
    assert suite_tolerance([quiet, quiet, quiet, loud]) == quiet.suggested_tolerance
    assert suite_tolerance([quiet, loud, loud]) == loud.suggested_tolerance
    assert suite_tolerance([loud]) == loud.suggested_tolerance


def test_a_suite_of_which_a_third_is_blind_gets_no_tolerance() -> None:
    quiet, blind = check([100.0] * 10), check(noisy(10, 3.0))
    assert suite_tolerance([quiet, quiet, quiet, blind]) == quiet.suggested_tolerance
    assert suite_tolerance([quiet, quiet, blind]) is None


def test_splits_take_as_many_fresh_sessions_as_the_gate_would(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two slow sessions after nine fast ones fail at the first look; with three fast ones besides they never would."""
    monkeypatch.setattr(self_check, "SPLITS", 5_000)
    checked = check([100.0] * 12 + [200.0] * 3, rule(confirm_sessions=5), base=9)
    assert checked.false_alarms is not None
    expected = (3 / 15) * (2 / 14) * (1 / 13)
    assert checked.false_alarms.rate == pytest.approx(expected, rel=0.75)
    assert checked.false_alarms.failed > 0
