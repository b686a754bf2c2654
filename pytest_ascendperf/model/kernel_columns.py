"""What ran on a device, column by column: a million kernels in some hundred megabytes, not in gigabytes of objects.

Texts repeat (a step runs the same sixty kernels over and over), so each distinct one is held once, beside a number per
row. Times are whole nanoseconds: a time since the epoch in µs has sixteen digits before the point, which a float does
not hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from pytest_ascendperf.errors import InvalidDataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

ABSENT: Final = -(2**63)
"""Stands in a column of whole numbers where the profile has none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """A column of texts that repeat. Read-only; equal to another one with the same text in each row."""

    values: tuple[str | None, ...]
    """The distinct texts; None for "the profile has none". At least one wherever there is a row."""
    codes: NDArray[np.int32]
    """Per row, the position of its text in ``values``."""

    @classmethod
    def constant(cls, value: str | None, length: int) -> Labels:
        """``length`` rows of the same text."""
        import numpy as np

        return cls(values=(value,), codes=np.zeros(length, dtype=np.int32))

    def __post_init__(self) -> None:
        self.codes.flags.writeable = False

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> str | None:
        return self.values[int(self.codes[row])]

    def __iter__(self) -> Iterator[str | None]:
        return map(self.values.__getitem__, self.codes.tolist())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Labels):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def take(self, rows: Integers | NDArray[np.bool_]) -> Labels:
        """The rows of these numbers, or those where a mask is true."""
        return Labels(values=self.values, codes=self.codes[rows])

    def equals(self, value: str | None) -> NDArray[np.bool_]:
        """Per row, whether its text is ``value``."""
        import numpy as np

        matching = np.fromiter((text == value for text in self.values), dtype=np.bool_, count=len(self.values))
        return matching[self.codes]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KernelColumns:
    """Columns of equal length, one row per kernel (or operator, on a host). Numbers are int64, ABSENT where unknown."""

    name: Labels
    """As the profiler wrote it; on an NPU it may carry a counter that differs between runs (``MatMul_82``)."""
    type: Labels
    """The operator type (``MatMulV3``), free of counters; None where the profile has none (profiler level 0)."""
    core: Labels
    """Where it ran: ``AI_CORE``, ``AI_VECTOR_CORE``, ``AI_CPU``, ``COMMUNICATION``, ``KERNEL`` (CUDA), ``CPU``."""
    start_ns: Integers
    """On the profiler's clock, whose zero is its own; never below 0."""
    duration_ns: Integers
    """From start to end, never below 0."""
    own_ns: Integers
    """Without the operators called from within; equal to ``duration_ns`` for kernels, which do not nest."""
    wait_ns: Integers
    """From the end of the kernel before it on the same device, over all streams, as CANN wrote it."""
    block_count: Integers
    """Cores it was spread over (``Block Dim`` or ``Block Num``); blocks of the grid on CUDA."""
    step: Integers
    stream: Integers
    """Stream of the device; the thread on a host."""
    device: Integers
    task_id: Integers
    model_id: Integers
    """Graph that it belongs to; ``EAGER_MODEL`` for an operator launched on its own."""
    depth: Integers
    """Operators that it was called from within: 0 for the outermost, and for every kernel."""
    input_shapes: Labels
    """Sizes joined by commas, inputs by semicolons: ``32,9216;4096,9216;4096``. See :func:`parse_shapes`."""
    input_types: Labels
    """Joined by semicolons, without the prefix that some versions write: ``BF16;INT64``."""
    input_formats: Labels
    output_shapes: Labels
    output_types: Labels
    output_formats: Labels

    def __post_init__(self) -> None:
        length = len(self.start_ns)
        for field in fields(self):
            column = getattr(self, field.name)
            if len(column) != length:
                raise InvalidDataError(field.name, f"expected {length} rows as in start_ns, found {len(column)}")
            if not isinstance(column, Labels):
                column.flags.writeable = False

    def __len__(self) -> int:
        return len(self.start_ns)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KernelColumns):
            return NotImplemented
        import numpy as np

        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if not (mine == theirs if isinstance(mine, Labels) else np.array_equal(mine, theirs)):
                return False
        return True

    def take(self, rows: Integers | NDArray[np.bool_]) -> KernelColumns:
        """The rows of these numbers in their order, or those where a mask is true."""
        taken: dict[str, Any] = {}
        for field in fields(self):
            column: Column = getattr(self, field.name)
            taken[field.name] = column.take(rows) if isinstance(column, Labels) else column[rows]
        return KernelColumns(**taken)


if TYPE_CHECKING:
    Column = Labels | Integers


def parse_shapes(text: str | None) -> tuple[tuple[int, ...], ...]:
    """The shapes in a cell: ``"32,9216;;4096"`` gives ``((32, 9216), (), (4096,))``; none for None.

    An empty part is a scalar or an input that was left out; profiles do not tell which. Raises InvalidDataError where a
    size is not a whole number.
    """
    if text is None:
        return ()
    try:
        return tuple(tuple(int(size) for size in part.split(",") if size.strip()) for part in text.split(";"))
    except ValueError:
        raise InvalidDataError("shapes", f"expected sizes such as '32,9216;4096', found {text[:80]!r}") from None
