"""Real operators of torch on a CPU, recorded by torch.profiler in another process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ascendperf.fusion.catalogue import Catalogue
from pytest_ascendperf.fusion.explicit import check_fused, check_not_fused
from pytest_ascendperf.fusion.matcher import match, mode_of
from pytest_ascendperf.profiles import open_profile

PROGRAM = """
import sys
import torch
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile

torch.manual_seed(0)
x, weight, bias = torch.randn(8, 16), torch.randn(32, 16), torch.randn(32)
query, image = torch.randn(1, 2, 8, 16), torch.randn(1, 3, 16, 16)
conv, norm = torch.nn.Conv2d(3, 8, 3).eval(), torch.nn.BatchNorm2d(8).eval()
folded = torch.nn.utils.fusion.fuse_conv_bn_eval(conv, norm)

def rotate(tensor):
    left, right = tensor.chunk(2, -1)
    return tensor * x + torch.cat((-right, left), -1) * x

def attention_in_parts():
    with sdpa_kernel(SDPBackend.MATH):
        F.scaled_dot_product_attention(query, query, query)

calls = {
    "linear": lambda: F.relu(F.linear(x, weight, bias)),
    "linear_3d": lambda: F.gelu(F.linear(x[None], weight, bias)),
    "by_hand": lambda: F.relu(torch.matmul(x, weight.t()) + bias),
    "by_hand_3d": lambda: F.relu(torch.matmul(x[None], weight.t()) + bias),
    "residual": lambda: torch.matmul(x, x.t()) + torch.ones(8, 8),
    "attention": lambda: F.scaled_dot_product_attention(query, query, query),
    "attention_in_parts": attention_in_parts,
    "softmax": lambda: torch.softmax(query @ query.transpose(-1, -2) * 0.25, -1) @ query,
    "conv": lambda: F.relu(norm(conv(image))),
    "conv_folded": lambda: F.relu(folded(image)),
    "dropout": lambda: F.dropout(conv(image)),
    "layer_norm": lambda: F.layer_norm(x + x, (16,)),
    "rms_norm": lambda: F.rms_norm(x + x, (16,)),
    "silu": lambda: F.silu(F.linear(x, weight)) * F.linear(x, weight),
    "rotary": lambda: rotate(x),
    "reshape": lambda: torch.matmul(x, weight.t()).t().reshape(16, 16),
}
for name, call in calls.items():
    with torch.no_grad():
        call()
        with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as recorded:
            call()
    recorded.export_chrome_trace(f"{sys.argv[1]}/{name}.json")
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    environment = {**os.environ, "TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}
    subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], check=True, env=environment, capture_output=True)
    return folder


CASES: tuple[tuple[str, str, tuple[int, int]], ...] = (
    ("linear", "matmul+bias", (1, 0)),
    ("linear", "matmul+bias+act", (1, 0)),
    ("linear_3d", "linear+gelu", (1, 0)),
    ("by_hand", "matmul+bias", (0, 1)),
    ("by_hand", "matmul+bias+act", (0, 1)),
    ("by_hand_3d", "matmul+bias+act", (0, 1)),
    ("residual", "matmul+bias", (0, 0)),
    ("attention", "attention", (1, 0)),
    ("attention_in_parts", "attention", (0, 1)),
    ("softmax", "attention", (0, 1)),
    ("conv", "conv+bn", (0, 1)),
    ("conv", "conv+bn+act", (0, 1)),
    ("conv_folded", "conv+bn", (1, 0)),
    ("conv_folded", "conv+bn+act", (1, 0)),
    ("dropout", "conv+dropout", (0, 1)),
    ("layer_norm", "add+layernorm", (0, 1)),
    ("rms_norm", "add+rmsnorm", (0, 1)),
    ("silu", "swiglu", (0, 1)),
    ("rotary", "rotary", (0, 1)),
    ("reshape", "matmul+reshape", (0, 1)),
    ("linear", "matmul+reshape", (0, 0)),
)


@pytest.mark.parametrize(("case", "pattern", "expected"), CASES)
def test_operators_that_compute(
    case: str, pattern: str, expected: tuple[int, int], recorded: Path, patterns: Catalogue
) -> None:
    trace = open_profile(recorded / f"{case}.json").computing()
    assert mode_of(trace) == "cpu"
    found = match(patterns.get(pattern), trace, "cpu", named=True)
    assert (found.fused, found.unfused) == expected


@pytest.mark.parametrize(("case", "pattern", "expected"), [case for case in CASES if not case[0].startswith("conv")])
def test_all_operators_give_the_same(
    case: str, pattern: str, expected: tuple[int, int], recorded: Path, patterns: Catalogue
) -> None:
    """Convolutions nest two operators that both count as one, so their traces must be reduced first."""
    found = match(patterns.get(pattern), open_profile(recorded / f"{case}.json"), "cpu", named=True)
    assert (found.fused, found.unfused) == expected


def test_linear_passes_where_the_same_by_hand_fails(recorded: Path, patterns: Catalogue) -> None:
    pattern = patterns.get("linear+relu")
    linear, by_hand = (open_profile(recorded / f"{case}.json").computing() for case in ("linear", "by_hand"))
    assert check_fused(pattern, linear, "cpu") is None
    assert check_not_fused(pattern, by_hand, "cpu") is None
    finding = check_fused(pattern, by_hand, "cpu")
    assert finding is not None
    assert finding.summary == (
        "fusion matmul+bias+act did not take effect: aten::mm → aten::add → aten::clamp_min ran as 3 operators"
    )
    assert any(line.endswith("← aten::add stands between") for line in finding.details)
    forbidden = check_not_fused(pattern, linear, "cpu")
    assert forbidden is not None
    assert forbidden.summary == "fusion matmul+bias+act took effect: aten::addmm → aten::clamp_min ran as 2 operators"
