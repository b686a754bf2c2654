"""What the machine says, from the device to the verdict, the baseline and the reports."""

from __future__ import annotations

import json

import pytest

from ..suite import Suite, lines_with

SCRIPT = """
import json
from pytest_ascendperf.model.conditions import Conditions

@pytest.fixture
def machine(npu_perf_device):
    said = json.loads(os.environ.get("SAID", "[]"))
    npu_perf_device.conditions = [Conditions.from_dict({"device": {"source": "npu-smi", **each}}) for each in said]
"""
TEST = """
@pytest.mark.npu_perf
def test_ffn(machine, spend):
    spend()
"""
HOT = {"clock_mhz": 900, "max_clock_mhz": 1800, "throttling": ["over temperature"]}
SHARED = {"clock_mhz": 1500, "others": [{"pid": 4242, "name": "train.py"}]}


def said(*conditions: dict[str, object]) -> str:
    return json.dumps(conditions)


@pytest.fixture
def recorded(suite: Suite) -> Suite:
    """A suite whose baseline was recorded at 1,500 MHz."""
    suite.extend_conftest(SCRIPT)
    suite.write(test_suite=TEST)
    suite.record(SAID=said({"clock_mhz": 1500, "throttling": [], "others": []}))
    return suite


def test_the_baseline_keeps_the_clock(recorded: Suite) -> None:
    text = recorded.baseline_file().read_text("utf-8")
    assert text.count('"clock_mhz": 1500') == 2
    assert recorded.statuses(SAID=said({"clock_mhz": 1400})) == {"test_ffn": "pass"}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (
            HOT,
            "The device held its clock down at 900 MHz of 1800 MHz while it was measured: over temperature (npu-smi)",
        ),
        (SHARED, "Another process was on the device while it was measured: process 4242 (train.py) (npu-smi)"),
    ],
)
def test_what_lasts_is_invalid_after_three_samples(recorded: Suite, condition: dict[str, object], words: str) -> None:
    result, report = recorded.report(SAID=said(condition))
    (case,) = report["cases"]
    assert result.ret == 0
    assert case["status"] == "invalid"
    assert words in case["reason"]
    assert [note.partition(":")[0] for note in case["notes"]] == [
        "Sample 1 of 3 was discarded",
        "Sample 2 of 3 was discarded",
    ]
    assert case["measurement"]["session"]["conditions"]["device"]["clock_mhz"] == condition["clock_mhz"]
    assert recorded.run("--ascendperf-strict", SAID=said(condition)).ret == 1


def test_what_ends_is_judged_with_a_note(recorded: Suite) -> None:
    _, report = recorded.report(SAID=said(HOT, {"clock_mhz": 1500}))
    (case,) = report["cases"]
    assert case["status"] == "pass"
    (note,) = case["notes"]
    assert note.startswith("Sample 1 of 2 was discarded: The device held its clock down")


def test_a_clock_below_nine_tenths_of_the_baselines_is_invalid(recorded: Suite) -> None:
    result, report = recorded.report(SAID=said({"clock_mhz": 1300}))
    (case,) = report["cases"]
    assert case["status"] == "invalid"
    assert "clock is 1300 MHz and was 1500 MHz when the baseline was recorded (-13.3 %" in case["reason"]
    assert lines_with(result, "clock is 1300 MHz")


def test_a_slower_time_under_a_clock_held_down_is_not_confirmed_either(recorded: Suite) -> None:
    """What the fresh processes measure under it does not count."""
    recorded.extend_conftest(SCRIPT.replace('"SAID", "[]"', '"SAID" if is_fresh() else "QUIET", "[]"'))
    _, report = recorded.report(US="20", SAID=said({"clock_mhz": 1300}))
    (case,) = report["cases"]
    assert case["status"] == "inconclusive"
    assert "The device's clock is 1300 MHz" in case["reason"]


def test_a_spread_that_a_test_allows_is_judged(suite: Suite) -> None:
    suite.write(
        test_suite="""
        @pytest.mark.npu_perf(rounds=20)
        def test_torn(npu_perf, npu_perf_device):
            for name, keywords in {"refused": {}, "allowed": {"max_spread": 1.5}}.items():
                durations_us = iter([1000.0, 3000.0] * 500)
                npu_perf.case(name, **keywords)(lambda: npu_perf_device.spend(next(durations_us)))
        """
    )
    _, report = suite.report()
    assert {case["case"]: case["status"] for case in report["cases"]} == {
        "refused": "invalid",
        "allowed": "no_baseline",
    }
    assert "npu_perf(max_spread=...)" in report["cases"][0]["reason"]
