"""What is said of tables of kernels that are damaged, or are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ascendperf.profiles import ProfileError, kernel_csv
from pytest_ascendperf.profiles.kernel_csv import read_kernel_tables

Write = Callable[[str, "str | bytes"], Path]

BAD_CELLS: dict[str, tuple[str | bytes, str, str]] = {
    "negative duration": ("MatMul,1,-2,2", "line 3", "'-2': negative"),
    "negative start": ("MatMul,-1,2,2", "line 3", "'-1': negative"),
    "no duration": ("MatMul,1,N/A,2", "line 3", "'N/A': missing"),
    "not a number": ("MatMul,1,nan,2", "line 3", "'nan': expected a time"),
    "too late": ("MatMul,9999999999999999,2,2", "line 3", "no clock reads such a time"),
    "a bomb of digits": ("MatMul,1e99,2,2", "line 3", "no clock reads such a time"),
    "a stream that is none": ("MatMul,1,2,0x10", "line 3", "'0x10': expected a whole number"),
    "digits of another script": ("MatMul,1,2,١", "line 3", "expected a whole number"),
    "cut off": ("MatMul,1", "line 3", "2 cells under 4 headings"),
    "too many cells": ("MatMul,1,2,2,,", "line 3", "6 cells under 4 headings"),
    "quote not closed": ('"MatMul,1,2,2', "line 3", "not a CSV row"),
    "bytes that are not UTF-8": (b"\xff\xfeMat,1,2,2", "line 3", "is not UTF-8"),
    "a huge field": ("M" * 200_000 + ",1,2,2", "line 3", "field larger than"),
    "an endless line": ("MatMul,1,2," + " " * 2_000_000, "line 3", "longer than 1,048,576 characters"),
    "a million columns": ("x," * 400_000, "line 3", "cells under 4 headings"),
}


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("case", BAD_CELLS)
def test_a_damaged_row_is_named(case: str, large: bool, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a table so large that pyarrow, which does not know its lines, was tried first."""
    row, place, problem = BAD_CELLS[case]
    monkeypatch.setattr(kernel_csv, "LARGE_BYTES", 0 if large else 1 << 60)
    good = b"Name,Start Time(us),Duration(us),Stream ID\nAdd,1,1,2\n"
    path = write("kernel_details.csv", good + (row if isinstance(row, bytes) else row.encode()) + b"\n")
    with pytest.raises(ProfileError) as caught:
        read_kernel_tables([path])
    assert caught.value.path == str(path)
    assert caught.value.place == place
    assert problem in caught.value.problem
    assert len(str(caught.value)) < len(str(path)) + 400


BAD_HEADERS: dict[str, tuple[str | bytes, str]] = {
    "a million columns": ("a," * 500_000, "500,001 columns"),
    "another table": (
        "OP Type,Core Type,Count\nAdd,AI_CORE,1\n",
        "no column 'Name' and 'Start Time(us)' and 'Duration(us)'",
    ),
    "two names": ("Name,Op Name,Start Time(us),Duration(us)\n", "two columns for the same thing: 'Name' and 'Op Name'"),
    "no kernels": ("Name,Start Time(us),Duration(us)\n", "has a header and no kernels"),
    "nothing": ("", "the file is empty"),
    "empty lines": ("\n\n\n", "holds empty lines only"),
    "saved by a spreadsheet": ("Name,Start Time(us),Duration(us)\n".encode("utf-16"), "is UTF-16"),
}


@pytest.mark.parametrize("case", BAD_HEADERS)
def test_a_file_that_is_no_table_of_kernels_is_refused(case: str, write: Write) -> None:
    content, problem = BAD_HEADERS[case]
    with pytest.raises(ProfileError) as caught:
        read_kernel_tables([write("kernel_details.csv", content)])
    assert problem in str(caught.value)


def test_the_mark_of_a_byte_order_and_empty_lines_are_no_damage(write: Write) -> None:
    path = write("kernel_details.csv", b"\xef\xbb\xbfName,Start Time(us),Duration(us)\r\n\r\nAdd,1,1\r\n\r\n")
    assert [record.name for record in read_kernel_tables([path])] == ["Add"]


def test_bytes_in_a_column_that_is_not_read_do_no_harm(write: Write) -> None:
    path = write("kernel_details.csv", b"Name,Start Time(us),Duration(us),Comment\nAdd,1,1,\xff\n")
    assert len(read_kernel_tables([path])) == 1
