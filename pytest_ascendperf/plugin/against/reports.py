"""Reports of a test that ran in another process."""

from __future__ import annotations

import pytest

from pytest_ascendperf.plugin.outcome import TestOutcome


def failed_report(item: pytest.Item, ended: pytest.TestReport, message: str) -> pytest.TestReport:
    """The report of a call phase that ended without an exception, failed by what it measured.

    Where the test was expected to fail, which the report of its passing shows, it did.
    """
    call = pytest.CallInfo.from_call(lambda: pytest.fail(message, pytrace=False), when="call")
    report = pytest.TestReport.from_item_and_call(item, call)
    report.duration = ended.duration
    report.sections = list(ended.sections)
    report.user_properties = list(ended.user_properties)
    if hasattr(ended, "wasxfail") or ended.failed:  # strict: failed, for passing
        report.outcome = "skipped"
        report.wasxfail = getattr(ended, "wasxfail", "") or message.partition("\n")[0]
    return report


def crash_report(item: pytest.Item, message: str, outcome: TestOutcome) -> pytest.TestReport:
    """The report of a test whose process was lost, or which could not be handed to one."""
    call = pytest.CallInfo.from_call(lambda: pytest.fail(message, pytrace=False), when="call")
    report = pytest.TestReport.from_item_and_call(item, call)
    report.__dict__["ascendperf"] = outcome.to_dict()
    return report
