"""What an update of the baselines wrote, kept and left out, so that a person can judge it before committing it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_ascendperf.model.baseline import Baseline, NotRecorded
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.report.kernels import table_change
from pytest_ascendperf.report.next_step import CommandLine
from pytest_ascendperf.report.wording import ABSENT, aligned, counted, first_of, printable
from pytest_ascendperf.statistics.series import geometric_mean, standard_deviation
from pytest_ascendperf.units import format_change, format_duration, format_share


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCase:
    """A baseline that was written."""

    case: CaseId
    path: str
    """The file, relative to the root directory where it lies below it."""
    old: Baseline | None
    """What the file held before; None where it held nothing for this case."""
    new: Baseline
    tolerance: float
    """Relative slowdown that its test allows."""
    sessions_asked: int
    """How many sessions the recording was to have."""
    kernels_problem: str | None = None
    """Why no kernels are stored although they were to be recorded, in a sentence."""

    @property
    def since_anchor(self) -> float | None:
        """Relative change from the anchor that was kept; None without one, and where it holds no time of that clock."""
        if self.new.anchor is None:
            return None
        clock = self.new.sessions[0].clock
        before_us, now_us = self.new.anchor.medians_on(clock), self.new.medians_on(clock)
        return None if before_us is None or now_us is None else geometric_mean(now_us) / geometric_mean(before_us) - 1.0


def update_table(
    recorded: Sequence[RecordedCase],
    command_line: CommandLine,
    *,
    kept: int,
    not_recorded: Sequence[NotRecorded],
    width: int | None = None,
) -> list[str]:
    """The lines after an update: a table of what was written, the count of what was kept, and what was left out, why.

    ``kept`` counts measured cases whose baseline the update did not have to touch. The table has the layout, and
    ``width`` the meaning, that they have in :func:`~pytest_ascendperf.report.terminal.result_table`.
    """
    lines = _table(recorded, width) if recorded else ["no baseline was written"]
    lines += [*_fewer_sessions(recorded), *_kernel_changes(recorded), *_without_kernels(recorded)]
    lines += _drifted(recorded, command_line)
    if recorded:
        paths = list(dict.fromkeys(printable(change.path) for change in recorded))
        lines.append(f"{counted(len(recorded), 'baseline')} written to {counted(len(paths), 'file')}:")
        lines += [f"  {path}" for path in paths]
    if kept:
        lines.append(f"{counted(kept, 'baseline')} kept")
    if not_recorded:
        lines.append(f"{counted(len(not_recorded), 'case')} not recorded, what was stored stays:")
        lines += ["  " + printable(f"{missing.case}: {missing.reason}") for missing in not_recorded]
    if recorded:
        lines.append("Read the changes as you would read code, then commit these files.")
    return lines


def _table(recorded: Sequence[RecordedCase], width: int | None) -> list[str]:
    rows = [["old", "new", "change", "sessions", "spread"], *map(_numbers, recorded)]
    kernels = [table_change(change.old, change.new)[0] for change in recorded]
    if any(kernels):
        rows = [[*row, cell or ABSENT] for row, cell in zip(rows, ["kernels", *kernels], strict=True)]
    if any(change.new.anchor is not None for change in recorded):
        since = [ABSENT if change.since_anchor is None else format_change(change.since_anchor) for change in recorded]
        rows = [[*row, cell] for row, cell in zip(rows, ["since anchor", *since], strict=True)]
    numbers = aligned(rows)
    tests = ["test", *(printable(change.case) for change in recorded)]
    lines = [f"{row}  {test}" for row, test in zip(numbers, tests, strict=True)]
    if width is None or max(map(len, lines)) <= width:
        return lines
    return [line for row, test in zip(numbers, tests, strict=True) for line in (test, f"    {row}")]


def _drifted(recorded: Sequence[RecordedCase], command_line: CommandLine) -> list[str]:
    """Which of the new times the next run may fail all the same, and how to accept them for good."""
    slower = [
        change.case for change in recorded if change.since_anchor is not None and change.since_anchor > change.tolerance
    ]
    if not slower:
        return []
    return [
        f"{counted(len(slower), 'new time')} above the anchor by more than the tolerance: a run may find slow drift",
        f"  If the slower time is meant, accept it: {command_line.accept_slower(slower)}",
    ]


def _kernel_changes(recorded: Sequence[RecordedCase]) -> list[str]:
    """A line per case whose call runs other kernels than the baseline that was replaced."""
    words = [(change, table_change(change.old, change.new)[1]) for change in recorded]
    lines = ["  " + printable(f"{change.case}: {text}") for change, text in words if text]
    return ["Kernels per call that changed:", *lines] if lines else []


def _fewer_sessions(recorded: Sequence[RecordedCase]) -> list[str]:
    """A line per case of which sessions had to be left out."""
    lines = [
        "  " + printable(f"{change.case}: {len(change.new.sessions)} of {change.sessions_asked}")
        for change in recorded
        if len(change.new.sessions) < change.sessions_asked
    ]
    return ["Fewer sessions than asked for were valid and at full speed, so less can be seen:", *lines] if lines else []


def _without_kernels(recorded: Sequence[RecordedCase]) -> list[str]:
    """A line per reason why no kernels could be stored, with the first of its cases and the number of the others."""
    cases: dict[str, list[CaseId]] = {}
    for change in recorded:
        if change.kernels_problem is not None:
            cases.setdefault(change.kernels_problem, []).append(change.case)
    lines = ["  " + printable(f"{first_of(concerned)}: {problem}") for problem, concerned in cases.items()]
    return ["Stored without kernels, so what runs will not be compared:", *lines] if lines else []


def _numbers(change: RecordedCase) -> list[str]:
    new_us = geometric_mean(change.new.medians_us)
    spread = _spread(change.new.medians_us)
    sessions = str(len(change.new.sessions))
    if change.old is None:
        old, moved = ABSENT, "new"
    else:
        old_us = geometric_mean(change.old.medians_us)
        old = format_duration(old_us)
        comparable = not change.new.environment.hard_differences(change.old.environment)
        moved = format_change(new_us / old_us - 1.0) if comparable else "not comparable"
        sessions = f"{len(change.old.sessions)} → {sessions}"
    return [old, format_duration(new_us), moved, sessions, ABSENT if spread is None else format_share(spread)]


def _spread(medians_us: Sequence[float]) -> float | None:
    """Standard deviation of the logarithms of session medians, as in a verdict's comparison; None for one session."""
    return standard_deviation([math.log(median_us) for median_us in medians_us]) if len(medians_us) > 1 else None
