"""Real captures: what the readers make of them must be what CANN itself made of them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from pytest_ascendperf.model.kernel_columns import parse_shapes
from pytest_ascendperf.profiles import arrow_csv, find_profile, open_profile, plain_csv
from pytest_ascendperf.profiles.communication import read_communication
from pytest_ascendperf.profiles.fusion_result import read_fusion_result
from pytest_ascendperf.profiles.statistic_csv import read_operator_statistic, read_step_times
from pytest_ascendperf.profiles.timeline import read_timeline

LLM = "llm28_cann83rc1_rank0_ascend_pt"
ALEXNET = "alexnet_910b_level{}_ascend_pt"


@pytest.mark.parametrize("name", [LLM, ALEXNET.format(1), ALEXNET.format(2)])
def test_counts_totals_and_shares_are_those_of_its_own_statistic(name: str, captures: Path) -> None:
    """Durations are rounded to a nanosecond in one file and not in the other: totals differ by half of one for each."""
    statistic = find_profile(captures / name).operator_statistic
    assert statistic is not None
    theirs = {(stat.name, stat.core): stat for stat in read_operator_statistic(statistic)}
    ours = {(stat.name, stat.core): stat for stat in open_profile(captures / name).operator_stats()}
    assert ours.keys() == theirs.keys()
    for key, stat in ours.items():
        assert stat.count == theirs[key].count
        assert stat.total_ns == pytest.approx(theirs[key].total_ns, abs=0.5 * stat.count + 1)
        assert stat.min_ns == pytest.approx(theirs[key].min_ns, abs=1)
        assert stat.max_ns == pytest.approx(theirs[key].max_ns, abs=1)
        assert stat.share == pytest.approx(theirs[key].share, abs=0.000_006)


@pytest.mark.parametrize("name", [LLM, *(ALEXNET.format(level) for level in range(3))])
def test_kernels_add_up_to_the_computing_time_of_the_step(name: str, captures: Path) -> None:
    """Nothing overlaps within computing in these captures. Each duration is rounded to a nanosecond in the table."""
    files = find_profile(captures / name)
    assert files.step_times is not None
    (step,) = read_step_times(files.step_times)
    trace = open_profile(captures / name)
    assert trace.steps == (step.step,)
    assert trace.computation().total_ms == pytest.approx(step.computing_us / 1e3, abs=0.5e-6 * len(trace))
    assert trace.communication().total_ms == pytest.approx(step.communication_us / 1e3, abs=0.5e-6 * len(trace))


def test_three_levels_give_the_same_kernels(captures: Path) -> None:
    traces = [open_profile(captures / ALEXNET.format(level)) for level in range(3)]
    sequences = [[record.name for record in trace.computation()] for trace in traces]
    assert [len(sequence) for sequence in sequences] == [187, 187, 187]
    assert sequences[0] == sequences[1] == sequences[2]
    assert [trace.has_types for trace in traces] == [False, True, True]
    signatures = [trace.operator_stats("signature") for trace in traces[1:]]
    assert len({frozenset((s.name, s.core, s.count, s.signature) for s in stats) for stats in signatures}) == 1
    pairs = list(zip(sequences[1], [record.type for record in traces[1].computation()], strict=True))
    assert sum(first[1] == "MatMulV2" and then[1] == "Relu" for first, then in pairwise(pairs)) == 2


def test_the_residual_additions_of_the_llm_are_not_fused(captures: Path) -> None:
    trace = open_profile(captures / LLM)
    types = [record.type for record in trace.computation()]
    assert sum(pair == ("Add", "RmsNorm") for pair in pairwise(types)) == 54
    assert "AddRmsNorm" not in types
    counts = {stat.name: stat.count for stat in trace.operator_stats()}
    assert (counts["FlashAttentionScore"], counts["SwiGlu"]) == (28, 28)
    assert len(trace.communication()) == 15


def test_the_timeline_holds_the_kernels_of_the_table(captures: Path) -> None:
    folder = captures / ALEXNET.format(1) / "ASCEND_PROFILER_OUTPUT"
    table, timeline = open_profile(folder), read_timeline(folder / "trace_view.json")
    assert [record.name for record in timeline] == [record.name for record in table]
    for ours, theirs in zip(timeline, table, strict=True):
        # The table's digits come from a float, which near 1.7e15 µs is a nanosecond off at times.
        assert ours.start_ns == pytest.approx(theirs.start_ns, abs=1, rel=0)
        assert ours.duration_ns == pytest.approx(theirs.duration_ns, abs=1)
    host = read_timeline(folder / "trace_view.json", "host")
    assert {stat.name for stat in host.operator_stats()} >= {"aten::addmm", "aten::relu_"}
    assert host.steps == (50,)


@pytest.mark.skipif(not arrow_csv.is_usable(), reason="no pyarrow of version 20 or later is installed")
def test_both_readers_agree_on_every_table(captures: Path) -> None:
    tables = [path for path in captures.rglob("*.csv") if path.name.startswith(("kernel_details", "op_summary"))]
    assert len(tables) >= 6
    for path in tables:
        assert arrow_csv.read_table(path, plain_csv.read_header(path)) == plain_csv.read_table(path)


def test_every_shape_can_be_parsed(captures: Path) -> None:
    values = open_profile(captures / LLM).columns.input_shapes.values
    assert all(isinstance(size, int) for value in values for shape in parse_shapes(value) for size in shape)
    assert parse_shapes(open_profile(captures / LLM)[1].input_shapes) == ((151936, 1024), (1, 4096), (1,))


def test_a_graph_keeps_its_model(captures: Path) -> None:
    trace = open_profile(
        captures / "graph_decode_b_ascend_pt" / "ASCEND_PROFILER_OUTPUT" / "kernel_details.EXCERPT.csv"
    )
    assert {record.model_id for record in trace} == {2}
    assert {record.device for record in trace} == {6}
    assert "AutomaticBufferFusionOp" in {record.type for record in trace}


def test_every_small_file_is_read(captures: Path) -> None:
    communication = [read_communication(path) for path in sorted(captures.rglob("communication.json"))]
    assert [len(operations) for operations in communication] == [4, 4, 15]
    kernels = {record.name: record.duration_us for record in open_profile(captures / LLM).communication()}
    for operation in communication[2]:
        assert operation.elapsed_ms == pytest.approx(kernels[operation.name] / 1e3, rel=0.01)
    statistics = [read_operator_statistic(path) for path in captures.rglob("op_statistic.csv")]
    assert len(statistics) >= 6
    assert all(sum(stat.share for stat in stats) == pytest.approx(1.0, abs=1e-3) for stats in statistics)


def test_fusion_results_of_every_toolkit(captures: Path) -> None:
    results = {path.parent.name: read_fusion_result(path) for path in captures.rglob("fusion_result.json")}
    assert results["hifly_drone_5dae1b5"].effects()["ConvBatchnormFusionPass"] == 35
    assert results["atc-ctpn_7ff3c68"].effects()["ConstToAttrPass"] == 70
    assert {found.graph for found in results["torchtitan_75f5013"].passes} == {"0_0", "1_1"}
    assert results["robomimic_90be2eb"].effects() == {
        "DynamicRNNFusionPass": 0,
        "DynamicRNNInsertTransposePass": 1,
        "DynamicRNNSeqFusionPass": 0,
        "RefreshInt64ToInt32FusionPass": 1,
    }
