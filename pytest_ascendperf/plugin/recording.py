"""``--ascendperf-update-baselines``: the run itself is the first session, fresh processes are the others.

Nothing is written before all of them are done, so an interrupted recording leaves every baseline as it was.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from pytest_ascendperf.judge.acceptance import baseline_of, missing_kernels, wants_another
from pytest_ascendperf.model.baseline import Baseline, NotRecorded
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.plugin.further_sessions import FurtherSessions
from pytest_ascendperf.plugin.options import ANCHOR_MODE
from pytest_ascendperf.plugin.paths import baselines_root, short_path
from pytest_ascendperf.plugin.results import Results
from pytest_ascendperf.plugin.revision import revision_of
from pytest_ascendperf.report.updates import RecordedCase
from pytest_ascendperf.settings import Settings
from pytest_ascendperf.store.baseline_store import BaselineStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What came of a recording."""

    cases: tuple[RecordedCase, ...]
    not_recorded: tuple[NotRecorded, ...]
    kept: int
    """Measured cases whose baseline the update did not have to touch."""
    interrupted: str | None
    """Where the recording was interrupted; nothing was written then."""
    problems: tuple[str, ...]
    """Files that could not be written, each with what to do."""

    def exit_status(self, before: int | pytest.ExitCode) -> int | pytest.ExitCode:
        """The run's exit status, ``before`` being what the tests alone give."""
        if self.interrupted is not None:
            ended_well = before in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
            return pytest.ExitCode.INTERRUPTED if ended_well else before
        return before or (pytest.ExitCode.TESTS_FAILED if self.problems or self.not_recorded else before)


class Recording:
    """The sessions after the first, and the write."""

    def __init__(self, config: pytest.Config, settings: Settings, results: Results) -> None:
        self._config = config
        self._settings = settings
        self._refused = results.refused()
        self._kept = len(results.verdicts)
        self._moves_anchors = config.getoption("ascendperf_update_baselines") == ANCHOR_MODE
        tests = results.to_record()
        self._tolerances = {
            measurement.case: outcome.accepted[measurement.case.case]
            for outcome in tests.values()
            for measurement in outcome.measurements
            if measurement.case.case in outcome.accepted
        }
        self._sessions = FurtherSessions(
            config,
            settings,
            tests,
            doing="recording",
            first_session_s=sum(results.seconds[nodeid] for nodeid in tests),
        )

    def run(self) -> Recorded:
        """Measure the sessions that are missing and write. KeyboardInterrupt ends in a value that says so."""
        count = self._settings.sessions
        try:
            self._sessions.measure_up_to(count)
            while slowed := self._slowed():
                self._sessions.measure_again(slowed)
        except KeyboardInterrupt:
            number = len(self._sessions.sessions) + 1
            return interrupted_recording(f"in session {number} of {max(number, count)}")
        with _interrupts_ignored():
            return self._write()

    def _slowed(self) -> list[CaseId]:
        """The cases to measure once more."""
        count = self._settings.sessions
        return [case for case in self._sessions.cases if wants_another(self._sessions.of(case), count)]

    def _write(self) -> Recorded:
        revision = revision_of(self._config.rootpath)
        baselines: list[Baseline] = []
        not_recorded = [
            NotRecorded(case=CaseId.from_nodeid(nodeid, name), reason="the test failed")
            for nodeid, outcome in self._refused.items()
            for name in outcome.accepted
        ]
        for case in self._sessions.cases:
            made = baseline_of(case, self._sessions.of(case), revision)
            if isinstance(made, Baseline):
                baselines.append(made)
            else:
                not_recorded.append(made)
        store = BaselineStore(baselines_root(self._config, self._settings))
        update = store.update(baselines, keep_anchors=not self._moves_anchors)
        written = [
            RecordedCase(
                case=case.new.case,
                path=short_path(file.path, self._config.rootpath),
                old=case.old,
                new=case.new,
                tolerance=self._tolerances[case.new.case],
                sessions_asked=self._settings.sessions,
                kernels_problem=missing_kernels(self._sessions.of(case.new.case)),
            )
            for file in update.files
            for case in file.cases
        ]
        return Recorded(
            cases=tuple(written),
            not_recorded=tuple(not_recorded),
            kept=self._kept,
            interrupted=None,
            problems=tuple(map(str, update.errors)),
        )


def interrupted_recording(where: str) -> Recorded:
    """What comes of a recording that was interrupted: nothing is written, and that is said."""
    return Recorded(cases=(), not_recorded=(), kept=0, interrupted=where, problems=())


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Keep Ctrl-C from ending a write half-way through several files: all has been measured, so all is written."""
    if threading.current_thread() is not threading.main_thread():  # interrupts go to the main thread only
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
