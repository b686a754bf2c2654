"""More sessions of the tests that this run measured: the run itself was the first, fresh processes are the others."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

import pytest

from pytest_ascendperf.errors import FreshProcessError
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.plugin.fresh import FreshResult, run_session, time_limit_s
from pytest_ascendperf.plugin.outcome import TestOutcome
from pytest_ascendperf.report.wording import counted
from pytest_ascendperf.settings import Settings
from pytest_ascendperf.units import format_wall_time


class FurtherSessions:
    """The sessions so far, and how the next one is measured."""

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        tests: Mapping[str, TestOutcome],
        *,
        doing: str,
        first_session_s: float,
    ) -> None:
        """``tests`` by node id; ``doing`` is the word of the progress line, ``recording``."""
        self._config = config
        self._settings = settings
        self._tests = tests
        self._doing = doing
        self._session_s = first_session_s
        """Wall time of the session before the next one: what the next one is expected to take."""
        self.cases: dict[CaseId, Measurement | str] = {
            measurement.case: measurement
            for outcome in tests.values()
            for measurement in outcome.measurements
            if measurement.case.case in outcome.accepted
        }
        """What the run itself measured of each case that is asked for."""
        self.sessions: list[dict[CaseId, Measurement | str]] = [self.cases] if tests else []
        """Per session what was measured of each case in it, or why nothing was."""

    def measure_up_to(self, count: int) -> None:
        """Measure the sessions that are missing to ``count``. KeyboardInterrupt leaves those that are done."""
        if self._tests:
            for number in range(len(self.sessions) + 1, count + 1):
                self._say_progress(number, count)
                self.sessions.append(self._fresh_session(self._tests))

    def measure_again(self, wanted: Collection[CaseId]) -> None:
        """Measure one more session of the cases ``wanted``, at least one. KeyboardInterrupt leaves those before it."""
        tests = {nodeid: self._tests[nodeid] for nodeid in dict.fromkeys(case.nodeid for case in wanted)}
        self._say(f"{self._doing} {counted(len(tests), 'test')} once more: the core was slowed")
        session = self._fresh_session(tests)
        self.sessions.append({case: session[case] for case in wanted})

    def of(self, case: CaseId) -> list[Measurement | str]:
        """The sessions of one case."""
        return [session[case] for session in self.sessions if case in session]

    def _fresh_session(self, tests: Mapping[str, TestOutcome]) -> dict[CaseId, Measurement | str]:
        started = time.monotonic()
        try:
            results = run_session(
                self._config,
                [outcome.target for outcome in tests.values()],
                time_limit_s=time_limit_s(self._session_s) + self._settings.lock_timeout_s,
                device_is_held=False,
            )
        except FreshProcessError as error:
            return dict.fromkeys(self.cases, str(error))
        self._session_s = time.monotonic() - started
        return {case: _measured(case, results.get(case.nodeid)) for case in self.cases}

    def _say_progress(self, number: int, count: int) -> None:
        left = format_wall_time(self._session_s * (count - number + 1))
        tests = counted(len(self._tests), "test")
        self._say(f"{self._doing} session {number} of {count}: {tests}, about {left} left")

    def _say(self, words: str) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            if reporter._tw.width_of_current_line:  # ensure_newline() does not know of the dots that -q prints
                reporter.write("\n")
            reporter.write_line(f"ascendperf: {words}")


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
