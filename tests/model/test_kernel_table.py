from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.attribution import Attribution, KernelChange
from pytest_ascendperf.model.finding import Finding, FindingKind
from pytest_ascendperf.model.kernel_table import KernelKind, KernelTable

MATMUL = KernelKind(
    type="MatMulV3", core="AI_CORE", inputs="32,64;64,128;128", count=2, durations_us=(80.0, 82.0, 81.0)
)
RELU = KernelKind(type="Relu", core="AI_VECTOR_CORE", inputs="32,128", count=1, durations_us=(5.0, 5.0, 5.0))
TABLE = KernelTable(
    kernels=(MATMUL, RELU),
    activity="device",
    sessions=3,
    calls=4,
    has_types=True,
    varying=("MemSet",),
    synchronizations=1,
    source="torch_npu.profiler Level1 ACL_AICORE_NONE",
)


def test_a_table_comes_back_from_its_own_codec() -> None:
    assert KernelTable.from_dict(TABLE.to_dict()) == TABLE
    bare = replace(TABLE, kernels=(), synchronizations=None, activity="host")
    assert KernelTable.from_dict(bare.to_dict()) == bare


def test_counts_and_times_are_per_call() -> None:
    other_shape = replace(MATMUL, inputs="32,64;64,256;256", count=1, durations_us=(10.0, 10.0, 10.0))
    table = replace(TABLE, kernels=(MATMUL, other_shape, RELU))
    assert table.counts() == {"MatMulV3": 3, "Relu": 1}
    assert table.total_us == pytest.approx(96.0)
    assert MATMUL.duration_us == pytest.approx(81.0)


@pytest.mark.parametrize(
    ("table", "place"),
    [
        (replace(TABLE, kernels=(RELU, MATMUL)), "kernels"),
        (replace(TABLE, kernels=(RELU, RELU)), "kernels"),
        (replace(TABLE, kernels=(replace(RELU, durations_us=(5.0,)),)), "kernels[0].durations_us"),
        (replace(TABLE, kernels=(replace(RELU, count=0),)), "kernels[0].count"),
        (replace(TABLE, sessions=0), "sessions"),
    ],
)
def test_a_table_that_cannot_be_is_refused_with_its_place(table: KernelTable, place: str) -> None:
    with pytest.raises(InvalidDataError) as caught:
        KernelTable.from_dict(table.to_dict())
    assert caught.value.where == place


def test_findings_and_attributions_come_back_from_their_own_codecs() -> None:
    finding = Finding(kind=FindingKind.FUSION_LOST, summary="fusion lost", details=("a", "b"), fails=True)
    assert Finding.from_dict(finding.to_dict()) == finding
    change = KernelChange(type="Add", base_count=0, head_count=1, base_us=0.0, head_us=5.0, noise_us=None)
    attribution = Attribution(changes=(change,), base_us=10.0, head_us=15.0, case_change_us=5.5)
    assert Attribution.from_dict(attribution.to_dict()) == attribution
    assert change.change_us == 5.0
