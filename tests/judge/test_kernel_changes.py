"""Findings: what differs between two tables, in words, and what never does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.kernel_values import counted, kind, table
from pytest_ascendperf.judge.kernel_changes import KnownLoss, kernel_findings, why_not_compared
from pytest_ascendperf.judge.kernel_limit import check_max_kernels
from pytest_ascendperf.judge.pass_changes import pass_findings
from pytest_ascendperf.model.finding import Finding, FindingKind
from pytest_ascendperf.model.kernel_table import KernelTable

RULES = settings(derandomize=True, database=None, deadline=None, max_examples=200)
TYPES = ["Add", "BatchMatMulV3", "Cast", "FlashAttentionScore", "Mul", "SoftmaxV2"]
CORES = ["AI_CORE", "MIX_AIC", "AI_VECTOR_CORE", "MIX_AIV", "AI_CPU", "DSA_SQE", None]

kinds = st.builds(
    lambda name, count, core, inputs: kind(name, count, core=core, inputs=inputs),
    st.sampled_from(TYPES),
    st.integers(1, 5),
    st.sampled_from(CORES),
    st.sampled_from(["8", "16", None]),
)
tables = st.lists(kinds, max_size=8, unique_by=lambda entry: entry.sort_key).map(lambda entries: table(*entries))

ATTENTION = KnownLoss(
    name="attention",
    times=1,
    gone={"FlashAttentionScore": 1},
    came={"BatchMatMulV3": 2, "SoftmaxV2": 1, "Mul": 1},
    advice="A mask of another type than the fused kernel takes loses it.",
)
FUSED = table(
    kind("FlashAttentionScore", 1, 40.1, core="MIX_AIC"), kind("MatMulV3", 2, 59.9, core="AI_CORE"), synchronizations=0
)
APART = table(
    kind("BatchMatMulV3", 2, 50.0, core="AI_CORE"),
    kind("SoftmaxV2", 1, 25.0),
    kind("Mul", 1, 5.0),
    kind("MatMulV3", 2, 120.0, core="AI_CORE"),
)


def summaries(base: KernelTable, head: KernelTable, *losses: KnownLoss) -> list[tuple[FindingKind, str, bool]]:
    return [(found.kind, found.summary, found.fails) for found in kernel_findings(base, head, losses)]


def test_a_known_loss_is_told_with_its_name_the_kernels_and_the_advice() -> None:
    (found,) = kernel_findings(FUSED, APART, [ATTENTION])
    assert found == Finding(
        kind=FindingKind.FUSION_LOST,
        summary="fusion lost: 1 FlashAttentionScore became 2 BatchMatMulV3, 1 SoftmaxV2, 1 Mul per call (attention)",
        details=(
            "type                 core            count  time            share of kernel time",
            "FlashAttentionScore  AI_CORE         1 → 0  40.1 µs → 0 µs  40.1 % → 0.00 %",
            "BatchMatMulV3        AI_CORE         0 → 2  0 µs → 50.0 µs  0.00 % → 25.0 %",
            "SoftmaxV2            AI_VECTOR_CORE  0 → 1  0 µs → 25.0 µs  0.00 % → 12.5 %",
            "Mul                  AI_VECTOR_CORE  0 → 1  0 µs → 5.00 µs  0.00 % → 2.5 %",
            "A mask of another type than the fused kernel takes loses it.",
        ),
        fails=True,
    )


def test_a_loss_that_no_pattern_knows_is_told_all_the_same() -> None:
    assert summaries(FUSED, APART) == [
        (
            FindingKind.KERNELS_ADDED,
            "kernels added, a fusion may be lost: "
            "1 FlashAttentionScore became 2 BatchMatMulV3, 1 SoftmaxV2, 1 Mul per call",
            True,
        )
    ]


def test_what_a_known_loss_does_not_explain_is_told_beside_it() -> None:
    with_cast = table(*APART.kernels, kind("Cast", 3))
    assert [summary for _, summary, _ in summaries(FUSED, with_cast, ATTENTION)] == [
        "fusion lost: 1 FlashAttentionScore became 2 BatchMatMulV3, 1 SoftmaxV2, 1 Mul per call (attention)",
        "kernels added: 3 Cast per call",
    ]


def test_a_loss_in_every_layer_says_how_often() -> None:
    loss = KnownLoss(name="bias+act", times=12, gone={"MatMulBias": 12}, came={"Add": 12, "Gelu": 12}, advice="Look.")
    (found,) = kernel_findings(counted({"MatMulBias": 12}), counted({"Add": 12, "Gelu": 12}), [loss])
    assert found.summary == "fusion lost: 12 MatMulBias became 12 Add, 12 Gelu per call (bias+act, 12 times)"


@pytest.mark.parametrize(
    ("base", "head", "kind_", "summary", "fails"),
    [
        ({"Add": 2}, {"Add": 3}, FindingKind.KERNELS_ADDED, "kernels added: 1 Add per call", True),
        (
            {"Add": 3, "Mul": 1},
            {"Mul": 1},
            FindingKind.KERNELS_REMOVED,
            "kernels removed: 3 Add per call; the baseline is stale",
            False,
        ),
        (
            {"Add": 1, "Mul": 1},
            {"Axpy": 1},
            FindingKind.KERNELS_REPLACED,
            "kernels replaced: 1 Add, 1 Mul became 1 Axpy per call; the baseline is stale",
            False,
        ),
        (
            {"MatMul": 1},
            {"MatMulV3": 1},
            FindingKind.KERNELS_REPLACED,
            "kernels replaced: 1 MatMul became 1 MatMulV3 per call; the baseline is stale",
            False,
        ),
        (
            {"AddRmsNorm": 28},
            {"Add": 28, "RmsNorm": 28},
            FindingKind.KERNELS_ADDED,
            "kernels added, a fusion may be lost: 28 AddRmsNorm became 28 Add, 28 RmsNorm per call",
            True,
        ),
        (
            {},
            dict.fromkeys("ABCDEF", 1),
            FindingKind.KERNELS_ADDED,
            "kernels added: 1 A, 1 B, 1 C, 1 D and 2 other types per call",
            True,
        ),
    ],
)
def test_more_kernels_fail_and_as_many_or_fewer_do_not(
    base: dict[str, int], head: dict[str, int], kind_: FindingKind, summary: str, fails: bool
) -> None:
    assert summaries(counted(base), counted(head)) == [(kind_, summary, fails)]


@RULES
@given(tables)
def test_a_table_does_not_differ_from_itself(found: KernelTable) -> None:
    assert kernel_findings(found, found) == ()


@RULES
@given(tables, st.randoms(use_true_random=False))
def test_a_flip_between_cores_of_one_family_is_nothing(found: KernelTable, chooser: object) -> None:
    flipped = {"AI_CORE": "MIX_AIC", "MIX_AIC": "AI_CORE", "AI_VECTOR_CORE": "MIX_AIV", "MIX_AIV": "AI_VECTOR_CORE"}
    other = [replace(entry, core=flipped.get(entry.core or "", entry.core)) for entry in found.kernels]
    assert kernel_findings(found, table(*other)) == ()


@RULES
@given(tables, st.sampled_from(["Identity", "Cast", "TransData", "Add"]), st.integers(1, 3))
def test_every_added_kernel_fails_and_is_counted(found: KernelTable, name: str, number: int) -> None:
    head = table(*found.kernels, kind(name, number, inputs="added"))
    assert summaries(found, head) == [(FindingKind.KERNELS_ADDED, f"kernels added: {number} {name} per call", True)]


@RULES
@given(tables, tables)
def test_a_varying_type_is_never_told(base: KernelTable, head: KernelTable) -> None:
    assert kernel_findings(replace(base, varying=tuple(TYPES)), head) == ()
    assert kernel_findings(base, replace(head, varying=tuple(TYPES))) == ()


def test_a_kernel_that_moved_to_the_ai_cpu_is_told_first() -> None:
    base = table(kind("Cast", 2), kind("IndexPut", 3), kind("TopK", 1), kind("Sort", core="AI_CPU"))
    head = table(
        kind("Cast", 2, core="AI_CORE"),
        kind("IndexPut", 1),
        kind("IndexPut", 2, core="AI_CPU"),
        kind("TopK", 1, core="AI_CPU"),
        kind("Sort", core="MIX_AIV"),
    )
    assert summaries(base, head) == [
        (
            FindingKind.CORE_CHANGED,
            "moved to AI_CPU: 2 IndexPut, 1 TopK per call, AI_VECTOR_CORE → AI_CPU",
            True,
        ),
        (FindingKind.CORE_CHANGED, "core changed: 2 Cast per call, AI_VECTOR_CORE → AI_CORE", True),
        (
            FindingKind.CORE_CHANGED,
            "moved off AI_CPU: 1 Sort per call, AI_CPU → AI_VECTOR_CORE; the baseline is stale",
            False,
        ),
    ]
    (line,) = [line for line in kernel_findings(base, head)[0].details if line.startswith("IndexPut")]
    assert "AI_VECTOR_CORE → AI_CPU, AI_VECTOR_CORE" in line


def test_a_core_that_one_side_does_not_know_is_not_a_change() -> None:
    assert kernel_findings(table(kind("Add", core=None)), table(kind("Add", core="AI_CPU"))) == ()
    partly = table(kind("Add"), kind("Add", core=None))
    assert kernel_findings(partly, table(kind("Add", core="AI_CPU"), kind("Add", core=None))) == ()


def test_a_kernel_moves_once_beside_those_that_came_or_went() -> None:
    base, head = table(kind("Add")), table(kind("Add", core="AI_CPU"), kind("Add", core="DSA_SQE"))
    assert [summary for _, summary, _ in summaries(base, head)] == [
        "kernels added: 1 Add per call",
        "moved to AI_CPU: 1 Add per call, AI_VECTOR_CORE → AI_CPU",
    ]
    base, head = table(kind("Add"), kind("Add", core="DSA_SQE")), table(kind("Add", core="AI_CPU"))
    assert [summary for _, summary, _ in summaries(base, head)] == [
        "moved to AI_CPU: 1 Add per call, AI_VECTOR_CORE → AI_CPU",
        "kernels removed: 1 Add per call; the baseline is stale",
    ]


def test_an_added_kernel_on_the_ai_cpu_is_an_addition_whose_core_is_shown() -> None:
    (found,) = kernel_findings(table(kind("Cast")), table(kind("Cast"), kind("Cast", core="AI_CPU")))
    assert found.summary == "kernels added: 1 Cast per call"
    assert "AI_CPU" in found.details[1]


@pytest.mark.parametrize(
    ("before", "now", "told"), [(0, 1, True), (1, 1, False), (2, 1, False), (None, 1, False), (0, None, False)]
)
def test_only_more_synchronizations_are_told(before: int | None, now: int | None, told: bool) -> None:
    base, head = table(kind("Add"), synchronizations=before), table(kind("Add"), synchronizations=now)
    assert summaries(base, head) == (
        [(FindingKind.SYNCHRONIZATION_ADDED, "host synchronization added: 1 per call, 0 in the baseline", True)]
        if told
        else []
    )


def test_findings_that_fail_come_first() -> None:
    base = table(kind("Add", 2), synchronizations=0)
    found = kernel_findings(base, table(kind("Add", 1), synchronizations=3))
    assert [entry.kind for entry in found] == [FindingKind.SYNCHRONIZATION_ADDED, FindingKind.KERNELS_REMOVED]


def test_tables_that_say_nothing_about_one_another_give_a_sentence_and_no_finding() -> None:
    base, head = table(kind("Add")), table(kind("Mul", 3))
    level0 = replace(head, has_types=False, source="torch_npu.profiler Level0")
    assert kernel_findings(base, level0) == kernel_findings(base, replace(head, activity="host")) == ()
    assert why_not_compared(base, head) is None
    assert why_not_compared(base, level0) == (
        "Kernels are not compared: this run recorded no operator types (torch_npu.profiler Level0), "
        "and names may differ between runs."
    )
    assert why_not_compared(base, replace(head, activity="host")) == (
        "Kernels are not compared: the baseline has those of the device, this run those of the host. "
        "Record the baseline again."
    )


def test_a_long_list_of_evidence_ends_with_a_count() -> None:
    (found,) = kernel_findings(counted({}), counted({f"Type{number}": 1 for number in range(25)}))
    assert len(found.details) == 22
    assert found.details[-1] == "and 5 more types"


def test_the_name_of_a_cuda_kernel_is_cut_in_a_sentence() -> None:
    (found,) = kernel_findings(counted({}), counted({"void at::native::" + "x" * 200: 1}))
    assert len(found.summary) < 100


def test_dropped_passes_are_told_together_and_those_that_rose_are_nothing() -> None:
    base = (("ConvBatchnormFusionPass", 35), ("MatMulBiasPass", 2), ("SoftmaxFusionPass", 1))
    head = (("ConvBatchnormFusionPass", 30), ("NewPass", 4), ("SoftmaxFusionPass", 3))
    (found,) = pass_findings(base, head)
    assert found == Finding(
        kind=FindingKind.PASS_DROPPED,
        summary="fusion pass dropped: ConvBatchnormFusionPass 35 → 30, MatMulBiasPass 2 → absent",
        details=(
            "pass                     effects",
            "ConvBatchnormFusionPass  35 → 30",
            "MatMulBiasPass           2 → absent",
            "Absence means that the pass never matched or was switched off.",
        ),
        fails=True,
    )
    assert pass_findings(base, base) == pass_findings((), head) == ()


def test_many_dropped_passes_are_counted_in_the_sentence_and_listed_below() -> None:
    (found,) = pass_findings([(f"Pass{number}", 2) for number in range(5)], [(f"Pass{n}", 1) for n in range(5)])
    assert found.summary == "fusion pass dropped: Pass0 2 → 1, Pass1 2 → 1, Pass2 2 → 1 and 2 more"
    assert len(found.details) == 6


def test_a_limit_on_kernels_counts_all_and_those_that_vary_with_their_mean() -> None:
    found = table(kind("Add", 8), kind("Mul", 3), kind("MemSet", 5), varying=("MemSet",))
    assert check_max_kernels(found, 16) is None
    assert check_max_kernels(found, 15) == Finding(
        kind=FindingKind.TOO_MANY_KERNELS,
        summary="too many kernels: 16 per call, the test allows 15 (max_kernels)",
        details=("type    count", "Add     8", "MemSet  5", "Mul     3"),
        fails=True,
    )
