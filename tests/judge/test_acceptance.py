from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ascendperf.judge.acceptance import accepts, baseline_of, missing_kernels, wants_another
from pytest_ascendperf.model.baseline import Baseline, NotRecorded
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.finding import Finding, FindingKind
from pytest_ascendperf.model.host_change import SAME_HOST
from pytest_ascendperf.model.kernel_table import KernelKind, KernelTable
from pytest_ascendperf.model.measurement import Clock, Measurement
from pytest_ascendperf.model.stage import Comparison, Stage
from pytest_ascendperf.model.verdict import Drift, Status, Verdict
from session_values import session

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


def measured(
    median_us: float,
    *,
    invalid: tuple[str, ...] = (),
    where: Environment | None = None,
    core_us: float | None = None,
) -> Measurement:
    here = where or environment()
    made = session(median_us, core_us=core_us)
    return Measurement(case=CASE, environment=here, session=made, invalid=invalid, notes=())


def verdict(status: Status, *findings: Finding, timed_status: Status | None = None) -> Verdict:
    return Verdict(
        case=CASE,
        status=status,
        reason="",
        now_us=None,
        clock=Clock.DEVICE,
        tolerance=0.05,
        detectable_change=None,
        screen=None,
        confirm=None,
        hard_differences=(),
        soft_differences=(),
        baseline_path=None,
        notes=(),
        findings=findings,
        timed_status=timed_status,
    )


def drift(*, status_without: Status | None) -> Drift:
    comparison = Comparison(
        stage=Stage.CONFIRM,
        base_us=10.0,
        head_us=11.0,
        base_sessions=5,
        head_sessions=5,
        change=0.1,
        low=0.09,
        high=0.11,
        confidence=0.9,
        spread=0.0,
        p_value=0.0,
        rank_p_value=None,
        host=SAME_HOST,
    )
    return Drift(
        screen=comparison,
        confirm=comparison,
        recorded="2025-01-31",
        revision=None,
        fails=True,
        status_without=status_without,
    )


def finding(kind: FindingKind, *, fails: bool = True) -> Finding:
    return Finding(kind=kind, summary="", details=(), fails=fails)


def table(count: int, duration_us: float) -> KernelTable:
    kind = KernelKind(type="Add", core="AI_VECTOR_CORE", inputs="8", count=count, durations_us=(duration_us,))
    return KernelTable(
        kernels=(kind,),
        activity="device",
        sessions=1,
        calls=2,
        has_types=True,
        varying=(),
        synchronizations=0,
        source="Level1",
    )


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("stored", [True, False])
def test_a_run_that_judges_accepts_nothing_and_all_accepts_everything(status: Status, stored: bool) -> None:
    assert not accepts(None, verdict(status), stored=stored)
    assert accepts("all", verdict(status), stored=stored)
    assert accepts("anchor", verdict(status), stored=stored)


@pytest.mark.parametrize("status", list(Status))
def test_new_accepts_what_has_no_entry_here_and_nothing_else(status: Status) -> None:
    assert accepts("new", verdict(status), stored=False)
    assert not accepts("new", verdict(status), stored=True)


def test_changed_accepts_what_moved_or_cannot_be_compared() -> None:
    accepted = {status for status in Status if accepts("changed", verdict(status), stored=True)}
    assert accepted == {Status.REGRESSED, Status.IMPROVED, Status.NOT_COMPARABLE, Status.PROVISIONAL}
    assert all(accepts("changed", verdict(status), stored=False) for status in Status)


def test_changed_accepts_what_runs_otherwise_although_its_time_is_the_same() -> None:
    removed = finding(FindingKind.KERNELS_REMOVED, fails=False)
    assert accepts("changed", verdict(Status.PASS, removed), stored=True)
    lost = verdict(Status.REGRESSED, finding(FindingKind.FUSION_LOST), timed_status=Status.PASS)
    assert accepts("changed", lost, stored=True)


def test_changed_does_not_accept_what_breaks_the_tests_own_demand_and_nothing_else() -> None:
    not_fused = finding(FindingKind.NOT_FUSED)
    assert not accepts("changed", verdict(Status.REGRESSED, not_fused, timed_status=Status.PASS), stored=True)
    assert accepts("changed", verdict(Status.REGRESSED, not_fused), stored=True)
    both = verdict(Status.REGRESSED, not_fused, finding(FindingKind.KERNELS_ADDED), timed_status=Status.PASS)
    assert accepts("changed", both, stored=True)


def test_changed_does_not_accept_what_fails_by_slow_drift() -> None:
    """Its new sessions would stand beside the old anchor and fail again, and this run would hide it."""
    drifted = drift(status_without=Status.PASS)
    assert not accepts("changed", replace(verdict(Status.REGRESSED), drift=drifted), stored=True)
    improved = replace(verdict(Status.REGRESSED), drift=drift(status_without=Status.IMPROVED))
    assert not accepts("changed", improved, stored=True)
    ran_otherwise = replace(verdict(Status.REGRESSED, finding(FindingKind.FUSION_LOST)), drift=drifted)
    assert not accepts("changed", ran_otherwise, stored=True)
    both = replace(verdict(Status.REGRESSED), drift=drift(status_without=None))
    assert accepts("changed", both, stored=True), "slower than its last baseline, too"
    for mode in ("all", "anchor"):
        assert accepts(mode, replace(verdict(Status.REGRESSED), drift=drifted), stored=True)


def test_a_baseline_holds_the_kernels_of_all_valid_sessions_that_have_some() -> None:
    sessions = [
        replace(measured(12.5), kernels=table(2, 5.0), fusion_passes=(("A", 3), ("B", 1))),
        replace(measured(99.0, invalid=("The clock stood still.",)), kernels=table(9, 9.0)),
        measured(12.5),
        replace(measured(12.5), kernels=table(2, 7.0), fusion_passes=(("A", 2),)),
    ]
    made = baseline_of(CASE, sessions, None)
    assert isinstance(made, Baseline)
    assert made.kernels is not None
    (kind,) = made.kernels.kernels
    assert (kind.count, kind.durations_us) == (2, (5.0, 7.0))
    assert made.fusion_passes == (("A", 2),)


def test_sessions_without_kernels_make_a_baseline_without() -> None:
    made = baseline_of(CASE, [measured(12.5)], None)
    assert isinstance(made, Baseline)
    assert (made.kernels, made.fusion_passes) == (None, None)


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


def test_one_valid_session_of_several_is_not_a_baseline_and_the_first_of_the_others_says_why() -> None:
    invalid = measured(99.0, invalid=("The clock stood still.", "It went back."))
    made = baseline_of(CASE, [measured(12.5), invalid, measured(99.0, invalid=("It spread.",))], None)
    assert made == NotRecorded(case=CASE, reason="1 of 3 sessions were valid: The clock stood still. It went back.")


FAST, SLOWED = measured(12.5, core_us=5.0), measured(20.0, core_us=8.0)
INVALID = measured(99.0, invalid=("The clock stood still.",), core_us=4.0)


@pytest.mark.parametrize(
    ("sessions", "stored_us"),
    [
        pytest.param([FAST, SLOWED, FAST], (12.5, 12.5), id="one slowed of three"),
        pytest.param([SLOWED, FAST, SLOWED], (20.0, 12.5, 20.0), id="one at full speed is too few"),
        pytest.param([SLOWED] * 2, (20.0, 20.0), id="all slowed alike"),
        pytest.param([SLOWED, SLOWED, INVALID], (20.0, 20.0), id="an invalid one sets no standard"),
        pytest.param([SLOWED], (20.0,), id="the only one"),
    ],
)
def test_sessions_of_a_slowed_core_are_left_out_while_two_are_left(
    sessions: list[Measurement], stored_us: tuple[float, ...]
) -> None:
    made = baseline_of(CASE, sessions, None)
    assert isinstance(made, Baseline)
    assert made.medians_us == stored_us


@pytest.mark.parametrize(
    ("sessions", "count", "wanted"),
    [
        pytest.param([FAST, FAST, FAST], 3, False, id="all at full speed"),
        pytest.param([FAST, SLOWED, FAST], 3, True, id="one slowed"),
        pytest.param([FAST, SLOWED, FAST, FAST], 3, False, id="one slowed and one in its place"),
        pytest.param([FAST, SLOWED, FAST, SLOWED], 3, True, id="slowed again"),
        pytest.param([FAST, SLOWED, FAST, SLOWED, SLOWED], 3, False, id="taken again twice"),
        pytest.param([SLOWED] * 3, 3, False, id="all slowed alike"),
        pytest.param([FAST, INVALID, FAST], 3, False, id="an invalid one was taken again in its process"),
        pytest.param([FAST, SLOWED, "the test failed"], 3, False, id="it will not be recorded"),
        pytest.param([SLOWED], 1, False, id="the only one"),
    ],
)
def test_a_further_session_is_wanted_in_place_of_one_whose_core_was_slowed(
    sessions: list[Measurement | str], count: int, wanted: bool
) -> None:
    assert wants_another(sessions, count) is wanted


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


def test_why_no_kernels_are_stored_is_told_where_they_were_to_be_recorded() -> None:
    profiled = replace(measured(12.5), kernels=table(2, 5.0))
    otherwise = replace(measured(12.5), kernels=replace(table(2, 5.0), source="another profiler"))
    silent = replace(measured(12.5), kernel_problem="The profiler wrote nothing.")
    broken = measured(12.5, invalid=("The clock stood still.",))
    assert missing_kernels([profiled, profiled]) is None
    assert missing_kernels([profiled, silent]) is None, "one of them is enough"
    assert missing_kernels([measured(12.5), "the test failed"]) is None, "nothing was to be recorded"
    assert missing_kernels([measured(12.5), silent]) == "The profiler wrote nothing."
    assert missing_kernels([replace(broken, kernel_problem="Unused."), measured(12.5)]) is None
    assert missing_kernels([profiled, otherwise]) == "Sessions recorded in different ways: Level1; another profiler."
