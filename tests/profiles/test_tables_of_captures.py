"""Kernel tables of real captures: repeated runs of the same code differ in nothing that is compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ascendperf.judge.attribution import attribute
from pytest_ascendperf.judge.kernel_changes import kernel_findings, why_not_compared
from pytest_ascendperf.judge.kernel_tables import combined, table_of_calls
from pytest_ascendperf.model.finding import FindingKind
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.profiles import open_profile

ALEXNET = "alexnet_910b_level{}_ascend_pt"
LLM = "llm28_cann83rc1_rank0_ascend_pt"


def table_of(captures: Path, name: str, source: str = "Level1") -> KernelTable:
    return table_of_calls(open_profile(captures / name), 1, source=source, synchronizations=None)


def test_two_runs_of_one_step_give_equal_tables_and_no_finding(captures: Path) -> None:
    first, second = (table_of(captures, ALEXNET.format(level)) for level in (1, 2))
    assert [(kind.sort_key, kind.count) for kind in first.kernels] == [
        (kind.sort_key, kind.count) for kind in second.kernels
    ]
    assert sum(first.counts().values()) == 191
    assert first.counts()["hcom_allReduce_"] == 4
    assert kernel_findings(first, second) == kernel_findings(second, first) == ()
    made = combined([first, second])
    assert made is not None
    assert made.varying == ()
    assert KernelTable.from_dict(made.to_dict()) == made


def test_a_profile_without_types_gives_a_sentence_and_no_finding(captures: Path) -> None:
    level0, level1 = table_of(captures, ALEXNET.format(0), "Level0"), table_of(captures, ALEXNET.format(1))
    assert not level0.has_types
    assert kernel_findings(level1, level0) == kernel_findings(level0, level1) == ()
    assert "recorded no operator types (Level0)" in (why_not_compared(level0, level1) or "")
    assert level0.counts()["hcom_allReduce_"] == 4


def test_the_noise_of_one_run_against_another_names_few_kernels(captures: Path) -> None:
    """Half of the kernels differ by over 10 % and their sum by 1 %: what is named must be above that."""
    first, second = (
        table_of_calls(
            open_profile(captures / ALEXNET.format(level)).computation(), 1, source="Level1", synchronizations=None
        )
        for level in (1, 2)
    )
    found = attribute(first, second, 100.0)
    assert found is not None
    assert found.head_us == pytest.approx(found.base_us, rel=0.01)
    assert len(first.counts()) == 33
    assert [change.type for change in found.changes] == ["DropOutDoMask", "NLLLoss", "LogSoftmaxGrad"]


def test_a_kernel_on_another_core_of_its_family_is_no_finding(captures: Path) -> None:
    """All attention of the language model runs on MIX_AIC; by the vendor's word, another shape moves it to AI_CORE."""
    found = table_of(captures, LLM)
    assert {kind.core for kind in found.kernels if kind.type == "FlashAttentionScore"} == {"MIX_AIC"}
    moved = replace(
        found,
        kernels=tuple(
            replace(kind, core="AI_CORE") if kind.type == "FlashAttentionScore" else kind for kind in found.kernels
        ),
    )
    assert kernel_findings(found, moved) == kernel_findings(moved, found) == ()


def test_a_kernel_taken_out_of_a_real_step_is_found(captures: Path) -> None:
    found = table_of(captures, LLM)
    without = replace(found, kernels=tuple(kind for kind in found.kernels if kind.type != "SwiGlu"))
    (added,) = kernel_findings(without, found)
    assert (added.kind, added.summary) == (FindingKind.KERNELS_ADDED, "kernels added: 28 SwiGlu per call")
    (removed,) = kernel_findings(found, without)
    assert removed.kind is FindingKind.KERNELS_REMOVED
