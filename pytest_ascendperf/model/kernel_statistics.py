"""Kernels summed up by what they are: how often each ran, how long in all, and which part of the whole that is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pytest_ascendperf.model.kernel_columns import KernelColumns, Labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Grouping = Literal["type", "name", "signature"]
"""``type``: operator type and core, as CANN's own statistic. ``name``: name and core. ``signature``: type, core, and
the shapes, types and formats of inputs and outputs."""

_MANY_GROUPS = 2**31
"""Above it, group numbers are made dense again, before multiplying them could leave 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorStat:
    """All kernels of one kind. Times are own times: without the operators called from within."""

    name: str
    """The operator type where the profile has one, else the kernel's name."""
    core: str | None
    count: int
    total_ns: int
    min_ns: int
    max_ns: int
    share: float
    """Part of the time of all kernels counted, from 0 to 1; 0 where that time is 0."""
    signature: tuple[str | None, ...] = ()
    """Shapes, types and formats of the inputs, then of the outputs; empty unless grouped by signature."""

    @property
    def total_ms(self) -> float:
        """Time of all of them."""
        return self.total_ns / 1e6

    @property
    def mean_ms(self) -> float:
        """Time of one."""
        return self.total_ns / self.count / 1e6

    def count_per_call(self, calls: int) -> Fraction:
        """How many ran in each of ``calls`` calls; not whole where the calls differed."""
        return Fraction(self.count, calls)

    def us_per_call(self, calls: int) -> float:
        """Their time in each of ``calls`` calls, in µs."""
        return self.total_ns / calls / 1e3


def operator_statistics(columns: KernelColumns, by: Grouping) -> tuple[OperatorStat, ...]:
    """One value per kind of kernel, the longest total first, equal ones by name and core."""
    import numpy as np

    if not len(columns):
        return ()
    signature = _signature(columns) if by == "signature" else ()
    names = columns.name if by == "name" else _types_or_names(columns)
    groups = _combined([names, columns.core, *signature])
    order = np.argsort(groups, kind="stable")
    first = np.flatnonzero(np.diff(groups[order], prepend=-1))
    own_ns = columns.own_ns[order]
    counts = np.diff(first, append=len(order))
    totals = np.add.reduceat(own_ns, first)
    all_ns = int(totals.sum())
    stats = [
        OperatorStat(
            name=names[row] or "",
            core=columns.core[row],
            count=count,
            total_ns=total_ns,
            min_ns=min_ns,
            max_ns=max_ns,
            share=total_ns / all_ns if all_ns else 0.0,
            signature=tuple(column[row] for column in signature),
        )
        for row, count, total_ns, min_ns, max_ns in zip(
            order[first].tolist(),
            counts.tolist(),
            totals.tolist(),
            np.minimum.reduceat(own_ns, first).tolist(),
            np.maximum.reduceat(own_ns, first).tolist(),
            strict=True,
        )
    ]
    return tuple(sorted(stats, key=lambda stat: (-stat.total_ns, stat.name, stat.core or "", str(stat.signature))))


def _signature(columns: KernelColumns) -> tuple[Labels, ...]:
    return (
        columns.input_shapes,
        columns.input_types,
        columns.input_formats,
        columns.output_shapes,
        columns.output_types,
        columns.output_formats,
    )


def _types_or_names(columns: KernelColumns) -> Labels:
    import numpy as np

    types, names = columns.type, columns.name
    codes = np.where(types.equals(None), names.codes + len(types.values), types.codes)
    values = (*types.values, *names.values)
    position = {value: code for code, value in reversed(list(enumerate(values)))}
    merged = np.fromiter((position[value] for value in values), dtype=np.int32, count=len(values))
    return Labels(values=values, codes=merged[codes])


def _combined(columns: list[Labels]) -> NDArray[np.int64]:
    """One number per row, equal where the texts of all ``columns`` are."""
    import numpy as np

    groups = np.zeros(len(columns[0]), dtype=np.int64)
    size = 1
    for column in columns:
        if size * len(column.values) > _MANY_GROUPS:
            distinct, groups = np.unique(groups, return_inverse=True)
            size = len(distinct)
        groups = groups * len(column.values) + column.codes
        size *= len(column.values)
    return groups
