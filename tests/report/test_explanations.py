from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.report.explanations import SHOWN_PER_GROUP, explanations
from pytest_ascendperf.report.json_report import ReportedCase
from pytest_ascendperf.report.next_step import CommandLine

COMMAND_LINE = CommandLine()


def test_passes_and_regressions_need_no_words(judged: Callable[..., ReportedCase]) -> None:
    verdicts = [judged(12.5).verdict, judged(30.0, fresh_us=[30.0] * 5).verdict]
    assert [verdict.status for verdict in verdicts] == [Status.PASS, Status.REGRESSED]
    assert explanations(verdicts, COMMAND_LINE) == []


def test_five_hundred_tests_without_a_baseline_give_one_line(judged: Callable[..., ReportedCase]) -> None:
    verdicts = [
        judged(
            12.5, f"tests/test_{number % 3}.py::test_{number}", base_us=None, path=f"baselines/{number % 3}.json"
        ).verdict
        for number in range(500)
    ]
    assert {verdict.status for verdict in verdicts} == {Status.NO_BASELINE}
    assert explanations(verdicts, COMMAND_LINE) == [
        "NO BASELINE, 500 cases: nothing to compare with in baselines/0.json and 2 other files. "
        "Record what is missing: pytest --ascendperf-update-baselines=new"
    ]


def test_provisional_cases_share_a_line(judged: Callable[..., ReportedCase]) -> None:
    verdicts = [judged(12.5, f"a.py::t{number}", base_us=(12.4,)).verdict for number in range(2)]
    assert explanations(verdicts, COMMAND_LINE) == [
        "PROVISIONAL, 2 cases: a baseline of one session does not tell how much sessions differ. "
        "Record several sessions of code you trust: pytest a.py::t0 a.py::t1 --ascendperf-update-baselines"
    ]


def test_cases_with_the_same_difference_share_a_line(judged: Callable[..., ReportedCase]) -> None:
    verdicts = [judged(12.5, f"a.py::t{number}", base_threads="4").verdict for number in range(3)]
    assert explanations(verdicts, COMMAND_LINE) == [
        "NOT COMPARABLE, 3 cases:",
        "  a.py::t0 and 2 others: threads 4 → 8",
        "  Set it back, or record under the new setting: "
        "pytest a.py::t0 a.py::t1 a.py::t2 --ascendperf-update-baselines",
    ]


def test_another_chip_asks_for_baselines_of_its_own(judged: Callable[..., ReportedCase]) -> None:
    verdict = judged(12.5, "a.py::t", base_chip="other").verdict
    assert explanations([verdict], COMMAND_LINE) == [
        "NOT COMPARABLE, 1 case:",
        "  a.py::t: chip other → scripted",
        "  Record baselines for this chip and software stack: pytest --ascendperf-update-baselines=new",
    ]


def test_each_inconclusive_case_has_its_reason_and_the_list_has_an_end(
    judged: Callable[..., ReportedCase],
) -> None:
    verdicts = [
        judged(12.8 + number / 1000, f"a.py::t{number}", base_us=(11.0, 12.5, 14.0)).verdict for number in range(25)
    ]
    assert {verdict.status for verdict in verdicts} == {Status.INCONCLUSIVE}
    title, *reasons, rest, step = explanations(verdicts, COMMAND_LINE)
    assert title == "INCONCLUSIVE, 25 cases:"
    assert reasons == [f"  {verdict.case}: {verdict.reason}" for verdict in verdicts[:SHOWN_PER_GROUP]]
    assert rest == "  and 15 more, all in the file of --ascendperf-json=FILE"
    assert step.endswith("pytest TEST... --ascendperf-update-baselines --ascendperf-sessions=K")


def test_an_invalid_case_says_why_and_not_what_else_differs(judged: Callable[..., ReportedCase]) -> None:
    verdict = judged(12.5, "a.py::t", base_threads="4", invalid=("The clock stood still.",)).verdict
    assert verdict.hard_differences != ()
    assert explanations([verdict], COMMAND_LINE) == [
        "INVALID, 1 case:",
        f"  a.py::t: {verdict.reason}",
        "  Measure again when nothing else uses the machine: pytest a.py::t",
    ]
    assert "The clock stood still." in verdict.reason


def test_every_group_that_asks_for_something_ends_with_its_command(every_status: list[ReportedCase]) -> None:
    silent = {Status.PASS, Status.REGRESSED}
    for case in every_status:
        lines = explanations([case.verdict], COMMAND_LINE)
        if case.verdict.status in silent:
            assert lines == []
        else:
            assert any(": pytest " in line for line in lines[-3:])


@pytest.mark.parametrize("count", [1, 40])
def test_a_changed_environment_is_told_once(judged: Callable[..., ReportedCase], count: int) -> None:
    verdicts = [judged(12.5, f"a.py::t{number}", base_kernel="5.15").verdict for number in range(count)]
    others = f" and {count - 1} others" if count > 1 else ""
    assert explanations(verdicts, COMMAND_LINE) == [
        "Changed since the baseline was recorded, which can move times:",
        f"  a.py::t0{others}: kernel 5.15 → 6.8",
    ]


def test_notes_are_told_once(judged: Callable[..., ReportedCase]) -> None:
    verdicts = [judged(12.5, f"a.py::t{number}", notes=("one", "one", f"n{number}")).verdict for number in range(2)]
    assert explanations(verdicts, COMMAND_LINE) == [
        "Notes:",
        "  a.py::t0 and 1 other: one",
        "  a.py::t0: n0",
        "  a.py::t1: n1",
    ]
