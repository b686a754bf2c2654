"""What ran and how long it took in one verdict: which findings count, and what they make of each status."""

from __future__ import annotations

from dataclasses import replace

import pytest

from judge.kernel_values import kind, table
from judge.test_verdict import HERE, PATH, QUIET, RULE, baseline, measured
from pytest_ascendperf.judge.exact import NO_EVIDENCE, ExactEvidence, reason_of_times
from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.kernel_changes import KnownLoss
from pytest_ascendperf.judge.verdict import judge_confirmed, judge_screen
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.finding import Finding, FindingKind
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status, Verdict

FUSED = table(kind("FlashAttentionScore", 1, 8.0, core="MIX_AIC"))
APART = table(kind("BatchMatMulV3", 2, 8.0, core="AI_CORE"), kind("SoftmaxV2", 1, 1.2))
LOSS = KnownLoss(
    name="attention",
    times=1,
    gone={"FlashAttentionScore": 1},
    came={"BatchMatMulV3": 2, "SoftmaxV2": 1},
    advice="Look at the mask.",
)
LOST = "fusion lost: 1 FlashAttentionScore became 2 BatchMatMulV3, 1 SoftmaxV2 per call (attention)"
NOT_FUSED = Finding(kind=FindingKind.NOT_FUSED, summary="not fused: rope", details=(), fails=True)
STORED = replace(baseline(*QUIET), kernels=FUSED)


def judge(
    now: Measurement,
    stored: Baseline | None = STORED,
    evidence: ExactEvidence = NO_EVIDENCE,
    rule: Rule = RULE,
) -> Judgement:
    return judge_screen(now, stored, (), rule, baseline_path=PATH, exact=evidence)


def now(median_us: float = 12.52, *, invalid: tuple[str, ...] = ()) -> Measurement:
    return replace(measured(median_us, invalid=invalid), kernels=APART)


def test_a_lost_fusion_regresses_a_case_that_is_as_fast_as_before() -> None:
    judgement = judge(now(), evidence=ExactEvidence(losses=(LOSS,)))
    verdict = judgement.verdict
    assert not judgement.needs_confirmation
    assert (verdict.status, verdict.timed_status, verdict.status_of_times) == (
        Status.REGRESSED,
        Status.PASS,
        Status.PASS,
    )
    assert verdict.reason == (
        f"F{LOST[1:]}. 12.52 µs is 0.16 % above the baseline's 12.50 µs and at most 0.63 % above it with 95 % "
        "confidence; the limit is 3 %."
    )
    assert [finding.summary for finding in verdict.findings] == [LOST]
    assert verdict.failing_findings == verdict.findings
    assert verdict.attribution is None
    assert Verdict.from_dict(verdict.to_dict()) == verdict


def test_the_same_kernels_leave_the_status_to_the_times() -> None:
    verdict = judge(replace(measured(12.52), kernels=FUSED)).verdict
    assert (verdict.status, verdict.timed_status, verdict.findings) == (Status.PASS, None, ())
    assert verdict.notes == ("A note.",)


def test_fewer_kernels_leave_the_status_and_are_told() -> None:
    verdict = judge(now(), replace(STORED, kernels=table(*APART.kernels, kind("Cast")))).verdict
    assert (verdict.status, verdict.timed_status) == (Status.PASS, None)
    assert [finding.kind for finding in verdict.findings] == [FindingKind.KERNELS_REMOVED]
    assert verdict.failing_findings == ()


def test_an_invalid_time_does_not_hide_a_lost_fusion() -> None:
    verdict = judge(now(invalid=("The clock stood still.",)), evidence=ExactEvidence(losses=(LOSS,))).verdict
    assert (verdict.status, verdict.timed_status) == (Status.REGRESSED, Status.INVALID)
    assert verdict.reason == f"F{LOST[1:]}. Not judged. The clock stood still."
    assert reason_of_times(verdict) == "Not judged. The clock stood still."


@pytest.mark.parametrize("invalid", [(), ("The clock stood still.",)])
def test_a_baseline_of_another_environment_says_nothing_about_kernels(invalid: tuple[str, ...]) -> None:
    other = replace(STORED, environment=replace(HERE, hard=(("threads", "8"),)))
    verdict = judge(now(invalid=invalid), other, ExactEvidence(losses=(LOSS,))).verdict
    assert verdict.status is (Status.INVALID if invalid else Status.NOT_COMPARABLE)
    assert (verdict.findings, verdict.notes) == ((), ("A note.",))


def test_what_the_test_asks_for_counts_without_a_baseline() -> None:
    verdict = judge(now(), None, ExactEvidence(explicit=(NOT_FUSED,))).verdict
    assert (verdict.status, verdict.timed_status) == (Status.REGRESSED, Status.NO_BASELINE)
    assert verdict.reason.startswith("Not fused: rope. No baseline is stored for this case")


def test_a_limit_on_kernels_is_held_and_what_fails_comes_first() -> None:
    stored = replace(STORED, kernels=table(*APART.kernels, kind("Cast")))
    assert judge(now(), stored, rule=replace(RULE, max_kernels=3)).verdict.status is Status.PASS
    verdict = judge(now(), stored, rule=replace(RULE, max_kernels=2)).verdict
    assert verdict.status is Status.REGRESSED
    assert [finding.kind for finding in verdict.findings] == [
        FindingKind.TOO_MANY_KERNELS,
        FindingKind.KERNELS_REMOVED,
    ]


def test_a_limit_that_could_not_be_checked_fails() -> None:
    blind = replace(measured(12.52), kernel_problem="The profiler wrote no kernels.")
    verdict = judge(blind, rule=replace(RULE, max_kernels=3)).verdict
    assert (verdict.status, verdict.timed_status) == (Status.REGRESSED, Status.PASS)
    assert verdict.reason.startswith(
        "The limit max_kernels=3 could not be checked: no kernels were recorded. 12.52 µs is "
    )
    assert "Kernels were not recorded: The profiler wrote no kernels." in verdict.notes


@pytest.mark.parametrize(
    ("head", "stored", "note"),
    [
        (
            now(),
            baseline(*QUIET),
            "The baseline has no kernel table; record it again to have kernels compared.",
        ),
        (
            measured(12.52),
            STORED,
            "The baseline has a kernel table and this run recorded no kernels: they are not compared.",
        ),
        (
            replace(measured(12.52), kernels=replace(APART, has_types=False)),
            STORED,
            "Kernels are not compared: this run recorded no operator types "
            "(torch_npu.profiler Level1 ACL_AICORE_NONE), and names may differ between runs.",
        ),
        (
            measured(12.52),
            replace(baseline(*QUIET), fusion_passes=(("A", 1),)),
            "The baseline has fusion passes and this run recorded none: they are not compared.",
        ),
        (
            replace(measured(12.52), kernel_problem="It broke."),
            STORED,
            "Kernels were not recorded: It broke.",
        ),
    ],
)
def test_what_is_not_compared_is_told_and_does_not_fail(head: Measurement, stored: Baseline, note: str) -> None:
    verdict = judge(head, stored).verdict
    assert (verdict.status, verdict.findings) == (Status.PASS, ())
    assert verdict.notes == ("A note.", note)


def test_a_dropped_fusion_pass_regresses() -> None:
    stored = replace(baseline(*QUIET), fusion_passes=(("ConvBatchnormFusionPass", 35),))
    verdict = judge(replace(measured(12.52), fusion_passes=()), stored).verdict
    assert verdict.status is Status.REGRESSED
    assert verdict.findings[0].summary == "fusion pass dropped: ConvBatchnormFusionPass 35 → absent"


def test_a_case_that_is_slower_and_ran_otherwise_is_confirmed_and_says_both() -> None:
    judgement = judge(now(20.0), evidence=ExactEvidence(losses=(LOSS,)))
    assert judgement.needs_confirmation
    assert judgement.verdict.status is Status.REGRESSED
    slower = table(*(replace(entry, durations_us=(2.0 * entry.duration_us,)) for entry in APART.kernels))
    fresh = [replace(measured(20.0), kernels=slower) for _ in range(5)]
    verdict = judge_confirmed(judgement, fresh)
    assert (verdict.status, verdict.timed_status, verdict.status_of_times) == (
        Status.REGRESSED,
        None,
        Status.REGRESSED,
    )
    assert verdict.reason == (
        f"F{LOST[1:]}. 20.00 µs is 60.0 % above the baseline's 12.50 µs; the limit is 3 %. "
        "Confirmed in 5 fresh processes."
    )
    assert verdict.attribution is not None
    assert [change.type for change in verdict.attribution.changes] == [
        "BatchMatMulV3",
        "FlashAttentionScore",
        "SoftmaxV2",
    ]
    assert verdict.attribution.case_change_us == pytest.approx(7.5)
    assert verdict.attribution.head_us == pytest.approx(2.0 * APART.total_us), "the kernels of the fresh processes"
    assert Verdict.from_dict(verdict.to_dict()) == verdict


def test_a_suspicion_that_is_refuted_still_fails_for_what_ran() -> None:
    verdict = judge_confirmed(judge(now(20.0), evidence=ExactEvidence(losses=(LOSS,))), [measured(12.52)] * 5)
    assert (verdict.status, verdict.timed_status) == (Status.REGRESSED, Status.PASS)
    assert verdict.attribution is None


def test_without_kernels_of_fresh_processes_the_runs_own_are_attributed() -> None:
    slow = replace(measured(20.0), kernels=table(kind("FlashAttentionScore", 1, 15.5, core="MIX_AIC")))
    verdict = judge_confirmed(judge(slow), [measured(20.0)] * 5)
    assert verdict.status is Status.REGRESSED
    assert verdict.attribution is not None
    (change,) = verdict.attribution.changes
    assert (change.type, change.change_us, change.noise_us) == ("FlashAttentionScore", 7.5, None)


def test_without_kernels_nothing_is_attributed() -> None:
    verdict = judge_confirmed(judge(measured(20.0), baseline(*QUIET)), [measured(20.0)] * 5)
    assert verdict.status is Status.REGRESSED
    assert verdict.attribution is None
