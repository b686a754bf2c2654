"""What one test of this run brought, as it travels from the process that ran it to the one that reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_ascendperf.model import fields
from pytest_ascendperf.model.comparison import ComparedCalls
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Verdict


@dataclass(slots=True, kw_only=True)
class TestOutcome:
    """Grows while the test runs; sent as plain JSON types, since xdist carries no others."""

    __test__ = False  # not a class of tests

    target: str
    """How a fresh process collects this test."""
    suite_tests: int
    """Tests that the run was going to measure, this one among them."""
    measurements: list[Measurement] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    """One per case, less the accepted ones."""
    accepted: dict[str, float] = field(default_factory=dict)
    """Names of the cases whose new values are to be recorded, with the tolerance of each."""
    comparisons: list[ComparedCalls] = field(default_factory=list)

    def accept(self, name: str, rule: Rule) -> None:
        """Have the new values of the case ``name``, which is judged under ``rule``, recorded."""
        self.accepted[name] = rule.tolerance

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "target": self.target,
            "suite_tests": self.suite_tests,
            "measurements": [measurement.to_dict() for measurement in self.measurements],
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
            "accepted": dict(self.accepted),
            "comparisons": [compared.to_dict() for compared in self.comparisons],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> TestOutcome:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError."""
        measurements = fields.as_list(fields.required(data, "measurements"), "measurements")
        verdicts = fields.as_list(fields.required(data, "verdicts"), "verdicts")
        accepted = fields.as_object(fields.required(data, "accepted"), "accepted")
        comparisons = fields.as_list(fields.required(data, "comparisons"), "comparisons")
        return cls(
            target=fields.text(data, "target"),
            suite_tests=fields.count(data, "suite_tests", at_least=1),
            measurements=[Measurement.from_dict(fields.as_object(measurement)) for measurement in measurements],
            verdicts=[Verdict.from_dict(fields.as_object(verdict)) for verdict in verdicts],
            accepted={name: fields.number(tolerance, f"accepted.{name}") for name, tolerance in accepted.items()},
            comparisons=[ComparedCalls.from_dict(fields.as_object(compared)) for compared in comparisons],
        )
