"""``--ascendperf-against``: what base and head, in real processes on the scripted device, come to."""

from __future__ import annotations

import json
import math
import shutil
import xml.etree.ElementTree as ET
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from pytest_ascendperf.judge.contrast import SPREAD_FLOOR
from pytest_ascendperf.statistics.power import paired_effect

from .against_suite import AGAINST, SPEND, GitSuite, other_python, scripted_test
from .suite import lines_with, processes_with

TWENTY = "--ascendperf-against-sessions=20"


def test_exact_numbers_reach_every_report(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(10.0))
    git_suite.write(test_suite=scripted_test(10.7))
    result, report = git_suite.report(*AGAINST, "-v", "--junitxml=junit.xml", TWENTY)
    commit = git_suite.git("rev-parse", "--short=12", "main")
    result.assert_outcomes(failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (case,) = report["cases"]
    assert case["status"] == "regressed"
    assert case["base"] == f"base main ({commit})"
    assert case["baseline_path"] is None
    assert case["tolerance"] == 0.02
    assert (case["confirm"]["base_us"], case["confirm"]["head_us"]) == (10.0, 10.7)
    assert case["confirm"]["change"] == pytest.approx(0.07, abs=1e-12)
    assert case["screen"]["head_sessions"] == 1
    assert case["confirm"]["head_sessions"] == 5  # the first look of twenty
    assert case["measurement"]["session"]["device_median_us"] == 10.7
    assert case["measurement"]["session"]["rounds"] == 4
    assert report["against"] == {
        "base": f"base main ({commit})",
        "head": f"{commit}+changes",
        "new": [],
        "gone": [],
        "notes": report["against"]["notes"],
    }
    schema = json.loads(files("pytest_ascendperf.report").joinpath("json-report.schema.json").read_text("utf-8"))
    jsonschema.validate(report["against"], schema["properties"]["against"])
    text = result.stdout.str()
    assert "latency 10.70 µs > 10.200 µs (base 10.00 µs + 2 %): 7.0 % slower, confirmed in 5 fresh pairs of" in text
    assert f"10.00 µs: main ({commit}), measured in turns with it" in text
    assert "baseline" not in text.partition("FAILURES")[2]
    assert f"ascendperf: base main ({commit}) and head {commit}+changes side by side" in text
    assert lines_with(result, "test_suite.py::test_x REGRESSED")
    properties = {
        each.attrib["name"]: each.attrib["value"]
        for each in ET.parse(git_suite.path / "junit.xml").getroot().iter("property")
    }
    assert properties["ascendperf.status"] == "regressed"
    assert properties["ascendperf.baseline_us"] == "10.0"
    assert git_suite.worktrees() == []
    assert not processes_with(str(git_suite.path))


def test_unchanged_code_passes_and_looks_at_no_stored_baseline(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(10.0))
    git_suite.record(US="1")
    result, report = git_suite.report(*AGAINST)
    result.assert_outcomes(passed=1)
    (case,) = report["cases"]
    assert case["status"] == "pass"
    assert case["confirm"] is None
    assert case["screen"]["head_sessions"] == 3
    assert case["screen"]["change"] == 0.0
    assert "10.00 µs equals the base's 10.00 µs and at most 0.3" in case["reason"]


def test_every_kind_of_test_is_measured_in_both_trees(git_suite: GitSuite) -> None:
    body = """
@pytest.fixture(scope="module")
def made(): return []

@pytest.mark.npu_perf(min_change_us=0)
def test_body(spend): spend()

def test_fixture(npu_perf, spend, made):
    made.append(npu_perf(lambda: spend() or "result"))
    assert made == ["result"]

class TestClass:
    @pytest.mark.parametrize("times", [1, 2])
    def test_cases(self, npu_perf, spend, times):
        npu_perf.case("even")(lambda: spend(20.0))
        npu_perf.case("moved", min_change_us=0, tolerance=0.2)(lambda: spend(US * times))

def test_plain(made): made.append(1)

@pytest.mark.npu_perf
@pytest.mark.skip(reason="not here")
def test_skipped(spend): spend()
"""
    git_suite.commit(test_suite=scripted_test(10.0, body))
    git_suite.write(test_suite=scripted_test(12.0, body.replace("US * times", "US * times * 1.5")))
    result, report = git_suite.report(*AGAINST)
    found = {
        (case["test"], case["case"]): (case["status"], round(case["screen"]["change"], 9)) for case in report["cases"]
    }
    assert found == {
        ("test_body", ""): ("regressed", 0.2),
        ("test_fixture", ""): ("regressed", 0.2),
        ("TestClass::test_cases[1]", "even"): ("pass", 0.0),
        ("TestClass::test_cases[1]", "moved"): ("regressed", 0.8),
        ("TestClass::test_cases[2]", "even"): ("pass", 0.0),
        ("TestClass::test_cases[2]", "moved"): ("regressed", 0.8),
    }
    result.assert_outcomes(failed=4, passed=1, skipped=1)
    assert {case["case"]: case["tolerance"] for case in report["cases"]}["moved"] == 0.2
    assert lines_with(result, "6 measured: 2 pass, 4 regressed; 1 test skipped")


def test_a_tolerance_that_was_given_wins(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(10.0))
    git_suite.write(test_suite=scripted_test(10.3))
    assert git_suite.statuses(*AGAINST) == {"test_x": "regressed"}
    assert git_suite.statuses(*AGAINST, "--ascendperf-tolerance=0.05") == {"test_x": "pass"}
    assert git_suite.statuses(*AGAINST, ASCENDPERF_TOLERANCE="0.05") == {"test_x": "pass"}


def test_a_faster_head_fails_only_where_that_is_asked_for_and_confirmed(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(10.0))
    git_suite.write(test_suite=scripted_test(9.3))
    result, report = git_suite.report(*AGAINST, TWENTY)
    result.assert_outcomes(passed=1)
    assert (report["cases"][0]["status"], report["cases"][0]["confirm"]) == ("improved", None)
    result, report = git_suite.report(*AGAINST, TWENTY, "--ascendperf-fail-on=regressed,improved")
    result.assert_outcomes(failed=1)
    (case,) = report["cases"]
    assert (case["status"], case["screen"]["head_sessions"], case["confirm"]["head_sessions"]) == ("improved", 1, 5)
    assert case["reason"] == (
        "9.300 µs is 7.0 % below the base's 10.00 µs; the limit is 2 %. "
        "Confirmed in 5 pairs of processes that were not part of the suspicion."
    )


ALTERNATING = """
from pathlib import Path

STARTED = Path(__file__).parent / "started"
STARTED.mkdir(exist_ok=True)
NUMBER = len(list(STARTED.iterdir()))
(STARTED / str(NUMBER)).touch()
US = 10.26 if NUMBER % 2 == 0 else 9.74

@pytest.fixture
def spend(npu_perf_device):
    return lambda: npu_perf_device.spend(US)

@pytest.mark.npu_perf(min_change_us=0)
def test_x(spend): spend()
"""
"""Whose sessions are 2.6 % above and below what the base takes, in turns. The process that collects is the first."""


def test_where_an_open_test_fails_more_sessions_than_six_decide(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(10.0))
    git_suite.write(test_suite=ALTERNATING)
    result, report = git_suite.report(*AGAINST, TWENTY)
    result.assert_outcomes(passed=1)
    (case,) = report["cases"]
    assert (case["status"], case["screen"]["head_sessions"]) == ("inconclusive", 6)
    assert case["reason"].endswith(
        "would show it; there were 6. Quieten the machine, or have up to 20 measured: --ascendperf-strict"
    )
    shutil.rmtree(git_suite.path / "started")
    result, report = git_suite.report(*AGAINST, TWENTY, "--ascendperf-strict")
    result.assert_outcomes(passed=1)
    (case,) = report["cases"]
    assert (case["status"], case["screen"]["head_sessions"]) == ("pass", 8)  # the first look at which it is shown


def test_what_tests_leave_of_the_level_lets_later_ones_be_seen_more_finely(git_suite: GitSuite) -> None:
    """Each passes the screening, so it leaves its whole share of 5 % to the next ones, of which none has over 1 %."""
    body = """
@pytest.mark.npu_perf(min_change_us=0)
@pytest.mark.parametrize("number", range(10))
def test_x(spend, number): spend()
"""
    git_suite.commit(test_suite=scripted_test(10.0, body))
    _, report = git_suite.report(*AGAINST, TWENTY)
    assert [case["status"] for case in report["cases"]] == ["pass"] * 10
    expected = [
        math.expm1(math.log1p(0.02) + paired_effect(sessions=20, alpha=0.4 / 2 * level) * SPREAD_FLOOR)
        for level in (0.005, *[0.01] * 9)
    ]
    assert [case["detectable_change"] for case in report["cases"]] == pytest.approx(expected, rel=1e-6)


def test_a_suspect_that_stays_open_has_used_its_level(git_suite: GitSuite) -> None:
    body = """
@pytest.mark.npu_perf(min_change_us=0)
@pytest.mark.parametrize("number", range(10))
def test_y(npu_perf_device, number): npu_perf_device.spend(US if number == 1 else 10.0)
"""
    git_suite.commit(test_suite=scripted_test(10.0, body))
    wavering = ALTERNATING.partition("@pytest.mark")[0].replace("10.26", "11.0").replace("9.74", "9.6")
    git_suite.write(test_suite=wavering + body)
    _, report = git_suite.report(*AGAINST, "--ascendperf-against-sessions=5")
    statuses = [case["status"] for case in report["cases"]]
    assert statuses == ["pass", "inconclusive", *["pass"] * 8]
    assert report["cases"][1]["confirm"]["head_sessions"] == 5
    detectable = [case["detectable_change"] for case in report["cases"]]
    assert detectable[2] == pytest.approx(detectable[0])  # all that was saved has been used
    assert detectable[3] < detectable[2]


def test_new_and_gone_tests_are_told_apart(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(10.0), test_gone=scripted_test(10.0), test_both=scripted_test(10.0))
    (git_suite.path / "test_gone.py").unlink()
    git_suite.write(test_new=scripted_test(10.0))
    git_suite.write(
        test_suite=SPEND.format(us=10.0)
        + """
@pytest.mark.npu_perf
def test_renamed(spend): spend()
"""
    )
    result, report = git_suite.report(*AGAINST, "--ascendperf-strict")
    assert report["against"]["new"] == ["test_new.py::test_x", "test_suite.py::test_renamed"]
    assert report["against"]["gone"] == ["test_gone.py::test_x", "test_suite.py::test_x"]
    cases = {case["nodeid"]: case for case in report["cases"]}
    assert cases["test_both.py::test_x"]["status"] == "pass"
    assert cases["test_new.py::test_x"]["status"] == "no_baseline"
    assert cases["test_new.py::test_x"]["now_us"] == 10.0
    assert "New in head" in cases["test_new.py::test_x"]["reason"]
    result.assert_outcomes(passed=3)  # strict, too: a new test has nothing to be compared with
    assert lines_with(result, "Gone in head, 2 tests that only base main")
    assert lines_with(result, "  test_gone.py::test_x")
    _, report = git_suite.report(*AGAINST, "test_both.py::test_x")
    assert report["against"]["gone"] == []
    _, report = git_suite.report(*AGAINST, "-k", "both")
    assert report["against"]["gone"] == ["test_gone.py::test_x", "test_suite.py::test_x"]


def test_cases_that_only_one_side_measures(git_suite: GitSuite) -> None:
    body = """
def test_x(npu_perf, spend):
    for name in {names}:
        npu_perf.case(name, min_change_us=0)(spend)
"""
    git_suite.commit(test_suite=scripted_test(10.0, body.format(names=["old", "a", "b"])))
    git_suite.write(test_suite=scripted_test(11.0, body.format(names=["a", "new", "b"])))
    _, report = git_suite.report(*AGAINST)
    found = {case["case"]: (case["status"], case["screen"] and case["screen"]["base_us"]) for case in report["cases"]}
    assert found == {"a": ("regressed", 10.0), "b": ("regressed", 10.0), "new": ("no_baseline", None)}
    assert not any("could not be used" in case["reason"] for case in report["cases"])  # the first session counts, too
    assert {case["case"]: case["measurement"]["session"] is None for case in report["cases"]} == {
        "a": False,
        "b": False,
        "new": True,
    }


def test_what_fails_in_head_fails_as_itself_and_in_the_base_is_told(git_suite: GitSuite) -> None:
    body = """
@pytest.mark.npu_perf
def test_x(spend):
    spend()
    assert {holds}, "broken"
"""
    git_suite.commit(test_suite=scripted_test(10.0, body.format(holds=True)))
    git_suite.write(test_suite=scripted_test(10.0, body.format(holds=False)))
    result = git_suite.run(*AGAINST)
    result.assert_outcomes(failed=1)
    assert lines_with(result, "AssertionError: broken")
    assert lines_with(result, "nothing was judged: of 1 marked test, 1 failed before judging")
    git_suite.git("commit", "--all", "--quiet", "--message=broken")
    git_suite.write(test_suite=scripted_test(10.0, body.format(holds=True)))
    result, report = git_suite.report(*AGAINST)
    result.assert_outcomes(passed=1)
    (case,) = report["cases"]
    assert case["status"] == "not_comparable"
    assert "does not pass in base main" in case["reason"]
    assert "AssertionError: broken" in case["reason"]


def test_an_expected_failure_may_be_a_regression(git_suite: GitSuite) -> None:
    body = """
@pytest.mark.xfail(strict=True)
@pytest.mark.npu_perf
def test_x(spend): spend()
"""
    git_suite.commit(test_suite=scripted_test(10.0, body))
    git_suite.write(test_suite=scripted_test(30.0, body))
    git_suite.run(*AGAINST).assert_outcomes(xfailed=1)
    git_suite.git("checkout", "--quiet", "test_suite.py")
    result = git_suite.run(*AGAINST)
    result.assert_outcomes(failed=1)
    assert lines_with(result, "[XPASS(strict)]")


def test_sides_take_turns_in_warming_up_first_and_stay_for_the_next_test(git_suite: GitSuite) -> None:
    body = """
begun = set()

@pytest.mark.npu_perf(min_change_us=0)
@pytest.mark.parametrize("name", ["a", "b"])
def test_x(spend, name):
    if name not in begun:
        begun.add(name)
        with open("{log}", "a") as file:
            file.write("{side} " + name + " " + str(os.getpid()) + "\\n")
    spend()
"""
    log = git_suite.path / "log.txt"
    git_suite.commit(test_suite=scripted_test(10.0, body.format(side="base", log=log)))
    git_suite.write(test_suite=scripted_test(10.0, body.format(side="head", log=log)))
    git_suite.run(*AGAINST).assert_outcomes(passed=2)
    begun = [line.split() for line in log.read_text("utf-8").splitlines()]
    sides = ["head", "base", "base", "head", "head", "base"]
    assert [(side, name) for side, name, _ in begun] == [(side, name) for name in ("a", "b") for side in sides]
    processes = [pid for _, _, pid in begun]
    assert processes[:6] == processes[6:]
    assert len(set(processes)) == 6


def test_a_clock_that_jumps_back_in_the_middle_spoils_that_session_only(git_suite: GitSuite) -> None:
    body = """
calls = []

@pytest.mark.npu_perf(min_change_us=0)
def test_x(spend, npu_perf_device):
    spend()
    calls.append(1)
    if {jumps} and len(calls) == 4900 and not os.path.exists("{mark}"):
        open("{mark}", "w").close()
        npu_perf_device.spend(-1e6)
"""
    mark = str(git_suite.path / "jumped.txt")
    git_suite.commit(test_suite=scripted_test(10.0, body.format(jumps=False, mark=mark)))
    git_suite.write(test_suite=scripted_test(10.0, body.format(jumps=True, mark=mark)))
    _, report = git_suite.report(*AGAINST)
    assert Path(mark).exists()
    (case,) = report["cases"]
    assert case["status"] == "pass"
    assert case["screen"]["head_sessions"] == 3
    expected = "1 session could not be used: The clock stood still or went backwards in 1 of the 4 rounds of head."
    assert expected in case["reason"]


def test_a_clock_that_stands_still_is_invalid(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(0.0))
    assert git_suite.statuses(*AGAINST) == {"test_x": "invalid"}


def test_the_root_directory_may_be_below_the_top_of_the_repository(git_suite: GitSuite) -> None:
    place = git_suite.path / "part" / "tests"
    place.mkdir(parents=True)
    (git_suite.path / "part" / "pytest.ini").write_text("[pytest]\n", "utf-8")
    git_suite.commit(**{"part/tests/test_suite": scripted_test(10.0), "top": ""})
    git_suite.write(**{"part/tests/test_suite": scripted_test(10.7)})
    (git_suite.path / "conftest.py").unlink()
    _, report = git_suite.report(*AGAINST, "--rootdir=part", "-c", "part/pytest.ini", "part/tests")
    assert [(case["nodeid"], case["status"]) for case in report["cases"]] == [
        ("tests/test_suite.py::test_x", "regressed")
    ]


def test_another_interpreter_for_the_base(git_suite: GitSuite, tmp_path: Path) -> None:
    """Alone it is another environment for the same tree; what differs between both is told."""
    python = other_python(tmp_path / "other")
    body = """
import sys

@pytest.mark.npu_perf(min_change_us=0)
def test_x(spend): spend(10.0 if sys.prefix == {prefix!r} else 12.0)
"""
    git_suite.write(test_suite=scripted_test(10.0, body.format(prefix=str(tmp_path / "other"))))
    result, report = git_suite.report(f"--ascendperf-against-python={python}")
    (case,) = report["cases"]
    assert case["base"] == f"base under {python}"
    assert (case["status"], case["confirm"]["base_us"], case["confirm"]["head_us"]) == ("regressed", 10.0, 12.0)
    assert lines_with(result, f"10.00 µs: under {python}, measured in turns with it")


def test_a_run_on_the_cpu_finds_a_call_ten_times_as_slow(git_suite: GitSuite) -> None:
    body = """
@pytest.mark.npu_perf(tolerance=0.5, min_change_us=0, budget_s=1.0)
def test_x():
    sum(range({many}))
"""
    git_suite.commit(test_suite=scripted_test(0.0, body.format(many=20_000)))
    git_suite.write(test_suite=scripted_test(0.0, body.format(many=200_000)))
    _, report = git_suite.report(*AGAINST, ASCENDPERF_DEVICE="cpu", ASCENDPERF_ROUNDS="auto")
    (case,) = report["cases"]
    assert case["status"] == "regressed"
    assert 4.0 < case["confirm"]["change"] < 20.0
