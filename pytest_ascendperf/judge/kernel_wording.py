"""Kernels in words: how many became which, and the table of before and now that stands below a finding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from pytest_ascendperf.judge.kernel_tables import core_family
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.units import format_duration, format_share

NAMED_TYPES = 4
"""Types that a sentence names; the rest is counted."""
_ROWS = 20
_LONGEST_TYPE = 60
"""Names of CUDA kernels carry their template arguments, hundreds of characters."""


def listed(counts: Mapping[str, int]) -> str:
    """``2 BatchMatMulV3, 1 SoftmaxV2, 1 Mul``, in the order given."""
    named = [f"{count} {short_type(name)}" for name, count in counts.items()]
    others = named[NAMED_TYPES:]
    if not others:
        return ", ".join(named)
    noun = "other type" if len(others) == 1 else "other types"
    return f"{', '.join(named[:NAMED_TYPES])} and {len(others)} {noun}"


def short_type(name: str) -> str:
    """``name``, cut where it would fill more than a line."""
    return name if len(name) <= _LONGEST_TYPE else f"{name[: _LONGEST_TYPE - 3]}..."


def before_and_now(base: KernelTable, head: KernelTable, types: Iterable[str]) -> tuple[str, ...]:
    """A line per type of ``types``: where it runs, and count, time and share of one call, before and now."""
    rows: list[tuple[str, ...]] = [("type", "core", "count", "time", "share of kernel time")]
    rows += [_row(base, head, name) for name in dict.fromkeys(types)]
    hidden = len(rows) - 1 - _ROWS
    lines = left_aligned(rows[: _ROWS + 1])
    return lines if hidden <= 0 else (*lines, f"and {hidden} more {'type' if hidden == 1 else 'types'}")


def left_aligned(rows: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Rows of equal length as lines, columns two spaces apart and flush left."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    padded = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in cells)
    return tuple(line.rstrip() for line in padded)


def _row(base: KernelTable, head: KernelTable, name: str) -> tuple[str, ...]:
    before, now = (_Sum(table, name) for table in (base, head))
    cores = [cores for cores in (before.cores, now.cores) if cores]
    return (
        short_type(name),
        " → ".join(dict.fromkeys(cores)) or "-",
        f"{before.count} → {now.count}",
        f"{_time(before.duration_us)} → {_time(now.duration_us)}",
        f"{format_share(before.share)} → {format_share(now.share)}",
    )


def _time(duration_us: float) -> str:
    return format_duration(duration_us, digits=3, exact=False)


class _Sum:
    """All kernels of one type in one call."""

    def __init__(self, table: KernelTable, name: str) -> None:
        kinds = [kind for kind in table.kernels if kind.type == name]
        self.count = sum(kind.count for kind in kinds)
        self.duration_us = math.fsum(kind.duration_us for kind in kinds)
        self.cores = ", ".join(sorted({family for kind in kinds if (family := core_family(kind.core)) is not None}))
        total_us = table.total_us
        self.share = self.duration_us / total_us if total_us else 0.0
