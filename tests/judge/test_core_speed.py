"""Sessions of a slowed core: which are left out, and what is not judged against."""

from __future__ import annotations

import pytest

from pytest_ascendperf.judge.core_speed import at_full_speed, slowed_base_reasons, slowed_session_reasons
from pytest_ascendperf.judge.validity import device_reasons
from pytest_ascendperf.judge.verdict import Judgement, judge_confirmed, judge_screen
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


def judged(now: Session, *stored: Session) -> Judgement:
    baseline = Baseline(case=CASE, environment=HERE, sessions=stored, revision=None)
    return judge_screen(measured(now), baseline, (), RULE, baseline_path="b.json")


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
