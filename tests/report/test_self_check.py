from __future__ import annotations

import dataclasses
import json
from importlib.resources import files

import jsonschema
import pytest

from pytest_ascendperf.judge.self_check import CheckedCase, FalseAlarms
from pytest_ascendperf.model.baseline import NotRecorded
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.report.json_report import json_report
from pytest_ascendperf.report.selected_tests import SelectedTests
from pytest_ascendperf.report.self_check import SelfCheck, self_check_dict, self_check_lines

ALARMS = FalseAlarms(splits=500, failed=1, base_sessions=5, confirm_sessions=4, disjoint=1)
STEADY = CheckedCase(
    case=CaseId(module="tests/test_ffn.py", test="test_steady"),
    clock=Clock.DEVICE,
    median_us=1234.5,
    sessions=10,
    spread=0.004,
    false_alarms=dataclasses.replace(ALARMS, failed=0),
    detectable_change=0.063,
    suggested_tolerance=0.02,
)
NOISY = dataclasses.replace(
    STEADY,
    case=CaseId(module="tests/test_ffn.py", test="test_noisy", case="decode"),
    clock=Clock.HOST,
    sessions=4,
    spread=0.031,
    false_alarms=ALARMS,
    detectable_change=None,
    suggested_tolerance=0.1,
)
UNSPLIT = dataclasses.replace(STEADY, false_alarms=None, sessions=3)
CHECK = SelfCheck(sessions=10, baseline_sessions=5, cases=(STEADY, STEADY, STEADY, NOISY), not_checked=())


def test_the_lines_tell_what_was_found_and_what_to_set() -> None:
    lines = self_check_lines(CHECK)
    assert lines[0] == "self-check: 10 sessions of unchanged code, each a process of its own"
    rows = [" ".join(line.split()) for line in lines[1:6]]
    assert rows[0] == "median sessions spread false alarms at most detectable tolerance test"
    assert rows[1] == "1.2345 ms 10 0.40 % 0.00 % 95.0 % 6.3 % 2 % tests/test_ffn.py::test_steady"
    assert rows[4] == "1.2345 ms host 4 3.1 % 0.20 % 100.0 % - 10 % tests/test_ffn.py::test_noisy (decode)"
    assert lines[8:] == [
        "false alarms: unchanged code failed in 1 of 2,000 splits of these sessions (5 sessions as baseline, 1 judged, "
        "4 to confirm): 0.05 %.",
        "at most: 75.1 % for all tests together, with 95 % confidence. Splits share sessions, so only those that share "
        "none count as trials: 4. More sessions bring it down.",
        "suggested: ascendperf_tolerance = 0.02, enough for 3 of 4 cases (at least 75 % of them)",
        "These are noisier; give them a tolerance of their own, or make them longer:",
        "  tests/test_ffn.py::test_noisy (decode): npu_perf.case('decode', tolerance=0.1)",
        "To write it to the configuration file, run this again with --ascendperf-self-check-write.",
    ]


def test_a_test_without_cases_takes_its_tolerance_in_the_marker() -> None:
    noisy = dataclasses.replace(STEADY, suggested_tolerance=0.5)
    lines = self_check_lines(dataclasses.replace(CHECK, cases=(STEADY, STEADY, STEADY, noisy)))
    assert "  tests/test_ffn.py::test_steady: @pytest.mark.npu_perf(tolerance=0.5)" in lines


def test_a_test_that_no_tolerance_suits_is_named_first() -> None:
    blind = dataclasses.replace(STEADY, suggested_tolerance=None)
    lines = self_check_lines(dataclasses.replace(CHECK, cases=(*[STEADY] * 6, NOISY, blind)))
    assert lines[-3:-1] == [
        "  tests/test_ffn.py::test_steady: none up to 50 % would do",
        "  tests/test_ffn.py::test_noisy (decode): npu_perf.case('decode', tolerance=0.1)",
    ]


def test_where_too_many_are_blind_nothing_is_suggested() -> None:
    blind = dataclasses.replace(STEADY, suggested_tolerance=None)
    check = dataclasses.replace(CHECK, cases=(STEADY, STEADY, blind, blind))
    lines = self_check_lines(check)
    assert " ".join(lines[4].split()).endswith("0.00 % 95.0 % 6.3 % - tests/test_ffn.py::test_steady")
    assert lines[-1].startswith(
        "no tolerance is suggested: as this runner is now, 2 of 4 cases would need one above 50 %, which gates nothing."
    )
    block = self_check_dict(check)
    assert block["tolerance"] is None


def test_of_many_noisy_tests_ten_are_named() -> None:
    lines = self_check_lines(dataclasses.replace(CHECK, cases=(*[STEADY] * 36, *[NOISY] * 12)))
    assert sum("npu_perf.case('decode'" in line for line in lines) == 10
    assert "  and 2 more" in lines


def test_without_enough_sessions_no_false_alarms_are_claimed() -> None:
    lines = self_check_lines(dataclasses.replace(CHECK, cases=(UNSPLIT,)))
    assert "false alarms: at least 5 valid sessions of a test are needed to count them." in lines


def test_what_was_written_and_what_was_not() -> None:
    lines = self_check_lines(dataclasses.replace(CHECK, written=("pytest.ini", "ascendperf_tolerance = 0.02")))
    assert lines[-2:] == ["written to pytest.ini:", "  ascendperf_tolerance = 0.02"]
    lines = self_check_lines(dataclasses.replace(CHECK, not_written="pytest.ini: it is full."))
    assert lines[-1] == "NOT WRITTEN: pytest.ini: it is full."
    assert not any("--ascendperf-self-check-write" in line for line in lines)


def test_where_nothing_was_measured_it_says_so() -> None:
    lines = self_check_lines(SelfCheck(sessions=10, baseline_sessions=5, cases=(), not_checked=()))
    assert lines[1:] == ["nothing was checked: no marked test passed and measured a case"]


def test_cases_that_could_not_be_checked_are_named() -> None:
    missing = NotRecorded(case=NOISY.case, reason="session 2 of 10:\nthe test failed")
    lines = self_check_lines(SelfCheck(sessions=10, baseline_sessions=5, cases=(), not_checked=(missing,)))
    assert lines[1:] == [
        "1 case not checked:",
        "  tests/test_ffn.py::test_noisy (decode): session 2 of 10:\\nthe test failed",
    ]


@pytest.mark.parametrize(
    "check",
    [
        CHECK,
        dataclasses.replace(CHECK, cases=(UNSPLIT,), written=("pytest.ini", "a = 1")),
        SelfCheck(
            sessions=10,
            baseline_sessions=1,
            cases=(),
            not_checked=(NotRecorded(case=NOISY.case, reason="the test failed"),),
            interrupted="in session 2 of 10",
            not_written="because",
        ),
    ],
)
def test_the_block_of_the_report_fits_its_schema_and_says_all(check: SelfCheck) -> None:
    schema = json.loads(files("pytest_ascendperf.report").joinpath("json-report.schema.json").read_text("utf-8"))
    part = schema["properties"]["self_check"]
    written = json.loads(json.dumps(self_check_dict(check)))
    assert set(written) == set(part["properties"]) == set(part["required"])
    for case in written["cases"]:
        assert set(case) == set(part["properties"]["cases"]["items"]["properties"])
    assert set(part["properties"]["not_checked"]["items"]["properties"]) == {"nodeid", "case", "reason"}
    report = json_report(
        [],
        tests=SelectedTests(
            selected=1, judged=0, accepted=1, skipped=0, failed_before_judging=0, unmeasured=0, compared=0
        ),
        failing=[],
        created="2025-01-31T04:00:00Z",
        plugin_version="0.1.0",
        self_check=check,
    )
    jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)


def test_the_numbers_of_the_block() -> None:
    block = self_check_dict(CHECK)
    assert block["tolerance"] == 0.02
    assert block["false_alarms"] == {
        "splits": 2000,
        "failed": 1,
        "rate": 0.0005,
        "at_most": pytest.approx(0.7514, abs=1e-4),
        "disjoint": 4,
        "base_sessions": 5,
        "confirm_sessions": 4,
    }
