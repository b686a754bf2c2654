"""``--ascendperf-budget`` and what verdicts cost, in whole runs; only the suites move the clock of the budget."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pytest

from pytest_ascendperf.plugin import budget as budget_module
from pytest_ascendperf.plugin import confirming as confirming_module
from pytest_ascendperf.plugin import measured_test as measured_test_module
from pytest_ascendperf.plugin.fresh import FreshResult, run_session

from ..against_suite import AGAINST, GitSuite, scripted_test
from ..suite import Suite, lines_with

FOUR = """
from pytest_ascendperf.plugin import budget

@pytest.mark.npu_perf
@pytest.mark.parametrize("n", range(4))
def test_x(npu_perf, spend, n):
    budget.time.advance(10.0)
    npu_perf(lambda: spend(f"US{n}", 1000.0))
"""


class Wall(ModuleType):
    """Stands for the module ``time`` where the plugin measures wall time; fresh processes take 30 s of it."""

    def __init__(self) -> None:
        super().__init__("time")
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    clock = Wall()

    def session(
        config: pytest.Config, targets: Sequence[str], *, time_limit_s: float, device_is_held: bool
    ) -> dict[str, FreshResult]:
        clock.advance(30.0)
        return run_session(config, targets, time_limit_s=time_limit_s, device_is_held=device_is_held)

    monkeypatch.setattr(budget_module, "time", clock)
    monkeypatch.setattr(confirming_module, "time", clock)
    monkeypatch.setattr(measured_test_module, "time", clock)
    monkeypatch.setattr(confirming_module, "run_session", session)
    return clock


@pytest.fixture
def four(suite: Suite) -> Suite:
    """Four recorded tests that take 10 s each, and fresh processes that cannot reach the clock."""
    suite.write(test_suite=FOUR.replace("budget.time.advance", "getattr(budget.time, 'advance', float)"))
    suite.record("--ascendperf-sessions=9")
    return suite


def cases_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    found = report["cases"]
    assert isinstance(found, list)
    return found


def test_a_clear_regression_ends_after_two_fresh_processes_and_says_what_it_cost(four: Suite, wall: Wall) -> None:
    result, report = four.report("--ascendperf-confirm-sessions=5", "--junitxml=junit.xml", "-v", US1="1200")
    slow = cases_of(report)[1]
    assert slow["status"] == "regressed"
    assert slow["confirm"]["head_sessions"] == 2
    assert slow["cost"]["fresh_processes"] == 2
    assert slow["cost"]["fresh_s"] == 60.0
    assert slow["cost"]["cut_short"] is False
    assert [case["cost"]["fresh_processes"] for case in cases_of(report)] == [0, 2, 0, 0]
    total = sum(case["cost"][part] for case in cases_of(report) for part in ("session_s", "kernels_s", "fresh_s"))
    assert report["cost"] == {"measured_s": pytest.approx(total), "budget_s": None, "left_out": 0, "cut_short": 0}
    assert lines_with(result, "  measured in      1 min 00 s: 0.0 s here, 1 min 00 s in 2 fresh processes")
    (heading,) = [line for line in result.outlines if line.startswith("verdict ")]
    assert heading.split()[-2:] == ["took", "test"]
    assert lines_with(result, "4 measured: 3 pass, 1 regressed; took 1 min 00 s")
    properties = {
        (case.attrib["name"], each.attrib["name"]): each.attrib["value"]
        for case in ET.parse(four.path / "junit.xml").getroot().iter("testcase")
        for each in case.iter("property")
    }
    assert float(properties["test_x[1]", "ascendperf.measured_s"]) == 60.0


def test_cases_that_share_fresh_processes_share_their_time_and_stop_one_by_one(suite: Suite, wall: Wall) -> None:
    suite.write(
        test_suite="""
        def test_x(npu_perf, spend):
            npu_perf.case("clear")(lambda: spend("CLEAR", 1000.0))
            npu_perf.case("unsure")(lambda: spend("UNSURE", 1000.0))
            npu_perf.case("same")(lambda: spend("SAME", 1000.0))
        """
    )
    suite.record("--ascendperf-sessions=9")
    _, report = suite.report("--ascendperf-confirm-sessions=5", CLEAR="1500", UNSURE="1058", FRESH_UNSURE="1052")
    cost = {case["case"]: case["cost"] for case in cases_of(report)}
    assert {name: each["fresh_processes"] for name, each in cost.items()} == {"clear": 2, "unsure": 5, "same": 0}
    assert {name: each["fresh_s"] for name, each in cost.items()} == {"clear": 30.0, "unsure": 120.0, "same": 0.0}
    sessions = {case["case"]: case["confirm"] and case["confirm"]["head_sessions"] for case in cases_of(report)}
    assert sessions == {"clear": 2, "unsure": 5, "same": None}, "what was decided takes no more sessions in"


def test_a_budget_that_runs_out_leaves_tests_unmeasured_and_never_passed(four: Suite, wall: Wall) -> None:
    result, report = four.report("--ascendperf-budget=25s")
    result.assert_outcomes(passed=4)
    first, second, third, fourth = cases_of(report)
    assert [first["status"], second["status"]] == ["pass", "pass"]
    for case in (third, fourth):
        assert case["status"] == "inconclusive"
        assert case["reason"] == "Not measured: the budget of 25 s was spent after 2 of 4 tests."
        assert case["measurement"] is None
        assert case["cost"]["cut_short"] is True
    assert report["cost"]["budget_s"] == 25.0
    assert (report["cost"]["left_out"], report["cost"]["cut_short"]) == (2, 0)
    assert lines_with(result, "ascendperf: budget 25 s for 4 tests")
    (line,) = lines_with(result, "2 measured: 2 pass; 2 cases not measured, as the budget was spent (inconclusive)")
    assert "took " in line
    assert lines_with(result, "Give a larger --ascendperf-budget, or run fewer tests: pytest ")
    assert lines_with(result, "Sampled for less than its settings allow")
    four.run("--ascendperf-budget=25s", "--ascendperf-strict").assert_outcomes(passed=2, failed=2)


def test_an_unmeasured_test_is_a_test_all_the_same(suite: Suite, wall: Wall) -> None:
    suite.write(
        test_suite="""
        from pytest_ascendperf.plugin import budget

        calls = []

        def test_first(npu_perf):
            budget.time.advance(10.0)
            assert npu_perf(lambda: calls.append("first") or "result") == "result"
            with pytest.raises(Exception, match="measured an unnamed call before"):
                npu_perf(lambda: None)

        @pytest.mark.npu_perf
        def test_body():
            calls.append("body")

        def test_calls():
            assert calls == ["first", "body"]

        def test_fails(npu_perf):
            npu_perf(lambda: None)
            assert False, "as itself"

        def test_looks_at_kernels(npu_perf, npu_perf_device):
            npu_perf(lambda: npu_perf_device.spend(5.0, kernel="MatMulV3"))
            with pytest.raises(AssertionError, match="matmul"):
                npu_perf.assert_fused("matmul+bias+act")
        """
    )
    result, report = suite.report("--ascendperf-budget=5")
    result.assert_outcomes(passed=4, failed=1)
    assert lines_with(result, "AssertionError: as itself")
    assert {case["test"]: case["status"] for case in cases_of(report)} == dict.fromkeys(
        ["test_first", "test_body", "test_looks_at_kernels"], "inconclusive"
    )


def test_suspects_get_two_sessions_each_before_any_gets_a_third(four: Suite, wall: Wall) -> None:
    """First sessions take 40 s, and two times two fresh processes 120 s; the limit case wants five."""
    slow = {"US0": "1058", "FRESH_US0": "1052", "US1": "1300"}
    _, report = four.report("--ascendperf-budget=170s", "--ascendperf-confirm-sessions=5", **slow)
    first, second, *others = cases_of(report)
    assert first["cost"]["fresh_processes"] == 4
    assert first["status"] == "inconclusive"
    assert "The budget of 2 min 50 s left no time for more sessions; 3 more tests had to be reached." in first["reason"]
    assert second["cost"]["cut_short"] is True
    assert second["status"] == "inconclusive", "it could have failed, had there been time"
    assert [case["status"] for case in others] == ["pass", "pass"]
    _, report = four.report("--ascendperf-budget=300s", "--ascendperf-confirm-sessions=5", **slow)
    assert [case["cost"]["fresh_processes"] for case in cases_of(report)] == [5, 2, 0, 0]
    assert cases_of(report)[1]["status"] == "regressed"


def test_what_one_session_left_open_is_measured_again_after_suspects_to_come(four: Suite, wall: Wall) -> None:
    """Of 61 s, 10 s are spent and 30 s reserved: time for two sessions, and none for suspects to come."""
    tight = ("--ascendperf-strict", "--ascendperf-budget=61s", "--ascendperf-confirm-sessions=5")
    _, report = four.report(*tight, US0="1058")
    assert cases_of(report)[0]["cost"]["fresh_processes"] == 1
    _, report = four.report(*tight, US0="1049")
    first = cases_of(report)[0]
    assert (first["status"], first["cost"]["fresh_processes"], first["cost"]["cut_short"]) == ("inconclusive", 0, True)
    _, report = four.report("--ascendperf-strict", "--ascendperf-budget=300s", US0="1049", FRESH_US0="1000")
    first = cases_of(report)[0]
    assert (first["status"], first["cost"]["fresh_processes"]) == ("pass", 2)


def test_recording_and_self_check_take_no_notice_and_say_so(suite: Suite) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    result = suite.record("--ascendperf-budget=1s")
    assert lines_with(result, "--ascendperf-budget: the budget does not apply to a recording")
    assert suite.medians_us() == {"test_x": [10.0, 10.0]}
    result = suite.run("--ascendperf-self-check=5", "--ascendperf-budget=1s")
    assert lines_with(result, "--ascendperf-budget: the budget does not apply to a self-check")
    assert not lines_with(suite.run("--ascendperf-budget=1h"), "does not apply")


@pytest.mark.parametrize("text", ["20x", "m", "", "-5", "0", "1m30h", "nan", "1e3"])
def test_a_text_that_is_no_time_is_refused_in_words(suite: Suite, text: str) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    result = suite.run(f"--ascendperf-budget={text}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"expected a time such as 20m, 90s, 1h30m or 1200 (seconds), above 0, got {text!r}" in result.stderr.str()


def test_the_budget_comes_from_the_ini_file_and_can_be_taken_back(suite: Suite) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    suite.pytester.makeini("[pytest]\nascendperf_budget = 1h30m\n")
    assert lines_with(suite.run(), "ascendperf: budget 1 h 30 min for 1 test")
    assert not lines_with(suite.run("--ascendperf-budget=none"), "ascendperf: budget")


def test_workers_have_the_budget_for_their_own_tests(suite: Suite) -> None:
    suite.write(
        test_suite="""
        @pytest.mark.npu_perf
        @pytest.mark.parametrize("n", range(4))
        def test_x(spend, n): spend()
        """
    )
    _, report = suite.report("-n2", "--ascendperf-budget=0.000001")
    assert [case["status"] for case in cases_of(report)] == ["inconclusive"] * 4
    assert "the budget of 0 s was spent after 0 tests of this worker." in cases_of(report)[0]["reason"]
    assert report["cost"]["left_out"] == 4


def test_a_base_is_left_out_where_the_budget_is_spent(git_suite: GitSuite, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Wall()
    ticks = iter(range(10**6))
    monkeypatch.setattr(clock, "monotonic", lambda: float(next(ticks)))
    monkeypatch.setattr(budget_module, "time", clock)
    body = """
@pytest.mark.npu_perf(min_change_us=0)
@pytest.mark.parametrize("n", range(3))
def test_x(spend, n): spend()
"""
    git_suite.commit(test_suite=scripted_test(10.0, body))
    result, report = git_suite.report(*AGAINST, "--ascendperf-budget=4s")
    result.assert_outcomes(passed=3)
    first, *_, last = cases_of(report)
    assert first["cost"]["cut_short"] is True
    assert "The budget of 4 s left no time for more sessions" in first["reason"]
    assert last["reason"].startswith("Not measured: the budget of 4 s was spent after ")
    assert last["base"].startswith("base main")
    _, report = git_suite.report(*AGAINST)
    assert {case["status"] for case in cases_of(report)} == {"pass"}
    assert [case["cost"]["fresh_processes"] for case in cases_of(report)] == [2, 2, 2]
