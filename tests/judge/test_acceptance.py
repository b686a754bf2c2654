from __future__ import annotations

import pytest

from pytest_ascendperf.judge.acceptance import accepts, baseline_of
from pytest_ascendperf.model.baseline import Baseline, NotRecorded
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Clock, Measurement, Session
from pytest_ascendperf.model.verdict import Status

CASE = CaseId(module="tests/test_ffn.py", test="test_step", case="decode")


def environment(threads: str = "4", kernel: str = "6.1") -> Environment:
    return Environment(
        device="scripted",
        chip="scripted",
        chip_id="scripted",
        stack_id="scripted-1",
        hard=(("threads", threads),),
        soft=(("kernel", kernel),),
    )


def measured(median_us: float, *, invalid: tuple[str, ...] = (), where: Environment | None = None) -> Measurement:
    session = Session(
        started="2025-01-31T04:00:00+00:00",
        clock=Clock.DEVICE,
        device_median_us=median_us,
        host_median_us=None,
        reference_us=None,
        rounds=1,
        calls_per_round=1,
        warmup_calls=1,
        mean_us=median_us,
        sd_us=0.0,
        lag1=0.0,
        quantiles_us=(median_us,) * 7,
        samples_us=(median_us,),
    )
    return Measurement(case=CASE, environment=where or environment(), session=session, invalid=invalid, notes=())


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("stored", [True, False])
def test_a_run_that_judges_accepts_nothing_and_all_accepts_everything(status: Status, stored: bool) -> None:
    assert not accepts(None, status, stored=stored)
    assert accepts("all", status, stored=stored)


@pytest.mark.parametrize("status", list(Status))
def test_new_accepts_what_has_no_entry_here_and_nothing_else(status: Status) -> None:
    assert accepts("new", status, stored=False)
    assert not accepts("new", status, stored=True)


def test_changed_accepts_what_moved_or_cannot_be_compared() -> None:
    accepted = {status for status in Status if accepts("changed", status, stored=True)}
    assert accepted == {Status.REGRESSED, Status.IMPROVED, Status.NOT_COMPARABLE, Status.PROVISIONAL}
    assert all(accepts("changed", status, stored=False) for status in Status)


def test_all_valid_sessions_make_the_baseline_in_their_order() -> None:
    made = baseline_of(CASE, [measured(12.5), measured(12.0), measured(13.0)], "abc123")
    assert isinstance(made, Baseline)
    assert made.medians_us == (12.5, 12.0, 13.0)
    assert (made.case, made.environment, made.revision) == (CASE, environment(), "abc123")


def test_one_session_that_failed_refuses_them_all() -> None:
    """A test that does not pass every time has no accepted speed."""
    made = baseline_of(CASE, [measured(12.5), measured(12.0), "call failed: AssertionError"], None)
    assert made == NotRecorded(case=CASE, reason="session 3 of 3: call failed: AssertionError")


def test_invalid_sessions_are_left_out_while_two_are_left() -> None:
    invalid = measured(99.0, invalid=("The clock stood still.",))
    made = baseline_of(CASE, [measured(12.5), invalid, measured(13.0)], None)
    assert isinstance(made, Baseline)
    assert made.medians_us == (12.5, 13.0)


def test_one_valid_session_of_several_is_not_a_baseline_and_the_reasons_are_told_once() -> None:
    invalid = measured(99.0, invalid=("The clock stood still.",))
    made = baseline_of(CASE, [measured(12.5), invalid, invalid], None)
    assert made == NotRecorded(case=CASE, reason="1 of 3 sessions were valid: The clock stood still.")


def test_the_only_session_asked_for_is_enough() -> None:
    made = baseline_of(CASE, [measured(12.5)], None)
    assert isinstance(made, Baseline)
    assert made.medians_us == (12.5,)


def test_sessions_under_different_hard_keys_are_not_put_together() -> None:
    made = baseline_of(CASE, [measured(12.5), measured(12.5, where=environment(threads="8"))], None)
    assert isinstance(made, NotRecorded)
    assert "threads 4 → 8" in made.reason


def test_soft_differences_between_sessions_do_not_matter() -> None:
    made = baseline_of(CASE, [measured(12.5), measured(12.5, where=environment(kernel="6.2"))], None)
    assert isinstance(made, Baseline)
