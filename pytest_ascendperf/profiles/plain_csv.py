"""Tables of kernels through the standard library: exact in every case, and able to say which line is wrong."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TextIO

from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.model.kernel_columns import KernelColumns
from pytest_ascendperf.profiles import cells, kernel_header
from pytest_ascendperf.profiles.assembly import LabelBuilder, NumberBuilder, complete
from pytest_ascendperf.profiles.files import lines, open_text, shown

_BATCH = 256
"""Rows that are turned into columns at a time: enough for the loops to run in C, few enough to stay in the cache."""


def read_header(path: Path) -> list[str]:
    """The headings of a table. Raises ProfileError."""
    with open_text(path, tolerant=True) as file:
        for _, row in rows(path, file):
            return row
    raise ProfileError(str(path), "holds empty lines only")


def rows(path: Path, file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not empty with the number of its line, the header too. Raises ProfileError."""
    reader = csv.reader(lines(path, file), strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ProfileError(str(path), f"not a CSV row: {error}", place=f"line {reader.line_num}") from error
        except UnicodeDecodeError as error:
            place = f"after line {reader.line_num}"
            raise ProfileError(str(path), "is not UTF-8, which profilers write", place=place) from error
        if row:
            yield reader.line_num, row


def read_table(path: Path) -> KernelColumns:
    """The kernels in the table at ``path``, in the order of their rows. Raises ProfileError with the line."""
    with open_text(path, tolerant=True) as file:
        numbered = rows(path, file)
        header = next((row for _, row in numbered), None)
        if header is None:
            raise ProfileError(str(path), "holds empty lines only")
        fields = kernel_header.locate_fields(path, header)
        builders = {field: _builder(field) for field in fields}
        pick = itemgetter(*fields.values())
        while batch := list(islice(numbered, _BATCH)):
            _check_widths(path, batch, header)
            columns = zip(*[pick(row) for _, row in batch], strict=True)
            for (field, position), column in zip(fields.items(), columns, strict=True):
                try:
                    builders[field].extend(column)
                except cells.CellError:
                    raise _located(path, batch, position, header[position], _interpreter(field)) from None
    return complete({field: builder.finish() for field, builder in builders.items()})


def _builder(field: str) -> LabelBuilder | NumberBuilder:
    if field in kernel_header.LABELS:
        return LabelBuilder(partial(cells.label, field))
    return NumberBuilder(_number(field))


def _interpreter(field: str) -> Callable[[str], object]:
    return partial(cells.label, field) if field in kernel_header.LABELS else _number(field)


def _number(field: str) -> Callable[[str], int]:
    if field == "wait_ns":
        return cells.optional_time_ns
    return cells.time_ns if field in kernel_header.TIMES else cells.whole_number


def _check_widths(path: Path, batch: Sequence[tuple[int, list[str]]], header: Sequence[str]) -> None:
    for line, row in batch:
        if len(row) != len(header):
            problem = f"{len(row):,} cells under {len(header)} headings. The file may have been cut off"
            raise ProfileError(str(path), problem, place=f"line {line}")


def _located(
    path: Path,
    batch: Sequence[tuple[int, list[str]]],
    position: int,
    heading: str,
    interpret: Callable[[str], object],
) -> ProfileError:
    """The error for the first cell of a column that cannot be interpreted, with its line."""
    for line, row in batch:
        try:
            interpret(row[position])
        except cells.CellError as error:
            problem = f"column {heading.strip()!r} holds {shown(row[position])}: {error}"
            return ProfileError(str(path), problem, place=f"line {line}")
    raise AssertionError("a column was refused that holds no bad cell")
