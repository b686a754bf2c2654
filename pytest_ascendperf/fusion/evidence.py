"""Places as lines of text: the kernels that ran there, one per line, and where their chain broke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_ascendperf.fusion.places import KernelAt, Place
from pytest_ascendperf.model.kernels import KernelRecord, KernelTrace
from pytest_ascendperf.model.pattern import FusionPattern
from pytest_ascendperf.units import format_duration

_AROUND = 2
"""Kernels shown before the first and after the last one of a place."""
_MOST_BETWEEN = 20
"""Kernels of one place that are shown; a place of a CPU trace with all its views may have more."""
_MOST_TYPES = 12
_LONGEST = 60


def chain_text(kernels: Sequence[KernelAt], *, inputs_of: frozenset[str] = frozenset()) -> str:
    """The kernels as one chain: ``MatMulV3 (2 inputs) → Add → Relu``; inputs for the parts of ``inputs_of``."""
    steps: list[str] = []
    for kernel in kernels:
        number = kernel.inputs if kernel.part in inputs_of else None
        steps.append(_cut(kernel.type) + ("" if number is None else f" ({number} input{'' if number == 1 else 's'})"))
    return " → ".join(steps)


def marks_of(place: Place, pattern: FusionPattern) -> dict[int, str]:
    """For an unfused place, what to write beside its kernels, by position."""
    fused_parts = {part.name for form in pattern.fused_in(place.form.mode) for part in form.parts}
    marks = {kernel.position: f"← {_cut(kernel.type)} stands between" for kernel in place.between}
    _, *others = place.parts
    marks.update({kernel.position: f"← {_cut(kernel.type)} stands between" for kernel in others[:-1]})
    marks.update(
        {
            kernel.position: f"← {_cut(kernel.type)} is a kernel of its own"
            for kernel in others[-1:]
            if kernel.part not in fused_parts
        }
    )
    return marks


def kernel_lines(kernels: Sequence[KernelAt], trace: KernelTrace, marks: Mapping[int, str]) -> list[str]:
    """The kernels with some of their stream before and after: position, type, core, inputs, time, mark."""
    shown = [(kernel.position, kernel.record) for kernel in kernels[:_MOST_BETWEEN]]
    last = kernels[-1] if len(kernels) <= _MOST_BETWEEN else kernels[_MOST_BETWEEN - 1]
    stream = kernels[0].record.stream
    rows = [
        *reversed(_neighbours(trace, range(kernels[0].position - 1, -1, -1), stream)),
        *shown,
        *_neighbours(trace, range(last.position + 1, len(trace)), stream),
    ]
    cells = [_cells(position, record) for position, record in rows]
    lines = [
        f"{line}  {marks[position]}" if position in marks else line
        for line, (position, _) in zip(_aligned(cells), rows, strict=True)
    ]
    return lines if last is kernels[-1] else [*lines, f"... and {len(kernels) - _MOST_BETWEEN} more"]


def types_that_ran(trace: KernelTrace) -> str:
    """The kinds of kernel of a trace with their counts, in the order in which they first ran: ``MatMulV3 ×3, Relu``."""
    counts: dict[str, int] = {}
    for kind, name in zip(trace.columns.type, trace.columns.name, strict=True):
        label = kind or name or ""
        counts[label] = counts.get(label, 0) + 1
    shown = [_cut(kind) + (f" ×{count}" if count > 1 else "") for kind, count in list(counts.items())[:_MOST_TYPES]]
    rest = len(counts) - len(shown)
    return (", ".join(shown) or "nothing") + (f" and {rest} other types" if rest > 0 else "")


def _neighbours(trace: KernelTrace, positions: range, stream: int | None) -> list[tuple[int, KernelRecord]]:
    found: list[tuple[int, KernelRecord]] = []
    for position in positions[: _AROUND * 10]:
        record = trace[position]
        if record.stream == stream and not record.is_communication:
            found.append((position, record))
        if len(found) == _AROUND:
            break
    return found


def _cells(position: int, record: KernelRecord) -> tuple[str, ...]:
    return (
        str(position),
        _cut(record.type or record.name),
        record.core or "-",
        _cut(record.input_shapes or "-"),
        format_duration(record.own_ns / 1e3, exact=False),
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    numbers = (0, 4)
    return [
        "  ".join(
            f"{cell:>{width}}" if column in numbers else f"{cell:<{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
