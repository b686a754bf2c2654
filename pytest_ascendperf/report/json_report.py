"""The whole run as one JSON document, for programs: every verdict with its numbers, samples and environment.

``json-report.schema.json`` beside this module describes it (JSON Schema, draft 2020-12), and so does
``docs/json-report.md``. ``SCHEMA_VERSION`` rises when a field is removed or changes its meaning; a new field does not
raise it, so readers must ignore fields that they do not know. History: 1, the first.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.baseline import NotRecorded
from pytest_ascendperf.model.comparison import ComparedCalls
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.verdict import Status, Verdict
from pytest_ascendperf.report.against import SideBySide
from pytest_ascendperf.report.cost import cost_dict
from pytest_ascendperf.report.selected_tests import SelectedTests
from pytest_ascendperf.report.self_check import SelfCheck, self_check_dict
from pytest_ascendperf.report.updates import RecordedCase

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCase:
    """A verdict and the run's own measurement that it judges."""

    verdict: Verdict
    measurement: Measurement | None
    """None where the test ended before its measurement could be handed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedUpdate:
    """What ``--ascendperf-update-baselines`` did."""

    interrupted: bool
    """Whether the recording was interrupted; nothing was written then."""
    recorded: Sequence[RecordedCase]
    not_recorded: Sequence[NotRecorded]
    errors: Sequence[str]
    """Baseline files that could not be written, a sentence each; they are as they were."""


def json_report(
    cases: Sequence[ReportedCase],
    *,
    tests: SelectedTests,
    failing: Collection[Status],
    created: str,
    plugin_version: str,
    update: ReportedUpdate | None = None,
    comparisons: Sequence[ComparedCalls] = (),
    self_check: SelfCheck | None = None,
    sides: SideBySide | None = None,
    budget_s: float | None = None,
) -> dict[str, object]:
    """The document as plain JSON types, cases in the order given.

    ``update`` is what became of the baselines, None for a run that was not to write any, and likewise
    ``self_check``; ``sides`` are those of a run with a base, None for one that looks at stored baselines. ``failing``
    holds the statuses that fail a test in this run, ``created`` the time of the report (UTC, ISO 8601), ``budget_s``
    the seconds for all tests together, None where no budget applied.
    Raises InvalidDataError naming the field where a number is not finite, as JSON has no such numbers.
    """
    found = Counter(case.verdict.status for case in cases)
    environments = {
        case.measurement.environment.fingerprint: case.measurement.environment.to_dict()
        for case in cases
        if case.measurement is not None
    }
    report: dict[str, object] = {
        "schema": SCHEMA_VERSION,
        "plugin_version": plugin_version,
        "created": created,
        "failing_statuses": [status.value for status in Status if status in failing],
        "tests": _tests(tests),
        "totals": {status.value: found[status] for status in Status},
        "environments": dict(sorted(environments.items())),
        "cases": [_case(case, failing) for case in cases],
        "comparisons": [compared.to_dict() for compared in comparisons],
        "update": None if update is None else _update(update),
        "self_check": None if self_check is None else self_check_dict(self_check),
        "against": None if sides is None else sides.to_dict(),
        "cost": cost_dict([case.verdict for case in cases], budget_s=budget_s),
    }
    _check_finite(report, "")
    return report


def _tests(tests: SelectedTests) -> dict[str, object]:
    return {**dataclasses.asdict(tests), "not_run": tests.not_run}


def _case(case: ReportedCase, failing: Collection[Status]) -> dict[str, object]:
    return {
        "nodeid": case.verdict.case.nodeid,
        **case.verdict.to_dict(),
        "fails": case.verdict.status in failing,
        "measurement": None if case.measurement is None else _measurement(case.measurement),
    }


def _update(update: ReportedUpdate) -> dict[str, object]:
    return {
        "interrupted": update.interrupted,
        "recorded": [
            {
                "nodeid": change.case.nodeid,
                "case": change.case.case,
                "path": change.path,
                "old_us": None if change.old is None else list(change.old.medians_us),
                "new_us": list(change.new.medians_us),
                "anchor_us": None if change.new.anchor is None else list(change.new.anchor.medians_us),
            }
            for change in update.recorded
        ],
        "not_recorded": [
            {"nodeid": missing.case.nodeid, "case": missing.case.case, "reason": missing.reason}
            for missing in update.not_recorded
        ],
        "errors": list(update.errors),
    }


def _measurement(measurement: Measurement) -> dict[str, object]:
    """The measurement without its case, which stands one level up, and with its environment by fingerprint."""
    return {
        "environment": measurement.environment.fingerprint,
        "session": None if measurement.session is None else measurement.session.to_dict(),
        "invalid": list(measurement.invalid),
        "notes": list(measurement.notes),
        "kernels": None if measurement.kernels is None else measurement.kernels.to_dict(),
        "kernel_problem": measurement.kernel_problem,
        "fusion_passes": None if measurement.fusion_passes is None else dict(measurement.fusion_passes),
    }


def _check_finite(value: object, where: str) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_finite(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_finite(inner, f"{where}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidDataError(where, f"expected a finite number, found {value}")
