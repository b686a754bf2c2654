"""Reports of a test that ran in another process."""

from __future__ import annotations

import pytest

from pytest_ascendperf.plugin.outcome import TestOutcome


def failed_report(item: pytest.Item, passed: pytest.TestReport, message: str) -> pytest.TestReport:
    """The report of a call phase that passed, failed by what it measured; an xfail then happened as expected."""
    call = pytest.CallInfo.from_call(lambda: pytest.fail(message, pytrace=False), when="call")
    report = pytest.TestReport.from_item_and_call(item, call)
    report.duration = passed.duration
    report.sections = list(passed.sections)
    report.user_properties = list(passed.user_properties)
    if hasattr(passed, "wasxfail"):
        report.outcome = "skipped"
        report.wasxfail = passed.wasxfail
    return report


def crash_report(item: pytest.Item, message: str, outcome: TestOutcome) -> pytest.TestReport:
    """The report of a test whose process was lost, or which could not be handed to one."""
    call = pytest.CallInfo.from_call(lambda: pytest.fail(message, pytrace=False), when="call")
    report = pytest.TestReport.from_item_and_call(item, call)
    report.__dict__["ascendperf"] = outcome.to_dict()
    return report
