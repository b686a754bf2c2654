"""``--ascendperf-update-baselines``: the run itself is the first session, fresh processes are the others.

Nothing is written before all of them are done, so an interrupted recording leaves every baseline as it was.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from pytest_ascendperf.errors import FreshProcessError
from pytest_ascendperf.judge.acceptance import baseline_of
from pytest_ascendperf.model.baseline import Baseline, NotRecorded
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.plugin.fresh import FreshResult, run_session, time_limit_s
from pytest_ascendperf.plugin.paths import baselines_root, short_path
from pytest_ascendperf.plugin.results import Results
from pytest_ascendperf.plugin.revision import revision_of
from pytest_ascendperf.report.updates import RecordedCase
from pytest_ascendperf.settings import Settings
from pytest_ascendperf.store.baseline_store import BaselineStore
from pytest_ascendperf.units import format_wall_time


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
        self._tests = results.to_record()
        self._refused = results.refused()
        self._kept = len(results.verdicts)
        self._session_s = sum(results.seconds[nodeid] for nodeid in self._tests)
        """Wall time of the session before the next one: what the next one is expected to take."""

    def run(self) -> Recorded:
        """Measure the sessions that are missing and write. KeyboardInterrupt ends in a value that says so."""
        sessions = [self._first_session()] if self._tests else []
        try:
            for number in range(2, self._settings.sessions + 1) if self._tests else ():
                sessions.append(self._fresh_session(number))
        except KeyboardInterrupt:
            return interrupted_recording(f"in session {len(sessions) + 1} of {self._settings.sessions}")
        with _interrupts_ignored():
            return self._write(sessions)

    def _first_session(self) -> dict[CaseId, Measurement | str]:
        return {
            measurement.case: measurement
            for outcome in self._tests.values()
            for measurement in outcome.measurements
            if measurement.case.case in outcome.accepted
        }

    def _fresh_session(self, number: int) -> dict[CaseId, Measurement | str]:
        self._say_progress(number)
        cases = self._first_session()
        started = time.monotonic()
        try:
            results = run_session(
                self._config,
                [outcome.target for outcome in self._tests.values()],
                time_limit_s=time_limit_s(self._session_s) + self._settings.lock_timeout_s,
                device_is_held=False,
            )
        except FreshProcessError as error:
            return dict.fromkeys(cases, str(error))
        self._session_s = time.monotonic() - started
        return {case: _measured(case, results.get(case.nodeid)) for case in cases}

    def _say_progress(self, number: int) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            sessions = self._settings.sessions
            left = format_wall_time(self._session_s * (sessions - number + 1))
            tests = "1 test" if len(self._tests) == 1 else f"{len(self._tests)} tests"
            if reporter._tw.width_of_current_line:  # ensure_newline() does not know of the dots that -q prints
                reporter.write("\n")
            reporter.write_line(f"ascendperf: recording session {number} of {sessions}: {tests}, about {left} left")

    def _write(self, sessions: Sequence[Mapping[CaseId, Measurement | str]]) -> Recorded:
        revision = revision_of(self._config.rootpath)
        baselines: list[Baseline] = []
        not_recorded = [
            NotRecorded(case=CaseId.from_nodeid(nodeid, name), reason="the test failed")
            for nodeid, outcome in self._refused.items()
            for name in outcome.accepted
        ]
        for case in self._first_session():
            made = baseline_of(case, [session[case] for session in sessions], revision)
            if isinstance(made, Baseline):
                baselines.append(made)
            else:
                not_recorded.append(made)
        update = BaselineStore(baselines_root(self._config, self._settings)).update(baselines)
        written = [
            RecordedCase(
                case=case.new.case,
                path=short_path(file.path, self._config.rootpath),
                old=case.old,
                new=case.new,
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


def _measured(case: CaseId, result: FreshResult | None) -> Measurement | str:
    """What a fresh process measured of ``case``, or why it did not."""
    if result is None:
        return "the fresh process ended before this test"
    if result.problem is not None:
        return result.problem
    for measurement in result.measurements:
        if measurement.case == case:
            return measurement
    return "the test did not measure this case again"
