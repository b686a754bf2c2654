"""Two clocks and a device that may itself be slower: what is compared with what, and what then is not judged."""

from __future__ import annotations

import dataclasses

import pytest

import session_values
from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.validity import device_reasons
from pytest_ascendperf.judge.verdict import judge_confirmed, judge_screen
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Clock, Measurement, Session
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status

CASE = CaseId(module="test_ffn.py", test="test_step")
HERE = Environment(device="npu", chip="Ascend", chip_id="ascend", stack_id="cann-9.1.0", hard=(), soft=())
RULE = Rule(tolerance=0.05, min_change_us=0.0, confirm_sessions=2, suite_tests=1, cases=1)


def session(
    device_us: float,
    host_us: float | None,
    clock: Clock = Clock.DEVICE,
    reference_us: float | None = None,
    vector_us: float | None = None,
) -> Session:
    return session_values.session(
        device_us, host_us=host_us, clock=clock, reference_us=reference_us, vector_us=vector_us
    )


def measured(one: Session, environment: Environment = HERE) -> Measurement:
    return Measurement(case=CASE, environment=environment, session=one, invalid=(), notes=())


def judged(now: Session, *stored: Session) -> Judgement:
    baseline = Baseline(case=CASE, environment=HERE, sessions=stored, revision=None)
    return judge_screen(measured(now), baseline, (), RULE, baseline_path="b.json")


DEVICE_BOUND = session(100.0, 60.0)


def test_a_host_bound_session_is_compared_on_the_hosts_clock() -> None:
    """The device's interval grew by half, the host's time to the double; the latter is what is judged and said."""
    judgement = judged(session(150.0, 120.0, Clock.HOST), *(DEVICE_BOUND,) * 3)
    verdict = judgement.verdict
    assert judgement.needs_confirmation
    assert verdict.screen is not None
    assert (verdict.clock, verdict.now_us, verdict.screen.base_us, verdict.screen.head_us) == (
        Clock.HOST,
        120.0,
        60.0,
        120.0,
    )
    assert verdict.reason.startswith("host time 120.0 µs is 2.00 times the baseline's 60.00 µs")

    fresh = [measured(session(150.0, 121.0, Clock.HOST)), measured(session(150.0, 119.0, Clock.DEVICE))]
    final = judge_confirmed(judgement, fresh)
    assert final.confirm is not None
    assert (final.status, final.confirm.base_us) == (Status.REGRESSED, 60.0)
    assert final.confirm.head_us == pytest.approx(120.0, rel=1e-3)


def test_a_device_bound_session_is_compared_on_the_devices_clock_whatever_the_baselines_was() -> None:
    verdict = judged(DEVICE_BOUND, *(session(100.0, 99.0, Clock.HOST),) * 3).verdict
    assert verdict.screen is not None
    assert (verdict.status, verdict.clock, verdict.screen.base_us) == (Status.PASS, Clock.DEVICE, 100.0)


def test_without_stored_host_times_the_device_times_are_compared() -> None:
    verdict = judged(session(100.0, 99.0, Clock.HOST), *(session(100.0, None),) * 3).verdict
    assert verdict.screen is not None
    assert (verdict.status, verdict.clock, verdict.now_us) == (Status.PASS, Clock.DEVICE, 100.0)


def test_a_fresh_session_without_a_host_time_is_left_out_and_named() -> None:
    judgement = judged(session(150.0, 120.0, Clock.HOST), *(DEVICE_BOUND,) * 3)
    verdict = judge_confirmed(judgement, [measured(session(150.0, None))] * 2)
    assert verdict.status is not Status.REGRESSED
    assert "2 of 2 fresh sessions could not be used: It did not measure the host's time." in verdict.reason


@pytest.mark.parametrize(
    ("now", "stored", "told"),
    [
        pytest.param(10.5, (10.0, 10.0), None, id="at the limit"),
        pytest.param(9.5, (10.0, 10.0), None, id="at the lower limit"),
        pytest.param(10.51, (10.0, 10.0), "+5.1 %", id="slower now"),
        pytest.param(9.0, (10.0, 10.0), "-10.0 %", id="slower then"),
        pytest.param(10.0, (10.0, 10.0, 99.0), None, id="one odd session"),
        pytest.param(None, (10.0,), None, id="no reference now"),
        pytest.param(10.0, (None, None), None, id="no reference then"),
    ],
)
def test_a_device_at_another_speed_is_named_with_both_times(
    now: float | None, stored: tuple[float | None, ...], told: str | None
) -> None:
    base = [session(100.0, 60.0, reference_us=reference) for reference in stored]
    reasons = device_reasons(session(100.0, 60.0, reference_us=now), base)
    if told is None:
        assert reasons == ()
    else:
        (reason,) = reasons
        assert f"({told}; the limit is 5.0 % either way)" in reason
        assert ("device now does" in reason) is told.startswith("+")


@pytest.mark.parametrize(
    ("product_us", "vector_us", "is_invalid", "noted"),
    [
        pytest.param(10.0, 20.0, False, [], id="neither changed"),
        pytest.param(12.0, 24.0, True, [], id="both are slower"),
        pytest.param(12.0, 22.0, True, [], id="both are slower, not by the same"),
        pytest.param(8.0, 16.0, True, [], id="both are faster"),
        pytest.param(12.0, 20.0, False, ["matrix product takes 12.00 µs and took 10.00 µs"], id="the product alone"),
        pytest.param(12.0, 21.0, False, ["matrix product takes"], id="the vectors within the limit"),
        pytest.param(10.0, 30.0, False, ["work of vectors takes 30.00 µs and took 20.00 µs"], id="the vectors alone"),
        pytest.param(12.0, 16.0, False, ["matrix product takes", "work of vectors takes"], id="one each way"),
        pytest.param(12.0, None, True, [], id="no vectors now"),
    ],
)
def test_only_a_device_whose_two_references_change_alike_ran_at_another_speed(
    product_us: float, vector_us: float | None, is_invalid: bool, noted: list[str]
) -> None:
    base = (session(100.0, 60.0, reference_us=10.0, vector_us=20.0),) * 3
    verdict = judged(session(100.0, 60.0, reference_us=product_us, vector_us=vector_us), *base).verdict
    assert (verdict.status is Status.INVALID) is is_invalid
    assert len(verdict.notes) == len(noted)
    for note, told in zip(verdict.notes, noted, strict=True):
        assert told in note
        assert "its kernel changed, not the device" in note


def test_a_baseline_without_vectors_is_judged_by_the_product_alone() -> None:
    base = (session(100.0, 60.0, reference_us=10.0),) * 3
    verdict = judged(session(100.0, 60.0, reference_us=12.0, vector_us=20.0), *base).verdict
    assert verdict.status is Status.INVALID


def test_such_a_session_is_invalid_and_such_a_fresh_one_does_not_count() -> None:
    base = (session(100.0, 60.0, reference_us=10.0),) * 3
    slow = session(200.0, 60.0, reference_us=20.0)
    verdict = judged(slow, *base).verdict
    assert verdict.status is Status.INVALID
    assert verdict.screen is None
    assert "its reference work takes 20.00 µs, and took 10.00 µs when the baseline was recorded" in verdict.reason

    judgement = judged(session(200.0, 60.0, reference_us=10.0), *base)
    final = judge_confirmed(judgement, [measured(slow)] * 2)
    assert final.status is not Status.REGRESSED
    assert "2 of 2 fresh sessions could not be used: The device itself ran at another speed" in final.reason


def test_what_the_case_took_elsewhere_is_told_and_not_judged() -> None:
    older = dataclasses.replace(HERE, stack_id="cann-8.5.0")
    stored = Baseline(case=CASE, environment=older, sessions=(DEVICE_BOUND,) * 2, revision=None)
    verdict = judge_screen(measured(session(110.0, 60.0)), None, [stored], RULE, baseline_path="b.json").verdict
    assert (verdict.status, verdict.screen) == (Status.NOT_COMPARABLE, None)
    assert verdict.notes == (
        "On Ascend, cann-8.5.0 it took 100.0 µs (2 sessions), now it takes 110.0 µs (+10.0 %). This is told, not "
        "judged.",
    )


def test_nothing_is_told_of_another_chip() -> None:
    other = dataclasses.replace(HERE, chip_id="other")
    stored = Baseline(case=CASE, environment=other, sessions=(DEVICE_BOUND,) * 2, revision=None)
    verdict = judge_screen(measured(DEVICE_BOUND), None, [stored], RULE, baseline_path="b.json").verdict
    assert (verdict.status, verdict.notes) == (Status.NOT_COMPARABLE, ())


def test_nothing_is_told_of_elsewhere_where_the_clock_differs_and_no_number_is_there() -> None:
    older = dataclasses.replace(HERE, stack_id="cann-8.5.0")
    stored = Baseline(case=CASE, environment=older, sessions=(session(100.0, None),), revision=None)
    now = measured(session(110.0, 100.0, Clock.HOST))
    assert judge_screen(now, None, [stored], RULE, baseline_path="b.json").verdict.notes == ()
