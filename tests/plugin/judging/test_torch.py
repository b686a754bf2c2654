"""A real model on the real CPU device: what is recorded and how it is judged. Times are only required to exist."""

from __future__ import annotations

import json

from ..suite import Suite, lines_with

MODEL = """
import torch
from pathlib import Path
from pytest_ascendperf.devices.host_watch import HostWatch

@pytest.fixture(autouse=True)
def silent_host(npu_perf_device, monkeypatch):
    # As in some containers: whatever else the machine does, the system does not tell.
    monkeypatch.setattr(npu_perf_device, "watch", lambda: HostWatch(proc=Path("nowhere"), cgroups=Path("nowhere")))

@pytest.fixture(scope="module")
def layer(npu_perf_device):
    torch.manual_seed(0)
    return torch.nn.Linear(64, 64).to(npu_perf_device.torch_name)

def test_linear(npu_perf, layer):
    x = torch.ones(8, 64, device=npu_perf.device)
    out = npu_perf(layer, x)
    assert out.shape == (8, 64)
    npu_perf.case("matmul")(torch.mm, x, layer.weight)
"""


def test_a_model_is_recorded_found_again_and_kept_apart_by_thread_count(suite: Suite) -> None:
    suite.write(test_suite=MODEL)
    # So few rounds have no quartiles and no trend, and no core's speed is looked at.
    sampling = ["--ascendperf-rounds=6", "--ascendperf-warmup=0", "--ascendperf-max-wait-s=0"]
    options = ["--ascendperf-device=cpu", *sampling, "--ascendperf-fail-on=not_comparable"]
    one_thread = [*options, "--ascendperf-threads=1", "--ascendperf-tolerance=10"]
    result = suite.run_process(*one_thread, "--ascendperf-update-baselines")
    assert result.ret == 0, result.stdout.str()
    (file,) = (suite.path / "baselines").rglob("test_suite.json")
    chip, stack = file.parts[-3:-1]
    assert chip.startswith("cpu-")
    assert stack.startswith("torch-")
    document = json.loads(file.read_text("utf-8"))
    assert set(document["tests"]["test_linear"]) == {"", "matmul"}
    for entry in document["tests"]["test_linear"].values():
        assert len(entry["sessions"]) == 2
        assert all(session["quantiles_us"]["p50"] > 0 for session in entry["sessions"])
    (environment,) = document["environments"].values()
    assert environment["hard"]["threads"] == "1"

    result = suite.run_process(*one_thread, "--ascendperf-json=report.json")
    result.assert_outcomes(passed=1)
    assert lines_with(result, f"ascendperf: {environment['chip']}, torch ")
    for case in json.loads((suite.path / "report.json").read_text("utf-8"))["cases"]:
        assert case["now_us"] > 0
        assert case["status"] == "invalid" or case["screen"]["base_sessions"] == 2
        assert case["baseline_path"] == str(file.relative_to(suite.path))

    result = suite.run_process(*options, "--ascendperf-threads=2", "--ascendperf-json=report.json")
    for case in json.loads((suite.path / "report.json").read_text("utf-8"))["cases"]:
        assert {"key": "threads", "baseline": "1", "now": "2"} in case["hard_differences"]
        assert case["status"] in ("not_comparable", "invalid")
