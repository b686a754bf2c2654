from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_ascendperf.errors import EmptyProfileError
from pytest_ascendperf.model.kernels import COMMUNICATION, Activity
from pytest_ascendperf.profiles import ProfileError
from pytest_ascendperf.profiles.timeline import NPU_TIMELINE, read_timeline

Write = Callable[[str, "str | bytes"], Path]


def event(name: str, cat: str | None, ts: object, dur: object, tid: object = 7, **args: object) -> dict[str, Any]:
    found = {"ph": "X", "name": name, "pid": 1, "tid": tid, "ts": ts, "dur": dur, "args": args}
    return found if cat is None else {**found, "cat": cat}


CPU = [
    event("ProfilerStep#3", "user_annotation", 100, 50),
    event(
        "aten::linear", "cpu_op", 101.5, 20.25, **{"Input Dims": [[64, 32], [8, 32], [8]], "Input type": ["float"] * 3}
    ),
    event("aten::addmm", "cpu_op", 103, 10, **{"Input Dims": [[8], [64, 32], [32, 8], [], []]}),
    event("aten::cat", "cpu_op", 130, 2, **{"Input Dims": [[[2, 2], [3, 2]], []]}),
    event("ProfilerStep#4", "user_annotation", 150, 50),
    event("aten::relu", "cpu_op", 160, 3),
    event("aten::sum", "cpu_op", 165, 3, tid=8),
    event("forward", "user_annotation", 160, 30),
    {"ph": "M", "name": "process_name", "pid": 1, "ts": 1, "args": {"name": "python"}},
    {"ph": "i", "name": "Record Window End", "ts": 300, "s": "g"},
]

CUDA = [
    event("aten::mm", "cpu_op", 10, 5),
    event("cudaLaunchKernel", "cuda_runtime", 11, 2, correlation=5),
    event("ProfilerStep#9", "user_annotation", 0, 12),
    event("ProfilerStep#9", "gpu_user_annotation", 18, 10, tid=7),
    event("Memcpy HtoD (Pageable -> Device)", "gpu_memcpy", 14, 1.5, device=0, stream=7, correlation=4),
    event(
        "sm90_xmma_gemm_f32", "kernel", 20.125, 4, device=0, stream=7, correlation=5, grid=[4, 2, 1], block=[128, 1, 1]
    ),
    event("ncclDevKernel_AllReduce_Sum_f32_RING_LL", "kernel", 26, 100, device=0, stream=20, grid=[24, 1, 1]),
    event("Memset (Device)", "gpu_memset", 40, 0, device=0, stream=7),
]


def task(name: str, kind: str, ts: str, dur: float, **args: object) -> dict[str, Any]:
    """What ran on an NPU as ``trace_view.json`` has it: without a category."""
    return event(name, None, ts, dur, **{"Task Type": kind, **args})


NPU = [
    event("ProfilerStep#50", "cpu_op", "1736408883686740.710", 155985.8),
    event("aten::mm", "cpu_op", "1736408883688177.930", 145.57, **{"Input Dims": "2,3;\r\n3,4"}),
    task("aclnnMm_MatMulV2", "AI_CORE", "1736408883704643.212", 53.74159375, **{"Physic Stream Id": 2, "Task Id": 5}),
    task("MEMCPY_ASYNC", "PCIE_DMA_SQE", "1736408883705000.000", 2.3, **{"Physic Stream Id": 2}),
    event("hcom_allReduce__586_0_1", None, "1736408883732241.564", 79089.52021875, alg_type="MESH-RING"),
    event("Reduce_Inline", None, "1736408883732241.564", 0.6, **{"task type": "Reduce_Inline"}),
    task("DSAGenBitMask", "DSA_SQE", "1736408883714269.685", 3.4, **{"Physic Stream Id": 3}),
]


def test_operators_of_a_host_nest(write: Write) -> None:
    trace = read_timeline(write("cpu.json", json.dumps({"traceEvents": CPU})))
    assert trace.activity == "host"
    assert [(r.name, r.type, r.core, r.depth) for r in trace] == [
        ("aten::linear", "aten::linear", "CPU", 0),
        ("aten::addmm", "aten::addmm", "CPU", 1),
        ("aten::cat", "aten::cat", "CPU", 0),
        ("aten::relu", "aten::relu", "CPU", 0),
        ("aten::sum", "aten::sum", "CPU", 0),
    ]
    linear, addmm, cat, relu, other_thread = trace
    assert (linear.start_ns, linear.duration_ns, linear.own_ns) == (101_500, 20_250, 10_250)
    assert (linear.input_shapes, linear.input_types) == ("64,32;8,32;8", "float;float;float")
    assert addmm.input_shapes == "8;64,32;32,8;;"
    assert cat.input_shapes == "2,2;3,2;"
    assert relu.input_shapes is None
    assert [record.step for record in trace] == [3, 3, 3, 4, 4]
    assert other_thread.stream == 8
    assert [record.name for record in trace.outermost()] == ["aten::linear", "aten::cat", "aten::relu", "aten::sum"]


def test_a_caller_stands_before_what_it_called_also_where_both_begin_together(write: Write) -> None:
    events = [event("inner", "cpu_op", 5, 1), event("middle", "cpu_op", 5, 2), event("outer", "cpu_op", 5, 9)]
    trace = read_timeline(write("cpu.json", json.dumps(events)))
    assert [(record.name, record.depth) for record in trace] == [("outer", 0), ("middle", 1), ("inner", 2)]


def test_kernels_of_a_gpu(write: Write) -> None:
    trace = read_timeline(write("cuda.json", json.dumps({"traceEvents": CUDA})))
    assert trace.activity == "device"
    assert [(r.name[:12], r.core, r.stream, r.step) for r in trace] == [
        ("Memcpy HtoD ", "GPU_MEMCPY", 7, None),
        ("sm90_xmma_ge", "KERNEL", 7, 9),
        ("ncclDevKerne", COMMUNICATION, 20, 9),
        ("Memset (Devi", "GPU_MEMSET", 7, None),
    ]
    gemm = trace[1]
    assert (gemm.start_ns, gemm.duration_ns, gemm.device, gemm.task_id, gemm.block_count) == (20_125, 4_000, 0, 5, 8)
    assert trace[0].block_count is None
    assert [stat.name for stat in trace.slowest(1)] == ["sm90_xmma_gemm_f32"]


def test_the_host_of_a_gpu_can_be_asked_for(write: Write) -> None:
    trace = read_timeline(write("cuda.json", json.dumps({"traceEvents": CUDA})), "host")
    assert [(record.name, record.step) for record in trace] == [("aten::mm", 9)]


def test_kernels_of_an_npu(write: Write) -> None:
    """Copies and notifications run on the device too, and are no kernels. Its times are strings, to be kept exact."""
    trace = read_timeline(write("trace_view.json", json.dumps(NPU)))
    assert [(r.name, r.core, r.stream, r.start_ns, r.duration_ns) for r in trace] == [
        ("aclnnMm_MatMulV2", "AI_CORE", 2, 1736408883704643212, 53742),
        ("DSAGenBitMask", "DSA_SQE", 3, 1736408883714269685, 3400),
        ("hcom_allReduce__586_0_1", COMMUNICATION, None, 1736408883732241564, 79089520),
    ]
    assert trace.notes == (NPU_TIMELINE,)
    assert not trace.has_types
    host = read_timeline(write("trace_view.json", json.dumps(NPU)), "host")
    assert [(record.name, record.step, record.input_shapes) for record in host] == [("aten::mm", 50, "2,3;3,4")]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "negative duration": (event("k", "kernel", 1, -2), "event 2: 'dur' is '-2': negative"),
    "negative start": (event("k", "kernel", -1.5, 2), "event 2: 'ts' is '-1.5': negative"),
    "no duration": ({"ph": "X", "cat": "cpu_op", "name": "k", "ts": 1}, "'dur' is 'None': expected a time in µs"),
    "a time that is none": (event("k", "kernel", "soon", 2), "'ts' is 'soon': expected a time"),
    "a truth for a time": (event("k", "kernel", True, 2), "'ts' is 'True': expected a time"),
    "beyond any clock": (event("k", "kernel", 10**30, 2), "no clock reads such a time"),
    "a name that is none": (event("k", "cpu_op", 1, 2) | {"name": 5}, "'name' is '5': expected a string"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_damaged_event_is_named(case: str, write: Write) -> None:
    damaged, expected = BAD[case]
    with pytest.raises(ProfileError) as caught:
        read_timeline(write("trace.json", json.dumps([event("aten::mm", "cpu_op", 1, 2), damaged])))
    assert expected in str(caught.value)


@pytest.mark.parametrize("args", [{"grid": [0, 1, 1]}, {"grid": [2**31, 2**31, 2**31]}, {"grid": 5}, {"grid": [1] * 9}])
def test_a_grid_that_is_none_is_left_out(args: dict[str, object], write: Write) -> None:
    path = write("trace.json", json.dumps([event("k", "kernel", 1, 2, tid=7, **args)]))
    assert read_timeline(path)[0].block_count is None


@pytest.mark.parametrize(
    ("activity", "what"), [("device", "kernels"), ("host", "operators"), (None, "kernels and no operators")]
)
def test_a_timeline_of_nothing_says_so(activity: Activity | None, what: str, write: Write) -> None:
    with pytest.raises(EmptyProfileError, match=f"holds no {what}. Was anything run"):
        read_timeline(write("trace.json", json.dumps({"traceEvents": CPU[-2:]})), activity)


def test_what_the_profiler_of_this_pytorch_exports(tmp_path: Path) -> None:
    """A linear layer with ReLU, and the same written out: what the CPU really ran, step by step."""
    import torch
    from torch.nn import functional
    from torch.profiler import ProfilerActivity, profile, schedule

    weight, bias, data = torch.ones(8, 32), torch.ones(8), torch.ones(64, 32)
    path = tmp_path / "exported.json"
    with profile(
        activities=[ProfilerActivity.CPU],
        record_shapes=True,
        schedule=schedule(wait=0, warmup=1, active=2, repeat=1),
        on_trace_ready=lambda profiler: profiler.export_chrome_trace(str(path)),
    ) as profiler:
        profiler.step()
        functional.relu(functional.linear(data, weight, bias))
        profiler.step()
        torch.relu(torch.add(torch.matmul(data, weight.t()), bias))
        profiler.step()
    trace = read_timeline(path)
    assert trace.steps == (1, 2)
    fused, apart = ([record.name for record in trace.step(step).outermost()] for step in trace.steps)
    assert fused == ["aten::linear", "aten::relu"]
    assert apart == ["aten::t", "aten::matmul", "aten::add", "aten::relu"]
    assert trace.step(1).outermost()[0].input_shapes == "64,32;8,32;8"
    assert "aten::addmm" in {record.name for record in trace.step(1)}
    assert "aten::mm" in {record.name for record in trace.step(2)}
    outermost_ns = sum(record.duration_ns for record in trace.outermost())
    assert trace.total_ms * 1e6 == pytest.approx(outermost_ns, rel=0.01)
    assert sum(stat.share for stat in trace.operator_stats()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Torch-Compiled Region: 1/0", "Torch-Compiled Region"),
        ("graph_3_cpp_fused_addmm_relu_0", "cpp_fused_addmm_relu"),
        ("cpp_fused_relu_12", "cpp_fused_relu"),
        ("aten::relu", "aten::relu"),
    ],
)
def test_types_of_compiled_operators_have_no_numbers_of_the_run(write: Write, name: str, kind: str) -> None:
    (record,) = read_timeline(write("t.json", json.dumps([event(name, "cpu_op", 1, 2)])))
    assert (record.name, record.type) == (name, kind)
