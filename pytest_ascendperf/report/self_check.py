"""What ``--ascendperf-self-check`` found, for a person who has to choose a tolerance, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_ascendperf.judge.self_check import (
    BOUND_ALPHA,
    FEWEST_SESSIONS,
    LARGEST_SUGGESTION,
    SUFFICIENT_SHARE,
    CheckedCase,
    FalseAlarms,
    all_false_alarms,
    rate_bound,
    suite_tolerance,
)
from pytest_ascendperf.model.baseline import NotRecorded
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.report.wording import ABSENT, aligned, counted, printable
from pytest_ascendperf.units import format_duration, format_share, format_tolerance

_SHOWN = 10
"""Tests that need a tolerance of their own and are named; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheck:
    """What came of a self-check."""

    sessions: int
    """Sessions that were asked for."""
    baseline_sessions: int
    """Sessions that a baseline is recorded from."""
    cases: tuple[CheckedCase, ...]
    not_checked: tuple[NotRecorded, ...]
    interrupted: str | None = None
    """Where the self-check was interrupted; nothing was concluded then."""
    written: tuple[str, ...] = ()
    """The lines that were written to the configuration file, the file's name first; empty where nothing was."""
    not_written: str | None = None
    """Why the settings were not written although that was asked for, and what to write."""


def self_check_lines(check: SelfCheck, *, width: int | None = None) -> list[str]:
    """The lines after a self-check: the table, what its columns mean, the rate of all tests, and what to set.

    The table has the layout, and ``width`` the meaning, that they have in
    :func:`~pytest_ascendperf.report.terminal.result_table`.
    """
    if check.interrupted is not None:
        return [f"the self-check was interrupted {check.interrupted}: nothing was concluded"]
    lines = [f"self-check: {counted(check.sessions, 'session')} of unchanged code, each a process of its own"]
    if check.cases:
        lines += [*_table(check.cases, width), *_legend(check), *_together(check), *_suggestion(check)]
    elif not check.not_checked:
        lines.append("nothing was checked: no marked test passed and measured a case")
    if check.not_checked:
        lines.append(f"{counted(len(check.not_checked), 'case')} not checked:")
        lines += ["  " + printable(f"{missing.case}: {missing.reason}") for missing in check.not_checked]
    if check.written:
        name, *added = check.written
        lines += [f"written to {name}:", *(f"  {line}" for line in added)]
    if check.not_written is not None:
        lines.append(f"NOT WRITTEN: {check.not_written}")
    return lines


def self_check_dict(check: SelfCheck) -> dict[str, object]:
    """The block of the JSON report, as plain JSON types."""
    return {
        "sessions": check.sessions,
        "baseline_sessions": check.baseline_sessions,
        "interrupted": check.interrupted is not None,
        "tolerance": suite_tolerance(check.cases) if check.cases else None,
        "false_alarms": _alarms_dict(all_false_alarms(check.cases)),
        "cases": [
            {
                "nodeid": checked.case.nodeid,
                "case": checked.case.case,
                "clock": checked.clock.value,
                "median_us": checked.median_us,
                "sessions": checked.sessions,
                "spread": checked.spread,
                "false_alarms": _alarms_dict(checked.false_alarms),
                "detectable_change": checked.detectable_change,
                "tolerance": checked.suggested_tolerance,
            }
            for checked in check.cases
        ],
        "not_checked": [
            {"nodeid": missing.case.nodeid, "case": missing.case.case, "reason": missing.reason}
            for missing in check.not_checked
        ],
        "written": list(check.written),
        "not_written": check.not_written,
    }


def _alarms_dict(alarms: FalseAlarms | None) -> dict[str, object] | None:
    if alarms is None:
        return None
    return {
        "splits": alarms.splits,
        "failed": alarms.failed,
        "rate": alarms.rate,
        "at_most": rate_bound(alarms),
        "disjoint": alarms.disjoint,
        "base_sessions": alarms.base_sessions,
        "confirm_sessions": alarms.confirm_sessions,
    }


def _table(cases: Sequence[CheckedCase], width: int | None) -> list[str]:
    headings = ["median", "sessions", "spread", "false alarms", "at most", "detectable", "tolerance"]
    numbers = aligned([headings, *map(_numbers, cases)])
    tests = ["test", *(printable(checked.case) for checked in cases)]
    lines = [f"{row}  {test}" for row, test in zip(numbers, tests, strict=True)]
    if width is None or max(map(len, lines)) <= width:
        return lines
    return [line for row, test in zip(numbers, tests, strict=True) for line in (test, f"    {row}")]


def _numbers(checked: CheckedCase) -> list[str]:
    alarms, detectable = checked.false_alarms, checked.detectable_change
    return [
        format_duration(checked.median_us) + (" host" if checked.clock is Clock.HOST else ""),
        str(checked.sessions),
        format_share(checked.spread),
        ABSENT if alarms is None else format_share(alarms.rate),
        ABSENT if alarms is None else format_share(rate_bound(alarms)),
        ABSENT if detectable is None else format_share(detectable),
        ABSENT if checked.suggested_tolerance is None else format_tolerance(checked.suggested_tolerance),
    ]


def _legend(check: SelfCheck) -> list[str]:
    return [
        "spread: standard deviation between sessions. detectable: the smallest slowdown that is caught 4 times in 5, "
        f"with a baseline of {counted(check.baseline_sessions, 'session')} and the tolerance in force.",
        "tolerance: the smallest slowdown that could be seen if none were tolerated, rounded up to 1, 2, 5, 10 ... %; "
        f"{ABSENT} where that is above {format_tolerance(LARGEST_SUGGESTION)}.",
    ]


def _together(check: SelfCheck) -> list[str]:
    alarms = all_false_alarms(check.cases)
    if alarms is None:
        return [f"false alarms: at least {FEWEST_SESSIONS} valid sessions of a test are needed to count them."]
    return [
        f"false alarms: unchanged code failed in {alarms.failed:,} of {alarms.splits:,} splits of these sessions "
        f"({counted(alarms.base_sessions, 'session')} as baseline, 1 judged, {alarms.confirm_sessions} to confirm): "
        f"{format_share(alarms.rate)}.",
        f"at most: {format_share(rate_bound(alarms))} for all tests together, with "
        f"{format_tolerance(1.0 - BOUND_ALPHA)} confidence. Splits share sessions, so only those that share none "
        f"count as trials: {alarms.disjoint:,}. More sessions bring it down.",
    ]


def _suggestion(check: SelfCheck) -> list[str]:
    tolerance = suite_tolerance(check.cases)
    if tolerance is None:
        return [_too_noisy(check.cases)]
    noisier = [checked for checked in check.cases if _needs(checked) > tolerance]
    lines = [
        f"suggested: ascendperf_tolerance = {tolerance:g}, enough for "
        f"{len(check.cases) - len(noisier):,} of {counted(len(check.cases), 'case')} "
        f"(at least {format_tolerance(SUFFICIENT_SHARE)} of them)"
    ]
    if noisier:
        lines.append("These are noisier; give them a tolerance of their own, or make them longer:")
        lines += [
            f"  {printable(checked.case)}: {_own_tolerance(checked)}"
            for checked in sorted(noisier, key=_needs, reverse=True)[:_SHOWN]
        ]
    if len(noisier) > _SHOWN:
        lines.append(f"  and {len(noisier) - _SHOWN:,} more")
    if not check.written and check.not_written is None:
        lines.append("To write it to the configuration file, run this again with --ascendperf-self-check-write.")
    return lines


def _too_noisy(cases: Sequence[CheckedCase]) -> str:
    """Why no tolerance is suggested, and what to do."""
    blind = sum(checked.suggested_tolerance is None for checked in cases)
    return (
        f"no tolerance is suggested: as this runner is now, {blind:,} of {counted(len(cases), 'case')} would need one "
        f"above {format_tolerance(LARGEST_SUGGESTION)}, which gates nothing. Quieten the runner, give baselines more "
        "sessions, or compare side by side with --ascendperf-against=REV, which noise of the runner disturbs less."
    )


def _needs(checked: CheckedCase) -> float:
    return math.inf if checked.suggested_tolerance is None else checked.suggested_tolerance


def _own_tolerance(checked: CheckedCase) -> str:
    if checked.suggested_tolerance is None:
        return f"none up to {format_tolerance(LARGEST_SUGGESTION)} would do"
    if checked.case.case:
        return f"npu_perf.case({checked.case.case!r}, tolerance={checked.suggested_tolerance:g})"
    return f"@pytest.mark.npu_perf(tolerance={checked.suggested_tolerance:g})"
