"""A profile as text: what took most time, and what took long at once. What ``ascendperf show`` prints."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ascendperf.model.kernel_statistics import OperatorStat
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.model.profile_tables import StepTime
from pytest_ascendperf.report.wording import ABSENT, aligned, counted, printable
from pytest_ascendperf.units import format_duration, format_share

LONG_MS = 1.0
"""Events longer than this are listed one by one."""

MOST_EVENTS = 50
"""At most so many of them; the rest is counted."""

LONGEST_NAME = 100
"""A CUDA kernel's name holds its template arguments and may be longer than a page. Cut in the middle."""


def profile_report(trace: KernelTrace, steps: Sequence[StepTime] = (), *, slowest: int = 10) -> list[str]:
    """The lines for one profile: what it holds, the slowest operators, events over 1 ms, how steps divide, notes."""
    lines = [_overview(trace), "", *operator_table(trace.slowest(slowest), of=len(trace.operator_stats()))]
    lines += ["", *event_table(trace)]
    if steps:
        lines += ["", *step_table(steps)]
    if trace.notes:
        lines += ["", *(f"note: {note}" for note in trace.notes)]
    return lines


def operator_table(stats: Sequence[OperatorStat], *, of: int | None = None) -> list[str]:
    """One line per kind of kernel, in the order given. ``of`` says how many kinds there are in all."""
    if not stats:
        return ["no computation"]
    kinds = counted(len(stats) if of is None else of, "operator")
    rows = [["total", "share", "count", "mean", "shortest", "longest", "core"]]
    rows += [
        [
            _time(stat.total_ns),
            format_share(stat.share),
            f"{stat.count:,}",
            _time(stat.total_ns / stat.count),
            _time(stat.min_ns),
            _time(stat.max_ns),
            printable(stat.core or ABSENT),
        ]
        for stat in stats
    ]
    title = f"the slowest {len(stats)} of {kinds}, by share of computation"
    return [title, *_named(rows, ["operator", *(stat.name for stat in stats)])]


def event_table(trace: KernelTrace, *, longer_than_ms: float = LONG_MS) -> list[str]:
    """One line per event longer than ``longer_than_ms``, communication too, in order of start."""
    limit = format_duration(longer_than_ms * 1e3, digits=1)
    long = trace.longer_than(longer_than_ms)
    if not len(long):
        return [f"no event longer than {limit}"]
    # Counted from the start of the whole trace, not of its long part.
    zero_ns = trace[0].start_ns
    shown = long[:MOST_EVENTS]
    rows = [["start", "duration", "stream", "core"]]
    for record in shown:
        stream = ABSENT if record.stream is None else str(record.stream)
        core = printable(record.core or ABSENT)
        rows.append([_time(record.start_ns - zero_ns), _time(record.duration_ns), stream, core])
    lines = [f"{counted(len(long), 'event')} longer than {limit}"]
    lines += _named(rows, ["event", *(record.name for record in shown)])
    rest = len(long) - len(shown)
    return [*lines, f"and {rest:,} more"] if rest else lines


def step_table(steps: Sequence[StepTime]) -> list[str]:
    """One line per step: how its time on the device divides."""
    rows = [["step", "device", "whole", "computing", "communication", "not overlapped", "free", "bubble"]]
    rows += [
        [
            ABSENT if step.step is None else str(step.step),
            ABSENT if step.device is None else str(step.device),
            *(
                format_duration(time_us, exact=False)
                for time_us in (
                    step.stage_us,
                    step.computing_us,
                    step.communication_us,
                    step.exposed_communication_us,
                    step.free_us,
                    step.bubble_us,
                )
            ),
        ]
        for step in steps
    ]
    return ["how steps divide", *aligned(rows)]


def _overview(trace: KernelTrace) -> str:
    what = "kernel" if trace.activity == "device" else "operator"
    parts = [counted(len(trace), what), f"{_time(trace.computation().total_ms * 1e6)} of computation"]
    waiting = trace.communication()
    if len(waiting):
        parts.append(f"{_time(waiting.total_ms * 1e6)} of communication in {counted(len(waiting), 'operation')}")
    if trace.steps:
        parts.append(counted(len(trace.steps), "step"))
    if trace.streams:
        parts.append(counted(len(trace.streams), "stream" if trace.activity == "device" else "thread"))
    return ", ".join(parts)


def _named(rows: Sequence[Sequence[str]], names: Sequence[str]) -> list[str]:
    """Aligned rows with their names last, where their length moves no column."""
    return [f"{line}  {_short(printable(name))}" for line, name in zip(aligned(rows), names, strict=True)]


def _short(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    kept = (LONGEST_NAME - 3) // 2
    return f"{name[:kept]}...{name[-kept:]}"


def _time(nanoseconds: float) -> str:
    return format_duration(nanoseconds / 1e3, exact=False)
