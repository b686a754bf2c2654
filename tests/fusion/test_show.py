"""``ascendperf show --fusion``, and that the documentation names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_ascendperf.cli import main
from pytest_ascendperf.fusion.catalogue import Catalogue, catalogue
from pytest_ascendperf.fusion.matcher import match
from pytest_ascendperf.model.pattern import Expectation
from pytest_ascendperf.report.fusion import fusion_report

from .traces import ADD_RESIDUAL, BIAS, NO_BIAS, TraceBuilder, trace_of

if TYPE_CHECKING:
    import pytest

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "fusion.md"


def test_one_line_for_each_pattern_that_is_there(patterns: Catalogue) -> None:
    trace = trace_of(
        [
            ("MatMulV3", BIAS),
            ("Transpose", "64,256;2"),
            ("Add", ADD_RESIDUAL),
            ("RmsNorm", "64,256;256"),
            ("MatMulV3", NO_BIAS),
        ]
    )
    assert fusion_report(trace, patterns) == [
        "fusion patterns found (mode eager)",
        "matmul+bias     0 unfused, 1 fused",
        "matmul+reshape  1 unfused, 0 fused: known not to fuse",
        "add+rmsnorm     1 unfused, 0 fused: Call torch_npu.npu_add_rms_norm(x, residual, weight), which gives the sum "
        "as well; a graph makes AddRmsNorm or InplaceAddRmsNorm of the two",
    ]


def test_nothing_found_is_said(patterns: Catalogue) -> None:
    assert fusion_report(trace_of([("Sort", "9")]), patterns) == ["no known fusion pattern was found (mode eager)"]


def test_notes_come_once(patterns: Catalogue) -> None:
    builder = TraceBuilder(model=2)
    for _ in range(2):
        builder.add("AutomaticBufferFusionOp", name="SwishMul_3")
    assert fusion_report(builder.trace(), patterns)[1:] == [
        "swiglu  0 unfused, 2 fused",
        "note: AutomaticBufferFusionOp says too little; what it holds was read from its name, SwishMul_3.",
    ]


def test_show_of_a_real_profile(captures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(captures / "llm28_cann83rc1_rank0_ascend_pt")
    assert main(["show", folder]) == 0
    assert "fusion" not in capsys.readouterr().out
    assert main(["show", "--fusion", folder]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = lines[lines.index("fusion patterns found (mode eager)") + 1 :]
    assert [line.split(":")[0] for line in found] == [
        "matmul+softmax  0 unfused, 28 fused",
        "add+rmsnorm     54 unfused, 0 fused",
        "swiglu          0 unfused, 28 fused",
        "rotary          0 unfused, 56 fused",
    ]


def test_the_documentation_lists_every_pattern_with_its_expectation(patterns: Catalogue) -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \|(.*)\| (fuses|does not fuse) \|$", DOCUMENTATION.read_text("utf-8"), re.MULTILINE
    )
    listed = {name: expectation for name, _, expectation in rows}
    said = {Expectation.FUSES: "fuses", Expectation.DOES_NOT_FUSE: "does not fuse"}
    assert listed == {pattern.name: said[pattern.expectation] for pattern in patterns}
    for name, aliases, _ in rows:
        for alias in re.findall("`([^`]+)`", aliases):
            assert patterns.get(alias).name == name


def test_the_documented_file_can_be_read(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", DOCUMENTATION.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "fusion.toml"
    file.write_text(block, encoding="utf-8")
    pattern = catalogue([file]).get("MatMul+Clip")
    found = match(pattern, trace_of([("MyMatMulClip", None), ("MatMulV3", NO_BIAS), ("ClipByValueV2", "9")]), "eager")
    assert (found.fused, found.unfused) == (1, 1)
