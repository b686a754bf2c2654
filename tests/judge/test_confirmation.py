"""When a confirmation ends, and what ending early costs: the rates of the whole rule, by simulation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ascendperf.judge.confirmation import is_settled, sessions_taken, wants_session
from pytest_ascendperf.judge.contrast import contrast
from pytest_ascendperf.judge.error_rate import early_looks
from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.latency import confirm, is_slower, screen
from pytest_ascendperf.judge.sensitivity import detectable_change
from pytest_ascendperf.judge.verdict import judge_confirmed, judge_screen
from pytest_ascendperf.model.anchor import Anchor
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.student import upper_quantile
from session_values import session

RULE = Rule(tolerance=0.05, min_change_us=1.0, confirm_sessions=5, suite_tests=50, cases=1)
QUIET = [1000.0, 1010.0, 990.0, 1005.0, 995.0]
NOISY = [1000.0, 1040.0, 960.0, 1030.0, 970.0]
CASE = CaseId(module="test_x.py", test="test_x")
HERE = Environment(device="scripted", chip="scripted", chip_id="scripted", stack_id="scripted-1", hard=(), soft=())
MEDIANS = st.floats(min_value=900.0, max_value=1300.0)


def measured(median_us: float, *, invalid: tuple[str, ...] = ()) -> Measurement:
    return Measurement(case=CASE, environment=HERE, session=session(median_us), invalid=invalid, notes=())


def flagged(now_us: float, base_us: Sequence[float], rule: Rule = RULE) -> Judgement:
    sessions = tuple(measurement.session for value in base_us if (measurement := measured(value)).session is not None)
    baseline = Baseline(case=CASE, environment=HERE, sessions=sessions, revision=None)
    judgement = judge_screen(measured(now_us), baseline, (), rule, baseline_path=None)
    assert judgement.needs_confirmation
    return judgement


def taken(base_us: Sequence[float], fresh_us: Sequence[float], rule: Rule = RULE) -> int:
    """How many of these sessions a run would have measured."""
    judgement = flagged(2.0 * max(base_us), base_us, rule)
    return len(sessions_taken(judgement, map(measured, fresh_us)))


@pytest.mark.parametrize(
    ("base_us", "fresh_us", "sessions", "status"),
    [
        (QUIET, [1200.0, 1210.0, 1190.0, 1205.0, 1195.0], 3, Status.REGRESSED),
        (2 * QUIET, [1200.0, 1210.0, 1190.0, 1205.0, 1195.0], 2, Status.REGRESSED),
        (QUIET, [1001.0, 1003.0, 1000.0, 1000.0, 1000.0], 2, Status.PASS),
        (QUIET, [1080.0, 1085.0, 1078.0, 1090.0, 1082.0], 5, Status.REGRESSED),
        (QUIET, [1052.0, 1055.0, 1049.0, 1060.0, 1053.0], 5, Status.INCONCLUSIVE),
        (NOISY, [1000.0, 1005.0, 1000.0, 1001.0, 1002.0], 5, Status.PASS),
        (NOISY, [1040.0, 1045.0, 1040.0, 1040.0, 1040.0], 2, Status.INCONCLUSIVE),
        ([1000.0], [1001.0, 1003.0, 1000.0, 1000.0, 1000.0], 2, Status.PROVISIONAL),
        ([1000.0], [1301.0, 1303.0, 1300.0, 1300.0, 1300.0], 5, Status.REGRESSED),
    ],
    ids=[
        "clear regression",
        "clear regression of ten",
        "clear pass",
        "small regression",
        "at the limit",
        "pass in the end",
        "hopeless",
        "one base session",
        "slower than one base session",
    ],
)
def test_a_case_takes_the_sessions_that_decide_it(
    base_us: list[float], fresh_us: list[float], sessions: int, status: Status
) -> None:
    assert taken(base_us, fresh_us) == sessions
    verdict = judge_confirmed(flagged(2000.0, base_us), list(map(measured, fresh_us[:sessions])))
    assert verdict.status is status


def test_the_limit_of_ending_early_is_exactly_the_t_quantile_of_the_looks_share() -> None:
    """At 50 tests a case has .001, and its early look a quarter of it; five base sessions and three give 6 degrees."""
    logs = [math.log(value) for value in QUIET]
    mean = sum(logs) / 5
    spread = math.sqrt(sum((value - mean) ** 2 for value in logs) / 6)
    error = spread * math.sqrt(1 / 5 + 1 / 3)
    edge = math.exp(mean + math.log1p(0.05) + upper_quantile(0.00025, 6) * error)
    assert not is_settled(QUIET, [edge * (1 - 1e-9)] * 3, RULE)
    assert is_settled(QUIET, [edge * (1 + 1e-9)] * 3, RULE)


def test_an_early_pass_is_shown_at_99_per_cent_and_not_at_95() -> None:
    logs = [math.log(value) for value in QUIET]
    mean = sum(logs) / 5
    spread = math.sqrt(sum((value - mean) ** 2 for value in logs) / 5)
    error = spread * math.sqrt(1 / 5 + 1 / 2)
    edge = math.exp(mean + math.log1p(0.05) - upper_quantile(0.01, 5) * error)
    assert is_settled(QUIET, [edge * (1 - 1e-9)] * 2, RULE)
    assert not is_settled(QUIET, [edge * (1 + 1e-9)] * 2, RULE)
    assert confirm(QUIET, [edge * (1 + 1e-9)] * 2, RULE).status is Status.PASS


def test_nothing_is_decided_between_the_looks() -> None:
    assert [count for count in range(5) if is_settled(QUIET, [1500.0] * count, RULE)] == [3]
    assert [count for count in range(5) if is_settled(QUIET, [1000.0] * count, RULE)] == [2]


def test_a_difference_below_the_least_one_is_no_regression_that_further_sessions_could_show() -> None:
    large = replace(RULE, suite_tests=10**6)
    assert not is_settled(QUIET, [1200.0, 1205.0], large)
    assert is_settled(QUIET, [1200.0, 1205.0], replace(large, min_change_us=300.0))


def test_processes_that_gave_nothing_count_as_processes_and_not_as_sessions() -> None:
    judgement = flagged(2000.0, QUIET)
    slow = [measured(1200.0), measured(1205.0), measured(1195.0)]
    broken = measured(1.0, invalid=("The clock went backwards.",))
    assert not wants_session(judgement, slow)
    assert wants_session(judgement, slow[:2], ["it did not start."])
    assert not wants_session(judgement, slow, ["it did not start."]), "three sessions are there all the same"
    assert wants_session(judgement, [*slow[:2], broken])
    assert not wants_session(judgement, [broken, *slow])
    assert not wants_session(judgement, slow[:2], ["it did not start."] * 3)


def test_a_case_that_can_no_longer_get_two_sessions_takes_none() -> None:
    judgement = flagged(2000.0, QUIET)
    assert wants_session(judgement, [], ["it did not start."] * 3)
    assert not wants_session(judgement, [], ["it did not start."] * 4)


def test_what_was_not_flagged_wants_nothing() -> None:
    judgement = replace(flagged(2000.0, QUIET), flagged=False)
    assert not wants_session(judgement, [])


def suspected(now_us: float, base_us: Sequence[float], anchor_us: Sequence[float]) -> Judgement:
    """Flagged against a baseline, against its anchor, or against both."""
    sessions = tuple(measurement.session for value in base_us if (measurement := measured(value)).session is not None)
    older = tuple(measurement.session for value in anchor_us if (measurement := measured(value)).session is not None)
    anchor = Anchor(sessions=older, revision=None)
    baseline = Baseline(case=CASE, environment=HERE, sessions=sessions, revision=None, anchor=anchor)
    return judge_screen(measured(now_us), baseline, (), RULE, baseline_path=None)


def test_a_drift_that_three_sessions_show_ends_there() -> None:
    judgement = suspected(1300.0, [value * 1.25 for value in QUIET], QUIET)
    assert (judgement.flagged, judgement.drift_flagged) == (False, True)
    fresh = [measured(value) for value in (1290.0, 1300.0, 1310.0, 1305.0)]
    assert [count for count in range(5) if not wants_session(judgement, fresh[:count])] == [3]
    verdict = judge_confirmed(judgement, fresh[:3])
    assert (verdict.status, verdict.drifted is not None) == (Status.REGRESSED, True)


def test_what_passes_against_its_baseline_goes_on_until_its_drift_is_settled() -> None:
    """1.060 ms is not above 1.050 ms by much: against the anchor it takes all sessions to say so."""
    judgement = suspected(1200.0, [1060.0, 1062.0, 1058.0, 1061.0, 1059.0], QUIET)
    assert (judgement.flagged, judgement.drift_flagged) == (True, True)
    fresh = [measured(value) for value in (1060.0, 1061.0, 1059.0, 1060.0, 1060.5)]
    alone = replace(judgement, drift_flagged=False)
    assert next(count for count in range(6) if not wants_session(alone, fresh[:count])) == 2
    assert [count for count in range(6) if not wants_session(judgement, fresh[:count])] == [5]


def test_what_is_shown_against_its_anchor_needs_no_session_for_its_baseline() -> None:
    judgement = suspected(1500.0, [1240.0, 1310.0, 1150.0, 1290.0, 1200.0], QUIET)
    assert (judgement.flagged, judgement.drift_flagged) == (True, True)
    fresh = [measured(value) for value in (1330.0, 1325.0, 1335.0)]
    alone = replace(judgement, drift_flagged=False)
    assert wants_session(alone, fresh)
    assert not wants_session(judgement, fresh)
    assert judge_confirmed(judgement, fresh).drifted is not None


@given(
    base=st.lists(MEDIANS, min_size=1, max_size=12),
    fresh=st.lists(MEDIANS, min_size=2, max_size=16),
    tolerance=st.floats(0.0, 0.3),
    tests=st.integers(1, 1000),
)
def test_what_ends_early_as_slower_is_regressed_and_anything_else_is_not(
    base: list[float], fresh: list[float], tolerance: float, tests: int
) -> None:
    """The verdict is made at the level of the last look: it must not fail what an early look let go."""
    rule = replace(RULE, tolerance=tolerance, suite_tests=tests, confirm_sessions=16)
    count = next((n for n in range(2, len(fresh)) if is_settled(base, fresh[:n], rule)), None)
    if count is not None:
        alpha = early_looks(rule, len(base)).get(count)
        slower = alpha is not None and is_slower(contrast(base, fresh[:count]), rule, alpha)
        assert (confirm(base, fresh[:count], rule).status is Status.REGRESSED) is slower


class Rates(NamedTuple):
    """What became of simulated cases."""

    failed: float
    sessions: float
    """Mean number of fresh sessions of flagged cases."""


def rates(
    rule: Rule,
    *,
    base: int,
    spread: float,
    change: float,
    cases: int,
    seed: int,
    screened: bool = True,
    of_two_kinds: bool = False,
) -> Rates:
    """Screen and confirm, as a run does it, ``cases`` with normal noise; all are confirmed unless ``screened``.

    ``of_two_kinds``: three sessions of ten are half as slow again.
    """
    rng = np.random.default_rng(seed)
    failed = flags = sessions = 0
    for _ in range(cases):
        noise = np.exp(spread * rng.standard_normal(base + 1 + rule.confirm_sessions)) * 1000.0
        noise[base:] *= 1.0 + change
        if of_two_kinds:
            noise *= np.where(rng.random(len(noise)) < 0.3, 1.5, 1.0)
        base_us, head_us, fresh_us = noise[:base].tolist(), float(noise[base]), noise[base + 1 :].tolist()
        if screened and not screen(base_us, head_us, rule).flagged:
            continue
        flags += 1
        count = next(
            (n for n in range(2, len(fresh_us)) if is_settled(base_us, fresh_us[:n], rule)), rule.confirm_sessions
        )
        sessions += count
        failed += confirm(base_us, fresh_us[:count], rule).status is Status.REGRESSED
    return Rates(failed / cases, sessions / max(flags, 1))


@pytest.mark.parametrize("sessions", [4, 5, 8, 16])
def test_at_the_limit_itself_the_looks_together_fail_at_most_at_their_level(sessions: int) -> None:
    """Where the rate is highest, and without the screening: 1 % of 8,000 is 80, and four sigma above it 116."""
    rule = replace(RULE, tolerance=0.0, min_change_us=0.0, suite_tests=1, confirm_sessions=sessions)
    found = rates(rule, base=5, spread=0.03, change=0.0, cases=8_000, seed=sessions, screened=False)
    assert 0.004 < found.failed < 116 / 8_000


@pytest.mark.parametrize(
    ("base", "sessions", "tests"), [(10, 5, 1), (10, 5, 50), (5, 5, 50), (5, 4, 200), (10, 12, 50), (20, 3, 50)]
)
def test_a_change_of_the_detectable_size_fails_in_80_per_cent(base: int, sessions: int, tests: int) -> None:
    """With the true spread. Of 4,000 cases one sigma is 0.6 %; what the looks add and take is below 1 %."""
    rule = replace(RULE, suite_tests=tests, confirm_sessions=sessions)
    change = detectable_change(base_us=1000.0, base_sessions=base, noise=0.02, rule=rule)
    assert change is not None
    found = rates(rule, base=base, spread=0.02, change=change, cases=4_000, seed=base)
    assert found.failed == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(("base", "sessions"), [(5, 3), (10, 2)])
def test_a_clear_regression_is_shown_at_the_first_look(base: int, sessions: int) -> None:
    """20 % at a spread of 1 %, in a run of 50 tests."""
    found = rates(RULE, base=base, spread=0.01, change=0.2, cases=1_000, seed=1)
    assert found.failed == 1.0
    assert sessions <= found.sessions < sessions + 0.05


def test_the_looks_of_a_large_confirmation_come_before_its_half() -> None:
    """At 16 sessions a change that is plain after eight does not take the rest."""
    rule = replace(RULE, confirm_sessions=16)
    found = rates(rule, base=10, spread=0.02, change=0.15, cases=500, seed=2)
    assert found.failed > 0.95
    assert found.sessions < 8.0


@pytest.mark.parametrize("base", [5, 10])
def test_sessions_of_two_kinds_seldom_look_like_a_regression(base: int) -> None:
    """Normal noise bears a look after two sessions of five, too: 0.5 % of these tests would fail then."""
    found = rates(RULE, base=base, spread=0.01, change=0.0, cases=20_000, seed=base, of_two_kinds=True)
    assert found.failed < 0.0025
