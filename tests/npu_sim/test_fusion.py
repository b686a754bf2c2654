"""Fusion patterns in what torch_npu's own profiler wrote about its own calls of operators."""

from __future__ import annotations

from pathlib import Path

import pytest

from npu_sim.machines import Machine, MachineFactory
from pytest_ascendperf.fusion.catalogue import Catalogue, catalogue
from pytest_ascendperf.fusion.explicit import check_fused
from pytest_ascendperf.fusion.matcher import match, mode_of
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.profiles import open_profile
from simulated_cann.scenario import Scenario

#: Profiles one call. Its arguments are the folder, the level, and what to call.
PROGRAM = """
import sys, torch, torch_npu
from torch.nn import functional as F
from torch_npu import profiler
folder, level, call = sys.argv[1:]
x, weight, bias = torch.randn(32, 64).npu(), torch.randn(128, 64).npu(), torch.randn(128).npu()
calls = {
    "linear": lambda: F.relu(F.linear(x, weight, bias)),
    "by_hand": lambda: F.relu(torch.matmul(x, weight.t()) + bias),
    "residual": lambda: torch.matmul(x, weight.t()) + torch.matmul(x, weight.t()),
    "layer_norm": lambda: F.layer_norm(x + x, (64,)),
    "swiglu": lambda: F.silu(x) * x,
}
config = profiler._ExperimentalConfig(
    profiler_level=getattr(profiler.ProfilerLevel, level),
    aic_metrics=profiler.AiCMetrics.AiCoreNone,
    export_type=[profiler.ExportType.Text],
)
with profiler.profile(
    activities=[profiler.ProfilerActivity.NPU],
    on_trace_ready=profiler.tensorboard_trace_handler(folder),
    experimental_config=config,
):
    calls[call]()
    torch.npu.synchronize()
"""


@pytest.fixture(scope="module")
def patterns() -> Catalogue:
    return catalogue()


@pytest.fixture(scope="module")
def device(machine: MachineFactory) -> Machine:
    return machine(Scenario())


def recorded(machine: Machine, folder: Path, call: str, *, level: str = "Level1") -> KernelTrace:
    done = machine.run(PROGRAM, str(folder), level, call)
    assert done.status == 0, done.errors
    return open_profile(folder)


@pytest.mark.parametrize(
    ("call", "pattern", "expected"),
    [
        ("linear", "matmul+bias+act", (1, 0)),
        ("by_hand", "matmul+bias+act", (0, 1)),
        ("residual", "matmul+bias", (0, 0)),
        ("layer_norm", "add+layernorm", (0, 1)),
        ("swiglu", "swiglu", (0, 1)),
    ],
)
def test_eager_calls(
    call: str, pattern: str, expected: tuple[int, int], device: Machine, tmp_path: Path, patterns: Catalogue
) -> None:
    trace = recorded(device, tmp_path, call)
    assert mode_of(trace) == "eager"
    found = match(patterns.get(pattern), trace, "eager")
    assert (found.fused, found.unfused) == expected


@pytest.mark.parametrize(("call", "expected"), [("linear", (1, 0)), ("by_hand", (0, 1))])
def test_level0_gives_the_same_by_names(
    call: str, expected: tuple[int, int], device: Machine, tmp_path: Path, patterns: Catalogue
) -> None:
    found = match(patterns.get("linear+relu"), recorded(device, tmp_path, call, level="Level0"), "eager")
    assert (found.fused, found.unfused) == expected
    assert found.by_name


def test_a_version_that_splits_a_linear_layer_is_seen(
    machine: MachineFactory, tmp_path: Path, patterns: Catalogue
) -> None:
    scenario = Scenario(unfused={"aclnnAddmm": ("MatMulV3", "Add")})
    trace = recorded(machine(scenario), tmp_path, "linear")
    finding = check_fused(patterns.get("linear+relu"), trace, "eager")
    assert finding is not None
    assert "MatMulV3 (2 inputs) → Add → Relu ran as 3 kernels" in finding.summary
