"""Kernel tables of real captures: repeated runs of the same code differ in nothing that is compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ascendperf.judge.attribution import attribute
from pytest_ascendperf.judge.kernel_changes import kernel_findings, why_not_compared
from pytest_ascendperf.judge.kernel_tables import combined, table_of_calls
from pytest_ascendperf.model.finding import FindingKind
from pytest_ascendperf.model.kernel_table import KernelKind, KernelTable
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
    first, second = (table_of(captures, ALEXNET.format(level)) for level in (1, 2))
    found = attribute(first, second, 100.0)
    assert found is not None
    assert found.head_us == pytest.approx(found.base_us, rel=0.02)
    assert len(found.changes) <= 4, [change.type for change in found.changes]


def test_cores_that_flip_by_shape_within_one_step_are_one_family(captures: Path) -> None:
    """The language model runs the same type on AI_CORE and MIX_AIC: all on either is the same to a comparison."""
    found = table_of(captures, LLM)
    cores = {kind.core for kind in found.kernels if kind.type.startswith("MatMul")}
    assert cores == {"AI_CORE", "MIX_AIC"}
    flipped = combined([replace(found, kernels=_all_on_ai_core(found))])
    assert flipped is not None
    assert kernel_findings(found, flipped) == kernel_findings(flipped, found) == ()


def test_a_kernel_taken_out_of_a_real_step_is_found(captures: Path) -> None:
    found = table_of(captures, LLM)
    without = replace(found, kernels=tuple(kind for kind in found.kernels if kind.type != "SwiGlu"))
    (added,) = kernel_findings(without, found)
    assert (added.kind, added.summary) == (FindingKind.KERNELS_ADDED, "kernels added: 28 SwiGlu per call")
    (removed,) = kernel_findings(found, without)
    assert removed.kind is FindingKind.KERNELS_REMOVED


def _all_on_ai_core(table: KernelTable) -> tuple[KernelKind, ...]:
    kinds: dict[tuple[str, str, str], KernelKind] = {}
    for kind in table.kernels:
        moved = replace(kind, core="AI_CORE") if kind.core == "MIX_AIC" else kind
        known = kinds.get(moved.sort_key)
        kinds[moved.sort_key] = moved if known is None else replace(moved, count=moved.count + known.count)
    return tuple(sorted(kinds.values(), key=lambda kind: kind.sort_key))
