"""Sessions of a slowed core: which are left out, what is not judged against, and how limits move with the core."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from pytest_ascendperf.judge.confirmation import sessions_taken
from pytest_ascendperf.judge.core_speed import (
    at_full_speed,
    core_change,
    core_spread,
    slowed_base_reasons,
    slowed_session_reasons,
)
from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.validity import device_reasons
from pytest_ascendperf.judge.verdict import judge_confirmed, judge_screen
from pytest_ascendperf.model.anchor import Anchor
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Measurement, Session
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status
from session_values import session

CASE = CaseId(module="test_ffn.py", test="test_step")
HERE = Environment(device="cpu", chip="EPYC", chip_id="epyc", stack_id="torch-2.13.0", hard=(), soft=())
RULE = Rule(tolerance=0.05, min_change_us=0.0, confirm_sessions=2, suite_tests=1, cases=1)


def on_core(core_us: float | None, median_us: float = 100.0) -> Session:
    return session(median_us, core_us=core_us)


def measured(one: Session) -> Measurement:
    return Measurement(case=CASE, environment=HERE, session=one, invalid=(), notes=())


def judged(now: Session, *stored: Session, rule: Rule = RULE, anchor: Anchor | None = None) -> Judgement:
    baseline = Baseline(case=CASE, environment=HERE, sessions=stored, revision=None, anchor=anchor)
    return judge_screen(measured(now), baseline, (), rule, baseline_path="b.json")


@pytest.mark.parametrize(
    ("now_us", "before_us", "words"),
    [
        pytest.param(6.25, (5.0, 5.0), None, id="at the limit"),
        pytest.param(5.0, (6.25, 6.25), None, id="at the other limit"),
        pytest.param(
            6.26, (5.0, 5.0), "beside its rounds fixed work took 6.260 µs, and when the baseline was", id="slowed now"
        ),
        pytest.param(5.0, (6.26, 6.26), "slowed when the baseline was recorded: fixed work took 6.260 µs", id="then"),
        pytest.param(5.0, (5.0, 5.0, 9.0), None, id="one slowed session of three"),
        pytest.param(5.0, (None, 5.0), None, id="one that does not tell"),
        pytest.param(None, (5.0,), None, id="now it does not tell"),
        pytest.param(5.0, (None,), None, id="none tells"),
    ],
)
def test_sessions_stand_beside_each_other_whose_cores_were_as_fast(
    now_us: float | None, before_us: tuple[float | None, ...], words: str | None
) -> None:
    now, before = on_core(now_us), [on_core(each) for each in before_us]
    found = (*slowed_session_reasons(now, before), *slowed_base_reasons(now, before))
    assert len(found) == (words is not None)
    assert words is None or words in found[0]


def test_a_slowed_base_is_the_device_at_another_speed_and_a_slowed_session_is_not() -> None:
    slow, fast = on_core(9.0), on_core(5.0)
    assert device_reasons(slow, [fast]) == ()
    assert device_reasons(fast, [slow]) == slowed_base_reasons(fast, [slow]) != ()


def test_those_at_full_speed_are_as_fast_as_the_fastest_or_do_not_tell() -> None:
    sessions = [on_core(each, median_us) for each, median_us in ((8.0, 1.0), (5.0, 2.0), (None, 3.0), (6.25, 4.0))]
    assert [each.median_us for each in at_full_speed(sessions)] == [2.0, 3.0, 4.0]
    assert at_full_speed([on_core(None)] * 2) == (on_core(None),) * 2
    assert at_full_speed([]) == ()


def test_a_slowed_session_raises_a_suspicion_that_sessions_at_full_speed_dismiss() -> None:
    judgement = judged(on_core(8.0, 160.0), *(on_core(5.0),) * 5)
    assert judgement.needs_confirmation
    verdict = judge_confirmed(judgement, [measured(on_core(5.0))] * 2)
    assert verdict.status is Status.PASS
    (note,) = verdict.notes
    assert note.startswith("Its core was slowed")


def test_slowed_fresh_sessions_confirm_nothing_and_that_is_said() -> None:
    judgement = judged(on_core(8.0, 160.0), *(on_core(5.0),) * 5)
    verdict = judge_confirmed(judgement, [measured(on_core(8.0, 160.0))] * 2)
    assert verdict.status is Status.INCONCLUSIVE
    assert "2 of 2 fresh sessions could not be used: Its core was slowed" in verdict.reason


def test_code_that_is_slower_on_a_core_at_full_speed_regressed() -> None:
    judgement = judged(on_core(5.0, 160.0), *(on_core(5.0),) * 5)
    assert judge_confirmed(judgement, [measured(on_core(5.0, 160.0))] * 2).status is Status.REGRESSED


def test_slower_code_does_not_pass_against_a_baseline_of_a_slowed_core() -> None:
    verdict = judged(on_core(5.0, 100.0), *(on_core(8.0, 100.0),) * 5).verdict
    assert (verdict.status, verdict.screen) == (Status.INVALID, None)
    assert "Record it again on an idle machine" in verdict.reason


def test_both_sides_of_a_core_that_has_been_slow_since_then_are_compared() -> None:
    assert judged(on_core(8.0), *(on_core(8.0),) * 5).verdict.status is Status.PASS


@pytest.mark.parametrize(
    ("now_us", "before_us", "share"),
    [
        pytest.param((5.5, 5.5), (5.0, 5.0), 0.1, id="slower"),
        pytest.param((5.0, 6.05), (5.0, 5.0), 0.1, id="by the geometric mean"),
        pytest.param((5.5, None), (None, 5.0), 0.1, id="of those that tell"),
        pytest.param((5.0, 5.0), (5.0, 5.0), 0.0, id="as fast"),
        pytest.param((4.5, 4.5), (5.0, 5.0), -0.1, id="faster"),
        pytest.param((None,), (5.0,), 0.0, id="now none tells"),
        pytest.param((5.5,), (None,), 0.0, id="then none told"),
        pytest.param((), (5.0,), 0.0, id="no session"),
    ],
)
def test_a_core_changed_by_what_the_fixed_work_takes_longer_or_shorter(
    now_us: tuple[float | None, ...], before_us: tuple[float | None, ...], share: float
) -> None:
    found = core_change([on_core(each) for each in now_us], [on_core(each) for each in before_us])
    assert found == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(
    ("cores_us", "spread"),
    [
        pytest.param((5.0, 5.0 * math.e), math.sqrt(0.5), id="of the logarithm"),
        pytest.param((5.0, None, 5.0), 0.0, id="they agree"),
        pytest.param((5.0, None), 0.0, id="one tells"),
        pytest.param((None,), 0.0, id="none tells"),
    ],
)
def test_a_core_differs_by_what_the_fixed_work_does(cores_us: tuple[float | None, ...], spread: float) -> None:
    assert core_spread([on_core(each) for each in cores_us]) == pytest.approx(spread, abs=1e-12)


@pytest.mark.parametrize(
    ("core_us", "status"),
    [
        pytest.param(5.0, Status.REGRESSED, id="the core is as fast"),
        pytest.param(4.5, Status.REGRESSED, id="it is faster"),
        pytest.param(None, Status.REGRESSED, id="it does not tell"),
        pytest.param(5.2, Status.REGRESSED, id="it is 4 % slower"),
        pytest.param(5.5, Status.INCONCLUSIVE, id="it is 10 % slower"),
    ],
)
def test_what_the_core_became_slower_by_is_no_evidence_against_the_code(core_us: float | None, status: Status) -> None:
    """Times are up by 12 %: more than 5 % and 4 %, less than 5 % and 10 %."""
    judgement = judged(on_core(core_us, 112.0), *(on_core(5.0),) * 5)
    assert judgement.needs_confirmation
    assert judge_confirmed(judgement, [measured(on_core(core_us, 112.0))] * 2).status is status


def test_the_raised_limit_is_told() -> None:
    judgement = judged(on_core(5.25, 130.0), *(on_core(5.0),) * 5)
    slower = judge_confirmed(judgement, [measured(on_core(5.25, 130.0))] * 2)
    assert slower.reason == (
        "130.0 µs is 30.0 % above the baseline's 100.0 µs; the limit is 5 %, and 5.0 % by which the core was slower. "
        "Confirmed in 2 fresh processes."
    )
    assert slower.screen is not None
    assert slower.screen.host.core == 0.0
    assert slower.confirm is not None
    assert slower.confirm.host.limit(0.05) == pytest.approx(1.05 * 1.05 - 1.0)
    undecided = judge_confirmed(judgement, [measured(on_core(5.25, 107.0))] * 2)
    assert undecided.status is Status.INCONCLUSIVE
    assert "; the limit is 5 %, and 5.0 % by which the core was slower." in undecided.reason


@pytest.mark.parametrize(
    ("core_us", "status"),
    [
        pytest.param(5.0, Status.IMPROVED, id="the core is as fast"),
        pytest.param(5.5, Status.IMPROVED, id="it is slower"),
        pytest.param(None, Status.IMPROVED, id="it does not tell"),
        pytest.param(4.8, Status.IMPROVED, id="it is 4 % faster"),
        pytest.param(4.5, Status.PASS, id="it is 10 % faster"),
    ],
)
def test_what_the_core_became_faster_by_is_no_improvement_of_the_code(core_us: float | None, status: Status) -> None:
    """Times are down by 12 %: more than 5 % and 4 %, less than 5 % and 10 %."""
    base = (on_core(5.0),) * 5
    assert judged(on_core(core_us, 88.0), *base).verdict.status is status
    suspected = judged(on_core(5.0, 160.0), *base)
    assert judge_confirmed(suspected, [measured(on_core(core_us, 88.0))] * 2).status is status


def test_an_improvement_says_how_much_faster_the_core_was() -> None:
    improved = judged(on_core(4.8, 88.0), *(on_core(5.0),) * 5).verdict
    assert improved.reason == (
        "88.00 µs is 12.0 % below the baseline's 100.0 µs, on a core that was 4.0 % faster: the baseline is stale. "
        "Accept the new time with --ascendperf-update-baselines."
    )
    assert improved.screen is not None
    assert improved.screen.host.core == pytest.approx(-0.04)


@pytest.mark.parametrize(
    ("core_us", "status", "limit"),
    [
        pytest.param(5.0, Status.PASS, "the limit is 5 %", id="the core is as fast"),
        pytest.param(5.5, Status.PASS, "the limit is 5 %", id="it is slower"),
        pytest.param(
            4.9, Status.PASS, "the limit is 5 %, less 1.0 % for a core that was faster", id="it is 2 % faster"
        ),
        pytest.param(
            4.6, Status.INCONCLUSIVE, "the limit is 5 %, less 4.0 % for a core that was faster", id="it is 8 % faster"
        ),
    ],
)
def test_half_of_what_the_core_became_faster_by_is_no_evidence_for_a_pass(
    core_us: float, status: Status, limit: str
) -> None:
    """Times are up by 2 %: less than 5 % and 4 %, more than 1 %."""
    base = (on_core(5.0),) * 5
    screened = judged(on_core(core_us, 102.0), *base)
    assert (screened.verdict.status, screened.needs_confirmation) == (status, False)
    assert f"; {limit}." in screened.verdict.reason
    suspected = judged(on_core(5.0, 160.0), *base)
    confirmed = judge_confirmed(suspected, [measured(on_core(core_us, 102.0))] * 2)
    assert confirmed.status is status
    assert f"; {limit}." in confirmed.reason


def test_what_a_faster_core_alone_keeps_from_passing_says_what_to_do() -> None:
    base = (on_core(5.0),) * 5
    within, beyond = (
        judged(on_core(4.6, 102.0), *base).verdict.reason,
        judged(on_core(4.6, 104.6), *base).verdict.reason,
    )
    advice = "Run it again. Where the core stays as fast, record the baseline again with --ascendperf-update-baselines."
    assert within.endswith(f"; the limit is 5 %, less 4.0 % for a core that was faster. {advice}")
    assert advice not in beyond


def test_a_faster_core_raises_no_suspicion() -> None:
    base = (on_core(5.0),) * 5
    for core_us in (4.5, 5.0):
        assert not judged(on_core(core_us, 104.0), *base).needs_confirmation
        assert judged(on_core(core_us, 107.0), *base).needs_confirmation


def test_what_does_not_count_in_microseconds_passes_on_a_faster_core_too() -> None:
    rule = replace(RULE, min_change_us=10.0)
    base = (on_core(5.0),) * 5
    screened = judged(on_core(4.6, 102.0), *base, rule=rule).verdict
    confirmed = judge_confirmed(judged(on_core(5.0, 160.0), *base, rule=rule), [measured(on_core(4.6, 102.0))] * 2)
    for passed in (screened, confirmed):
        assert passed.status is Status.PASS
        assert passed.reason.endswith("; differences below 10 µs do not count.")


def test_a_slowdown_on_a_faster_core_is_told_without_it() -> None:
    judgement = judged(on_core(4.5, 112.0), *(on_core(5.0),) * 5)
    assert judge_confirmed(judgement, [measured(on_core(4.5, 112.0))] * 2).reason == (
        "112.0 µs is 12.0 % above the baseline's 100.0 µs; the limit is 5 %. Confirmed in 2 fresh processes."
    )


def test_a_slower_core_is_no_slow_drift_either() -> None:
    anchor = Anchor(sessions=(on_core(5.0),) * 5, revision=None)
    judgement = judged(on_core(5.0, 112.0), *(on_core(5.5, 110.0),) * 5, anchor=anchor)
    assert (judgement.flagged, judgement.drift_flagged) == (False, True)
    drifted = judge_confirmed(judgement, [measured(on_core(5.0, 112.0))] * 2)
    assert (drifted.status, drifted.drifted is not None) == (Status.REGRESSED, True)
    assert judge_confirmed(judgement, [measured(on_core(5.5, 112.0))] * 2).drifted is None


def test_no_look_ends_early_on_what_the_core_became_slower_by() -> None:
    rule = replace(RULE, confirm_sessions=5)
    judgement = judged(on_core(5.0, 160.0), *(on_core(5.0),) * 5, rule=rule)
    fast, slow = measured(on_core(5.0, 112.0)), measured(on_core(5.5, 116.0))
    assert len(sessions_taken(judgement, [fast] * 5)) == 3
    assert len(sessions_taken(judgement, [slow] * 5)) == 5
    assert len(sessions_taken(judgement, [measured(on_core(5.5, 108.0))] * 5)) == 2, "further ones would not show it"


@pytest.mark.parametrize("felt", [0.3, 1.0])
def test_minutes_of_another_core_raise_no_alarm_claim_nothing_and_hide_no_change_that_is_larger(felt: float) -> None:
    """Cores differ by 5 % from minute to minute and by 3 % from process to process; work feels it wholly or in part.

    1 % of 2,000 is 20. Without the allowance 37 and 212 of them fail, 24 and 106 are said to have improved, and as many
    changes of 30 % are found.
    """
    rng = np.random.default_rng(7)
    rule = replace(RULE, tolerance=0.02, confirm_sessions=5)

    def sessions(count: int, change: float = 0.0) -> list[Session]:
        core = 0.05 * rng.standard_normal() + 0.03 * rng.standard_normal(count)
        times = felt * core + 0.01 * rng.standard_normal(count) + change
        return [on_core(5.0 * math.exp(c), 100.0 * math.exp(t)) for c, t in zip(core, times, strict=True)]

    def status(change: float) -> Status:
        stored, (own, *fresh) = sessions(5), sessions(6, change)
        judgement = judged(own, *stored, rule=rule)
        return judge_confirmed(judgement, sessions_taken(judgement, map(measured, fresh))).status

    unchanged = Counter(status(0.0) for _ in range(2_000))
    assert unchanged[Status.REGRESSED] <= 20
    assert unchanged[Status.IMPROVED] <= 20
    assert sum(status(0.3) is Status.REGRESSED for _ in range(200)) > 190
    assert sum(status(-0.3) is Status.IMPROVED for _ in range(200)) > 180
