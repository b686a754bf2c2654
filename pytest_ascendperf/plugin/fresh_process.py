"""Sessions in fresh processes: the child's half."""

from __future__ import annotations

import json
import os
import pickle
import threading
from pathlib import Path

import pytest

from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.plugin.fresh import FreshResult
from pytest_ascendperf.plugin.session_request import REQUEST_KEY, SessionRequest


class ResultWriter:
    """Appends every test's result to the results file as soon as the test has ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems: dict[str, str] = {}
        self._measurements: dict[str, tuple[Measurement, ...]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what a phase brought."""
        if not report.passed and report.nodeid not in self._problems:
            self._problems[report.nodeid] = f"{report.when} {report.outcome}: {reason_of(report)}"
        attached = getattr(report, "ascendperf", None)
        if attached is not None:
            self._measurements[report.nodeid] = tuple(map(Measurement.from_dict, attached["measurements"]))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write one line."""
        result = FreshResult(
            nodeid=nodeid,
            measurements=self._measurements.pop(nodeid, ()),
            problem=self._problems.pop(nodeid, None),
        )
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result.to_dict()) + "\n")


def reason_of(report: pytest.TestReport) -> str:
    """One line: the message of the error as far as pytest knows it, as in its short summary."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if isinstance(report.longrepr, tuple):
        text = report.longrepr[2]  # of a skip: path, line, reason
    else:
        text = report.longreprtext if crash is None else crash.message
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")


def main(request_path: str) -> int:
    """Measure what the request names and return pytest's exit status."""
    end_with_parent()
    request: SessionRequest = pickle.loads(Path(request_path).read_bytes())
    config = pytest.Config.fromdictargs(request.options, list(request.tests))
    config.args = list(request.tests)
    config.stash[REQUEST_KEY] = request
    config.pluginmanager.register(ResultWriter(Path(request.results_path)), "ascendperf-result-writer")
    return int(config.hook.pytest_cmdline_main(config=config))


def end_with_parent() -> None:
    """End this process when the parent is gone, since the parent's device lock is gone with it.

    The parent never writes to standard input, so the read returns only when the parent has ended.
    """
    parent = os.dup(0)

    def watch() -> None:
        os.read(parent, 1)
        os._exit(1)

    threading.Thread(target=watch, name="ascendperf-parent-watch", daemon=True).start()
