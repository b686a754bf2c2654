"""The exact half of the gate, through real pytest and torch_npu: machines that run other kernels than before."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from npu_sim.machines import MachineFactory
from npu_sim.suite import Ended, Suite
from simulated_cann.scenario import Merge, ProfilerOutput, Scenario

SUITE = """
import pytest
import torch
from torch.nn import functional as F

pytestmark = pytest.mark.npu_perf(warmup=3, rounds=3, min_change_us=0.1)


def test_linear(npu_perf):
    x, weight, bias = (torch.ones(*size, device=npu_perf.device) for size in ((32, 64), (128, 64), (128,)))
    out = npu_perf(lambda: F.relu(F.linear(x, weight, bias)))
    assert out.shape == (32, 128)


def test_residual(npu_perf):
    x = torch.ones(32, 64, device=npu_perf.device)
    npu_perf(lambda: F.layer_norm(x + x, (64,)))
"""

#: The parts take just as long as the fused kernel: times alone show nothing.
MACHINE = Scenario(kernel_us={"MatMulV3": 40.0, "Relu": 5.0, "Add": 4.0, "LayerNormV3": 12.0})
FEW = ("--ascendperf-sessions=2", "--ascendperf-confirm-sessions=2")
GRAPH = replace(
    MACHINE,
    graph=True,
    merges=(Merge("AddLayerNorm", ("Add", "LayerNormV3")),),
    fusion_passes={"AddLayerNormFusionPass": 6, "MatMulBiasAddFusionPass": 2},
)


def record(machine: MachineFactory, folder: Path, scenario: Scenario) -> Path:
    suite = Suite(folder=folder).write(test_kernels=SUITE)
    ended = suite.run(machine(scenario), *FEW, "--ascendperf-update-baselines")
    assert ended.status == 0, ended.text
    return folder


@pytest.fixture(scope="module")
def eager(machine: MachineFactory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(machine, tmp_path_factory.mktemp("eager"), MACHINE)


@pytest.fixture(scope="module")
def graph(machine: MachineFactory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(machine, tmp_path_factory.mktemp("graph"), GRAPH)


def judged(recorded: Path, suite: Suite, machine: MachineFactory, scenario: Scenario, *options: str) -> Ended:
    shutil.copytree(recorded, suite.folder, dirs_exist_ok=True)
    return suite.run(machine(scenario), *FEW, *options)


def kinds(ended: Ended, test: str) -> list[str]:
    return [finding["kind"] for finding in ended.case(test)["findings"]]


def entry(recorded: Path, test: str) -> dict[str, object]:
    file = recorded / "baselines/ascend910b3-simulated/cann-9.1.0/test_kernels.json"
    found: dict[str, object] = json.loads(file.read_text("utf-8"))["tests"][test][""]
    return found


def test_a_linear_layer_that_comes_out_as_two_kernels_fails_at_the_same_speed(
    eager: Path, suite: Suite, machine: MachineFactory
) -> None:
    split = replace(
        MACHINE, unfused={"aclnnAddmm": ("MatMulV3", "Add")}, kernel_us={**MACHINE.kernel_us, "MatMulV3": 36.0}
    )
    ended = judged(eager, suite, machine, split)
    assert ended.status == 1
    assert ended.statuses() == {"test_linear": "regressed", "test_residual": "pass"}
    case = ended.case("test_linear")
    assert case["timed_status"] == "pass"
    assert kinds(ended, "test_linear") == ["fusion_lost"]
    assert "MatMulV3" in case["findings"][0]["summary"]
    assert kinds(ended, "test_residual") == []


def test_a_kernel_that_moved_to_the_ai_cpu_fails_and_is_to_blame(
    eager: Path, suite: Suite, machine: MachineFactory
) -> None:
    ended = judged(eager, suite, machine, replace(MACHINE, ai_cpu_types=("Relu",), ai_cpu_factor=4.0))
    assert ended.statuses() == {"test_linear": "regressed", "test_residual": "pass"}
    case = ended.case("test_linear")
    assert kinds(ended, "test_linear") == ["core_changed"]
    assert "AI_CPU" in case["findings"][0]["summary"]
    (blamed,) = case["attribution"]["changes"]
    assert (blamed["type"], blamed["base_us"], blamed["head_us"]) == ("Relu", 5.0, 20.0)


def test_a_slower_kernel_is_to_blame_and_no_finding(eager: Path, suite: Suite, machine: MachineFactory) -> None:
    ended = judged(eager, suite, machine, replace(MACHINE, kernel_factors={"LayerNormV3": 1.5}))
    assert ended.statuses() == {"test_linear": "pass", "test_residual": "regressed"}
    case = ended.case("test_residual")
    assert kinds(ended, "test_residual") == []
    (blamed,) = case["attribution"]["changes"]
    assert (blamed["type"], blamed["base_us"], blamed["head_us"]) == ("LayerNormV3", 12.0, 18.0)
    assert case["attribution"]["case_change_us"] == pytest.approx(6.0, rel=1e-3)


def test_noise_is_no_finding(eager: Path, suite: Suite, machine: MachineFactory) -> None:
    ended = judged(eager, suite, machine, replace(MACHINE, noise=0.05, seed=3))
    assert kinds(ended, "test_linear") == kinds(ended, "test_residual") == []


def test_a_graph_that_fuses_as_before_passes(graph: Path, suite: Suite, machine: MachineFactory) -> None:
    assert entry(graph, "test_residual")["fusion_passes"] == GRAPH.fusion_passes
    ended = judged(graph, suite, machine, GRAPH)
    assert ended.status == 0, ended.text
    assert ended.statuses() == {"test_linear": "pass", "test_residual": "pass"}
    assert not list(suite.folder.glob("kernel_meta*"))


def test_a_pass_that_is_gone_and_its_kernels_both_fail(graph: Path, suite: Suite, machine: MachineFactory) -> None:
    ended = judged(graph, suite, machine, replace(GRAPH, merges=(), fusion_passes={"MatMulBiasAddFusionPass": 2}))
    assert ended.status == 1
    assert ended.statuses()["test_residual"] == "regressed"
    assert set(kinds(ended, "test_residual")) == {"fusion_lost", "pass_dropped"}
    assert "AddLayerNormFusionPass 6 → absent" in ended.text


def test_a_profiler_that_writes_nothing_is_told_and_passes_nothing_for_checked(
    eager: Path, suite: Suite, machine: MachineFactory
) -> None:
    asking = SUITE.replace("min_change_us=0.1)", "min_change_us=0.1, fusion=['linear'])", 1)
    blind = replace(MACHINE, profiler_output=ProfilerOutput.MISSING)
    ended = judged(eager, suite, machine, blind)
    assert ended.statuses() == {"test_linear": "pass", "test_residual": "pass"}
    assert "Kernels were not recorded" in ended.text
    suite.write(test_kernels=asking)
    ended = suite.run(machine(blind), *FEW)
    assert ended.statuses() == {"test_linear": "regressed", "test_residual": "regressed"}
    assert "fusion matmul+bias could not be checked" in ended.text
