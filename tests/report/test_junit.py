from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_ascendperf.report.json_report import ReportedCase
from pytest_ascendperf.report.junit import junit_properties


def test_a_test_of_one_case_has_plain_names(judged: Callable[..., ReportedCase]) -> None:
    verdict = judged(12.345678).verdict
    assert verdict.screen is not None
    assert junit_properties([verdict]) == [
        ("ascendperf.status", "pass"),
        ("ascendperf.median_us", 12.345678),
        ("ascendperf.baseline_us", verdict.screen.base_us),
        ("ascendperf.change", verdict.screen.change),
        ("ascendperf.detectable_change", verdict.detectable_change),
    ]


def test_a_named_case_has_its_name_in_each_property(judged: Callable[..., ReportedCase]) -> None:
    verdicts = [judged(12.5, case=name).verdict for name in ("prefill", "decode")]
    names = [name for name, _ in junit_properties(verdicts)]
    assert names[0] == "ascendperf.prefill.status"
    assert "ascendperf.decode.median_us" in names
    assert len(names) == len(set(names))


def test_a_confirmed_change_stands_beside_the_number_it_rests_on(every_status: list[ReportedCase]) -> None:
    """The median is the run's own; baseline and change are the confirming ones, and so is the confirmed time."""
    regressed = next(case.verdict for case in every_status if case.verdict.confirm is not None)
    properties = dict(junit_properties([regressed]))
    assert regressed.confirm is not None
    assert properties["ascendperf.median_us"] == 37.52
    assert properties["ascendperf.confirmed_us"] == regressed.confirm.head_us
    assert properties["ascendperf.change"] == regressed.confirm.change


def test_values_are_plain_and_numbers_that_do_not_exist_are_left_out(every_status: list[ReportedCase]) -> None:
    for case in every_status:
        properties = junit_properties([case.verdict])
        assert {type(value) for _, value in properties} <= {str, float}
        measured = any(name.endswith(".median_us") for name, _ in properties)
        assert measured == (case.verdict.now_us is not None)


def test_a_name_that_xml_cannot_hold_is_spelled_out(judged: Callable[..., ReportedCase]) -> None:
    assert junit_properties([judged(12.5, case="a\x00\nb").verdict])[0][0] == "ascendperf.a\\x00\\nb.status"


def test_slow_drift_is_told_with_the_numbers_of_the_anchor(
    drifted: ReportedCase, judged: Callable[..., ReportedCase]
) -> None:
    properties = dict(junit_properties([drifted.verdict]))
    assert properties["ascendperf.status"] == "regressed"
    assert properties["ascendperf.baseline_us"] == 12.5
    assert properties["ascendperf.confirmed_us"] == 13.275
    assert properties["ascendperf.change"] == properties["ascendperf.change_since_anchor"]
    assert properties["ascendperf.drift"] == "since 2025-01-31, 1a2b3c4d5e6f"


def test_how_far_a_case_is_from_its_anchor_is_told_before_it_fails(judged: Callable[..., ReportedCase]) -> None:
    properties = dict(junit_properties([judged(12.6, base_us=(12.6,) * 5, anchor_us=(12.5,) * 5).verdict]))
    assert properties["ascendperf.change"] == 0.0
    assert properties["ascendperf.change_since_anchor"] == pytest.approx(0.008)
    assert "ascendperf.drift" not in properties
