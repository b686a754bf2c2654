"""What ran, in texts: the findings of a case, and the kernels that its slowdown comes from."""

from __future__ import annotations

import math

from pytest_ascendperf.judge.kernel_changes import change_in_words, count_changes, why_not_compared
from pytest_ascendperf.judge.kernel_wording import short_type
from pytest_ascendperf.model.attribution import Attribution, KernelChange
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.finding import Finding
from pytest_ascendperf.model.verdict import Verdict
from pytest_ascendperf.report.wording import counted, printable
from pytest_ascendperf.units import format_duration, format_share

SHOWN_CHANGES = 10
"""Types of kernel that an attribution names; the rest is counted."""

_UNCHANGED_PART = 0.25
"""Kernels that account for less than this part of a slowdown have not made it."""


def finding_headline(verdict: Verdict) -> str:
    """The first failing finding, and how many more there are; empty without one."""
    if not verdict.failing_findings:
        return ""
    first, *others = verdict.failing_findings
    return printable(first.summary) + (f" (and {counted(len(others), 'more finding')})" if others else "")


def finding_lines(findings: tuple[Finding, ...]) -> list[str]:
    """Each finding with its evidence below it."""
    lines: list[str] = []
    for finding in findings:
        lines.append("  " + printable(finding.summary))
        lines += ["    " + printable(detail) for detail in finding.details]
    return lines


def attribution_lines(attribution: Attribution) -> list[str]:
    """Which kernels account for the slowdown, in µs and in per cent of it; or that none do."""
    kernels_us = attribution.head_us - attribution.base_us
    whole = f"all kernels of one call take {_time(attribution.base_us)} → {_time(attribution.head_us)}"
    if not attribution.changes:
        if abs(kernels_us) < _UNCHANGED_PART * abs(attribution.case_change_us):
            fact = f"The kernels take as long as before ({whole})"
            return [f"  {fact}: the time is between them, in the host or in launch gaps."]
        return [f"  No single type of kernel stands out: {whole}."]
    shown = attribution.changes[:SHOWN_CHANGES]
    rows = [_row(change, attribution.case_change_us) for change in shown]
    names = max(len(row[1]) for row in rows)
    widths = [max(len(row[column]) for row in rows) for column in range(2, 5)]
    lines = ["  kernels to blame  per call, before → now"]
    for sign, name, count, times, change, share in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip((count, times, change), widths, strict=True)]
        lines.append(f"    {sign} {name:<{names}}  {'  '.join(cells)}  {share}".rstrip())
    hidden = len(attribution.changes) - len(shown)
    if hidden:
        lines.append(f"    and {counted(hidden, 'smaller change')}")
    rest_us = attribution.case_change_us - math.fsum(change.change_us for change in attribution.changes)
    lines.append(f"  not accounted for: {signed_time(rest_us)}; {whole}")
    return lines


def blamed(attribution: Attribution) -> str:
    """The same in one line: ``Add +5.21 µs, MatMulV3 +16.0 µs``."""
    return ", ".join(
        f"{printable(short_type(change.type))} {signed_time(change.change_us)}"
        for change in attribution.changes[:SHOWN_CHANGES]
    )


def table_change(old: Baseline | None, new: Baseline) -> tuple[str, str]:
    """How many kernels one call runs, and what that was before; and in words which came and went, empty for none."""
    now = None if new.kernels is None else sum(new.kernels.counts().values())
    before = None if old is None or old.kernels is None else sum(old.kernels.counts().values())
    if now is None and before is None:
        return "", ""
    numbers = " → ".join("none" if number is None else str(number) for number in (before, now))
    if old is None or old.kernels is None or new.kernels is None:
        return (str(now) if old is None else numbers), ""
    if why_not_compared(old.kernels, new.kernels) is not None:
        return numbers, ""
    gone, came = count_changes(old.kernels, new.kernels)
    words = change_in_words(gone, came)
    if gone and not came:
        words = f"{words} gone"
    elif came and not gone:
        words = f"{words} new"
    return (numbers if before != now else str(now)), words


def signed_time(duration_us: float) -> str:
    """A difference of times with its sign, to three digits."""
    text = _time(abs(duration_us))
    return text if text == "0 µs" else ("-" if duration_us < 0.0 else "+") + text


def _row(change: KernelChange, case_change_us: float) -> tuple[str, str, str, str, str, str]:
    sign = "+" if change.base_count == 0 else "-" if change.head_count == 0 else " "
    part = change.change_us / case_change_us if case_change_us else 0.0
    return (
        sign,
        printable(short_type(change.type)),
        f"{change.base_count} → {change.head_count}",
        f"{_time(change.base_us)} → {_time(change.head_us)}",
        signed_time(change.change_us),
        f"{format_share(part)} of the change" if part > 0.0 else "",
    )


def _time(duration_us: float) -> str:
    return format_duration(duration_us, digits=3, exact=False)
