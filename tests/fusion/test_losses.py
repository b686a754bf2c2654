from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_ascendperf.fusion.catalogue import Catalogue, catalogue
from pytest_ascendperf.fusion.losses import LostFusion, lost_fusions
from pytest_ascendperf.model.kernel_table import KernelKind, KernelTable
from pytest_ascendperf.model.kernels import COMMUNICATION

from .traces import ADD_BIAS, ADD_RESIDUAL, BIAS, NO_BIAS

KNOWN = catalogue()

Kernel = tuple[str, str | None, int]


def table(*kernels: Kernel, has_types: bool = True, varying: tuple[str, ...] = ()) -> KernelTable:
    """Type, inputs, count."""
    kinds = [
        KernelKind(
            type=kind,
            core=COMMUNICATION if kind.startswith("hcom") else "AI_CORE",
            inputs=inputs,
            count=count,
            durations_us=(float(count),),
        )
        for kind, inputs, count in kernels
    ]
    return KernelTable(
        kernels=tuple(sorted(kinds, key=lambda kind: kind.sort_key)),
        activity="device",
        sessions=1,
        calls=3,
        has_types=has_types,
        varying=varying,
        synchronizations=None,
        source="made by hand",
    )


def told(lost: tuple[LostFusion, ...]) -> list[tuple[str, int, dict[str, int], dict[str, int]]]:
    return [(one.pattern.name, one.count, dict(one.gone), dict(one.came)) for one in lost]


ATTENTION = table(("FlashAttentionScore", "1,8,64;1,8,64;1,8,64;;;", 2), ("MatMulV3", NO_BIAS, 4))
PARTS = table(
    ("BatchMatMulV3", "8,8,64;8,64,8", 2),
    ("BatchMatMulV3", "8,8,8;8,8,64", 2),
    ("SoftmaxV2", "8,8,8", 2),
    ("Muls", "8,8,8", 2),
    ("Sort", "8", 1),
    ("MatMulV3", NO_BIAS, 4),
)


def test_attention_in_parts_is_one_loss_with_all_that_came(patterns: Catalogue) -> None:
    assert told(lost_fusions(ATTENTION, PARTS, patterns, "eager")) == [
        ("matmul+softmax", 2, {"FlashAttentionScore": 2}, {"BatchMatMulV3": 4, "Muls": 2, "SoftmaxV2": 2})
    ]
    assert lost_fusions(PARTS, ATTENTION, patterns, "eager") == ()


def test_a_bias_that_left_the_product(patterns: Catalogue) -> None:
    base = table(("MatMulV3", BIAS, 3), ("Gelu", "64,256", 3))
    head = table(("MatMulV3", BIAS, 1), ("MatMulV3", NO_BIAS, 2), ("Add", ADD_BIAS, 2), ("Gelu", "64,256", 3))
    assert told(lost_fusions(base, head, patterns, "eager")) == [
        ("matmul+bias", 2, {"MatMulV3": 2}, {"Add": 2, "MatMulV3": 2})
    ]


def test_a_residual_that_came_explains_no_bias(patterns: Catalogue) -> None:
    base = table(("MatMulV3", BIAS, 1))
    head = table(("MatMulV3", NO_BIAS, 1), ("Add", ADD_RESIDUAL, 1))
    assert lost_fusions(base, head, patterns, "eager") == ()


def test_other_shapes_and_other_versions_of_a_type_are_no_loss(patterns: Catalogue) -> None:
    base = table(("MatMulV2", BIAS, 2), ("FlashAttentionScore", "1,8,64;1,8,64;1,8,64", 1))
    head = table(
        ("MatMulV3", "32,128;256,128;256", 2),
        ("FlashAttentionScore", "1,4,64;1,4,64;1,4,64", 1),
        ("MatMulV3", NO_BIAS, 2),
        ("Add", ADD_BIAS, 2),
        ("SoftmaxV2", "8", 1),
    )
    assert lost_fusions(base, head, patterns, "eager") == ()


def test_a_kernel_that_is_gone_without_its_parts_is_no_loss(patterns: Catalogue) -> None:
    assert lost_fusions(ATTENTION, table(("MatMulV3", NO_BIAS, 4)), patterns, "eager") == ()


def test_only_as_many_as_came_completely(patterns: Catalogue) -> None:
    base = table(("AddRmsNorm", "64,256;64,256;256", 5), ("RmsNorm", "64,256;256", 1))
    head = table(("Add", ADD_RESIDUAL, 3), ("RmsNorm", "64,256;256", 5))
    assert told(lost_fusions(base, head, patterns, "eager")) == [
        ("add+rmsnorm", 3, {"AddRmsNorm": 3}, {"Add": 3, "RmsNorm": 3})
    ]


def test_a_part_that_comes_twice_must_come_twice_as_often(patterns: Catalogue) -> None:
    head = table(("BatchMatMulV3", "8,8,64;8,64,8", 2), ("SoftmaxV2", "8,8,8", 2), ("MatMulV3", NO_BIAS, 4))
    assert told(lost_fusions(ATTENTION, head, patterns, "eager")) == [
        ("matmul+softmax", 1, {"FlashAttentionScore": 1}, {"BatchMatMulV3": 2, "SoftmaxV2": 1})
    ]


def test_several_forms_of_a_pattern_are_one_loss(patterns: Catalogue) -> None:
    head = table(("BatchMatMulV3", "8,8,64;8,64,8", 3), ("SoftmaxV2", "8,8,8", 2), ("MatMulV3", NO_BIAS, 4))
    assert told(lost_fusions(ATTENTION, head, patterns, "eager")) == [
        ("matmul+softmax", 2, {"FlashAttentionScore": 2}, {"BatchMatMulV3": 3, "SoftmaxV2": 2})
    ]


def test_two_losses_share_no_kernel(patterns: Catalogue) -> None:
    """Two kinds of fused kernel are gone, one kind of Add came: it explains one of them."""
    base = table(("AddRmsNorm", "64,256;64,256;256", 1), ("AddLayerNorm", "64,256;64,256;256;256", 1))
    head = table(("Add", ADD_RESIDUAL, 1), ("RmsNorm", "64,256;256", 1), ("LayerNormV3", "64,256;256;256", 1))
    assert [one.pattern.name for one in lost_fusions(base, head, patterns, "eager")] == ["add+rmsnorm"]
    both = table(("Add", ADD_RESIDUAL, 2), ("RmsNorm", "64,256;256", 1), ("LayerNormV3", "64,256;256;256", 1))
    assert [one.pattern.name for one in lost_fusions(base, both, patterns, "eager")] == ["add+rmsnorm", "add+layernorm"]


def test_more_helpers_than_places_are_not_explained(patterns: Catalogue) -> None:
    base = table(("AddRmsNorm", "64,256;64,256;256", 2))
    head = table(("Add", ADD_RESIDUAL, 2), ("RmsNorm", "64,256;256", 2), ("Cast", "64,256", 5), ("Sort", "9", 1))
    (lost,) = lost_fusions(base, head, patterns, "eager")
    assert dict(lost.came) == {"Add": 2, "Cast": 2, "RmsNorm": 2}


def test_a_generic_kernel_is_told_by_what_came_instead(patterns: Catalogue) -> None:
    base = table(("AutomaticBufferFusionOp", "64,256;64,256", 36))
    head = table(("Swish", "64,256", 36), ("Mul", "64,256;64,256", 36))
    assert told(lost_fusions(base, head, patterns, "graph")) == [
        ("swiglu", 36, {"AutomaticBufferFusionOp": 36}, {"Mul": 36, "Swish": 36})
    ]


def test_batch_norm_that_was_folded(patterns: Catalogue) -> None:
    base = table(("Conv2D", "1,3,8,8;4,3,1,1;4", 2))
    head = table(("Conv2D", "1,3,8,8;4,3,1,1", 2), ("BNInfer", "1,4,8,8;4;4;4;4", 2))
    assert told(lost_fusions(base, head, patterns, "graph")) == [
        ("conv+bn", 2, {"Conv2D": 2}, {"BNInfer": 2, "Conv2D": 2})
    ]


def test_communication(patterns: Catalogue) -> None:
    base = table(("MatmulAllReduce", NO_BIAS, 2))
    head = table(("MatMulV3", NO_BIAS, 2), ("hcom_allReduce_", None, 2))
    assert told(lost_fusions(base, head, patterns, "eager")) == [
        ("matmul+allreduce", 2, {"MatmulAllReduce": 2}, {"MatMulV3": 2, "hcom_allReduce_": 2})
    ]


def test_cpu_without_shapes(patterns: Catalogue) -> None:
    base = table(("aten::addmm", None, 2), ("aten::relu", None, 2))
    head = table(("aten::mm", None, 2), ("aten::add", None, 2), ("aten::relu", None, 2))
    assert told(lost_fusions(base, head, patterns, "cpu")) == [
        ("matmul+bias", 2, {"aten::addmm": 2}, {"aten::add": 2, "aten::mm": 2})
    ]


def test_names_and_varying_types_are_not_compared(patterns: Catalogue) -> None:
    base = table(("AddRmsNorm", "64,256;64,256;256", 1))
    kernels: tuple[Kernel, ...] = (("Add", ADD_RESIDUAL, 1), ("RmsNorm", "64,256;256", 1))
    assert len(lost_fusions(base, table(*kernels), patterns, "eager")) == 1
    assert lost_fusions(base, table(*kernels, varying=("Add",)), patterns, "eager") == ()
    assert lost_fusions(base, table(*kernels, has_types=False), patterns, "eager") == ()


KERNELS = st.lists(
    st.tuples(
        st.sampled_from(("MatMulV3", "BatchMatMulV3", "Add", "RmsNorm", "AddRmsNorm", "SoftmaxV2", "Swish", "Mul")),
        st.sampled_from((BIAS, NO_BIAS, ADD_RESIDUAL, None)),
        st.integers(1, 4),
    ),
    max_size=8,
    unique_by=lambda kernel: kernel[:2],
)


@settings(derandomize=True, database=None, deadline=None, max_examples=100)
@given(before=KERNELS, after=KERNELS, fused=st.integers(0, 3))
def test_losses_never_explain_more_than_changed(before: list[Kernel], after: list[Kernel], fused: int) -> None:
    flash: list[Kernel] = [("FlashAttentionScore", None, fused)] if fused else []
    base, head = table(*before, *flash), table(*after)
    gone: dict[str, int] = {}
    came: dict[str, int] = {}
    for lost in lost_fusions(base, head, KNOWN, "eager"):
        assert lost.count >= 1
        for kind, count in lost.gone:
            gone[kind] = gone.get(kind, 0) + count
        for kind, count in lost.came:
            came[kind] = came.get(kind, 0) + count
    assert all(count <= base.counts()[kind] for kind, count in gone.items())
    assert all(count <= head.counts()[kind] for kind, count in came.items())
    assert lost_fusions(base, base, KNOWN, "eager") == ()
