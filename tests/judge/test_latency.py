"""The two stages: every status, both clauses at their limits, and what must hold whatever the numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_ascendperf.judge.error_rate import IMPROVED_ALPHA, PASS_ALPHA, SCREEN_ALPHA, last_look_alpha
from pytest_ascendperf.judge.latency import confirm, screen
from pytest_ascendperf.model.host_change import SAME_HOST, HostChange
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.stage import Stage
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.student import upper_quantile

RULE = Rule(tolerance=0.05, min_change_us=1.0, confirm_sessions=5, suite_tests=1, cases=1)
QUIET = [1000.0, 1004.0, 997.0, 1001.0, 998.0]
NOISY = [1000.0, 1150.0, 900.0, 1080.0, 870.0]
MEDIANS = st.floats(min_value=1.0, max_value=1e6)


def sessions(count: int, *, level: float = 1000.0, spread: float = 0.01, seed: int = 0) -> list[float]:
    noise = np.random.default_rng((seed, count)).standard_normal(count)
    return [level * math.exp(spread * float(value)) for value in noise]


@pytest.mark.parametrize(
    ("base", "head_us", "status", "flagged"),
    [
        (QUIET, 1002.0, Status.PASS, False),
        (QUIET, 1048.0, Status.INCONCLUSIVE, False),
        (QUIET, 1100.0, Status.INCONCLUSIVE, True),
        (QUIET, 900.0, Status.IMPROVED, False),
        (NOISY, 1000.0, Status.INCONCLUSIVE, False),
        ([1000.0], 1000.0, Status.PROVISIONAL, False),
        ([1000.0], 1290.0, Status.PROVISIONAL, False),
        ([1000.0], 1310.0, Status.PROVISIONAL, True),
        ([1000.0], 500.0, Status.PROVISIONAL, False),
    ],
)
def test_screening_reaches_each_of_its_statuses(
    base: list[float], head_us: float, status: Status, flagged: bool
) -> None:
    result = screen(base, head_us, RULE)
    assert (result.status, result.flagged) == (status, flagged)
    assert result.comparison is not None
    assert result.comparison.stage is Stage.SCREEN


@pytest.mark.parametrize(
    ("base", "fresh", "status"),
    [
        (QUIET, [1100.0, 1103.0, 1096.0, 1099.0, 1105.0], Status.REGRESSED),
        (QUIET, [1001.0, 1003.0, 996.0, 999.0, 1005.0], Status.PASS),
        (QUIET, [900.0, 903.0, 896.0, 899.0, 905.0], Status.IMPROVED),
        (QUIET, [1051.0, 1049.0, 1054.0, 1046.0, 1050.0], Status.INCONCLUSIVE),
        (NOISY, [1100.0, 900.0, 1200.0, 1000.0, 1150.0], Status.INCONCLUSIVE),
        ([1000.0], [1100.0, 1103.0, 1096.0, 1099.0, 1105.0], Status.REGRESSED),
        ([1000.0], [1001.0, 1003.0, 996.0, 999.0, 1005.0], Status.PROVISIONAL),
        (QUIET, [1100.0], Status.INCONCLUSIVE),
        (QUIET, [], Status.INCONCLUSIVE),
    ],
)
def test_confirmation_reaches_each_of_its_statuses(base: list[float], fresh: list[float], status: Status) -> None:
    result = confirm(base, fresh, RULE)
    assert result.status is status
    assert (result.comparison is None) == (len(fresh) < 2)


@pytest.mark.parametrize("level_us", [math.nan, math.inf, -math.inf, 0.0, -1.0])
def test_a_time_that_is_none_has_a_status_and_raises_nothing(level_us: float) -> None:
    assert screen(QUIET, level_us, RULE).status is Status.INVALID
    assert screen([1000.0, level_us], 1000.0, RULE).status is Status.INVALID
    assert confirm(QUIET, [1000.0, level_us], RULE).status is Status.INVALID
    assert confirm([level_us], [1000.0, 1000.0], RULE).status is Status.INVALID
    assert screen([], 1000.0, RULE).status is Status.INVALID
    assert confirm([], [1000.0, 1000.0], RULE).status is Status.INVALID


def limit_us(base: list[float], head_sessions: int, alpha: float, tolerance: float, sign: float) -> float:
    """The head time at which the bound at ``alpha`` lies on ``tolerance``, for head sessions that all agree."""
    logs = [math.log(value) for value in base]
    mean = sum(logs) / len(logs)
    freedom = len(base) + head_sessions - 2
    spread = math.sqrt(sum((value - mean) ** 2 for value in logs) / freedom)
    error = spread * math.sqrt(1.0 / len(base) + 1.0 / head_sessions)
    return math.exp(mean + math.log1p(tolerance) + sign * upper_quantile(alpha, freedom) * error)


def test_the_relative_limit_of_flagging_is_exactly_its_t_quantile() -> None:
    edge = limit_us(NOISY, 1, SCREEN_ALPHA, 0.05, +1.0)
    assert not screen(NOISY, edge * (1 - 1e-9), RULE).flagged
    assert screen(NOISY, edge * (1 + 1e-9), RULE).flagged


def test_the_relative_limit_of_regressed_is_exactly_its_t_quantile() -> None:
    edge = limit_us(NOISY, 5, last_look_alpha(RULE, 5), 0.05, +1.0)
    assert confirm(NOISY, [edge * (1 - 1e-9)] * 5, RULE).status is Status.INCONCLUSIVE
    assert confirm(NOISY, [edge * (1 + 1e-9)] * 5, RULE).status is Status.REGRESSED


def test_the_limit_of_passing_is_exactly_its_t_quantile() -> None:
    base = sessions(10)
    edge = limit_us(base, 1, PASS_ALPHA, 0.05, -1.0)
    assert screen(base, edge * (1 - 1e-9), RULE).status is Status.PASS
    assert screen(base, edge * (1 + 1e-9), RULE).status is Status.INCONCLUSIVE


def test_the_limit_of_improving_is_exactly_its_t_quantile() -> None:
    base = sessions(10)
    edge = limit_us(base, 1, IMPROVED_ALPHA, -0.05, -1.0)
    assert screen(base, edge * (1 - 1e-9), RULE).status is Status.IMPROVED
    assert screen(base, edge * (1 + 1e-9), RULE).status is Status.PASS


@pytest.mark.parametrize(("extra_us", "flagged"), [(0.999, False), (1.0, False), (1.001, True)])
def test_a_difference_must_exceed_the_least_one_to_be_flagged(extra_us: float, flagged: bool) -> None:
    """5 µs agreed upon by all sessions: 20 % slower is far beyond the tolerance, yet 1 µs decides."""
    assert screen([5.0] * 5, 5.0 + extra_us, RULE).flagged is flagged
    assert screen([1.0], 1.0 + extra_us, RULE).flagged is flagged


@pytest.mark.parametrize(("extra_us", "regressed"), [(0.999, False), (1.0, False), (1.001, True)])
def test_a_difference_must_exceed_the_least_one_to_fail(extra_us: float, regressed: bool) -> None:
    result = confirm([5.0] * 5, [5.0 + extra_us] * 5, RULE)
    assert (result.status is Status.REGRESSED) is regressed


def test_a_difference_must_exceed_the_least_one_to_be_an_improvement() -> None:
    assert screen([5.0] * 5, 4.001, RULE).status is Status.PASS
    assert screen([5.0] * 5, 3.999, RULE).status is Status.IMPROVED


def test_a_difference_shown_to_be_below_the_least_one_passes_whatever_its_share() -> None:
    assert screen([5.0] * 5, 5.9, RULE).status is Status.PASS
    assert screen([5.0] * 5, 5.9, replace(RULE, min_change_us=0.0)).flagged


def test_a_tolerance_of_nothing_is_never_shown_to_be_kept() -> None:
    strict = replace(RULE, tolerance=0.0, min_change_us=0.0)
    assert screen(QUIET, 1000.0, strict).status is Status.INCONCLUSIVE


def test_one_base_session_is_confirmed_against_the_tolerance_and_not_the_screening_limit() -> None:
    """30 % only says what is worth measuring again; fresh sessions bring a spread of their own."""
    assert not screen([1000.0], 1150.0, RULE).flagged
    assert confirm([1000.0], sessions(5, level=1150.0), RULE).status is Status.REGRESSED


def test_a_tolerance_above_the_screening_limit_of_one_base_session_counts() -> None:
    loose = replace(RULE, tolerance=0.5)
    assert not screen([1000.0], 1450.0, loose).flagged
    assert screen([1000.0], 1550.0, loose).flagged


def test_the_interval_is_that_of_the_one_sided_bounds() -> None:
    comparison = screen(QUIET, 1010.0, RULE).comparison
    assert comparison is not None
    assert comparison.confidence == pytest.approx(0.90)
    assert comparison.low is not None
    assert comparison.high is not None
    assert comparison.low < comparison.change < comparison.high


def test_the_rank_p_value_starts_at_nineteen_base_sessions_and_counts_the_tolerance() -> None:
    few = screen(sessions(18), 1100.0, RULE).comparison
    base = sessions(19)
    many = screen(base, 1100.0, RULE).comparison
    assert few is not None
    assert many is not None
    assert few.rank_p_value is None
    assert many.rank_p_value == pytest.approx(1 / 20)
    inside = screen(base, max(base) * 1.049, RULE).comparison
    assert inside is not None
    assert inside.rank_p_value is not None
    assert inside.rank_p_value > 1 / 20


def test_the_fresh_sessions_alone_are_compared() -> None:
    comparison = confirm(QUIET, [1010.0, 1012.0, 1008.0], RULE).comparison
    assert comparison is not None
    assert comparison.stage is Stage.CONFIRM
    assert (comparison.base_sessions, comparison.head_sessions) == (5, 3)


def test_the_needed_sessions_come_with_what_they_would_decide_and_only_then() -> None:
    assert screen(NOISY, 1000.0, RULE).needed is not None
    assert screen(QUIET, 1100.0, RULE).needed is None
    assert screen(QUIET, 1000.0, RULE).needed is None
    assert screen([1000.0], 1000.0, RULE).needed is None
    assert confirm(NOISY, [1100.0, 900.0, 1200.0], RULE).needed is not None


@given(
    base=st.lists(MEDIANS, min_size=1, max_size=25),
    head=MEDIANS,
    fresh=st.lists(MEDIANS, min_size=2, max_size=8),
    power=st.integers(-8, 8),
)
def test_scaling_every_time_leaves_the_decisions(
    base: list[float], head: float, fresh: list[float], power: int
) -> None:
    """The least difference in µs scales along. Where a logarithm's last bit decides, nothing is claimed."""
    assume(len({decisions(base, head, fresh, RULE, nudge) for nudge in (1.0 - 1e-9, 1.0, 1.0 + 1e-9)}) == 1)
    factor = 2.0**power
    scaled_rule = replace(RULE, min_change_us=RULE.min_change_us * factor)
    scaled_base = [value * factor for value in base]
    assert decisions(scaled_base, head, fresh, scaled_rule, factor) == decisions(base, head, fresh, RULE, 1.0)


def decisions(
    base: list[float], head: float, fresh: list[float], rule: Rule, factor: float
) -> tuple[Status, bool, Status]:
    """What both stages say of head and fresh sessions that are ``factor`` times as slow."""
    screening = screen(base, head * factor, rule)
    return screening.status, screening.flagged, confirm(base, [value * factor for value in fresh], rule).status


@given(base=st.lists(MEDIANS, min_size=1, max_size=25), fresh=st.lists(MEDIANS, min_size=2, max_size=8), data=st.data())
def test_the_order_of_sessions_is_irrelevant(base: list[float], fresh: list[float], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(base))
    assert screen(shuffled, fresh[0], RULE) == screen(base, fresh[0], RULE)
    assert confirm(shuffled, fresh[::-1], RULE) == confirm(base, fresh, RULE)


@given(base=st.lists(MEDIANS, min_size=1, max_size=25), head=MEDIANS, factor=st.floats(1.0, 10.0))
def test_a_slower_session_never_clears_a_flag(base: list[float], head: float, factor: float) -> None:
    if screen(base, head, RULE).flagged:
        assert screen(base, head * factor, RULE).flagged


@given(
    base=st.lists(st.floats(950.0, 1050.0), min_size=1, max_size=10),
    fresh=st.lists(st.floats(1500.0, 3000.0), min_size=2, max_size=8),
    factors=st.lists(st.floats(1.0, 10.0), min_size=8, max_size=8),
)
def test_slower_fresh_sessions_never_turn_a_regression_into_a_pass(
    base: list[float], fresh: list[float], factors: list[float]
) -> None:
    """Any of them may be slower, by any factor: the spread may then hide the regression, but not excuse it."""
    assume(confirm(base, fresh, RULE).status is Status.REGRESSED)
    slower = [value * factor for value, factor in zip(fresh, factors, strict=False)]
    assert confirm(base, slower, RULE).status not in {Status.PASS, Status.IMPROVED}


@given(base=st.lists(MEDIANS, min_size=1, max_size=25), head=MEDIANS)
def test_what_is_flagged_has_not_passed(base: list[float], head: float) -> None:
    result = screen(base, head, RULE)
    if result.flagged:
        assert result.status in {Status.INCONCLUSIVE, Status.PROVISIONAL}


@given(
    base=st.lists(MEDIANS, min_size=2, max_size=25),
    fresh=st.lists(MEDIANS, min_size=2, max_size=8),
    tolerance=st.floats(0.0, 1.0),
    wider=st.floats(0.0, 1.0),
)
def test_more_tolerance_never_makes_a_regression(
    base: list[float], fresh: list[float], tolerance: float, wider: float
) -> None:
    before = confirm(base, fresh, replace(RULE, tolerance=tolerance)).status
    after = confirm(base, fresh, replace(RULE, tolerance=tolerance + wider)).status
    assert after is not Status.REGRESSED or before is Status.REGRESSED


@given(
    base=st.lists(MEDIANS, min_size=2, max_size=25),
    fresh=st.lists(MEDIANS, min_size=2, max_size=8),
    tests=st.integers(1),
)
def test_a_larger_suite_never_makes_a_regression(base: list[float], fresh: list[float], tests: int) -> None:
    if confirm(base, fresh, replace(RULE, suite_tests=tests)).status is Status.REGRESSED:
        assert confirm(base, fresh, RULE).status is Status.REGRESSED


@pytest.mark.parametrize("tolerance", [0.0, 0.03])
def test_a_slower_core_multiplies_the_limit_and_leaves_the_bounds(tolerance: float) -> None:
    rule = replace(RULE, tolerance=tolerance)
    slower = replace(rule, host=HostChange(core=0.04))
    assert slower.limit == pytest.approx((1.0 + tolerance) * 1.04 - 1.0)
    fresh = [1081.0, 1085.0, 1077.0, 1082.0, 1079.0]
    as_fast, found = confirm(QUIET, fresh, replace(rule, tolerance=slower.limit)), confirm(QUIET, fresh, slower)
    assert found.comparison is not None
    assert as_fast.comparison is not None
    assert (found.status, found.comparison.p_value) == (as_fast.status, as_fast.comparison.p_value)
    plain = confirm(QUIET, fresh, rule).comparison
    assert plain is not None
    assert replace(found.comparison, p_value=plain.p_value, host=SAME_HOST) == plain
    assert found.comparison.host == slower.host


@pytest.mark.parametrize(
    ("core_change", "level", "status"),
    [
        (0.0, 1080.0, Status.REGRESSED),
        (0.05, 1080.0, Status.INCONCLUSIVE),
        (0.05, 1130.0, Status.REGRESSED),
        (0.05, 1040.0, Status.PASS),
        (0.05, 1075.0, Status.INCONCLUSIVE),
    ],
)
def test_between_the_tolerance_and_the_raised_limit_nothing_is_shown(
    core_change: float, level: float, status: Status
) -> None:
    """A slower core raises what is allowed, and not what passes."""
    fresh = [level * factor for factor in (1.0, 1.001, 0.999, 1.0, 1.0)]
    assert confirm([1000.0] * 5, fresh, replace(RULE, host=HostChange(core=core_change))).status is status


@pytest.mark.parametrize("tolerance", [0.0, 0.03])
def test_a_faster_core_multiplies_the_limits_of_an_improvement_and_by_half_of_a_pass(tolerance: float) -> None:
    rule = replace(RULE, tolerance=tolerance)
    faster, slower = replace(rule, host=HostChange(core=-0.04)), replace(rule, host=HostChange(core=0.04))
    assert faster.improvement_limit == pytest.approx((1.0 - tolerance) * 0.96 - 1.0)
    assert faster.pass_limit == pytest.approx((1.0 + tolerance) * 0.98 - 1.0)
    assert (faster.limit, slower.pass_limit, slower.improvement_limit) == (tolerance, tolerance, -tolerance)


def test_ranks_are_asked_about_the_raised_limit_as_well() -> None:
    many, fresh = sessions(19), sessions(5, level=1070.0, seed=1)
    plain, raised = (
        confirm(many, fresh, replace(RULE, host=HostChange(core=share))).comparison for share in (0.0, 0.1)
    )
    assert plain is not None
    assert raised is not None
    assert (plain.rank_p_value or 1.0) < 0.05 < (raised.rank_p_value or 0.0)


@given(st.floats(0.0, 10.0))
def test_a_core_that_is_as_fast_leaves_the_limit_to_the_last_digit(tolerance: float) -> None:
    assert replace(RULE, tolerance=tolerance).limit == tolerance
