from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_ascendperf.fusion.catalogue import Catalogue, catalogue
from pytest_ascendperf.fusion.matcher import match, mode_of
from pytest_ascendperf.fusion.places import PatternMatch
from pytest_ascendperf.model.kernels import COMMUNICATION, KernelTrace
from pytest_ascendperf.model.pattern import Mode

from .traces import ADD_BIAS, ADD_RESIDUAL, BIAS, NO_BIAS, Row, TraceBuilder, trace_of

KNOWN = catalogue()

LAYER: tuple[Row, ...] = (
    ("MatMulV3", NO_BIAS),
    ("Add", ADD_BIAS),
    ("Relu", "64,256"),
    ("MatMulV2", BIAS),
    ("Gelu", "64,256"),
    ("Add", ADD_RESIDUAL),
    ("RmsNorm", "64,256;256"),
    ("FlashAttentionScore", "64,256;64,256;64,256;;;;"),
)


def counts(found: PatternMatch) -> tuple[int, int]:
    return found.fused, found.unfused


def summary(name: str, rows: tuple[Row, ...], mode: Mode, patterns: Catalogue) -> tuple[int, int]:
    trace = trace_of(rows, activity="host" if mode == "cpu" else "device")
    return counts(match(patterns.get(name), trace, mode, named=True))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("matmul+bias", (1, 1)),
        ("matmul+bias+act", (1, 1)),
        ("add+rmsnorm", (0, 1)),
        ("matmul+softmax", (1, 0)),
        ("swiglu", (0, 0)),
    ],
)
def test_fused_and_unfused_places_are_counted(name: str, expected: tuple[int, int], patterns: Catalogue) -> None:
    assert summary(name, LAYER, "eager", patterns) == expected


def test_a_place_tells_its_kernels(patterns: Catalogue) -> None:
    trace = (
        TraceBuilder()
        .add("Cos", "8")
        .add("MatMulV3", NO_BIAS, stream=5)
        .add("Cos", "8")
        .add("Cast", "64,256", core="AI_VECTOR_CORE", stream=5, types=("FLOAT16", "FLOAT"))
        .add("Add", ADD_BIAS, core="AI_VECTOR_CORE", stream=5)
        .trace()
    )
    found = match(patterns.get("matmul+bias"), trace, "eager")
    (place,) = found.places
    assert not place.fused
    assert [(kernel.position, kernel.type, kernel.stream, kernel.inputs) for kernel in place.kernels] == [
        (1, "MatMulV3", 5, 2),
        (3, "Cast", 5, 1),
        (4, "Add", 5, 2),
    ]
    assert [kernel.part for kernel in place.parts] == ["MatMul without bias", "Add of a bias"]
    assert [(kernel.type, kernel.core) for kernel in place.between] == [("Cast", "AI_VECTOR_CORE")]
    assert place.why == (
        "Cast stands between MatMulV3 and Add: FLOAT16 becomes FLOAT; parts of different data types do not fuse.",
    )
    assert (found.by_name, found.notes) == (False, ())


def test_a_change_of_layout_between_the_parts_is_told(patterns: Catalogue) -> None:
    trace = (
        TraceBuilder()
        .add("Conv2D", "1,3,8,8;4,3,1,1")
        .add("TransData", "1,1,8,8,16", formats=("NC1HWC0", "NCHW"))
        .add("Relu", "1,4,8,8")
        .trace()
    )
    (place,) = match(patterns.get("conv+act"), trace, "eager").places
    assert place.why == (
        "TransData stands between Conv2D and Relu: NC1HWC0 becomes NCHW; a change of layout keeps parts apart.",
    )


def test_an_operator_between_the_parts_breaks_the_chain(patterns: Catalogue) -> None:
    rows: tuple[Row, ...] = (("MatMulV3", NO_BIAS), ("Mul", ADD_RESIDUAL), ("Add", ADD_BIAS))
    assert summary("matmul+bias", rows, "eager", patterns) == (0, 0)


def test_a_residual_is_no_bias(patterns: Catalogue) -> None:
    rows: tuple[Row, ...] = (("MatMulV3", NO_BIAS), ("Add", ADD_RESIDUAL))
    assert summary("matmul+bias", rows, "eager", patterns) == (0, 0)


def test_an_addition_that_linear_makes_on_its_own_is_found_by_its_name(patterns: Catalogue) -> None:
    trace = (
        TraceBuilder()
        .add("MatMulV3", BIAS, name="aclnnAddmm_MatMulV3Common_MatMulV3")
        .add("Add", ADD_RESIDUAL, name="aclnnAddmm_AddAiCore_Add")
        .trace()
    )
    found = match(patterns.get("matmul+bias"), trace, "eager")
    assert counts(found) == (0, 1)
    assert found.by_name
    assert found.notes == ("Add says too little; what it holds was read from its name, aclnnAddmm_AddAiCore_Add.",)


def test_inputs_that_were_left_out_are_no_bias(patterns: Catalogue) -> None:
    assert summary("matmul+bias", (("MatMulV3", NO_BIAS + ";;"),), "eager", patterns) == (0, 0)


def test_other_streams_devices_and_communication_do_not_hide_a_pattern_nor_complete_one(patterns: Catalogue) -> None:
    interleaved = (
        TraceBuilder()
        .add("Add", ADD_RESIDUAL)
        .add("DSAGenBitMask", stream=3)
        .add("Mul", "8", stream=3)
        .add("hcom_allReduce_", core=COMMUNICATION, stream=None)
        .add("Mul", "8", device=1)
        .add("RmsNorm", "64,256;256")
        .trace()
    )
    assert counts(match(patterns.get("add+rmsnorm"), interleaved, "eager")) == (0, 1)
    apart = TraceBuilder().add("Add", ADD_RESIDUAL).add("RmsNorm", "64,256;256", stream=3).trace()
    assert counts(match(patterns.get("add+rmsnorm"), apart, "eager")) == (0, 0)
    devices = TraceBuilder().add("Add", ADD_RESIDUAL).add("RmsNorm", "64,256;256", device=1).trace()
    assert counts(match(patterns.get("add+rmsnorm"), devices, "eager")) == (0, 0)


def test_communication_without_a_stream_does_not_hide_kernels_without_one(patterns: Catalogue) -> None:
    trace = (
        TraceBuilder(model=None)
        .add(None, name="aclnnAdd_AddAiCore_Add", stream=None)
        .add("hcom_broadcast_", core=COMMUNICATION, stream=None)
        .add(None, name="RmsNorm", stream=None)
        .trace()
    )
    assert counts(match(patterns.get("add+rmsnorm"), trace, "eager")) == (0, 1)


def test_a_collective_follows_on_whatever_stream(patterns: Catalogue) -> None:
    trace = (
        TraceBuilder()
        .add("MatMulV3", NO_BIAS)
        .add("hcom_allReduce_", core=COMMUNICATION, stream=None)
        .add("MatMulV3", NO_BIAS)
        .add("Add", ADD_RESIDUAL)
        .add("hcom_allReduce_", core=COMMUNICATION, stream=None)
        .trace()
    )
    assert counts(match(patterns.get("matmul+allreduce"), trace, "eager")) == (0, 1)


def test_attention_in_parts_is_one_place_with_its_scaling_and_mask(patterns: Catalogue) -> None:
    rows: tuple[Row, ...] = (
        ("BatchMatMulV3", "2,8,16;2,16,8"),
        ("Muls", "2,8,8"),
        ("Add", "2,8,8;8,8"),
        ("SoftmaxV2", "2,8,8"),
        ("BatchMatMulV3", "2,8,8;2,8,16"),
    )
    trace = trace_of(rows)
    (place,) = match(patterns.get("attention"), trace, "eager").places
    assert [kernel.type for kernel in place.parts] == ["BatchMatMulV3", "SoftmaxV2", "BatchMatMulV3"]


def test_a_decomposed_norm_is_one_place(patterns: Catalogue) -> None:
    rows: tuple[Row, ...] = (
        ("Add", ADD_RESIDUAL),
        ("Cast", "64,256"),
        ("Pows", "64,256;"),
        ("ReduceMean", "64,256;1"),
        ("Adds", "64,1"),
        ("Rsqrt", "64,1"),
        ("Mul", "64,256;64,1"),
        ("Cast", "64,256"),
        ("Mul", "64,256;256"),
    )
    assert summary("add+rmsnorm", rows, "eager", patterns) == (0, 1)


def test_a_form_that_needs_the_tests_word_counts_only_with_it(patterns: Catalogue) -> None:
    trace = trace_of([("Conv2D", "1,3,8,8;4,3,1,1;4")])
    assert counts(match(patterns.get("conv+bn"), trace, "eager")) == (0, 0)
    found = match(patterns.get("conv+bn"), trace, "eager", named=True)
    assert counts(found) == (1, 0)
    assert "taken from the test" in found.notes[0]


def test_a_norm_behind_the_convolution_outweighs_a_convolution_that_could_hold_one(patterns: Catalogue) -> None:
    conv: Row = ("Conv2D", "1,3,8,8;4,3,1,1;4")
    assert summary("conv+bn", (conv, ("BNInfer", "1,4,8,8;4;4;4;4")), "eager", patterns) == (0, 1)
    assert summary("conv+bn", (conv, ("Relu", "1,4,8,8"), ("BNInfer", "1,4,8,8;4;4;4;4")), "eager", patterns) == (0, 1)


@pytest.mark.parametrize("name", ["conv+dropout", "matmul+reshape"])
def test_what_does_not_fuse_is_found_unfused(name: str, patterns: Catalogue) -> None:
    rows: tuple[Row, ...] = (
        ("Conv2D", "1,3,8,8;4,3,1,1"),
        ("TransData", "1,1,8,8,16"),
        ("DropOutDoMask", "1,4,8,8;256;1"),
        ("MatMulV3", NO_BIAS),
        ("Transpose", "64,256;2"),
    )
    assert summary(name, rows, "eager", patterns) == (0, 1)


GRAPH: tuple[tuple[str, str | None, str, str, tuple[int, int]], ...] = (
    ("swiglu", "AutomaticBufferFusionOp", "SwishMul_3", "64,256;64,256", (1, 0)),
    ("swiglu", "AutomaticBufferFusionOp", "LogicalNotMaskedFill", "64,256", (0, 0)),
    ("matmul+bias+act", "MatMulV2", "MatMulV2_115Relu_3", BIAS, (1, 0)),
    ("matmul+bias+act", "MatMulV2", "MatMulV2_115", BIAS, (0, 0)),
    ("add+rmsnorm", "InplaceAddRmsNorm", "InplaceAddRmsNorm_1", "64,256", (1, 0)),
    ("add+layernorm", "AddLayerNorm", "AddLayerNorm_4", "64,256", (1, 0)),
)


@pytest.mark.parametrize(("pattern", "kind", "name", "inputs", "expected"), GRAPH)
def test_graphs(
    pattern: str, kind: str, name: str, inputs: str, expected: tuple[int, int], patterns: Catalogue
) -> None:
    trace = TraceBuilder(model=2).add(kind, inputs, name=name).trace()
    assert mode_of(trace) == "graph"
    found = match(patterns.get(pattern), trace, "graph")
    assert counts(found) == expected
    if kind == "AutomaticBufferFusionOp" and found.fused:
        assert found.by_name
        assert found.notes == (f"{kind} says too little; what it holds was read from its name, {name}.",)


@pytest.mark.parametrize(
    ("names", "pattern", "expected"),
    [
        (("aclnnAddmm_MatMulCommon_MatMulV2", "aclnnInplaceRelu_Relu_Relu"), "matmul+bias+act", (1, 0)),
        (("aclnnMm_MatMulV3Common_MatMulV3", "aclnnAdd_AddAiCore_Add", "aclnnRelu_Relu_Relu"), "linear+relu", (0, 1)),
        (("aclnnAddmm_MatMulV3Common_MatMulV3", "aclnnAddmm_AddAiCore_Add", "Relu"), "linear+relu", (0, 1)),
        (("aclnnAdds_AddAiCore_Add", "RmsNorm"), "add+rmsnorm", (0, 0)),
        (("aclnnAdd_AddAiCore_Add", "aclnnAdd_CastAiCore_Cast", "RmsNorm"), "add+rmsnorm", (0, 1)),
        (("aclnnAdd_AddAiCore_Add", "aclnnRmsNormGrad_RmsNormGrad_RmsNormGrad"), "add+rmsnorm", (0, 0)),
        (("Conv2D4", "trans_TransData_11", "aclnnInplaceRelu_Relu_Relu"), "conv+act", (0, 1)),
    ],
)
def test_without_types_names_tell(
    names: tuple[str, ...], pattern: str, expected: tuple[int, int], patterns: Catalogue
) -> None:
    builder = TraceBuilder(model=None)
    for name in names:
        builder.add(None, name=name, stream=None)
    trace = builder.trace()
    assert mode_of(trace) == "eager"
    found = match(patterns.get(pattern), trace, "eager")
    assert counts(found) == expected
    assert found.by_name == any(expected)
    assert any("recognised by their names" in note for note in found.notes) == any(expected)


@pytest.mark.parametrize(
    ("rows", "pattern", "expected"),
    [
        ((("aten::addmm", "32;8,16;16,32;;"), ("aten::relu", "8,32")), "matmul+bias+act", (1, 0)),
        ((("aten::mm", "8,16;16,32"), ("aten::add", "8,32;32;"), ("aten::clamp_min", "8,32")), "linear+act", (0, 1)),
        ((("aten::mm", "8,16;16,32"), ("aten::add", "8,32;8,32;")), "linear", (0, 0)),
        ((("aten::_scaled_dot_product_flash_attention_for_cpu", None),), "attention", (1, 0)),
        ((("aten::bmm", None), ("aten::mul", None), ("aten::_softmax", None), ("aten::bmm", None)), "sdpa", (0, 1)),
        ((("aten::mkldnn_convolution", None), ("aten::native_batch_norm", None)), "conv+bn", (0, 1)),
        ((("aten::mkldnn_convolution", None), ("aten::relu", None)), "conv+bn+act", (1, 0)),
        ((("aten::add", None), ("aten::native_layer_norm", None)), "add+layernorm", (0, 1)),
        ((("graph_0_cpp_fused_add_native_layer_norm_0", None),), "add+layernorm", (1, 0)),
        ((("aten::mm", None), ("c10d::allreduce_", None)), "matmul+allreduce", (0, 1)),
        ((("aten::silu", None), ("aten::mm", None), ("aten::mul", None)), "swiglu", (0, 1)),
    ],
)
def test_cpu(rows: tuple[Row, ...], pattern: str, expected: tuple[int, int], patterns: Catalogue) -> None:
    assert summary(pattern, rows, "cpu", patterns) == expected


CUDA_GEMM = "void cutlass::Kernel2<cutlass_80_tensorop_s1688gemm_128x128_32x3_nn_align4>(Params)"
CUDA_ADD = "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, 3>(int)"
CUDA_RELU = "void at::native::vectorized_elementwise_kernel<4, launch_clamp_scalar(float), 3>(int)"


@pytest.mark.parametrize(
    ("kernels", "pattern", "expected"),
    [
        ((CUDA_GEMM, CUDA_ADD, CUDA_RELU), "matmul+bias+act", (0, 1)),
        ((CUDA_GEMM, CUDA_RELU), "matmul+bias+act", (1, 0)),
        ((CUDA_GEMM, "triton_poi_fused_addmm_relu_0"), "matmul+bias+act", (1, 0)),
        (("void pytorch_flash::flash_fwd_kernel<Flash_fwd_kernel_traits<64>>(Params)",), "attention", (1, 0)),
        (("fmha_cutlassF_f16_aligned_64x64_rf_sm80",), "attention", (1, 0)),
        (("triton_poi_fused_mul_silu_0",), "swiglu", (1, 0)),
    ],
)
def test_cuda(kernels: tuple[str, ...], pattern: str, expected: tuple[int, int], patterns: Catalogue) -> None:
    builder = TraceBuilder(model=None)
    for kernel in kernels:
        builder.add(kernel, name=kernel, core="KERNEL", stream=7)
    trace = builder.trace()
    assert mode_of(trace) == "cuda"
    assert counts(match(patterns.get(pattern), trace, "cuda", named=True)) == expected


def test_the_mode_is_that_of_most_kernels() -> None:
    mixed = trace_of([("Add", None)] * 3)
    assert mode_of(mixed) == "eager"
    assert mode_of(trace_of([("aten::add", None)], activity="host")) == "cpu"
    assert mode_of(TraceBuilder(model=7).add("Add").trace()) == "graph"
    assert mode_of(TraceBuilder(model=None).add("Add").trace()) == "eager"
    assert mode_of(TraceBuilder().trace()) == "eager"


def test_an_empty_trace_matches_nothing(patterns: Catalogue) -> None:
    for pattern in patterns:
        assert match(pattern, TraceBuilder().trace(), "eager", named=True).places == ()


HELPERS = st.sampled_from(("TransData", "Cast", "MemSet", "DSAGenBitMask", "TensorMove", "NpuIdentity"))
OTHERS = st.sampled_from(("MatMulV3", "Sort", "Cos"))
NOISE = st.lists(st.one_of(st.tuples(HELPERS, st.just(2)), st.tuples(OTHERS, st.just(9))), max_size=4)


@settings(derandomize=True, database=None, deadline=None, max_examples=100)
@given(noise=st.lists(NOISE, min_size=len(LAYER), max_size=len(LAYER)))
def test_helpers_and_rows_of_other_streams_never_change_a_match(noise: list[list[tuple[str, int]]]) -> None:
    builder = TraceBuilder()
    for (kind, inputs), added in zip(LAYER, noise, strict=True):
        for other, stream in added:
            builder.add(other, NO_BIAS, stream=stream)
        builder.add(kind, inputs)

    def places(trace: KernelTrace, name: str) -> list[tuple[bool, list[str]]]:
        found = match(KNOWN.get(name), trace, "eager", named=True)
        return [(place.fused, [kernel.type for kernel in place.parts]) for place in found.places]

    for name in ("matmul+bias", "matmul+bias+act", "add+rmsnorm", "matmul+softmax", "swiglu"):
        assert places(builder.trace(), name) == places(trace_of(LAYER), name)
