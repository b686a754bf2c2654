"""Events of a timeline gathered into columns, and the steps that enclose them."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pytest_ascendperf.model.kernel_columns import ABSENT
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.profiles import cells
from pytest_ascendperf.profiles.assembly import LabelBuilder, complete
from pytest_ascendperf.profiles.nesting import nested_order, own_times

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pytest_ascendperf.model.kernel_columns import Column

Window: TypeAlias = tuple[int, int, int]
"""Start and end (ns) of a step, and its number."""

_TEXTS = ("name", "type", "core", "input_shapes", "input_types")
_NUMBERS = ("start_ns", "duration_ns", "stream", "device", "task_id", "model_id", "block_count")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kernel or operator of a timeline; ``N/A`` and ABSENT for what it does not have."""

    name: str
    type: str
    core: str
    start_ns: int
    duration_ns: int
    stream: int
    device: int = ABSENT
    task_id: int = ABSENT
    model_id: int = ABSENT
    block_count: int = ABSENT
    input_shapes: str = "N/A"
    input_types: str = "N/A"


class TimelineRows:
    """The rows of one activity in the making."""

    def __init__(self) -> None:
        self._texts = {name: LabelBuilder(cells.text_or_none) for name in _TEXTS}
        self._numbers = {name: array("q") for name in _NUMBERS}
        self._steps: list[Window] = []

    def __len__(self) -> int:
        return len(self._numbers["start_ns"])

    def append(self, row: Row) -> None:
        """Add a row, in any order of time."""
        for name, texts in self._texts.items():
            texts.extend((getattr(row, name),))
        for name, numbers in self._numbers.items():
            numbers.append(getattr(row, name))

    def add_step(self, window: Window) -> None:
        """Rows that start within belong to this step."""
        self._steps.append(window)

    def device_trace(self, notes: tuple[str, ...]) -> KernelTrace:
        """The rows as kernels, which do not nest."""
        return KernelTrace.in_time_order(complete(self._columns()), "device", notes)

    def host_trace(self) -> KernelTrace:
        """The rows as operators, which call one another."""
        columns = self._columns()
        threads, start, duration = (self._finished(name) for name in ("stream", "start_ns", "duration_ns"))
        columns["own_ns"], columns["depth"] = own_times(threads, start, duration)
        # Callers before callees also where both begin in the same nanosecond; sorting by start then keeps that.
        nested = complete(columns).take(nested_order(threads, start, duration))
        return KernelTrace.in_time_order(nested, "host")

    def _finished(self, name: str) -> NDArray[np.int64]:
        import numpy as np

        return np.array(self._numbers[name], dtype=np.int64)

    def _columns(self) -> dict[str, Column]:
        columns: dict[str, Column] = {name: texts.finish() for name, texts in self._texts.items()}
        columns.update({name: self._finished(name) for name in _NUMBERS})
        columns["step"] = self._step_of_each()
        return columns

    def _step_of_each(self) -> NDArray[np.int64]:
        """The step whose window began last before each row, unless it was over by then."""
        import numpy as np

        start = self._finished("start_ns")
        if not self._steps:
            return np.full(len(start), ABSENT, dtype=np.int64)
        begins, ends, numbers = np.array(sorted(self._steps), dtype=np.int64).T
        window = np.searchsorted(begins, start, side="right") - 1
        inside = (window >= 0) & (start < ends[window])
        return np.where(inside, numbers[window], ABSENT)
