from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from dataclasses import replace

from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.report.json_report import ReportedCase
from pytest_ascendperf.report.next_step import NAMED_TESTS, CommandLine, next_step


def cases(*nodeids: str) -> list[CaseId]:
    return [CaseId.from_nodeid(nodeid) for nodeid in nodeids]


def test_a_shell_reads_the_command_as_it_was_meant() -> None:
    nodeid = "tests/my test.py::test_x[it's $HOME; `ls`]"
    command = CommandLine(options=("--ascendperf-baselines=my dir",)).accept(cases(nodeid))
    assert shlex.split(command) == ["pytest", nodeid, "--ascendperf-baselines=my dir", "--ascendperf-update-baselines"]


def test_no_test_is_taken_for_the_update_mode() -> None:
    """The option takes a word or none, so nothing but another option may follow it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tests", nargs="*")
    parser.add_argument("--ascendperf-update-baselines", nargs="?", const="all")
    parser.add_argument("--ascendperf-baselines")
    command = CommandLine(options=("--ascendperf-baselines=dir",)).accept(cases("a.py::x", "a.py::y"))
    given = parser.parse_args(shlex.split(command)[1:])
    assert (given.tests, given.ascendperf_update_baselines) == (["a.py::x", "a.py::y"], "all")


def test_a_slower_time_is_accepted_with_its_anchor(
    drifted: ReportedCase, every_status: list[ReportedCase], ran_otherwise: dict[str, ReportedCase]
) -> None:
    """Or the old anchor would fail it again, as slow drift. What runs has no anchor; a faster time does not move it."""
    for case in (drifted, every_status[1], ran_otherwise["slower"]):
        assert next_step([case.verdict], CommandLine()).endswith(" --ascendperf-update-baselines=anchor")
    for case in (ran_otherwise["as fast"], every_status[2]):
        assert next_step([case.verdict], CommandLine()).endswith(" --ascendperf-update-baselines")


def test_a_test_of_several_cases_is_named_once() -> None:
    several = [CaseId.from_nodeid("a.py::x", name) for name in ("one", "two")]
    assert CommandLine().rerun(several) == "pytest a.py::x"


def test_many_tests_are_left_to_the_reader() -> None:
    """A command without tests would accept the times of tests that nobody looked at."""
    named = cases(*(f"a.py::t{number}" for number in range(NAMED_TESTS)))
    assert CommandLine().accept(named).count("a.py::") == NAMED_TESTS
    assert CommandLine().accept([*named, *cases("a.py::one_more")]) == "pytest TEST... --ascendperf-update-baselines"


def test_recording_what_is_missing_needs_no_test() -> None:
    assert CommandLine().record_new() == "pytest --ascendperf-update-baselines=new"


def test_every_status_but_pass_has_a_next_step(every_status: list[ReportedCase]) -> None:
    for case in every_status:
        step = next_step([case.verdict], CommandLine())
        assert (step == "") == (case.verdict.status is Status.PASS)
        assert step == "" or ": pytest " in step


def test_an_open_case_is_for_fresh_processes_to_decide_unless_they_could_not(
    judged: Callable[..., ReportedCase],
) -> None:
    loose = (11.0, 12.5, 14.0)
    open_one = judged(12.8, "a.py::x", base_us=loose).verdict
    left_open = replace(open_one, confirm=open_one.screen)
    assert {open_one.status, left_open.status} == {Status.INCONCLUSIVE}
    record = (
        "record more sessions of code you trust: pytest a.py::x --ascendperf-update-baselines --ascendperf-sessions=K"
    )
    assert next_step([open_one], CommandLine()) == (
        f"Let fresh processes decide: pytest a.py::x --ascendperf-strict; or {record}"
    )
    assert next_step([left_open], CommandLine()) == f"Run it again, or {record}"


def test_a_changed_setting_beside_another_chip_is_recorded_test_by_test(
    judged: Callable[..., ReportedCase],
) -> None:
    """``new`` would leave out the case that has an entry for this chip."""
    verdicts = [
        judged(12.5, "a.py::chip", base_chip="other").verdict,
        judged(12.5, "a.py::threads", base_threads="4").verdict,
    ]
    assert next_step(verdicts, CommandLine()).endswith("pytest a.py::chip a.py::threads --ascendperf-update-baselines")
