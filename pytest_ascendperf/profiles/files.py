"""Profile files as streams of text that cannot run away: regular files only, and no line beyond a limit.

A profile may come from anywhere. Devices and pipes in the place of a file would never end, and one line of a gigabyte
would be held whole; both are refused before they are read.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, TextIO

from pytest_ascendperf.errors import ProfileError

LONGEST_LINE = 1 << 20
"""In characters. The longest line of a table known has 4,000."""

SHOWN_CHARACTERS = 60
"""How much of a cell is quoted in a message."""

_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def open_binary(path: Path) -> Iterator[BinaryIO]:
    """A regular file with something in it, for reading. Raises ProfileError for anything else."""
    try:
        # Without waiting: opening a pipe would block until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise ProfileError(str(path), f"cannot be opened: {_reason(error)}") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ProfileError(str(path), "is not a regular file")
        if not status.st_size:
            raise ProfileError(str(path), "the file is empty. The profiler may have been stopped before it wrote")
        try:
            yield file
        except OSError as error:
            raise ProfileError(str(path), f"cannot be read: {_reason(error)}") from error


@contextmanager
def open_text(path: Path, *, tolerant: bool = False) -> Iterator[TextIO]:
    """The same as text in UTF-8, with its line ends as they are.

    Bytes that are not UTF-8 raise UnicodeDecodeError while reading; ``tolerant`` lets them pass as lone surrogates, for
    a reader that looks at some of the columns only.
    """
    with open_binary(path) as binary:
        if binary.read(2) in _WIDE_MARKS:
            raise ProfileError(str(path), "is UTF-16; profilers write UTF-8. Was it saved by a spreadsheet?")
        binary.seek(0)
        errors = "surrogateescape" if tolerant else "strict"
        with io.TextIOWrapper(binary, encoding="utf-8-sig", errors=errors, newline="") as file:
            yield file


def lines(path: Path, file: TextIO) -> Iterator[str]:
    """The lines of ``file`` with their ends. Raises ProfileError at one longer than ``LONGEST_LINE``."""
    for number, line in enumerate(iter(partial(file.readline, LONGEST_LINE), ""), 1):
        if len(line) == LONGEST_LINE and not line.endswith("\n"):
            problem = f"longer than {LONGEST_LINE:,} characters; no profiler writes such lines"
            raise ProfileError(str(path), problem, place=f"line {number}")
        yield line


def shown(cell: object) -> str:
    """``cell`` as a message quotes it: on one line, and not at any length."""
    text = str(cell)
    return ascii(text) if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]!a} (and more)"


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
