"""Columns put together cell by cell, and completed with what a profile does not have."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pytest_ascendperf.model.kernel_columns import ABSENT, KernelColumns, Labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pytest_ascendperf.model.kernel_columns import Column


_MOST_REMEMBERED = 1 << 16
"""Cells of a column of numbers. Start times do not repeat, and would be remembered in vain."""


class LabelBuilder:
    """A column of texts in the making. Each distinct cell is interpreted once."""

    def __init__(self, interpret: Callable[[str], str | None]) -> None:
        self._code_of_cell = _Codes(interpret)
        self._codes = array("i")

    def extend(self, cells: Iterable[str]) -> None:
        """Append ``cells``. What ``interpret`` raises passes through, and leaves the builder unusable."""
        self._codes.extend(map(self._code_of_cell.__getitem__, cells))

    def finish(self) -> Labels:
        """The column."""
        import numpy as np

        return Labels(values=tuple(self._code_of_cell.code_of_value), codes=np.array(self._codes, dtype=np.int32))


class NumberBuilder:
    """A column of whole numbers in the making."""

    def __init__(self, interpret: Callable[[str], int]) -> None:
        self._number_of_cell = _Numbers(interpret)
        self._numbers = array("q")

    def extend(self, cells: Iterable[str]) -> None:
        """Append ``cells``. What ``interpret`` raises passes through, and leaves the builder unusable."""
        if len(self._number_of_cell) > _MOST_REMEMBERED:
            self._number_of_cell.clear()
        self._numbers.extend(map(self._number_of_cell.__getitem__, cells))

    def finish(self) -> NDArray[np.int64]:
        """The column."""
        import numpy as np

        return np.array(self._numbers, dtype=np.int64)


class _Codes(dict[str, int]):
    """Per cell the number of its text; cells that mean the same share one."""

    def __init__(self, interpret: Callable[[str], str | None]) -> None:
        super().__init__()
        self._interpret = interpret
        self.code_of_value: dict[str | None, int] = {}

    def __missing__(self, cell: str) -> int:
        value = self._interpret(cell)
        code = self[cell] = self.code_of_value.setdefault(value, len(self.code_of_value))
        return code


class _Numbers(dict[str, int]):
    """Per cell its number: most columns repeat a few."""

    def __init__(self, interpret: Callable[[str], int]) -> None:
        super().__init__()
        self._interpret = interpret

    def __missing__(self, cell: str) -> int:
        number = self[cell] = self._interpret(cell)
        return number


def complete(found: Mapping[str, Column]) -> KernelColumns:
    """The columns that were ``found``, which are at least name, start and duration, and the others as not there.

    Own times are the durations and depths 0 unless given, which is right for kernels.
    """
    import numpy as np

    length = len(found["start_ns"])
    absent = np.full(length, ABSENT, dtype=np.int64)
    no_text = Labels.constant(None, length)
    defaults: dict[str, Column] = {"own_ns": found["duration_ns"], "depth": np.zeros(length, dtype=np.int64)}
    texts = {field.name for field in fields(KernelColumns) if field.type == "Labels"}
    columns: dict[str, Any] = {
        field.name: found.get(field.name, defaults.get(field.name, no_text if field.name in texts else absent))
        for field in fields(KernelColumns)
    }
    return KernelColumns(**columns)
