"""A median that a scripted clock produces reaches the terminal, the JSON report and the JUnit properties unchanged."""

from __future__ import annotations

import json

import pytest

from pytest_ascendperf.devices.scripted import ScriptedDevice
from pytest_ascendperf.judge.verdict import judge_screen
from pytest_ascendperf.measure.call import measure_call
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.protocol import Rule, SamplingPlan
from pytest_ascendperf.report.failure import failure_message
from pytest_ascendperf.report.json_report import ReportedCase, json_report
from pytest_ascendperf.report.junit import junit_properties
from pytest_ascendperf.report.next_step import CommandLine
from pytest_ascendperf.report.selected_tests import SelectedTests
from pytest_ascendperf.report.terminal import result_table

PLAN = SamplingPlan(
    warmup=3,
    max_warmup_s=1.0,
    max_wait_s=0.0,
    rounds=7,
    budget_s=1.0,
    precision=0.01,
    threads=None,
    cold=False,
    max_spread=0.5,
)
RULE = Rule(tolerance=0.05, min_change_us=1.0, confirm_sessions=5, suite_tests=1, cases=1)


@pytest.mark.parametrize(
    ("scripted_us", "printed"),
    [(12.345678, "12.345678 µs"), (12.5, "12.50 µs"), (123.456789, "123.456789 µs"), (4567.8, "4.5678 ms")],
)
def test_the_scripted_median_is_the_same_everywhere(scripted_us: float, printed: str) -> None:
    device = ScriptedDevice()
    case = CaseId.from_nodeid("tests/test_ffn.py::test_step")
    _, measurement = measure_call(device, PLAN, case, lambda: device.spend(scripted_us))
    verdict = judge_screen(measurement, None, [], RULE, baseline_path=None).verdict

    report = json_report(
        [ReportedCase(verdict=verdict, measurement=measurement)],
        tests=SelectedTests(selected=1, judged=1, accepted=0, skipped=0, failed_before_judging=0, unmeasured=0),
        failing=(),
        created="2025-01-31T04:00:00Z",
        plugin_version="1",
    )
    (entry,) = json.loads(json.dumps(report, allow_nan=False))["cases"]

    assert entry["now_us"] == scripted_us
    assert entry["measurement"]["session"]["quantiles_us"]["p50"] == scripted_us
    assert dict(junit_properties([verdict]))["ascendperf.median_us"] == scripted_us
    assert f"  {printed}  " in result_table([verdict])[1]
    assert f"median {printed}\n" in failure_message([verdict], CommandLine())
