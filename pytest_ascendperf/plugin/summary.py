"""The section that a run which measured something ends with."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_ascendperf.plugin.against.request import AGAINST_KEY
from pytest_ascendperf.plugin.bench import Bench
from pytest_ascendperf.plugin.budget import why_not_applied
from pytest_ascendperf.plugin.options import command_line_of, settings_of
from pytest_ascendperf.plugin.recording import Recorded
from pytest_ascendperf.plugin.results import Results
from pytest_ascendperf.report.against import side_lines
from pytest_ascendperf.report.comparisons import comparison_table
from pytest_ascendperf.report.explanations import explanations
from pytest_ascendperf.report.self_check import SelfCheck, self_check_lines
from pytest_ascendperf.report.terminal import result_table, summary_line
from pytest_ascendperf.report.updates import update_table


def write_summary(
    reporter: pytest.TerminalReporter,
    config: pytest.Config,
    results: Results | None,
    recorded: Recorded | None,
    self_check: SelfCheck | None,
    problems: Sequence[str],
) -> None:
    """Print the table, what needs words, what was recorded, what went wrong with the run, and the line that counts."""
    title = "ascendperf"
    if results is not None and (results.measurements or results.comparisons):
        choice = Bench.of(config).choice
        title += f": {choice.chip}, {choice.stack}"
    reporter.write_sep("=", title)
    width = reporter._tw.fullwidth if reporter.isatty else None
    if results is not None and results.verdicts:
        _write(reporter, result_table(results.verdicts, width=width, with_cost=reporter.verbosity > 0))
        _write(reporter, explanations(results.verdicts, command_line_of(config)))
    gate = config.stash.get(AGAINST_KEY, None)
    if gate is not None and gate.sides is not None:
        _write(reporter, side_lines(gate.sides))
    if results is not None:
        _write(reporter, comparison_table(results.comparisons, width=width))
    if recorded is not None and recorded.interrupted is not None:
        reporter.write_line(
            f"recording was interrupted {recorded.interrupted}: nothing was written, all baselines are as they were",
            red=True,
        )
    elif recorded is not None:
        _write(
            reporter,
            update_table(
                recorded.cases,
                command_line_of(config),
                kept=recorded.kept,
                not_recorded=recorded.not_recorded,
                width=width,
            ),
        )
        for problem in recorded.problems:
            reporter.write_line(f"NOT WRITTEN: {problem}", red=True)
    if self_check is not None:
        _write(reporter, self_check_lines(self_check, width=width))
    if settings_of(config, {}).budget is not None and (reason := why_not_applied(config)) is not None:
        reporter.write_line(f"--ascendperf-budget: {reason}", yellow=True)
    for problem in problems:
        reporter.write_line(problem, red=True)
    nothing_to_judge = recorded is not None or self_check is not None
    if results is not None and (not nothing_to_judge or results.verdicts):
        reporter.write_line(summary_line(results.verdicts, results.selected_tests()), bold=True)


def _write(reporter: pytest.TerminalReporter, lines: Sequence[str]) -> None:
    for line in lines:
        reporter.write_line(line)
