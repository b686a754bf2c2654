"""With a scripted clock, every printed and written number is the scripted one, to the last digit."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from ..suite import Suite, lines_with

MEDIANS_US = [12.345678, 0.1 + 0.2, 1 / 3, 0.000001, 987654.321012, 5.0]
"""As the clock counts picoseconds, what survives is the value to six decimals."""

SUITE = f"""
MEDIANS = {MEDIANS_US!r}

@pytest.mark.npu_perf(min_change_us=0)
@pytest.mark.parametrize("n", range(len(MEDIANS)))
def test_x(npu_perf_device, n):
    npu_perf_device.spend(MEDIANS[n])
"""


@pytest.mark.parametrize("options", [[], ["-n2"]])
def test_medians_are_the_scripted_ones_everywhere(suite: Suite, options: list[str]) -> None:
    suite.write(test_suite=SUITE)
    expected = {f"test_x[{n}]": round(median_us, 6) for n, median_us in enumerate(MEDIANS_US)}
    result = suite.run_process(*options, "--ascendperf-update-baselines")
    assert result.ret == 0, result.stdout.str()
    assert lines_with(result, "-  12.345678 µs     new         2  0.00 %  test_suite.py::test_x[0]")
    assert suite.medians_us() == {test: [median, median] for test, median in expected.items()}
    result = suite.run_process(*options, "--ascendperf-json=report.json", "--junitxml=junit.xml")
    result.assert_outcomes(passed=len(MEDIANS_US))
    report = json.loads((suite.path / "report.json").read_text("utf-8"))
    assert {case["test"]: case["now_us"] for case in report["cases"]} == expected
    assert {case["test"]: case["screen"]["base_us"] for case in report["cases"]} == expected
    assert {case["test"]: case["measurement"]["session"]["quantiles_us"]["p50"] for case in report["cases"]} == expected
    found = {
        case.attrib["name"]: {
            each.attrib["name"]: float(each.attrib["value"])
            for each in case.iter("property")
            if each.attrib["name"].endswith("_us")
        }
        for case in ET.parse(suite.path / "junit.xml").getroot().iter("testcase")
    }
    assert found == {
        test: {"ascendperf.median_us": median, "ascendperf.baseline_us": median} for test, median in expected.items()
    }
    table = [line.split() for line in result.outlines if line.startswith("PASS  ")]
    assert {tuple(words[:5]) for words in table if words[-1].endswith("[0]")} == {
        ("PASS", "12.345678", "µs", "12.345678", "µs")
    }
