from __future__ import annotations

from pytest_ascendperf.fusion.catalogue import Catalogue
from pytest_ascendperf.fusion.explicit import check_fused, check_not_fused
from pytest_ascendperf.model.finding import Finding, FindingKind

from .traces import ADD_BIAS, ADD_RESIDUAL, BIAS, NO_BIAS, TraceBuilder, trace_of

UNFUSED = [
    ("Sort", "9"),
    ("Sort", "9"),
    ("Sort", "9"),
    ("MatMulV3", NO_BIAS),
    ("Add", ADD_BIAS),
    ("Relu", "64,256"),
    ("Cos", "9"),
]


def of(finding: Finding | None) -> Finding:
    assert finding is not None
    assert finding.fails
    return finding


def test_what_is_fused_passes(patterns: Catalogue) -> None:
    trace = trace_of([("MatMulV3", BIAS), ("Relu", "64,256")])
    assert check_fused(patterns.get("matmul+bias+act"), trace, "eager") is None
    assert (
        check_not_fused(patterns.get("add+rmsnorm"), trace_of([("Add", ADD_RESIDUAL), ("RmsNorm", "9")]), "eager")
        is None
    )


def test_a_fusion_that_did_not_take_effect(patterns: Catalogue) -> None:
    finding = of(check_fused(patterns.get("matmul+bias+act"), trace_of(UNFUSED), "eager"))
    assert finding.kind is FindingKind.NOT_FUSED
    assert finding.summary == (
        "fusion matmul+bias+act did not take effect: MatMulV3 (2 inputs) → Add → Relu ran as 3 kernels"
    )
    assert finding.details[:7] == (
        "1  Sort      AI_CORE  9               1.000 µs",
        "2  Sort      AI_CORE  9               1.000 µs",
        "3  MatMulV3  AI_CORE  64,128;256,128  1.000 µs",
        "4  Add       AI_CORE  64,256;256      1.000 µs  ← Add stands between",
        "5  Relu      AI_CORE  64,256          1.000 µs",
        "6  Cos       AI_CORE  9               1.000 µs",
        patterns.get("matmul+bias+act").advice,
    )


def test_the_test_vouches_for_what_a_kernel_cannot_show(patterns: Catalogue) -> None:
    trace = trace_of([("Conv2D", "1,3,8,8;4,3,1,1;4")])
    assert check_fused(patterns.get("conv+bn"), trace, "eager") is None
    forbidden = of(check_not_fused(patterns.get("conv+bn"), trace, "eager"))
    assert any("is taken from the test" in line for line in forbidden.details)


def test_some_of_several_places(patterns: Catalogue) -> None:
    trace = trace_of([("MatMulV3", BIAS), ("MatMulV3", NO_BIAS), ("Add", ADD_BIAS), ("MatMulV3", BIAS)])
    finding = of(check_fused(patterns.get("linear"), trace, "eager"))
    assert finding.summary == (
        "fusion matmul+bias did not take effect in 1 of 3 places: MatMulV3 (2 inputs) → Add ran as 2 kernels"
    )
    assert "← Add is a kernel of its own" in finding.details[2]
    forbidden = of(check_not_fused(patterns.get("linear"), trace, "eager"))
    assert forbidden.kind is FindingKind.FUSED
    assert forbidden.summary == ("fusion matmul+bias took effect in 2 of 3 places: MatMulV3 (3 inputs) ran as 1 kernel")


def test_a_cast_between_is_marked_and_explained(patterns: Catalogue) -> None:
    trace = (
        TraceBuilder()
        .add("Add", ADD_RESIDUAL)
        .add("Cast", "64,256", types=("BF16", "FLOAT"))
        .add("RmsNorm", "64,256;256")
        .trace()
    )
    finding = of(check_fused(patterns.get("add+rmsnorm"), trace, "eager"))
    assert finding.details[1].endswith("← Cast stands between")
    assert finding.details[2].endswith("← RmsNorm is a kernel of its own")
    assert "Cast stands between Add and RmsNorm: BF16 becomes FLOAT" in finding.details[3]


def test_neither_form_fails_too_and_says_what_ran(patterns: Catalogue) -> None:
    trace = trace_of([(f"Op{n}", "9") for n in range(14)] + [("Op0", "9")])
    for check, kind in ((check_fused, FindingKind.NOT_FUSED), (check_not_fused, FindingKind.FUSED)):
        finding = of(check(patterns.get("swiglu"), trace, "eager"))
        assert finding.kind is kind
        assert finding.summary == "fusion swiglu was not found: neither its fused nor its unfused form ran"
        ran = "Op0 ×2, Op1, Op2, Op3, Op4, Op5, Op6, Op7, Op8, Op9, Op10, Op11 and 2 other types"
        assert finding.details[:2] == (
            f"These kernels ran: {ran}",
            "Looked for in mode eager: SwiGlu; Swish → Mul; Swish → MatMul → Mul",
        )


def test_nothing_ran_at_all(patterns: Catalogue) -> None:
    finding = of(check_fused(patterns.get("swiglu"), TraceBuilder().trace(), "eager"))
    assert finding.details[0] == "These kernels ran: nothing"


def test_a_near_miss_shows_what_stands_between(patterns: Catalogue) -> None:
    trace = trace_of([("MatMulV3", NO_BIAS), ("Sigmoid", "9"), ("TransData", "9"), ("Add", ADD_BIAS)])
    finding = of(check_fused(patterns.get("linear"), trace, "eager"))
    assert finding.details[0] == "Nearest to it: Sigmoid between the parts."
    assert finding.details[2].endswith("← Sigmoid stands between")


def test_too_much_between_is_no_near_miss(patterns: Catalogue) -> None:
    trace = trace_of([("MatMulV3", NO_BIAS), ("Cos", "9"), ("Sin", "9"), ("Cos", "9"), ("Add", ADD_BIAS)])
    finding = of(check_fused(patterns.get("linear"), trace, "eager"))
    assert not any("Nearest" in line for line in finding.details)


def test_all_that_stands_between_counts(patterns: Catalogue) -> None:
    between = [("MatMulV3", NO_BIAS), ("Cos", "9"), ("Sin", "9"), ("Add", ADD_BIAS), ("Cos", "9"), ("Relu", "9")]
    finding = of(check_fused(patterns.get("linear+relu"), trace_of(between), "eager"))
    assert not any("Nearest" in line for line in finding.details)
    finding = of(check_fused(patterns.get("linear+relu"), trace_of(between[:2] + between[3:]), "eager"))
    assert finding.details[0] == "Nearest to it: Cos between the parts."


def test_only_the_kernels_of_the_same_stream_are_shown(patterns: Catalogue) -> None:
    builder = TraceBuilder()
    for kind, inputs in UNFUSED:
        builder.add(kind, inputs).add("DSAGenBitMask", stream=3)
    finding = of(check_fused(patterns.get("linear+relu"), builder.trace(), "eager"))
    assert [line.split()[1] for line in finding.details[:6]] == ["Sort", "Sort", "MatMulV3", "Add", "Relu", "Cos"]


def test_another_order_is_told(patterns: Catalogue) -> None:
    trace = trace_of([("RmsNorm", "64,256;256"), ("Add", ADD_RESIDUAL)])
    finding = of(check_fused(patterns.get("add+rmsnorm"), trace, "eager"))
    assert finding.details[0] == "Nearest to it: The parts ran in another order than Add → RmsNorm."


def test_what_is_known_not_to_fuse_is_said(patterns: Catalogue) -> None:
    pattern = patterns.get("conv+dropout")
    trace = trace_of([("Conv2D", "1,3,8,8;4,3,1,1"), ("DropOutDoMask", "1,4,8,8")])
    assert check_not_fused(pattern, trace, "eager") is None
    finding = of(check_fused(pattern, trace, "eager"))
    assert finding.summary.startswith("fusion conv+dropout did not take effect: Conv2D → DropOutDoMask ran")
    assert any(
        line.startswith("That it does not fuse is what is known of it (vendor guide") for line in finding.details
    )


def test_names_instead_of_types_are_said(patterns: Catalogue) -> None:
    builder = TraceBuilder(model=None)
    for name in ("aclnnMm_MatMulV3Common_MatMulV3", "aclnnAdd_AddAiCore_Add"):
        builder.add(None, name=name, stream=None)
    finding = of(check_fused(patterns.get("linear"), builder.trace(), "eager"))
    assert any("recognised by their names" in line for line in finding.details)
    absent = of(check_fused(patterns.get("swiglu"), builder.trace(), "eager"))
    assert any("no types, and names do not always tell" in line for line in absent.details)


def test_a_mode_without_forms_is_said(patterns: Catalogue) -> None:
    pattern = patterns.get("matmul+bias")
    eager_only = type(pattern)(
        name="mine",
        title="mine",
        expectation=pattern.expectation,
        fused=pattern.fused_in("eager"),
        unfused=pattern.unfused_in("eager"),
        advice="None.",
        source="test",
    )
    finding = of(check_fused(eager_only, trace_of(UNFUSED), "graph"))
    assert finding.summary == "fusion mine cannot be judged: the catalogue has no form of it for mode graph"


def test_operators_of_a_host_are_called_operators(patterns: Catalogue) -> None:
    trace = trace_of([("aten::mm", NO_BIAS), ("aten::add", ADD_BIAS)], activity="host")
    assert of(check_fused(patterns.get("linear"), trace, "cpu")).summary.endswith(
        "aten::mm → aten::add ran as 2 operators"
    )


def test_findings_survive_their_codec(patterns: Catalogue) -> None:
    finding = of(check_fused(patterns.get("linear"), trace_of(UNFUSED), "eager"))
    assert Finding.from_dict(finding.to_dict()) == finding
