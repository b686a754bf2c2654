"""Which kernels ran: recorded with the baseline, compared without being told what to look for, asked for by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..suite import Suite, lines_with

SUITE = """
FORMS = {
    "fused": [("FlashAttentionScore", "MIX_AIC", 40.0)],
    "parts": [
        ("BatchMatMulV3", "AI_CORE", 14.0),
        ("SoftmaxV2", "AI_VECTOR_CORE", 12.0),
        ("BatchMatMulV3", "AI_CORE", 14.0),
    ],
    "slower_kernel": [("FlashAttentionScore", "MIX_AIC", 60.0)],
    "ai_cpu": [("FlashAttentionScore", "AI_CPU", 40.0)],
    "flipped": [("FlashAttentionScore", "AI_CORE", 40.0)],
    "more": [("FlashAttentionScore", "MIX_AIC", 38.0), ("Cast", "AI_VECTOR_CORE", 2.0)],
    "less": [],
}

@pytest.fixture
def attention(npu_perf_device):
    def call():
        for kernel, core, us in FORMS[os.environ.get("FORM", "fused")]:
            npu_perf_device.spend(us, kernel=kernel, core=core, inputs="1,8,64;1,8,64;1,8,64")
        npu_perf_device.spend(10.0, kernel="RmsNorm", core="AI_VECTOR_CORE", inputs="8,64;64")
        for _ in range(int(os.environ.get("WAITS", "0"))):
            npu_perf_device.wait()
    return call

def test_attention(npu_perf, attention):
    npu_perf(attention)
"""


@pytest.fixture
def recorded(suite: Suite) -> Suite:
    suite.write(test_suite=SUITE)
    suite.record()
    return suite


def entry(suite: Suite) -> dict[str, Any]:
    document = json.loads(suite.baseline_file().read_text("utf-8"))
    found: dict[str, Any] = document["tests"]["test_attention"][""]
    return found


def findings(suite: Suite, **variables: str) -> tuple[str, list[str], str]:
    """Status, kinds of findings, and the text of a run."""
    result, report = suite.report(**variables)
    (case,) = report["cases"]
    return case["status"], [finding["kind"] for finding in case["findings"]], result.stdout.str()


def test_a_baseline_keeps_the_kernels_of_one_call_with_their_time_in_each_session(recorded: Suite) -> None:
    kernels = entry(recorded)["kernels"]
    assert [(kind["type"], kind["core"], kind["count"], kind["durations_us"]) for kind in kernels["kernels"]] == [
        ("FlashAttentionScore", "MIX_AIC", 1, [40.0, 40.0]),
        ("RmsNorm", "AI_VECTOR_CORE", 1, [10.0, 10.0]),
    ]
    assert (kernels["sessions"], kernels["synchronizations"], kernels["varying"]) == (2, 0, [])


def test_unchanged_code_has_no_finding(recorded: Suite) -> None:
    assert findings(recorded)[:2] == ("pass", [])


def test_a_mixed_core_that_flips_is_no_finding(recorded: Suite) -> None:
    assert findings(recorded, FORM="flipped")[:2] == ("pass", [])


def test_a_lost_fusion_fails_at_the_same_speed(recorded: Suite) -> None:
    """Nobody named a pattern, and the time is the baseline's."""
    status, kinds, text = findings(recorded, FORM="parts")
    assert (status, kinds) == ("regressed", ["fusion_lost"])
    (line,) = lines_with_start(text, "REGRESSED test_suite.py::test_attention - ")
    assert "fusion lost: 1 FlashAttentionScore became 2 BatchMatMulV3, 1 SoftmaxV2 per call" in line


@pytest.mark.parametrize(
    ("form", "kind", "word"), [("ai_cpu", "core_changed", "AI_CPU"), ("more", "kernels_added", "Cast")]
)
def test_other_facts_that_fail_at_the_same_speed(recorded: Suite, form: str, kind: str, word: str) -> None:
    status, kinds, text = findings(recorded, FORM=form)
    assert (status, kinds) == ("regressed", [kind])
    (line,) = lines_with_start(text, "REGRESSED test_suite.py::test_attention - ")
    assert word in line


def lines_with_start(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def test_waiting_for_the_device_once_more_fails(recorded: Suite) -> None:
    assert findings(recorded, WAITS="1")[:2] == ("regressed", ["synchronization_added"])


def test_kernels_that_are_gone_do_not_fail_and_are_told(recorded: Suite) -> None:
    status, kinds, text = findings(recorded, FORM="less")
    assert status == "improved"
    assert kinds == ["kernels_removed"]
    assert "FlashAttentionScore" in text


def test_a_slowdown_names_the_kernel_to_blame(recorded: Suite) -> None:
    result, report = recorded.report(FORM="slower_kernel")
    (case,) = report["cases"]
    assert case["status"] == "regressed"
    assert case["findings"] == []
    (change,) = case["attribution"]["changes"]
    assert (change["type"], change["base_us"], change["head_us"]) == ("FlashAttentionScore", 40.0, 60.0)
    text = result.stdout.str()
    assert "latency 70.00 µs > 52.500 µs" in text
    line = next(line for line in text.splitlines() if "FlashAttentionScore" in line and "→" in line)
    assert "+20" in line


def test_accepting_what_changed_takes_a_case_that_only_ran_other_kernels(recorded: Suite) -> None:
    result = recorded.run("--ascendperf-update-baselines=changed", FORM="parts")
    assert result.ret == 0, result.stdout.str()
    assert findings(recorded, FORM="parts")[:2] == ("pass", [])


def test_without_kernels_nothing_is_recorded_and_nothing_compared(recorded: Suite) -> None:
    assert findings(recorded, FORM="parts", ASCENDPERF_KERNELS="never")[:2] == ("pass", [])
    recorded.record(ASCENDPERF_KERNELS="never")
    assert "kernels" not in entry(recorded)


def test_kernels_of_regressed_tests_only(recorded: Suite) -> None:
    """They are recorded with the baseline, not looked at in a test that passes, and name what a slowdown comes from."""
    recorded.record(ASCENDPERF_KERNELS="regressed")
    assert entry(recorded)["kernels"]["sessions"] == 2
    assert findings(recorded, FORM="parts", ASCENDPERF_KERNELS="regressed")[:2] == ("pass", [])
    _, report = recorded.report(FORM="slower_kernel", ASCENDPERF_KERNELS="regressed")
    assert report["cases"][0]["attribution"]["changes"][0]["type"] == "FlashAttentionScore"


def test_a_baseline_without_kernels_is_told_and_does_not_fail(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    suite.record(ASCENDPERF_KERNELS="never")
    status, kinds, text = findings(suite, FORM="parts")
    assert (status, kinds) == ("pass", [])
    assert "kernel" in text
    assert "record it again" in text


@pytest.mark.parametrize("options", [[], ["-n2"]])
def test_findings_cross_from_workers(recorded: Suite, options: list[str]) -> None:
    result = recorded.run_process(*options, "--ascendperf-json=report.json", FORM="parts")
    assert result.ret == 1
    report = json.loads((recorded.path / "report.json").read_text("utf-8"))
    assert [finding["kind"] for finding in report["cases"][0]["findings"]] == ["fusion_lost"]


ASKS = """
def linear(device, *, bias_is_fused):
    if bias_is_fused:
        device.spend(10.0, kernel="MatMulV3", inputs="32,64;64,128;128")
    else:
        device.spend(10.0, kernel="MatMulV3", inputs="32,64;64,128")
        device.spend(2.0, kernel="Add", core="AI_VECTOR_CORE", inputs="32,128;128")
    device.spend(1.0, kernel="Relu", core="AI_VECTOR_CORE", inputs="32,128")

@pytest.mark.npu_perf(fusion=["matmul+bias+act"])
@pytest.mark.parametrize("bias_is_fused", [True, False])
def test_marker(npu_perf, npu_perf_device, bias_is_fused):
    npu_perf(linear, npu_perf_device, bias_is_fused=bias_is_fused)

@pytest.mark.parametrize("bias_is_fused", [True, False])
def test_call(npu_perf, npu_perf_device, bias_is_fused):
    npu_perf.assert_fused("matmul+bias+act", linear, npu_perf_device, bias_is_fused=bias_is_fused)

@pytest.mark.parametrize("bias_is_fused", [True, False])
def test_not(npu_perf, npu_perf_device, bias_is_fused):
    npu_perf.assert_not_fused("matmul+bias+act", linear, npu_perf_device, bias_is_fused=bias_is_fused)

@pytest.mark.npu_perf(max_kernels=2)
@pytest.mark.parametrize("bias_is_fused", [True, False])
def test_count(npu_perf, npu_perf_device, bias_is_fused):
    npu_perf(linear, npu_perf_device, bias_is_fused=bias_is_fused)

def test_last(npu_perf, npu_perf_device):
    npu_perf(linear, npu_perf_device, bias_is_fused=True)
    npu_perf.assert_fused("matmul+bias+act")

def test_profile(npu_perf, npu_perf_device):
    trace = npu_perf.profile(linear, npu_perf_device, bias_is_fused=False)
    assert [record.type for record in trace] == ["MatMulV3", "Add", "Relu"]
    assert [event.duration for event in trace.timeline_events] == [0.01, 0.002, 0.001]
    assert [stat.name for stat in trace.slowest(1)] == ["MatMulV3"]
"""


def test_what_a_test_asks_for_fails_without_any_baseline(suite: Suite) -> None:
    suite.write(test_suite=ASKS)
    result = suite.run("-rA")
    summary = [line.split() for line in result.outlines if line.startswith(("PASSED", "FAILED", "REGRESSED"))]
    outcomes = {words[1].split("::")[1]: words[0] for words in summary if "::" in words[1]}
    expected = {
        "test_marker[True]": "PASSED",
        "test_marker[False]": "REGRESSED",
        "test_call[True]": "PASSED",
        "test_call[False]": "FAILED",
        "test_not[True]": "FAILED",
        "test_not[False]": "PASSED",
        "test_count[True]": "PASSED",
        "test_count[False]": "REGRESSED",
        "test_last": "PASSED",
        "test_profile": "PASSED",
    }
    assert {name: outcomes.get(name) for name in expected} == expected
    assert lines_with(result, "REGRESSED test_suite.py::test_marker[False] - ")[0].count("matmul+bias+act")


@pytest.mark.parametrize("mode", ["", "=new", "=changed"])
def test_nothing_is_recorded_of_a_test_whose_demand_does_not_hold(suite: Suite, mode: str) -> None:
    suite.write(test_suite=ASKS)
    result = suite.run("-k", "test_marker", f"--ascendperf-update-baselines{mode}")
    assert result.ret == 1
    result.assert_outcomes(passed=1, failed=1, deselected=8)
    assert "fusion matmul+bias+act did not take effect" in result.stdout.str()
    assert suite.medians_us().keys() == {"test_marker[True]"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('npu_perf.assert_fused("matmull+bias", spend)', "matmul+bias"),
        ('npu_perf.assert_fused("matmul+bias")', "no measured call"),
        ("npu_perf.profile(spend)", "the scripted device records no kernels"),
        ('npu_perf.assert_fused("matmul+bias", spend)', "could not be checked: this device records no kernels"),
        ('npu_perf.case("x", fusion=["nothing like it"])(spend)', "nothing like it"),
        ('npu_perf.case("x", max_kernels=0)(spend)', "expected a whole number from 1"),
    ],
)
def test_checks_that_cannot_be_made_fail_in_words(suite: Suite, body: str, words: str) -> None:
    suite.write(test_suite=f"def test_x(npu_perf, spend):\n    {body}\n")
    result = suite.run()
    result.assert_outcomes(failed=1)
    assert words in result.stdout.str()
    assert "INTERNALERROR" not in result.stdout.str()


def test_an_unknown_pattern_of_a_marker_fails_the_test_before_it_runs(suite: Suite) -> None:
    suite.write(
        test_suite='@pytest.mark.npu_perf(fusion=["convv+bn"])\ndef test_x(npu_perf, spend):\n    npu_perf(spend)\n'
    )
    result = suite.run()
    result.assert_outcomes(errors=1)
    assert "convv+bn" in result.stdout.str()
    assert "conv+bn" in result.stdout.str()


def test_patterns_of_a_hook_are_known_by_name(suite: Suite) -> None:
    suite.write(test_suite=ASKS.replace("matmul+bias+act", "mine"))
    suite.extend_conftest(
        """
        from pytest_ascendperf.model.pattern import Expectation, Form, FusionPattern, PartKind

        def pytest_ascendperf_fusion_patterns():
            product = PartKind(name="MatMul", types=("MatMulV3",), min_inputs=3)
            bare = PartKind(name="MatMul", types=("MatMulV3",), max_inputs=2)
            add = PartKind(name="Add", types=("Add",))
            return [
                FusionPattern(
                    name="mine",
                    title="Mine",
                    expectation=Expectation.FUSES,
                    fused=(Form(mode="eager", parts=(product,)),),
                    unfused=(Form(mode="eager", parts=(bare, add)),),
                    advice="Use one call.",
                    source="This suite.",
                )
            ]
        """
    )
    result = suite.run("-k", "test_call")
    result.assert_outcomes(passed=1, failed=1)
    assert lines_with(result, "FAILED test_suite.py::test_call[False]")
