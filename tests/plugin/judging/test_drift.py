"""Slow drift from night to night: real runs that judge, and real runs that accept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import pytest

from ..against_suite import GitSuite
from ..suite import Suite, lines_with

SUITE = """
@pytest.mark.npu_perf(min_change_us=0)
def test_a(spend):
    spend("A", 1000)
"""
THREE_SESSIONS = ("--ascendperf-sessions=3", "--ascendperf-confirm-sessions=3", "-p", "no:cacheprovider")


def entry(suite: Suite) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(suite.baseline_file().read_text("utf-8"))["tests"]["test_a"][""]
    return written


def anchor_us(suite: Suite) -> list[float] | None:
    anchor = entry(suite).get("anchor")
    return None if anchor is None else [session["quantiles_us"]["p50"] for session in anchor["sessions"]]


def night(suite: Suite, us: float, *arguments: str) -> pytest.RunResult:
    return suite.run(*THREE_SESSIONS, *arguments, A=f"{us:.3f}")


def advised(result: pytest.RunResult) -> Sequence[str]:
    """The options and tests of the command that a failure ends with."""
    (line,) = {line for line in lines_with(result, "If the slower time is meant, accept it: ") if "pytest " in line}
    return line.partition(": pytest ")[2].split()


def test_ten_nights_of_tolerated_creep_fail_when_they_add_up(git_suite: GitSuite) -> None:
    """Each is 1.5 % slower than the one before and is accepted; from the fourth on the total is above 5 %."""
    suite = git_suite
    suite.commit(test_suite=SUITE)
    revision = suite.git("rev-parse", "--short=12", "HEAD")
    assert night(suite, 1000.0, "--ascendperf-update-baselines").ret == 0
    day = entry(suite)["sessions"][0]["started"].partition("T")[0]
    failed: list[int] = []
    for number in range(1, 11):
        us = 1000.0 * 1.015**number
        result = night(suite, us)
        if result.ret == 0:
            assert lines_with(result, "1 measured: 1 pass")
            assert night(suite, us, "--ascendperf-update-baselines").ret == 0
            continue
        failed.append(number)
        if number == 4:
            assert (
                f"slower by slow drift since {day}, {revision}, confirmed in 3 fresh processes" in result.stdout.str()
            )
            assert anchor_us(suite) == [1000.0] * 3
        assert lines_with(result, "1 measured: 1 regressed (1 by slow drift)")
        command = advised(result)
        assert command[-1] == "--ascendperf-update-baselines=anchor"
        assert night(suite, us, *command).ret == 0
        assert anchor_us(suite) is None, "these sessions are where drift is measured from now on"
        assert night(suite, us).ret == 0, "what was accepted passes"
    assert failed == [4, 8]


def test_nights_that_change_nothing_never_fail_and_keep_the_first_as_the_anchor(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    night(suite, 1000.0, "--ascendperf-update-baselines")
    for us in (1004.0, 996.0, 1002.0):
        assert night(suite, us).ret == 0
        assert night(suite, us, "--ascendperf-update-baselines").ret == 0
        assert anchor_us(suite) == [1000.0] * 3


def test_a_faster_time_leaves_the_anchor_where_it_was(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    night(suite, 1000.0, "--ascendperf-update-baselines")
    assert night(suite, 700.0, "--ascendperf-update-baselines").ret == 0
    assert night(suite, 1000.0, "--ascendperf-update-baselines").ret == 0
    assert night(suite, 1040.0).ret == 0


def test_a_slower_time_that_was_accepted_without_its_anchor_is_told_at_once_and_fails_again(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    night(suite, 1000.0, "--ascendperf-update-baselines")
    assert advised(night(suite, 1300.0))[-1] == "--ascendperf-update-baselines=anchor"
    result = night(suite, 1300.0, "--ascendperf-update-baselines")
    assert lines_with(result, "1 new time above the anchor by more than the tolerance: a run may find slow drift")
    command = advised(result)
    assert night(suite, 1300.0).ret == pytest.ExitCode.TESTS_FAILED
    assert night(suite, 1300.0, *command).ret == 0
    assert night(suite, 1300.0).ret == 0


def test_moving_the_anchor_accepts_without_judging_first(suite: Suite) -> None:
    """Nothing is confirmed whose time is taken for the new one anyhow: three sessions are three processes."""
    suite.write(
        test_suite=SUITE
        + """
    with open("pids.txt", "a") as file:
        print(os.getpid(), file=file)
"""
    )
    night(suite, 1000.0, "--ascendperf-update-baselines")
    (suite.path / "pids.txt").unlink()
    assert night(suite, 1300.0, "--ascendperf-update-baselines=anchor").ret == 0
    assert len(set((suite.path / "pids.txt").read_text("utf-8").split())) == 3


def test_changed_does_not_record_what_drifted_and_does_not_hide_it(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    night(suite, 1000.0, "--ascendperf-update-baselines")
    night(suite, 1045.0, "--ascendperf-update-baselines")
    before = suite.baseline_file().read_bytes()
    result = night(suite, 1065.0, "--ascendperf-update-baselines=changed")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert lines_with(result, "no baseline was written")
    assert suite.baseline_file().read_bytes() == before


def test_every_report_of_a_drift_names_it(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    night(suite, 1000.0, "--ascendperf-update-baselines")
    _, report = suite.report(*THREE_SESSIONS, "--ascendperf-update-baselines", A="1045")
    assert report["update"]["recorded"][0]["anchor_us"] == [1000.0] * 3
    xml = suite.path / "junit.xml"
    result, report = suite.report(*THREE_SESSIONS, f"--junitxml={xml}", A="1065")
    assert lines_with(result, "REGRESSED (drift)")
    (case,) = report["cases"]
    assert (case["status"], case["drift"]["fails"], case["drift"]["status_without"]) == ("regressed", True, "pass")
    properties = {
        each.attrib["name"]: each.attrib["value"] for each in ElementTree.parse(xml).getroot().iter("property")
    }
    assert properties["ascendperf.baseline_us"] == "1000.0"
    assert properties["ascendperf.drift"].startswith("since 20")


def test_workers_of_xdist_hand_over_what_is_accepted(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    suite.run_process(*THREE_SESSIONS, "-n1", "--ascendperf-update-baselines")
    result = suite.run_process(*THREE_SESSIONS, "-n1", "--ascendperf-update-baselines", A="1300")
    assert result.ret == 0
    assert anchor_us(suite) == [1000.0] * 3
    assert lines_with(result, "1 new time above the anchor by more than the tolerance")
    result = suite.run_process(*THREE_SESSIONS, "-n1", "--ascendperf-update-baselines=anchor", A="1300")
    assert result.ret == 0
    assert anchor_us(suite) is None
