"""What the tests of this run brought, gathered where pytest reports: in the only process, or in xdist's controller."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pytest_ascendperf.model.comparison import ComparedCalls
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.verdict import Verdict
from pytest_ascendperf.plugin.outcome import TestOutcome
from pytest_ascendperf.report.selected_tests import SelectedTests


@dataclass(slots=True, kw_only=True)
class Results:
    """The outcomes by node id, in the order in which the tests ended; a test that ran again counts once."""

    outcomes: dict[str, TestOutcome] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time by node id."""

    def add(self, report: pytest.TestReport) -> None:
        """Take in the report of one phase of a test that asks to be measured."""
        attached = getattr(report, "ascendperf", None)
        if attached is not None:
            self.outcomes[report.nodeid] = TestOutcome.from_dict(attached)
            (self.passed.add if report.passed else self.passed.discard)(report.nodeid)
            (self.skipped.add if report.skipped else self.skipped.discard)(report.nodeid)
        elif report.nodeid in self.passed and report.failed:
            self.passed.discard(report.nodeid)  # its teardown failed
        if report.nodeid in self.outcomes:
            self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration

    @property
    def measurements(self) -> list[Measurement]:
        """All measurements of all tests."""
        return [measurement for outcome in self.outcomes.values() for measurement in outcome.measurements]

    @property
    def verdicts(self) -> list[Verdict]:
        """All verdicts of all tests."""
        return [verdict for outcome in self.outcomes.values() for verdict in outcome.verdicts]

    @property
    def comparisons(self) -> list[ComparedCalls]:
        """All comparisons of all tests."""
        return [compared for outcome in self.outcomes.values() for compared in outcome.comparisons]

    def selected_tests(self) -> SelectedTests:
        """What became of the tests that were to be measured."""
        judged = {nodeid for nodeid, outcome in self.outcomes.items() if outcome.verdicts}
        accepted = self.to_record().keys() - judged
        others = self.outcomes.keys() - judged - accepted
        compared = {nodeid for nodeid in others & self.passed if self.outcomes[nodeid].comparisons}
        return SelectedTests(
            selected=max((outcome.suite_tests for outcome in self.outcomes.values()), default=0),
            judged=len(judged),
            accepted=len(accepted),
            skipped=len(others & self.skipped),
            failed_before_judging=len(others - self.skipped - self.passed),
            unmeasured=len(others & self.passed - compared),
            compared=len(compared),
        )

    def to_record(self) -> dict[str, TestOutcome]:
        """The tests with accepted cases that passed, by node id."""
        return {
            nodeid: outcome for nodeid, outcome in self.outcomes.items() if outcome.accepted and nodeid in self.passed
        }

    def refused(self) -> dict[str, TestOutcome]:
        """The tests whose values were accepted but which failed, by node id: nothing of them is recorded."""
        return {
            nodeid: outcome
            for nodeid, outcome in self.outcomes.items()
            if outcome.accepted and nodeid not in self.passed
        }
