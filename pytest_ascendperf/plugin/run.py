"""The whole run, seen from where pytest reports: gathers results, records baselines at the end, prints and writes them.

Lives in the only process, or in xdist's controller. Whoever runs tests elsewhere only measures and judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pytest_ascendperf.plugin.options import settings_of

if TYPE_CHECKING:
    from pytest_ascendperf.plugin.recording import Recorded
    from pytest_ascendperf.plugin.results import Results
    from pytest_ascendperf.report.self_check import SelfCheck
    from pytest_ascendperf.settings import Settings

EXIT_NOTHING_MEASURED = 6
"""Exit status of a strict run that would have ended well and measured nothing; pytest itself ends at 5."""


class XdistWorker(Protocol):
    """An xdist worker as the controller sees it before it starts."""

    workerinput: dict[str, Any]


class Run:
    """The hooks of the reporting process. Nothing heavy is imported until a report of a measured test arrives."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._has_workers = False
        self._results: Results | None = None
        self._recorded: Recorded | None = None
        self._self_check: SelfCheck | None = None
        self._problems: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: XdistWorker) -> None:
        """Tell an xdist worker where the processes of this run leave notes for each other."""
        from pytest_ascendperf.plugin.device_of_run import share_folder

        share_folder(self._config, node.workerinput)
        self._has_workers = True

    def pytest_unconfigure(self) -> None:
        """Remove those notes."""
        if self._has_workers:
            from pytest_ascendperf.plugin.device_of_run import remove_folder

            remove_folder(self._config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the outcome that came with a report."""
        if self._results is None:
            if not hasattr(report, "ascendperf"):
                return
            from pytest_ascendperf.plugin.results import Results

            self._results = Results()
        self._results.add(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Say REGRESSED where pytest says FAILED. The category stays "failed": pytest summarises no other."""
        attached = getattr(report, "ascendperf", None)
        if attached is None or not report.failed:
            return None
        if any(verdict["status"] == "regressed" for verdict in attached["verdicts"]):
            return "failed", "R", ("REGRESSED", {"red": True})
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
        """Record and write what the run was asked to, and set the exit status of faults that no test shows."""
        options = self._config.option
        if options.collectonly or options.showfixtures or options.show_fixtures_per_test:
            return
        settings = settings_of(self._config, {})
        if self._config.getoption("ascendperf_update_baselines") is not None:
            self._recorded = self._record(settings, exitstatus)
            if self._recorded is not None:
                session.exitstatus = self._recorded.exit_status(session.exitstatus)
        if self._config.getoption("ascendperf_self_check") is not None:
            self._self_check = self._check_itself(settings, exitstatus)
            ended_well = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
            if ended_well and self._self_check is not None and self._self_check.interrupted is not None:
                session.exitstatus = pytest.ExitCode.INTERRUPTED
        if self._config.getoption("ascendperf_json") is not None:
            self._write_report(session, settings)
        measured = self._results is not None and bool(self._results.measurements or self._results.comparisons)
        if (
            settings.strict
            and not measured
            and session.exitstatus
            in (
                pytest.ExitCode.OK,
                pytest.ExitCode.NO_TESTS_COLLECTED,
            )
        ):
            self._problems.append(f"--ascendperf-strict: nothing was measured, exit status {EXIT_NOTHING_MEASURED}")
            session.exitstatus = EXIT_NOTHING_MEASURED

    def _record(self, settings: Settings, exitstatus: int | pytest.ExitCode) -> Recorded | None:
        """What came of the recording; None where the run ended well and measured nothing."""
        ended_well = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED or (ended_well and self._results is None):
            self._problems.append("--ascendperf-update-baselines: nothing was recorded, no marked test was selected")
            return None
        from pytest_ascendperf.plugin.recording import Recording, interrupted_recording

        if self._results is None or not ended_well:
            return interrupted_recording(f"in session 1 of {settings.sessions}")
        return Recording(self._config, settings, self._results).run()

    def _check_itself(self, settings: Settings, exitstatus: int | pytest.ExitCode) -> SelfCheck | None:
        """What came of the self-check; None where the run ended well and measured nothing."""
        ended_well = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED or (ended_well and self._results is None):
            self._problems.append("--ascendperf-self-check: nothing was checked, no marked test was selected")
            return None
        from pytest_ascendperf.plugin.self_check import interrupted_self_check, self_check

        if self._results is None or not ended_well:
            count = self._config.getoption("ascendperf_self_check")
            return interrupted_self_check(count, settings, f"in session 1 of {count}")
        return self_check(self._config, settings, self._results)

    def _write_report(self, session: pytest.Session, settings: Settings) -> None:
        """Write the file of ``--ascendperf-json``, also where nothing was measured: an old file must not stay."""
        from pytest_ascendperf.plugin.report_file import write_json_report
        from pytest_ascendperf.plugin.results import Results

        problem = write_json_report(
            self._config, settings, self._results or Results(), self._recorded, self._self_check
        )
        if problem is not None:
            self._problems.append(problem)
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the results, where there are any."""
        if self._results is None and self._recorded is None and self._self_check is None and not self._problems:
            return
        from pytest_ascendperf.plugin.summary import write_summary

        write_summary(terminalreporter, self._config, self._results, self._recorded, self._self_check, self._problems)
