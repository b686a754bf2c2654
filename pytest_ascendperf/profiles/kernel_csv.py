"""Tables of kernels as a trace: ``kernel_details.csv`` of torch_npu and ``op_summary_*.csv`` of CANN.

A large capture comes as several slices; they are read one by one and joined. Nothing guarantees that rows are in the
order of time, neither across slices nor in the ``kernel_details.csv`` that torch_npu makes of them, so they are sorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.model.kernel_columns import KernelColumns, Labels
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.profiles import arrow_csv, plain_csv

LARGE_BYTES = 8 << 20
"""From this size on pyarrow is used where installed. Below, importing it takes longer than reading."""

NO_TYPES = (
    "Kernels have no operator types: the profile was taken at profiler level 0. They are told apart by name, and names "
    "may carry counters that differ between runs."
)


def read_kernel_tables(paths: Sequence[Path]) -> KernelTrace:
    """The kernels of one profile, from one table or from its slices. Raises ProfileError with file and line."""
    trace = KernelTrace.in_time_order(_joined([_read(path) for path in paths]), "device")
    if not len(trace):
        raise ProfileError(", ".join(map(str, paths)), "has a header and no kernels. Nothing ran on the device")
    if trace.has_types or not len(trace.computation()):
        return trace
    return KernelTrace(columns=trace.columns, activity="device", notes=(NO_TYPES,))


def _read(path: Path) -> KernelColumns:
    header = plain_csv.read_header(path)
    if path.stat().st_size >= LARGE_BYTES and arrow_csv.is_usable():
        try:
            return arrow_csv.read_table(path, header)
        except arrow_csv.NotPlain:
            pass
    return plain_csv.read_table(path)


def _joined(parts: Sequence[KernelColumns]) -> KernelColumns:
    if len(parts) == 1:
        return parts[0]
    import numpy as np

    joined: dict[str, Any] = {}
    for field in fields(KernelColumns):
        columns = [getattr(part, field.name) for part in parts]
        joined[field.name] = _joined_labels(columns) if isinstance(columns[0], Labels) else np.concatenate(columns)
    return KernelColumns(**joined)


def _joined_labels(columns: Sequence[Labels]) -> Labels:
    import numpy as np

    position: dict[str | None, int] = {}
    codes = []
    for column in columns:
        recoded = [position.setdefault(value, len(position)) for value in column.values]
        codes.append(np.array(recoded, dtype=np.int32)[column.codes])
    return Labels(values=tuple(position), codes=np.concatenate(codes))
