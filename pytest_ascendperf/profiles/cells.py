"""What the cells of profile tables mean: texts, whole numbers, and times in µs that come out as whole nanoseconds."""

from __future__ import annotations

import re
from decimal import Context, Decimal

from pytest_ascendperf.model.kernel_columns import ABSENT
from pytest_ascendperf.model.kernels import COMMUNICATION

NOT_THERE = ("", "N/A")
"""What stands in a cell that does not apply or was not collected."""

LONGEST = 131_072
"""In characters; the limit of the standard library's CSV reader."""

LATEST_NS = 2**62
"""The year 2116; a later time, or a longer one, is no reading of a clock."""

_COMMUNICATION_CORES = ("HCCL", "COMMUNICATION")
"""Until and since CANN 8.3."""

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_PLAIN_TIME = re.compile(r"([0-9]{1,16})(?:\.([0-9]*))?")
_ANY_NUMBER = re.compile(r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]{1,2})?")
_EXACT = Context(prec=60)


class CellError(ValueError):
    """A cell that does not hold what its column is for."""


def text_or_none(cell: str) -> str | None:
    """The text of a cell without the white space around it; None for ``N/A`` and for nothing."""
    text = cell.strip()
    return None if text in NOT_THERE else text


def label(field: str, cell: str) -> str | None:
    """A text as ``KernelColumns`` holds it, spelled alike in all versions. Raises CellError for bytes not UTF-8."""
    text = text_or_none(cell)
    if text is None:
        return None
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise CellError("is not UTF-8")
    if field == "core":
        return COMMUNICATION if text in _COMMUNICATION_CORES else text
    if field.endswith("_shapes"):
        return text.strip('"')
    if field.endswith("_types"):
        return text.replace("DT_", "")
    if field.endswith("_formats"):
        return text.replace("FORMAT_", "")
    return text


def whole_number(cell: str) -> int:
    """The whole number in a cell, ABSENT where there is none. Raises CellError for anything else."""
    text = cell.strip()
    if text in NOT_THERE:
        return ABSENT
    if not _WHOLE.fullmatch(text):
        raise CellError("expected a whole number")
    return int(text)


def time_ns(cell: str) -> int:
    """The time in a cell, given in µs, in ns: digits beyond the third are rounded, half up. Raises CellError."""
    text = cell.strip()
    plain = _PLAIN_TIME.fullmatch(text)
    if plain is None:
        return _unusual_time_ns(text)
    whole, fraction = plain.groups(default="")
    nanoseconds = int(whole + fraction[:3].ljust(3, "0"))
    if len(fraction) > 3 and fraction[3] >= "5":
        nanoseconds += 1
    if nanoseconds >= LATEST_NS:
        raise CellError("no clock reads such a time")
    return nanoseconds


def optional_time_ns(cell: str) -> int:
    """The same, or ABSENT where the cell says nothing."""
    return ABSENT if cell.strip() in NOT_THERE else time_ns(cell)


def number_ns(microseconds: Decimal | int) -> int:
    """A time in µs as a number, in ns: rounded half up. Raises CellError where it is negative or beyond any clock."""
    # The bounds are checked on the exponent first: a number such as 1e999999 must not be written out.
    if not Decimal(microseconds).is_finite() or (microseconds and Decimal(microseconds).adjusted() > 17):
        raise CellError("no clock reads such a time")
    if microseconds < 0:
        raise CellError("negative")
    nanoseconds = int(_EXACT.add(_EXACT.multiply(Decimal(microseconds), Decimal(1000)), Decimal("0.5")))
    if nanoseconds >= LATEST_NS:
        raise CellError("no clock reads such a time")
    return nanoseconds


def _unusual_time_ns(text: str) -> int:
    if text in NOT_THERE:
        raise CellError("missing; expected a time in µs")
    if not _ANY_NUMBER.fullmatch(text) or text.count(".") > 1 or not any(digit.isdigit() for digit in text):
        raise CellError("expected a time in µs")
    try:
        return number_ns(Decimal(text))
    except ArithmeticError:
        raise CellError("expected a time in µs") from None
