from __future__ import annotations

import copy
import dataclasses
import json
import math
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.baseline import Baseline, NotRecorded
from pytest_ascendperf.model.cost import Cost
from pytest_ascendperf.model.finding import FindingKind
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.model.verdict import Status, Verdict
from pytest_ascendperf.report.json_report import SCHEMA_VERSION, ReportedCase, ReportedUpdate, json_report
from pytest_ascendperf.report.selected_tests import SelectedTests
from pytest_ascendperf.report.updates import RecordedCase

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "json-report.md"
TESTS = SelectedTests(selected=12, judged=8, accepted=0, skipped=2, failed_before_judging=1, unmeasured=0)
FAILING = {Status.REGRESSED, Status.INVALID}


def report_of(cases: list[ReportedCase]) -> dict[str, Any]:
    """The document as a reader gets it: written and read as JSON that allows no NaN."""
    report = json_report(cases, tests=TESTS, failing=FAILING, created="2025-01-31T04:00:00Z", plugin_version="0.1.0")
    decoded: dict[str, Any] = json.loads(json.dumps(report, allow_nan=False))
    return decoded


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    text = files("pytest_ascendperf.report").joinpath("json-report.schema.json").read_text(encoding="utf-8")
    decoded: dict[str, Any] = json.loads(text)
    return decoded


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with every field forbidden that it does not name, to find fields that it forgot."""
    result = copy.deepcopy(schema)
    for part in objects_in(result):
        if "properties" in part:
            part["additionalProperties"] = False
    return result


def objects_in(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects_in(inner)


def test_the_schema_is_one_of_its_draft(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema"] == {**schema["properties"]["schema"], "const": SCHEMA_VERSION}


def test_verdicts_of_every_status_fit_the_schema_and_nothing_is_left_undescribed(
    schema: dict[str, Any], every_status: list[ReportedCase]
) -> None:
    jsonschema.validate(report_of(every_status), closed(schema), cls=jsonschema.Draft202012Validator)
    cost = Cost(session_s=1.0, kernels_s=0.5, fresh_s=9.0, fresh_processes=2, cut_short=True)
    with_cost = [
        dataclasses.replace(case, verdict=dataclasses.replace(case.verdict, cost=cost)) for case in every_status
    ]
    jsonschema.validate(report_of(with_cost), closed(schema), cls=jsonschema.Draft202012Validator)


def test_what_ran_fits_the_schema_and_reads_back(
    schema: dict[str, Any], ran_otherwise: dict[str, ReportedCase]
) -> None:
    cases = list(ran_otherwise.values())
    report = report_of(cases)
    jsonschema.validate(report, closed(schema), cls=jsonschema.Draft202012Validator)
    assert [Verdict.from_dict(entry) for entry in report["cases"]] == [case.verdict for case in cases]
    assert [entry["timed_status"] for entry in report["cases"]] == ["pass", None, None, "pass", "invalid"]
    kernels = report["cases"][0]["measurement"]["kernels"]
    assert KernelTable.from_dict(kernels).counts() == {"BatchMatMulV3": 2, "SoftmaxV2": 1, "MatMulV3": 1}
    assert report["cases"][1]["attribution"]["case_change_us"] == pytest.approx(25.0)
    kinds = schema["$defs"]["finding"]["properties"]["kind"]["enum"]
    assert kinds == [kind.value for kind in FindingKind]


def test_slow_drift_fits_the_schema_and_reads_back(
    schema: dict[str, Any], drifted: ReportedCase, judged: Callable[..., ReportedCase]
) -> None:
    cases = [drifted, judged(12.6, base_us=(12.6,) * 5, anchor_us=(12.5,) * 5), judged(12.5)]
    report = report_of(cases)
    jsonschema.validate(report, closed(schema), cls=jsonschema.Draft202012Validator)
    assert [Verdict.from_dict(entry) for entry in report["cases"]] == [case.verdict for case in cases]
    failing, passing, without = (entry["drift"] for entry in report["cases"])
    assert (failing["fails"], failing["status_without"], failing["confirm"]["base_us"]) == (True, "pass", 12.5)
    assert (failing["recorded"], failing["revision"]) == ("2025-01-31", "1a2b3c4d5e6f")
    assert (passing["fails"], passing["status_without"], passing["confirm"]) == (False, None, None)
    assert without is None


def test_a_run_that_measured_nothing_fits_the_schema(schema: dict[str, Any]) -> None:
    report = report_of([])
    jsonschema.validate(report, closed(schema), cls=jsonschema.Draft202012Validator)
    assert report["cases"] == []
    assert set(report["totals"].values()) == {0}


def test_an_update_says_what_was_written_and_what_was_not(
    schema: dict[str, Any], baseline_of: Callable[..., Baseline]
) -> None:
    new, old, older = baseline_of([12.345678, 12.5]), baseline_of([13.0]), baseline_of([12.0, 12.25])
    update = ReportedUpdate(
        interrupted=False,
        recorded=[
            RecordedCase(case=new.case, path="baselines/a.json", old=old, new=new, tolerance=0.05, sessions_asked=1),
            RecordedCase(case=new.case, path="baselines/a.json", old=None, new=new, tolerance=0.05, sessions_asked=1),
            RecordedCase(
                case=new.case, path="c.json", old=older, new=new.following(older), tolerance=0.05, sessions_asked=1
            ),
        ],
        not_recorded=[NotRecorded(case=new.case, reason="the test failed")],
        errors=["baseline file b.json: it is a folder."],
    )
    report = json_report(
        [], tests=TESTS, failing=FAILING, created="2025-01-31T04:00:00Z", plugin_version="0.1.0", update=update
    )
    jsonschema.validate(report, closed(schema), cls=jsonschema.Draft202012Validator)
    written = json.loads(json.dumps(report))["update"]
    assert [(case["old_us"], case["new_us"]) for case in written["recorded"]] == [
        ([13.0], [12.345678, 12.5]),
        (None, [12.345678, 12.5]),
        ([12.0, 12.25], [12.345678, 12.5]),
    ]
    assert [case["anchor_us"] for case in written["recorded"]] == [None, None, [12.0, 12.25]]
    assert written["not_recorded"] == [
        {"nodeid": "tests/test_ffn.py::test_step", "case": "", "reason": "the test failed"}
    ]
    assert written["errors"] == ["baseline file b.json: it is a folder."]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), 2),
        (("totals", "pass"), -1),
        (("cases", 0, "status"), "slow"),
        (("cases", 0, "now_us"), "12.5"),
        (("cases", 0, "screen", "base_us"), 0),
        (("cases", 0, "measurement", "session", "samples_us"), [12.5] * 65),
    ],
)
def test_the_schema_refuses_what_does_not_belong(
    schema: dict[str, Any], every_status: list[ReportedCase], path: tuple[str | int, ...], value: object
) -> None:
    report = report_of(every_status)
    target: Any = report
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)


def test_a_verdict_reads_back_from_its_entry(every_status: list[ReportedCase]) -> None:
    report = report_of(every_status)
    assert [Verdict.from_dict(entry) for entry in report["cases"]] == [case.verdict for case in every_status]


def test_an_entry_says_whether_its_status_fails(every_status: list[ReportedCase]) -> None:
    report = report_of(every_status)
    assert report["failing_statuses"] == ["regressed", "invalid"]
    assert {entry["status"] for entry in report["cases"] if entry["fails"]} == {"regressed", "invalid"}


def test_tests_and_cases_are_counted(every_status: list[ReportedCase], judged: Callable[..., ReportedCase]) -> None:
    """A test of two cases counts once among the tests and twice among the totals; the rest was not reached."""
    second = judged(12.5, "tests/test_ffn.py::test_pass", case="second")
    report = report_of([*every_status, second])
    assert report["tests"] == {
        "selected": 12,
        "judged": 8,
        "accepted": 0,
        "skipped": 2,
        "failed_before_judging": 1,
        "unmeasured": 0,
        "compared": 0,
        "not_run": 1,
    }
    assert report["totals"] == {**{status.value: 1 for status in Status}, "pass": 2}


def test_environments_stand_once_and_are_named_by_fingerprint(every_status: list[ReportedCase]) -> None:
    report = report_of(every_status)
    (fingerprint,) = report["environments"]
    assert {entry["measurement"]["environment"] for entry in report["cases"]} == {fingerprint}
    assert report["environments"][fingerprint]["hard"] == {"threads": "8"}


def test_a_verdict_without_a_measurement_is_reported(
    schema: dict[str, Any], judged: Callable[..., ReportedCase]
) -> None:
    report = report_of([dataclasses.replace(judged(12.5), measurement=None)])
    jsonschema.validate(report, closed(schema), cls=jsonschema.Draft202012Validator)
    assert report["cases"][0]["measurement"] is None
    assert report["environments"] == {}


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_json_does_not_have_is_refused_by_name(
    judged: Callable[..., ReportedCase], number: float
) -> None:
    case = judged(12.5)
    broken = dataclasses.replace(case, verdict=dataclasses.replace(case.verdict, detectable_change=number))
    with pytest.raises(InvalidDataError, match=r"cases\[1\]\.detectable_change: expected a finite number"):
        report_of([case, broken])


def test_every_field_is_documented(schema: dict[str, Any]) -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    rows = "\n".join(line for line in text.splitlines() if line.startswith("|"))
    named = {name for part in objects_in(schema) for name in part.get("properties", {})}
    assert {name for name in named if f"`{name}`" not in rows} == set()


def test_the_documented_queries_run(
    every_status: list[ReportedCase],
    ran_otherwise: dict[str, ReportedCase],
    drifted: ReportedCase,
    tmp_path: Path,
) -> None:
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    file = tmp_path / "report.json"
    costly = [
        dataclasses.replace(case, verdict=dataclasses.replace(case.verdict, cost=Cost(session_s=1.0, fresh_s=seconds)))
        for case, seconds in zip(every_status[:2], (1.0, 9.0), strict=True)
    ]
    file.write_text(json.dumps(report_of([*every_status, ran_otherwise["fewer"], drifted, *costly])), encoding="utf-8")
    commands = re.findall(r"```sh\n(.*?)```", DOCUMENTATION.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(commands) == 5
    slower, otherwise, unjudged, longest, worst = (
        subprocess.run(
            ["sh", "-c", command.replace("FILE", '"$0"'), str(file)], check=True, capture_output=True, text=True
        ).stdout.splitlines()
        for command in commands
    )
    assert {line.split("\t")[0] for line in slower} == {
        "tests/test_ffn.py::test_slow[fp16]",
        "tests/test_ffn.py::test_crept",
    }
    assert len(slower) == 3
    (crept,) = [line for line in slower if "test_crept" in line]
    assert crept.split("\t")[2] == "12.5", "drift is told against the anchor"
    assert [line.partition(": ")[0] for line in otherwise] == ["tests/test_ffn.py::test_fewer"]
    assert len(unjudged) == 4
    assert [line.rpartition("::")[2] for line in longest] == ["test_slow[fp16]", "test_pass"]
    assert worst[0].endswith("tests/test_ffn.py::test_decode")
