"""``--ascendperf-json=FILE``: the report on disk, whole or not at all."""

from __future__ import annotations

import importlib.metadata
import json
import os
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.plugin.against.request import AGAINST_KEY
from pytest_ascendperf.plugin.budget import why_not_applied
from pytest_ascendperf.plugin.options import failing_statuses
from pytest_ascendperf.plugin.recording import Recorded
from pytest_ascendperf.plugin.results import Results
from pytest_ascendperf.report.json_report import ReportedCase, ReportedUpdate, json_report
from pytest_ascendperf.report.self_check import SelfCheck
from pytest_ascendperf.settings import Settings


def write_json_report(
    config: pytest.Config,
    settings: Settings,
    results: Results,
    recorded: Recorded | None,
    self_check: SelfCheck | None,
) -> str | None:
    """Write the report where one was asked for; a sentence saying why not, where it could not be written."""
    target: str | None = config.getoption("ascendperf_json")
    if target is None:
        return None
    measured = {measurement.case: measurement for measurement in results.measurements}
    gate = config.stash.get(AGAINST_KEY, None)
    failing = failing_statuses(config, settings)
    report = json_report(
        [ReportedCase(verdict=verdict, measurement=measured.get(verdict.case)) for verdict in results.verdicts],
        tests=results.selected_tests(),
        failing=[status for status in Status if status.value in failing],
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        plugin_version=importlib.metadata.version("pytest-ascendperf"),
        comparisons=results.comparisons,
        update=None if recorded is None else _update(recorded),
        self_check=self_check,
        sides=None if gate is None else gate.sides,
        budget_s=settings.budget if why_not_applied(config) is None else None,
    )
    try:
        _replace(Path(target), json.dumps(report, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    except OSError as error:
        return f"--ascendperf-json={target} was not written: {error.strerror or error}"
    return None


def _update(recorded: Recorded) -> ReportedUpdate:
    return ReportedUpdate(
        interrupted=recorded.interrupted is not None,
        recorded=recorded.cases,
        not_recorded=recorded.not_recorded,
        errors=recorded.problems,
    )


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        # What UTF-8 has no bytes for, such as undecodable bytes of a file name, is written as JSON's escapes.
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
