"""What real profiles of Ascend devices hold, as far as patterns go."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ascendperf.fusion.catalogue import Catalogue
from pytest_ascendperf.fusion.explicit import check_fused
from pytest_ascendperf.fusion.matcher import match, mode_of
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.profiles import open_profile

LLM = "llm28_cann83rc1_rank0_ascend_pt"
ALEXNET = "alexnet_910b_level{}_ascend_pt"
DECODE = "graph_decode_b_ascend_pt/ASCEND_PROFILER_OUTPUT/kernel_details.EXCERPT.csv"


def all_places(trace: KernelTrace, patterns: Catalogue, *, named: bool = False) -> dict[str, tuple[int, int]]:
    """Fused and unfused places of each pattern that is found."""
    found = [match(pattern, trace, mode_of(trace), named=named) for pattern in patterns]
    return {one.pattern.name: (one.fused, one.unfused) for one in found if one.places}


def test_the_step_of_an_llm(captures: Path, patterns: Catalogue) -> None:
    trace = open_profile(captures / LLM)
    assert mode_of(trace) == "eager"
    assert all_places(trace, patterns) == {
        "add+rmsnorm": (0, 54),
        "matmul+softmax": (28, 0),
        "rotary": (56, 0),
        "swiglu": (28, 0),
    }
    finding = check_fused(patterns.get("add+rmsnorm"), trace, "eager")
    assert finding is not None
    assert finding.summary == (
        "fusion add+rmsnorm did not take effect in 54 places: Add (2 inputs) → RmsNorm ran as 2 kernels"
    )


@pytest.mark.parametrize("level", [0, 1, 2])
def test_alexnet_is_the_same_at_every_level(level: int, captures: Path, patterns: Catalogue) -> None:
    trace = open_profile(captures / ALEXNET.format(level))
    assert mode_of(trace) == "eager"
    assert all_places(trace, patterns) == {"matmul+bias": (3, 0), "matmul+bias+act": (2, 0), "conv+act": (0, 5)}
    linear = match(patterns.get("linear+relu"), trace, "eager")
    assert [[kernel.position for kernel in place.parts] for place in linear.places] == [[39, 40], [43, 44]]
    conv = match(patterns.get("conv+act"), trace, "eager")
    assert {len(place.between) for place in conv.places} == {1}
    assert "a change of layout" in conv.places[0].why[0]
    assert (linear.by_name, conv.by_name) == (level == 0, level == 0)
    assert any("recognised by their names" in note for note in linear.notes) == (level == 0)
    assert any("Shapes are not recorded" in note for note in linear.notes) == (level == 0)


def test_a_graph(captures: Path, patterns: Catalogue) -> None:
    trace = open_profile(captures / DECODE)
    assert mode_of(trace) == "graph"
    assert all_places(trace, patterns) == {
        "add+rmsnorm": (2, 0),
        "matmul+softmax": (1, 0),
        "rotary": (1, 0),
        "swiglu": (1, 0),
    }
    swiglu = match(patterns.get("swiglu"), trace, "graph")
    assert swiglu.notes == (
        "AutomaticBufferFusionOp says too little; what it holds was read from its name, SwishMul_3.",
    )
    kinds = {match(patterns.get(name), trace, "graph").places[0].parts[0].type for name in ("rope", "attention")}
    assert kinds == {"ApplyRotaryPosEmb", "IncreFlashAttention"}
