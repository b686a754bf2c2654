"""The small tables beside the kernels: CANN's own statistic of operators, and how torch_npu divides a step's time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.model.kernel_columns import ABSENT
from pytest_ascendperf.model.kernel_statistics import OperatorStat
from pytest_ascendperf.model.profile_tables import StepTime
from pytest_ascendperf.profiles import cells
from pytest_ascendperf.profiles.files import open_text, shown
from pytest_ascendperf.profiles.kernel_header import MOST_COLUMNS
from pytest_ascendperf.profiles.plain_csv import rows

_STATISTIC = ("OP Type", "Core Type", "Count", "Total Time(us)", "Min Time(us)", "Max Time(us)", "Ratio(%)")
_EXPOSED = "Communication(Not Overlapped)"
_STEP = ("Step", "Computing", _EXPOSED, "Overlapped", "Communication", "Free", "Stage", "Bubble")


class _Row:
    """One row by its headings, each access checked."""

    def __init__(self, path: Path, line: int, by_heading: Mapping[str, str]) -> None:
        self._path, self._line, self._by_heading = path, line, by_heading

    def text(self, heading: str) -> str | None:
        try:
            return cells.label("type", self._by_heading[heading])
        except cells.CellError as error:
            raise self._bad(heading, str(error)) from None

    def whole(self, heading: str) -> int | None:
        """None where there is no such column, or nothing in it."""
        try:
            number = cells.whole_number(self._by_heading.get(heading, ""))
        except cells.CellError as error:
            raise self._bad(heading, str(error)) from None
        return None if number == ABSENT else number

    def count(self, heading: str) -> int:
        number = self.whole(heading)
        if number is None or number < 1:
            raise self._bad(heading, "expected a number of at least 1")
        return number

    def nanoseconds(self, heading: str) -> int:
        try:
            return cells.time_ns(self._by_heading[heading])
        except cells.CellError as error:
            raise self._bad(heading, str(error)) from None

    def number(self, heading: str) -> float:
        """A finite number of at least 0."""
        try:
            number = float(self._by_heading[heading])
        except ValueError:
            raise self._bad(heading, "expected a number") from None
        if not math.isfinite(number) or number < 0:
            raise self._bad(heading, "expected a number of at least 0")
        return number

    def optional_number(self, heading: str) -> float | None:
        return self.number(heading) if heading in self._by_heading else None

    def _bad(self, heading: str, problem: str) -> ProfileError:
        found = shown(self._by_heading.get(heading, ""))
        return ProfileError(str(self._path), f"column {heading!r} holds {found}: {problem}", place=f"line {self._line}")


def read_operator_statistic(path: Path) -> tuple[OperatorStat, ...]:
    """The rows of ``op_statistic*.csv`` in their order, with the shares that CANN wrote. Raises ProfileError."""
    return tuple(
        OperatorStat(
            name=row.text("OP Type") or "",
            core=row.text("Core Type"),
            count=row.count("Count"),
            total_ns=row.nanoseconds("Total Time(us)"),
            min_ns=row.nanoseconds("Min Time(us)"),
            max_ns=row.nanoseconds("Max Time(us)"),
            share=row.number("Ratio(%)") / 100,
        )
        for row in _rows(path, _STATISTIC)
    )


def read_step_times(path: Path) -> tuple[StepTime, ...]:
    """The rows of ``step_trace_time.csv`` in their order. Raises ProfileError."""
    return tuple(
        StepTime(
            step=row.whole("Step"),
            device=row.whole("Device_id"),
            computing_us=row.number("Computing"),
            communication_us=row.number("Communication"),
            exposed_communication_us=row.number(_EXPOSED),
            overlapped_us=row.number("Overlapped"),
            free_us=row.number("Free"),
            stage_us=row.number("Stage"),
            bubble_us=row.number("Bubble"),
            preparing_us=row.optional_number("Preparing"),
        )
        for row in _rows(path, _STEP)
    )


def _rows(path: Path, required: tuple[str, ...]) -> Iterator[_Row]:
    with open_text(path, tolerant=True) as file:
        header: list[str] | None = None
        for line, row in rows(path, file):
            if header is None:
                header = [heading.strip() for heading in row[: MOST_COLUMNS + 1]]
                _check_header(path, header, required)
            elif len(row) != len(header):
                problem = f"{len(row):,} cells under {len(header)} headings. The file may have been cut off"
                raise ProfileError(str(path), problem, place=f"line {line}")
            else:
                yield _Row(path, line, dict(zip(header, row, strict=True)))
        if header is None:
            raise ProfileError(str(path), "holds empty lines only")


def _check_header(path: Path, header: list[str], required: tuple[str, ...]) -> None:
    if len(header) > MOST_COLUMNS:
        raise ProfileError(str(path), f"more than {MOST_COLUMNS:,} columns", place="line 1")
    missing = [heading for heading in required if heading not in header]
    if missing:
        problem = f"no column {missing[0]!r}. Its columns are {shown(', '.join(header))}"
        raise ProfileError(str(path), problem, place="line 1")
    if len(set(header)) < len(header):
        raise ProfileError(str(path), "two columns of the same name", place="line 1")
