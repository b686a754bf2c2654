"""For each pattern, a machine on which its fusion takes effect and one on which it is lost; and noise, which is none.

The fused machine runs a simulated graph compiler, the other one has none: the same calls of the real torch_npu come
out as kernels of their own. ``matmul+bias``, which torch_npu itself asks for in one kernel, is lost where the operator
comes out as two.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from npu_sim.machines import Machine, MachineFactory
from pytest_ascendperf.fusion.catalogue import Catalogue, catalogue
from pytest_ascendperf.fusion.explicit import check_fused
from pytest_ascendperf.fusion.losses import lost_fusions
from pytest_ascendperf.fusion.matcher import mode_of
from pytest_ascendperf.judge.kernel_changes import KnownLoss, kernel_findings
from pytest_ascendperf.judge.kernel_tables import table_of_calls
from pytest_ascendperf.model.finding import FindingKind
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.profiles import open_profile
from simulated_cann.scenario import Merge, Scenario

#: Records each call, by the name of its pattern, in a folder of that name below the first argument; the second says how
#: many times it is called in one profile.
PROGRAM = """
import shutil, sys
from pathlib import Path
from pytest_ascendperf.devices.npu import NpuDevice
from torch.nn import functional as F

folder, times = Path(sys.argv[1]), int(sys.argv[2])
device = NpuDevice()
torch = device.torch
torch.manual_seed(0)
x, weight, bias = torch.randn(32, 64).npu(), torch.randn(128, 64).npu(), torch.randn(128).npu()
image, heads = torch.randn(1, 3, 16, 16).npu(), torch.randn(1, 4, 16, 8).npu()
conv = torch.nn.Conv2d(3, 8, 3).npu().eval()
norm = torch.nn.BatchNorm2d(8).npu().eval()
scale = torch.ones(64).npu()


def rotary():
    return x * x + torch.cat((-x[:, 32:], x[:, :32]), dim=-1) * x


calls = {
    "conv+bn": lambda: norm(conv(image)),
    "conv+bn+act": lambda: F.relu(norm(conv(image))),
    "conv+act": lambda: F.relu(conv(image)),
    "matmul+bias": lambda: F.linear(x, weight, bias),
    "matmul+bias+act": lambda: F.relu(F.linear(x, weight, bias)),
    "matmul+softmax": lambda: torch.softmax(heads @ heads.transpose(-1, -2), -1) @ heads,
    "add+rmsnorm": lambda: torch.ops.npu.npu_rms_norm(x + x, scale),
    "add+layernorm": lambda: F.layer_norm(x + x, (64,)),
    "swiglu": lambda: F.silu(x) * x,
    "rotary": rotary,
    "matmul+allreduce": lambda: torch.mm(x, weight.t()),
}


def run(call):
    for _ in range(times):
        call()


with torch.no_grad():
    for name, call in calls.items():
        call()
        (folder / name).mkdir(parents=True)
        recorded = device.record_profile(folder / name, lambda: run(call))
"""

PATTERNS = (
    "conv+bn",
    "conv+bn+act",
    "conv+act",
    "matmul+bias",
    "matmul+bias+act",
    "matmul+softmax",
    "add+rmsnorm",
    "add+layernorm",
    "swiglu",
    "rotary",
    "matmul+allreduce",
)

#: A product of two shards is followed by a sum over all devices, on both machines.
SHARDED = {"aclnnMm": ("MatMulV3", "hcom_allReduce_")}

FUSED = Scenario(
    graph=True,
    unfused=SHARDED,
    merges=(
        Merge("Conv2D", ("Conv2D", "BNInfer")),
        Merge("Conv2D", ("Conv2D", "BNInfer", "Relu")),
        Merge("Conv2D", ("Conv2D", "Relu")),
        Merge("MatMulV3", ("MatMulV3", "Relu")),
        Merge("FlashAttentionScore", ("BatchMatMulV3", "SoftmaxV2", "BatchMatMulV3")),
        Merge("AddRmsNorm", ("Add", "RmsNorm")),
        Merge("AddLayerNorm", ("Add", "LayerNormV3")),
        Merge("AutomaticBufferFusionOp", ("Swish", "Mul")),
        Merge("RotaryMul", ("Mul", "Neg", "ConcatD", "Mul", "Add")),
        Merge("MatmulAllReduce", ("MatMulV3", "hcom_allReduce_")),
    ),
)
LOST = replace(FUSED, merges=(), unfused={**SHARDED, "aclnnAddmm": ("MatMulV3", "Add")})
NOISE = 0.2


@pytest.fixture(scope="module")
def patterns() -> Catalogue:
    return catalogue()


def recorded(machine: Machine, folder: Path, *, times: int = 1) -> dict[str, KernelTrace]:
    """The kernels of every call, by the name of its pattern."""
    done = machine.run(PROGRAM, str(folder), str(times))
    assert done.status == 0, done.errors
    found = {name: sorted((folder / name).glob("*_ascend_pt/PROF_*")) for name in PATTERNS}
    return {name: open_profile(profile) for name, (profile,) in found.items()}


@pytest.fixture(scope="module")
def fused(machine: MachineFactory, tmp_path_factory: pytest.TempPathFactory) -> dict[str, KernelTrace]:
    return recorded(machine(FUSED), tmp_path_factory.mktemp("fused"))


@pytest.fixture(scope="module")
def lost(machine: MachineFactory, tmp_path_factory: pytest.TempPathFactory) -> dict[str, KernelTrace]:
    return recorded(machine(LOST), tmp_path_factory.mktemp("lost"))


def table(trace: KernelTrace) -> KernelTable:
    return table_of_calls(trace, 1, source="test", synchronizations=0)


def kinds_of_findings(base: KernelTable, head: KernelTable, patterns: Catalogue) -> list[tuple[FindingKind, bool]]:
    losses = [
        KnownLoss(name=lost.pattern.name, times=lost.count, gone=dict(lost.gone), came=dict(lost.came), advice="")
        for lost in lost_fusions(base, head, patterns, "graph")
    ]
    return [(finding.kind, finding.fails) for finding in kernel_findings(base, head, losses)]


@pytest.mark.parametrize("name", PATTERNS)
def test_the_fused_form_is_known_and_holds(
    name: str, fused: dict[str, KernelTrace], lost: dict[str, KernelTrace], patterns: Catalogue
) -> None:
    assert mode_of(fused[name]) == "graph"
    assert check_fused(patterns.get(name), fused[name], "graph") is None
    assert len(fused[name]) < len(lost[name])


@pytest.mark.parametrize("name", PATTERNS)
def test_its_loss_is_found_by_who_asks_for_it(name: str, lost: dict[str, KernelTrace], patterns: Catalogue) -> None:
    finding = check_fused(patterns.get(name), lost[name], "graph")
    assert finding is not None
    assert finding.fails
    assert finding.summary.startswith(f"fusion {name} did not take effect")
    for record in lost[name]:
        assert (record.type or "") in "\n".join(finding.details)


@pytest.mark.parametrize("name", PATTERNS)
def test_its_loss_is_found_without_anybody_asking(
    name: str, fused: dict[str, KernelTrace], lost: dict[str, KernelTrace], patterns: Catalogue
) -> None:
    """A kernel that took others in and kept its type has only added ones beside it: that is a finding of its own."""
    found = kinds_of_findings(table(fused[name]), table(lost[name]), patterns)
    assert found
    assert all(kind in (FindingKind.FUSION_LOST, FindingKind.KERNELS_ADDED) and fails for kind, fails in found)


def test_a_fusion_that_is_won_fails_nobody(
    fused: dict[str, KernelTrace], lost: dict[str, KernelTrace], patterns: Catalogue
) -> None:
    for name in PATTERNS:
        found = kinds_of_findings(table(lost[name]), table(fused[name]), patterns)
        assert found
        assert not any(fails for _, fails in found), name


def test_two_hundred_noisy_repeats_of_unchanged_code_are_no_finding(
    machine: MachineFactory, tmp_path: Path, fused: dict[str, KernelTrace], patterns: Catalogue
) -> None:
    """Each call's own table against the one before it, and against that of another process without noise."""
    noisy = recorded(machine(replace(FUSED, noise=NOISE, drift=NOISE, seed=7)), tmp_path, times=200)
    for name in PATTERNS:
        repeats = [table(call) for call in noisy[name].calls(200)]
        assert len({repeat.total_us for repeat in repeats}) > 100, "there is noise"
        for base, head in pairwise([table(fused[name]), *repeats]):
            assert kinds_of_findings(base, head, patterns) == [], name
