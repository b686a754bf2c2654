"""Tables of kernels through pyarrow, where it is installed: the same columns in a third of the time.

It reads what is plain. A table in which it finds anything else, right or wrong, it leaves to ``plain_csv``, which knows
more spellings and can tell the line.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_ascendperf.model.kernel_columns import ABSENT, KernelColumns, Labels
from pytest_ascendperf.profiles import cells, kernel_header
from pytest_ascendperf.profiles.assembly import complete

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pytest_ascendperf.model.kernel_columns import Column

ArrowColumn: TypeAlias = Any
"""A ``pyarrow.ChunkedArray``. pyarrow is not there where types are checked."""

ArrowTable: TypeAlias = Any
"""A ``pyarrow.Table``."""

FIRST_SAFE_VERSION = 20
"""Before it, a row with many more cells than the header wrote past the end of a buffer (apache/arrow GH-45497)."""

_START_DIGITS, _DURATION_DIGITS = 3, 9
"""Decimals of a µs that are held exactly. Nanoseconds since the epoch leave no room for more in 64 bits."""


class NotPlain(Exception):
    """A table that has to be read with more care."""


def is_usable() -> bool:
    """Whether there is a pyarrow, and one that survives damaged tables; importing it costs more than asking."""
    try:
        major, _, _ = importlib.metadata.version("pyarrow").partition(".")
    except importlib.metadata.PackageNotFoundError:
        return False
    return major.isdecimal() and int(major) >= FIRST_SAFE_VERSION


def read_table(path: Path, header: list[str]) -> KernelColumns:
    """The kernels in the table at ``path``, whose headings are ``header``, in the order of their rows.

    Raises NotPlain, and ProfileError where the header is not that of a table of kernels.
    """
    fields = kernel_header.locate_fields(path, header)
    table = load(path, header)
    # A column at a time, so that the memory of one is free before the next is converted.
    found: dict[str, Column] = {}
    for field, position in fields.items():
        found[field] = _converted(field, table.column(header[position]))
        table = table.drop_columns(header[position])
    return complete(found)


def load(path: Path, header: list[str]) -> ArrowTable:
    """The columns that are read, as a pyarrow table: texts as dictionaries, times as decimals. Raises as above."""
    pyarrow, csv = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.csv")
    if len(set(header)) < len(header):
        raise NotPlain("columns of the same name")
    # Whole numbers are read as text too: pyarrow would take 0x10 for one.
    text = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    start, duration = pyarrow.decimal128(38, _START_DIGITS), pyarrow.decimal128(38, _DURATION_DIGITS)
    kinds = {
        **dict.fromkeys(kernel_header.LABELS, text),
        **dict.fromkeys(kernel_header.NUMBERS, text),
        "start_ns": start,
        "duration_ns": duration,
        "wait_ns": duration,
    }
    types = {header[position]: kinds[field] for field, position in kernel_header.locate_fields(path, header).items()}
    options = csv.ConvertOptions(include_columns=list(types), column_types=types, null_values=list(cells.NOT_THERE))
    try:
        with pyarrow.OSFile(str(path)) as file:
            return csv.read_csv(file, convert_options=options)
    except (pyarrow.ArrowException, OSError) as error:
        raise NotPlain(str(error)) from error


def _converted(field: str, column: ArrowColumn) -> Column:
    if field in kernel_header.LABELS:
        return _labels(field, column)
    if field in kernel_header.TIMES:
        return _times(field, column)
    return _numbers(column)


def _labels(field: str, column: ArrowColumn) -> Labels:
    import numpy as np

    distinct, codes = _distinct(column)
    position: dict[str | None, int] = {}
    try:
        recoded = [position.setdefault(cells.label(field, cell), len(position)) for cell in distinct]
    except cells.CellError as error:
        raise NotPlain(str(error)) from error
    return Labels(values=tuple(position), codes=np.array(recoded, dtype=np.int32)[codes])


def _numbers(column: ArrowColumn) -> NDArray[np.int64]:
    import numpy as np

    distinct, codes = _distinct(column)
    try:
        numbers = [cells.whole_number(cell) for cell in distinct]
    except cells.CellError as error:
        raise NotPlain(str(error)) from error
    return np.array(numbers, dtype=np.int64)[codes]


def _distinct(column: ArrowColumn) -> tuple[list[str], NDArray[np.int32]]:
    """The distinct cells of a column, and per row the position of its cell."""
    import numpy as np

    if not column.num_chunks:
        return [], np.empty(0, dtype=np.int32)
    joined = column.unify_dictionaries().combine_chunks()
    distinct: list[str] = joined.dictionary.to_pylist()
    if any(len(cell) > cells.LONGEST for cell in distinct):
        raise NotPlain("a huge field")
    return distinct, joined.indices.to_numpy()


def _times(field: str, column: ArrowColumn) -> NDArray[np.int64]:
    import numpy as np

    if not column.num_chunks:
        return np.empty(0, dtype=np.int64)
    joined = column.combine_chunks()
    if joined.null_count and field != "wait_ns":
        raise NotPlain("times are missing")
    # A decimal of 128 bits, low half first. What fits into 64 has a high half of copies of the sign.
    halves = np.frombuffer(joined.buffers()[1], dtype="<i8").reshape(-1, 2)[joined.offset : joined.offset + len(joined)]
    low, high = halves[:, 0], halves[:, 1]
    present = joined.is_valid().to_numpy(zero_copy_only=False)
    if np.any(((low < 0) | (high != 0)) & present):
        raise NotPlain("negative or very long times")
    times = low.copy()
    if field != "start_ns":
        excess = 10 ** (_DURATION_DIGITS - 3)
        times = (times + excess // 2) // excess
    if np.any((times >= cells.LATEST_NS) & present):
        raise NotPlain("very late times")
    times[~present] = ABSENT
    return times
