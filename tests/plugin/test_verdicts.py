"""Every status, from the measurement to the terminal, the exit status, the JUnit file and the JSON report."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from pytest_ascendperf.devices.scripted import ScriptedDevice
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.store.baseline_store import BaselineStore

from .suite import Suite, lines_with

EIGHT = """
def measured(name):
    @pytest.mark.npu_perf
    def test(spend):
        spend(name.upper())
    return test

test_pass, test_regressed, test_improved, test_inconclusive = map(measured, ("ok", "slow", "fast", "unsure"))
test_no_baseline = measured("new")

@pytest.mark.npu_perf
def test_invalid(spend):
    spend("STILL")
"""
LATER = {"SLOW": "30", "FAST": "5", "UNSURE": "30", "FRESH_UNSURE": "nan", "STILL": "0"}


def junit_properties(path: Path) -> dict[str, dict[str, str]]:
    """The properties by test name."""
    return {
        case.attrib["name"]: {each.attrib["name"]: each.attrib["value"] for each in case.iter("property")}
        for case in ET.parse(path).getroot().iter("testcase")
    }


def test_statuses_reach_every_report(suite: Suite) -> None:
    suite.write(test_suite=EIGHT)
    suite.record("--deselect", "test_suite.py::test_no_baseline")
    result, report = suite.report("--junitxml=junit.xml", "-v", **LATER)
    expected = {
        "test_pass": "pass",
        "test_regressed": "regressed",
        "test_improved": "improved",
        "test_inconclusive": "inconclusive",
        "test_no_baseline": "no_baseline",
        "test_invalid": "invalid",
    }
    assert {case["test"]: case["status"] for case in report["cases"]} == expected
    assert {case["test"]: case["fails"] for case in report["cases"]} == {
        test: status == "regressed" for test, status in expected.items()
    }
    schema = json.loads(
        files("pytest_ascendperf.report").joinpath("json-report.schema.json").read_text(encoding="utf-8")
    )
    jsonschema.validate(report, schema)
    properties = junit_properties(suite.path / "junit.xml")
    assert {test: found["ascendperf.status"] for test, found in properties.items()} == expected
    assert properties["test_regressed"]["ascendperf.median_us"] == "30.0"
    assert properties["test_regressed"]["ascendperf.confirmed_us"] == "30.0"
    assert properties["test_regressed"]["ascendperf.baseline_us"] == "10.0"
    assert float(properties["test_regressed"]["ascendperf.change"]) == pytest.approx(2.0)
    assert "ascendperf.median_us" not in properties["test_invalid"]
    for test, status in expected.items():
        word = status.upper().replace("_", " ")
        (row,) = [line for line in result.outlines if line.startswith(f"{word}  ")]
        assert row.endswith(f"test_suite.py::{test}")
    assert lines_with(result, "6 measured: 1 pass, 1 regressed, 1 inv")
    assert lines_with(result, "ascendperf: scripted, scripted clock 1")
    result.assert_outcomes(passed=5, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert lines_with(result, "test_suite.py::test_regressed REGRESSED")
    (line,) = [line for line in result.outlines if line.startswith("REGRESSED test_suite.py::test_regressed - ")]
    assert "latency 30.00 µs > 10.500 µs (baseline 10.00 µs + 5 %): 3.00 × the baseline, confirmed in 2 fresh" in line


def test_a_failure_tells_number_limit_place_spread_and_the_command(suite: Suite) -> None:
    suite.write(test_suite=EIGHT)
    suite.record("-k", "regressed")
    result = suite.run("-k", "regressed", SLOW="30")
    text = result.stdout.str()
    assert "latency 30.00 µs > 10.500 µs (baseline 10.00 µs + 5 %)" in text
    assert "from 2 sessions in baselines/scripted/scripted-1/test_suite.json" in text
    assert "sessions differ by 0.00 %" in text
    assert "accept it: pytest test_suite.py::test_regressed --ascendperf-update-baselines" in text
    assert "Error" not in text  # no traceback of the plugin
    accepted = suite.run("test_suite.py::test_regressed", "--ascendperf-update-baselines", SLOW="30")
    assert accepted.ret == 0
    assert suite.medians_us() == {"test_regressed": [30.0, 30.0]}


def test_options_that_matter_are_part_of_the_command(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASCENDPERF_DEVICE")
    suite.write(test_suite=EIGHT)
    options = ["--ascendperf-device=scripted", f"--ascendperf-baselines={suite.path / 'other place'}", "-kregressed"]
    suite.record(*options)
    # Where CI is set, pytest repeats the whole text in its summary.
    line, *_ = lines_with(suite.run(*options, SLOW="30"), "accept it: ")
    assert "--ascendperf-device=scripted" in line
    assert f"'--ascendperf-baselines={suite.path / 'other place'}'" in line


def test_a_flagged_test_that_fresh_processes_do_not_confirm_passes(suite: Suite) -> None:
    """Only their data decide: the slow session of the run itself is not among them."""
    suite.write(test_suite=EIGHT)
    suite.record("-k", "pass")
    result, report = suite.report("-k", "pass", OK="500", FRESH_OK="10")
    result.assert_outcomes(passed=1, deselected=5)
    (case,) = report["cases"]
    assert case["status"] == "pass"
    assert case["screen"]["head_us"] == case["now_us"] == 500.0
    assert case["confirm"]["head_us"] == 10.0
    assert case["confirm"]["head_sessions"] == 2


def test_a_test_slow_only_in_fresh_processes_is_not_even_flagged(suite: Suite) -> None:
    suite.write(test_suite=EIGHT)
    suite.record("-k", "pass")
    _, report = suite.report("-k", "pass", FRESH_OK="500")
    assert [(case["status"], case["confirm"]) for case in report["cases"]] == [("pass", None)]


def test_one_session_is_provisional_until_a_change_is_large_and_confirmed(suite: Suite) -> None:
    suite.write(test_suite=EIGHT)
    suite.record("-k", "pass", "--ascendperf-sessions=1")
    assert suite.statuses("-k", "pass") == {"test_pass": "provisional"}
    assert suite.statuses("-k", "pass", OK="11") == {"test_pass": "provisional"}
    assert suite.statuses("-k", "pass", OK="90") == {"test_pass": "regressed"}


def move_to_stack(suite: Suite, stack_id: str) -> None:
    """Let all baselines be those of another software stack."""
    root = suite.path / "baselines"
    store = BaselineStore(root)
    case = CaseId.from_nodeid("test_suite.py::test_pass")
    environment = ScriptedDevice().environment()
    baseline = store.find(case, environment)
    assert baseline is not None
    suite.baseline_file().unlink()
    store.update([replace(baseline, environment=replace(environment, stack_id=stack_id))])


def test_another_stack_is_not_comparable(suite: Suite) -> None:
    """The baseline of this test on another software stack is named, not used."""
    suite.write(test_suite=EIGHT)
    suite.record("-k", "pass")
    move_to_stack(suite, "scripted-0")
    result, report = suite.report("-k", "pass", OK="30")
    result.assert_outcomes(passed=1, deselected=5)
    (case,) = report["cases"]
    assert case["status"] == "not_comparable"
    assert case["hard_differences"] == [{"key": "stack", "baseline": "scripted-0", "now": "scripted-1"}]
    assert lines_with(result, "stack scripted-0 → scripted-1")


def test_strict_fails_all_but_pass_and_improved(suite: Suite) -> None:
    suite.write(test_suite=EIGHT)
    suite.record("--deselect", "test_suite.py::test_no_baseline")
    result = suite.run("--ascendperf-strict", **LATER)
    result.assert_outcomes(passed=2, failed=4)
    failed = {line.split()[1].rpartition("::")[2] for line in result.outlines if " - Failed: " in line}
    assert failed == {"test_regressed", "test_inconclusive", "test_no_baseline", "test_invalid"}


def test_where_undecided_tests_fail_fresh_processes_decide_them(suite: Suite) -> None:
    suite.write(
        test_suite="""
        @pytest.mark.npu_perf(tolerance=0.15)
        def test_open(spend):
            spend()
        """
    )
    suite.record(US="10", FRESH_US="10.6")
    result, report = suite.report(US="10.3")
    (case,) = report["cases"]
    assert (case["status"], case["confirm"]) == ("inconclusive", None)
    (line,) = lines_with(result, "Let fresh processes decide: ")
    assert "pytest test_suite.py::test_open --ascendperf-strict; or record more sessions" in line
    for option in ("--ascendperf-strict", "--ascendperf-fail-on=inconclusive"):
        result, report = suite.report(option, US="10.3")
        result.assert_outcomes(passed=1)
        (case,) = report["cases"]
        assert (case["status"], case["confirm"]["head_sessions"]) == ("pass", 2)
        assert case["reason"].startswith(
            "Measured again in 2 fresh processes, as one session left it open: 10.30 µs is "
        )
    _, report = suite.report("--ascendperf-strict", US="10.3", FRESH_US="20")
    assert report["cases"][0]["status"] == "regressed"


def test_fail_on_chooses_the_statuses(suite: Suite) -> None:
    suite.write(test_suite=EIGHT)
    suite.record("--deselect", "test_suite.py::test_no_baseline")
    result = suite.run("--ascendperf-fail-on=Improved, no-baseline", **LATER)
    result.assert_outcomes(passed=4, failed=2)
    assert lines_with(result, "FAILED test_suite.py::test_improved - Failed: latency improved: ")
    assert lines_with(result, "FAILED test_suite.py::test_no_baseline - Failed: latency no baseline: ")


def test_an_improvement_that_fails_is_confirmed_in_fresh_processes(suite: Suite) -> None:
    suite.write(test_suite=EIGHT)
    suite.record("-k", "improved")
    option = "--ascendperf-fail-on=regressed,improved"
    result, report = suite.report(option, "-k", "improved", FAST="5")
    result.assert_outcomes(failed=1)
    (case,) = report["cases"]
    assert (case["status"], case["fails"], case["confirm"]["head_sessions"]) == ("improved", True, 2)
    assert " below the baseline's 10.00 µs, confirmed in 2 fresh processes: " in case["reason"]
    assert lines_with(result, "  90 % interval ")
    assert not lines_with(result, "if the code were just 5 % slower")
    result, report = suite.report(option, "-k", "improved", FAST="5", FRESH_FAST="10")
    result.assert_outcomes(passed=1)
    (case,) = report["cases"]
    assert (case["status"], case["confirm"]["head_sessions"]) == ("pass", 2)
    assert case["reason"].startswith("The first session's 5.000 µs was not confirmed in 2 fresh processes: ")


def test_exit_statuses(suite: Suite) -> None:
    suite.write(test_suite=EIGHT, test_plain="def test_plain(): pass", test_fails="def test_fails(): assert 0")
    nothing = "--ascendperf-strict: nothing was measured, exit status 6"
    result = suite.run("test_plain.py", "--ascendperf-strict")
    assert result.ret == 6
    assert lines_with(result, nothing)
    assert suite.run("test_suite.py", "-k", "nothing_of_that_name", "--ascendperf-strict").ret == 6
    assert suite.run("test_plain.py").ret == 0
    assert suite.run("test_suite.py", "-k", "nothing_of_that_name").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result = suite.run("test_fails.py", "--ascendperf-strict")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert not lines_with(result, nothing)
    assert suite.run("test_suite.py", "--collect-only", "-q", "--ascendperf-strict").ret == 0
    assert suite.run("--fixtures", "--ascendperf-strict").ret == 0
    assert suite.run("test_suite.py", "-k", "pass", "--ascendperf-strict").ret == pytest.ExitCode.TESTS_FAILED


def test_a_run_stops_at_a_regression_and_reruns_just_it(suite: Suite) -> None:
    suite.write(test_suite=EIGHT)
    suite.record("-k", "pass or regressed or improved")
    slow = {"SLOW": "30"}
    result = suite.run("-x", "-k", "pass or regressed or improved", **slow)
    result.assert_outcomes(passed=1, failed=1, deselected=3)
    assert lines_with(result, "2 measured: 1 pass, 1 regressed; 1 test not reached")
    result = suite.run("--lf", **slow)
    result.assert_outcomes(failed=1)
    assert lines_with(result, "1 measured: 1 regressed")
    suite.run("--lf").assert_outcomes(passed=1)


def test_whatever_pytest_prints_a_regression_fails(suite: Suite) -> None:
    suite.write(test_suite=EIGHT)
    suite.record("-k", "regressed")
    for options in (["-q", "--tb=no"], ["-qq", "-rN"], ["--no-summary"], ["-p", "no:terminal"]):
        result = suite.run(*options, "-k", "regressed", SLOW="30")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
        if "-q" in options:
            assert lines_with(result, "1 measured: 1 regressed")
            assert lines_with(result, "REGRESSED test_suite.py::test_regressed - ")


def test_several_cases_of_a_test_fail_it_once(suite: Suite) -> None:
    suite.write(
        test_suite="""
        def test_x(npu_perf, spend):
            for name in ("a", "b", "c"):
                npu_perf.case(name)(spend, name.upper())
        """
    )
    suite.record()
    result = suite.run(A="30", C="50")
    result.assert_outcomes(failed=1)
    (line,) = [line for line in result.outlines if line.startswith("REGRESSED test_suite.py::test_x - ")]
    assert "c: latency 50.00 µs" in line
    assert "; 1 more case below" in line
    assert lines_with(result, "a: latency 30.00 µs")
    assert lines_with(result, "3 measured: 1 pass, 2 regressed")


def test_a_fresh_process_that_fails_leaves_the_verdict_open(suite: Suite) -> None:
    """Fewer than two usable fresh sessions confirm nothing, and the reason is told; it is not a pass."""
    suite.write(
        test_suite="""
        import conftest

        @pytest.mark.npu_perf
        def test_crashes(spend):
            if conftest.is_fresh() and "US" in os.environ:
                os._exit(7)
            spend()

        @pytest.mark.npu_perf
        def test_fails(spend):
            spend()
            assert not conftest.is_fresh() or "US" not in os.environ, "only here"

        @pytest.mark.npu_perf
        def test_skips(spend):
            spend()
            if conftest.is_fresh() and "US" in os.environ:
                pytest.skip("no device left")
        """
    )
    suite.record()
    result, report = suite.report(US="30")
    assert {case["status"] for case in report["cases"]} == {"inconclusive"}
    result.assert_outcomes(passed=3)
    reasons = {case["test"]: case["reason"] for case in report["cases"]}
    assert "a fresh process ended with status 7" in reasons["test_crashes"]
    assert "only here" in reasons["test_fails"]
    assert "no device left" in reasons["test_skips"]
    suite.run("--ascendperf-strict", US="30").assert_outcomes(failed=3)
