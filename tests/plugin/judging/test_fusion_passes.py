"""What the graph compiler fused: read from the files that it writes when a process ends, and compared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..suite import Suite

#: As CANN's graph compiler does: at the end of a process that compiled a graph, below ASCEND_WORK_PATH or, without it,
#: in the working directory.
COMPILER = """
import atexit, json
from pathlib import Path

def compile_graph(passes):
    counters = {name: {"match_times": "9", "effect_times": str(effect)} for name, effect in passes.items()}
    result = {"session_and_graph_id_0_0": {"graph_fusion": counters, "ub_fusion": {}}}
    work_path = os.environ.get("ASCEND_WORK_PATH")
    folder = Path(work_path, "FE", str(os.getpid())) if work_path else Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    atexit.register((folder / "fusion_result.json").write_text, os.environ.get("RESULT", json.dumps(result)))
"""

SUITE = """
import json
from conftest import compile_graph

@pytest.fixture(scope="module", autouse=True)
def graph():
    if is_fresh():  # the process of the tests outlives these runs
        compile_graph(json.loads(os.environ["PASSES"]))

def is_fresh():
    return os.environ["SUITE_PID"] != str(os.getpid())

def test_conv(npu_perf, npu_perf_device):
    npu_perf(npu_perf_device.spend, 20.0, kernel="Conv2D", graph=True)

def test_eager(npu_perf, npu_perf_device):
    npu_perf(npu_perf_device.spend, 20.0, kernel="Conv2D")
"""

FUSED = json.dumps({"ConvBatchnormFusionPass": 3, "TbeConvCommonRules0FusionPass": 2})
DROPPED = json.dumps({"ConvBatchnormFusionPass": 2, "NewPass": 1})


@pytest.fixture
def recorded(suite: Suite) -> Suite:
    suite.extend_conftest(COMPILER)
    suite.write(test_suite=SUITE)
    suite.record(PASSES=FUSED)
    return suite


def entries(suite: Suite) -> dict[str, Any]:
    tests = json.loads(suite.baseline_file().read_text("utf-8"))["tests"]
    return {test: cases[""] for test, cases in tests.items()}


def test_the_baseline_keeps_what_was_fused_in_a_process_of_the_tests_own(recorded: Suite) -> None:
    found = entries(recorded)
    assert found["test_conv"]["fusion_passes"] == json.loads(FUSED)
    assert "fusion_passes" not in found["test_eager"]
    assert not list(recorded.path.rglob("fusion_result.json"))


def test_the_same_passes_are_no_finding(recorded: Suite) -> None:
    assert recorded.statuses(PASSES=FUSED) == {"test_conv": "pass", "test_eager": "pass"}


def test_a_pass_that_takes_effect_less_often_fails(recorded: Suite) -> None:
    result, report = recorded.report(PASSES=DROPPED)
    cases = {case["test"]: case for case in report["cases"]}
    assert cases["test_eager"]["status"] == "pass"
    assert cases["test_conv"]["status"] == "regressed"
    assert {finding["kind"] for finding in cases["test_conv"]["findings"]} == {"pass_dropped"}
    text = result.stdout.str()
    assert "ConvBatchnormFusionPass" in text
    assert "TbeConvCommonRules0FusionPass" in text
    assert "Absence means that the pass never matched or was switched off." in text


def test_a_file_that_cannot_be_read_is_told_and_does_not_pass_for_evidence(recorded: Suite) -> None:
    result, report = recorded.report(PASSES=FUSED, RESULT="{")
    (case,) = [case for case in report["cases"] if case["test"] == "test_conv"]
    assert case["measurement"]["fusion_passes"] is None
    assert any("What the graph compiler fused is not known" in note for note in case["notes"]), result.stdout.str()
