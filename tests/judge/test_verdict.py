"""Verdicts: which comparison is allowed, every status, and the sentence that goes with it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.verdict import judge_confirmed, judge_screen
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status, Verdict
from session_values import session

CASE = CaseId(module="tests/test_ffn.py", test="test_ffn")
HERE = Environment(
    device="scripted",
    chip="Scripted",
    chip_id="scripted",
    stack_id="scripted-1",
    hard=(("threads", "4"),),
    soft=(("kernel", "6.1"),),
)
RULE = Rule(tolerance=0.03, min_change_us=0.1, confirm_sessions=5, suite_tests=1, cases=1)
PATH = "baselines/scripted/scripted-1/tests/test_ffn.json"
QUIET = (12.50,) * 5
"""Sessions that agree: the floor of the spread, 0.2 %, decides."""


def measured(median_us: float, environment: Environment = HERE, invalid: tuple[str, ...] = ()) -> Measurement:
    return Measurement(
        case=CASE, environment=environment, session=session(median_us), invalid=invalid, notes=("A note.",)
    )


def baseline(*medians_us: float, environment: Environment = HERE) -> Baseline:
    return Baseline(case=CASE, environment=environment, sessions=tuple(map(session, medians_us)), revision="abc")


def screened(now_us: float, *medians_us: float, rule: Rule = RULE) -> Judgement:
    return judge_screen(measured(now_us), baseline(*medians_us), (), rule, baseline_path=PATH)


def confirmed(now_us: float, base_us: tuple[float, ...], fresh_us: tuple[float, ...], rule: Rule = RULE) -> Verdict:
    judgement = screened(now_us, *base_us, rule=rule)
    assert judgement.needs_confirmation
    return judge_confirmed(judgement, [measured(value) for value in fresh_us])


def test_a_pass_says_by_how_much_at_most() -> None:
    judgement = screened(12.52, *QUIET)
    assert not judgement.needs_confirmation
    assert judgement.verdict.status is Status.PASS
    assert judgement.verdict.reason == (
        "12.52 µs is 0.16 % above the baseline's 12.50 µs and at most 0.63 % above it with 95 % confidence; "
        "the limit is 3 %."
    )
    assert judgement.verdict.now_us == 12.52
    assert judgement.verdict.baseline_path == PATH
    assert judgement.verdict.notes == ("A note.",)
    assert judgement.verdict.confirm is None


def test_a_flagged_session_waits_for_confirmation_and_is_not_failed() -> None:
    judgement = screened(13.10, *QUIET)
    assert judgement.needs_confirmation
    assert judgement.verdict.status is Status.INCONCLUSIVE
    assert judgement.verdict.reason == (
        "13.10 µs is 4.8 % above the baseline's 12.50 µs; the limit is 3 %. "
        "One session cannot show it: up to 5 fresh processes have to confirm it."
    )


def test_a_confirmed_regression_rests_on_the_fresh_sessions() -> None:
    verdict = confirmed(13.40, QUIET, (13.10,) * 5)
    assert verdict.status is Status.REGRESSED
    assert verdict.reason == (
        "13.10 µs is 4.8 % above the baseline's 12.50 µs; the limit is 3 %. Confirmed in 5 fresh processes."
    )
    assert verdict.now_us == 13.40
    assert verdict.decisive is verdict.confirm
    assert verdict.screen is not None


def test_a_suspicion_that_fresh_sessions_refute_passes() -> None:
    verdict = confirmed(13.10, QUIET, (12.52,) * 5)
    assert verdict.status is Status.PASS
    assert verdict.reason.startswith("The first session's 13.10 µs was not confirmed in 5 fresh processes: 12.52 µs ")
    assert verdict.reason.endswith("; the limit is 3 %.")


def test_fresh_sessions_may_even_show_an_improvement() -> None:
    verdict = confirmed(13.10, QUIET, (11.50, 11.51, 11.49, 11.52, 11.48))
    assert verdict.status is Status.IMPROVED
    assert "the baseline is stale" in verdict.reason


def test_fresh_sessions_that_cannot_tell_leave_the_extent_of_the_change() -> None:
    verdict = confirmed(14.50, QUIET, (12.30, 13.10, 12.75, 13.15, 12.45))
    assert verdict.status is Status.INCONCLUSIVE
    assert "was not confirmed in 5 fresh processes" in verdict.reason
    assert "the true change may be anything from" in verdict.reason
    assert "would show it; there were 5." in verdict.reason


def test_an_improvement_names_the_stale_baseline_and_the_option_that_accepts_it() -> None:
    verdict = screened(11.00, *QUIET).verdict
    assert verdict.status is Status.IMPROVED
    assert verdict.reason == (
        "11.00 µs is 12.0 % below the baseline's 12.50 µs: the baseline is stale. "
        "Accept the new time with --ascendperf-update-baselines."
    )


def test_what_cannot_be_told_says_how_many_sessions_would() -> None:
    verdict = screened(1250.0, 1250.0, 1280.0, 1250.0 / 1280.0 * 1250.0, 1265.0, 1250.0 / 1265.0 * 1250.0).verdict
    assert verdict.status is Status.INCONCLUSIVE
    assert verdict.reason.startswith("1.250 ms ")
    assert "the limit is 3 %." in verdict.reason
    assert "sessions of this code against 5 baseline sessions" in verdict.reason


def test_where_the_baseline_is_the_limit_the_advice_is_a_longer_one() -> None:
    verdict = screened(1250.0, 1250.0, 1500.0, 1000.0, 1300.0, 1200.0).verdict
    assert "more than 50 sessions of this code against 5 baseline sessions" in verdict.reason
    assert "record a longer baseline with --ascendperf-update-baselines" in verdict.reason


def test_where_no_baseline_would_help_the_advice_is_another() -> None:
    verdict = screened(1250.0, 1250.0, 5000.0, 300.0, 9000.0, 1200.0).verdict
    assert "more than 1000 sessions on each side" in verdict.reason
    assert "quieten the machine or allow a larger tolerance" in verdict.reason


def test_where_the_sessions_would_do_the_advice_is_another_run() -> None:
    verdict = screened(1285.0, *(value * 100 for value in QUIET)).verdict
    assert verdict.status is Status.INCONCLUSIVE
    assert "run it again" in verdict.reason


def test_a_limit_of_nothing_is_called_impossible_to_show() -> None:
    verdict = screened(12.50, *QUIET, rule=replace(RULE, tolerance=0.0, min_change_us=0.0)).verdict
    assert verdict.status is Status.INCONCLUSIVE
    assert "No number of sessions can show a change of exactly zero" in verdict.reason


def test_a_pass_by_the_least_difference_names_it() -> None:
    verdict = screened(12.90, *QUIET, rule=replace(RULE, min_change_us=1.0)).verdict
    assert verdict.status is Status.PASS
    assert verdict.reason.endswith("; differences below 1 µs do not count.")


def test_a_baseline_of_one_session_is_provisional_and_says_how_to_get_more() -> None:
    judgement = screened(12.60, 12.50)
    assert not judgement.needs_confirmation
    assert judgement.verdict.status is Status.PROVISIONAL
    assert judgement.verdict.reason == (
        "12.60 µs is 0.80 % above the baseline's 12.50 µs. "
        "The baseline holds one session, so how much sessions differ is not known, and only a change above 30 % is "
        "checked. Record more sessions with --ascendperf-update-baselines."
    )
    assert judgement.verdict.detectable_change is None
    assert judgement.verdict.screen is not None
    assert judgement.verdict.screen.low is None


def test_a_baseline_of_one_session_can_be_shown_to_be_outrun() -> None:
    verdict = confirmed(25.00, (12.50,), (25.0,) * 5)
    assert verdict.status is Status.REGRESSED
    assert verdict.reason.startswith("25.00 µs is 2.00 times the baseline's 12.50 µs; the limit is 3 %.")


def test_a_baseline_of_one_session_stays_provisional_when_not_confirmed() -> None:
    verdict = confirmed(25.00, (12.50,), (12.5, 12.6, 12.4, 12.55, 12.45))
    assert verdict.status is Status.PROVISIONAL
    assert "The baseline holds one session" in verdict.reason


def test_nothing_stored_is_no_baseline() -> None:
    verdict = judge_screen(measured(12.5), None, (), RULE, baseline_path=PATH).verdict
    assert verdict.status is Status.NO_BASELINE
    assert verdict.reason == (
        f"No baseline is stored for this case in {PATH}. Record one with --ascendperf-update-baselines."
    )
    assert verdict.now_us == 12.5


def test_other_hard_keys_are_not_comparable_and_named_with_both_values() -> None:
    other = replace(HERE, hard=(("threads", "8"),), soft=(("kernel", "5.4"),))
    judgement = judge_screen(measured(12.5), baseline(*QUIET, environment=other), (), RULE, baseline_path=PATH)
    assert judgement.verdict.status is Status.NOT_COMPARABLE
    assert judgement.verdict.reason == (
        "The stored baseline was measured in another environment: threads 8 → 4. "
        "Record one for this environment with --ascendperf-update-baselines."
    )
    assert [str(key) for key in judgement.verdict.hard_differences] == ["threads 8 → 4"]
    assert [str(key) for key in judgement.verdict.soft_differences] == ["kernel 5.4 → 6.1"]
    assert judgement.verdict.screen is None
    assert judgement.baseline is not None


@pytest.mark.parametrize("count", [1, 3])
def test_only_other_chips_are_not_comparable_and_the_nearest_is_named(count: int) -> None:
    elsewhere = [
        baseline(*QUIET, environment=replace(HERE, chip_id=f"chip-{number}", stack_id="scripted-0"))
        for number in range(count)
    ]
    judgement = judge_screen(measured(12.5), None, elsewhere, RULE, baseline_path=PATH)
    assert judgement.verdict.status is Status.NOT_COMPARABLE
    assert "chip chip-0 → scripted, stack scripted-0 → scripted-1" in judgement.verdict.reason
    assert (f"All {count} baselines" in judgement.verdict.reason) == (count > 1)
    assert judgement.baseline is None


def test_soft_differences_are_carried_beside_a_verdict() -> None:
    other = replace(HERE, soft=(("kernel", "5.4"),))
    verdict = judge_screen(measured(12.5), baseline(*QUIET, environment=other), (), RULE, baseline_path=PATH).verdict
    assert verdict.status is Status.PASS
    assert [str(key) for key in verdict.soft_differences] == ["kernel 5.4 → 6.1"]


def test_an_invalid_measurement_is_never_judged_whatever_is_stored() -> None:
    broken = measured(99.0, invalid=("Times drifted by +9.0 %.", "The clock went backwards in 1 of 3 rounds."))
    for stored in (baseline(*QUIET), None):
        judgement = judge_screen(broken, stored, (), RULE, baseline_path=PATH)
        assert judgement.verdict.status is Status.INVALID
        assert judgement.verdict.reason == (
            "Not judged. Times drifted by +9.0 %. The clock went backwards in 1 of 3 rounds."
        )
        assert not judgement.needs_confirmation
        assert judgement.verdict.screen is None


def test_no_session_at_all_is_invalid() -> None:
    nothing = replace(measured(1.0), session=None)
    verdict = judge_screen(nothing, baseline(*QUIET), (), RULE, baseline_path=PATH).verdict
    assert verdict.status is Status.INVALID
    assert verdict.now_us is None


def test_sessions_that_cannot_be_used_are_left_out_and_named() -> None:
    judgement = screened(13.40, *QUIET)
    elsewhere = replace(HERE, hard=(("threads", "8"),))
    fresh = [
        *(measured(value) for value in (13.10, 13.12)),
        measured(1.0, invalid=("The clock went backwards in 1 of 3 rounds.",)),
        measured(1.0, environment=elsewhere),
    ]
    verdict = judge_confirmed(judgement, fresh, ["fresh process 5 of 5: it ended with signal 9."])
    assert verdict.status is Status.REGRESSED
    assert verdict.confirm is not None
    assert verdict.confirm.head_sessions == 2
    assert "Confirmed in 2 fresh processes." in verdict.reason
    assert verdict.reason.endswith(
        "3 of 5 fresh sessions could not be used: fresh process 5 of 5: it ended with signal 9."
    )


def test_a_fresh_session_from_another_environment_says_which_key_differs() -> None:
    fresh = [measured(13.1, environment=replace(HERE, hard=(("threads", "8"),)))]
    verdict = judge_confirmed(screened(13.40, *QUIET), fresh)
    assert verdict.status is Status.INCONCLUSIVE
    assert verdict.reason.endswith(
        "1 of 1 fresh session could not be used: It ran in another environment than the first session: threads 4 → 8. "
        "A fresh process runs this test alone: have the test itself set what earlier tests leave behind."
    )


@pytest.mark.parametrize("base_us", [QUIET, (12.5,)])
def test_too_few_fresh_sessions_neither_fail_nor_pass(base_us: tuple[float, ...]) -> None:
    verdict = judge_confirmed(screened(20.0, *base_us), [measured(20.0)], ["it did not start."] * 4)
    assert verdict.status is Status.INCONCLUSIVE
    assert verdict.confirm is None
    assert "neither confirmed nor dismissed: 1 of 5 fresh sessions could be used." in verdict.reason
    assert verdict.reason.endswith("4 of 5 fresh sessions could not be used: it did not start.")


def test_a_judgement_that_needs_no_confirmation_stands() -> None:
    judgement = screened(12.52, *QUIET)
    assert judge_confirmed(judgement, [measured(99.0)] * 5) is judgement.verdict


def test_the_step_of_the_clock_per_call_is_the_least_difference_and_spread() -> None:
    """A clock of 4 µs over two calls: 2 µs per call, so 1 µs more is nothing that it could show."""
    coarse = replace(measured(13.50), session=session(13.50, calls_per_round=2))
    fine = judge_screen(coarse, baseline(*QUIET), (), RULE, baseline_path=PATH, timer_resolution_us=0.0)
    stepped = judge_screen(coarse, baseline(*QUIET), (), RULE, baseline_path=PATH, timer_resolution_us=4.0)
    assert fine.needs_confirmation
    assert not stepped.needs_confirmation
    assert stepped.rule.min_change_us == 2.0


def test_every_verdict_survives_its_codec() -> None:
    verdicts = [
        screened(12.52, *QUIET).verdict,
        screened(12.60, 12.50).verdict,
        confirmed(13.40, QUIET, (13.10, 13.12, 13.08)),
        judge_screen(measured(12.5), None, (), RULE, baseline_path=None).verdict,
        screened(1e300, 1e-300, 1e-200).verdict,
    ]
    for verdict in verdicts:
        assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict(), allow_nan=False))) == verdict
