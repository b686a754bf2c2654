"""A kernel trace: what ran on a device, when, for how long. One value for every profiler that is understood.

Rows are in order of their start; rows that start together keep the order of their file. A trace of a million kernels is
a few arrays (see ``kernel_columns``): a row becomes a :class:`KernelRecord` when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, overload

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.computing_operators import computing_rows
from pytest_ascendperf.model.kernel_columns import ABSENT, KernelColumns
from pytest_ascendperf.model.kernel_statistics import Grouping, OperatorStat, operator_statistics

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Activity = Literal["device", "host"]
"""Kernels of an accelerator, or operators on a host's threads, which nest."""

COMMUNICATION: Final = "COMMUNICATION"
"""The core of collectives and of sending and receiving, whatever the profiler calls it."""

EAGER_MODEL: Final = 2**32 - 1
"""``model_id`` of a kernel that was launched on its own and not by a graph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelRecord:
    """One kernel, or one operator of a host. None is "the profile does not say". ``KernelColumns`` tells each field."""

    name: str
    type: str | None
    core: str | None
    start_ns: int
    duration_ns: int
    own_ns: int
    wait_ns: int | None
    block_count: int | None
    step: int | None
    stream: int | None
    device: int | None
    task_id: int | None
    model_id: int | None
    depth: int
    input_shapes: str | None
    input_types: str | None
    input_formats: str | None
    output_shapes: str | None
    output_types: str | None
    output_formats: str | None

    @property
    def duration_us(self) -> float:
        """From start to end."""
        return self.duration_ns / 1e3

    @property
    def is_communication(self) -> bool:
        """Whether it waits for other devices, so that its time says little about this one."""
        return self.core == COMMUNICATION


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """One bar of the timeline."""

    name: str
    start: float
    """In ms, from the start of the trace."""
    duration: float
    """In ms."""
    stream: int | None
    core: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelTrace(Sequence[KernelRecord]):
    """Kernels in order of their start. Made by :meth:`in_time_order`, or as a part of another trace."""

    columns: KernelColumns
    activity: Activity
    notes: tuple[str, ...] = ()
    """What a reader should know about this profile, each a sentence: that types are missing, for example."""

    @classmethod
    def in_time_order(cls, columns: KernelColumns, activity: Activity, notes: tuple[str, ...] = ()) -> KernelTrace:
        """``columns`` as a trace. Profilers that join several files do not sort them."""
        import numpy as np

        if np.any(columns.start_ns[1:] < columns.start_ns[:-1]):
            columns = columns.take(np.argsort(columns.start_ns, kind="stable"))
        return cls(columns=columns, activity=activity, notes=notes)

    def __len__(self) -> int:
        return len(self.columns)

    @overload
    def __getitem__(self, index: int) -> KernelRecord: ...
    @overload
    def __getitem__(self, index: slice) -> KernelTrace: ...
    def __getitem__(self, index: int | slice) -> KernelRecord | KernelTrace:
        import numpy as np

        if isinstance(index, slice):
            return self._part(np.arange(len(self))[index])
        row = index + len(self) if index < 0 else index
        if not 0 <= row < len(self):
            raise IndexError(f"kernel {index} of a trace of {len(self)}")
        return self._record(row)

    def __iter__(self) -> Iterator[KernelRecord]:
        return map(self._record, range(len(self)))

    def _record(self, row: int) -> KernelRecord:
        columns = self.columns

        def number(column: NDArray[np.int64]) -> int | None:
            value = int(column[row])
            return None if value == ABSENT else value

        return KernelRecord(
            name=columns.name[row] or "",
            type=columns.type[row],
            core=columns.core[row],
            start_ns=int(columns.start_ns[row]),
            duration_ns=int(columns.duration_ns[row]),
            own_ns=int(columns.own_ns[row]),
            wait_ns=number(columns.wait_ns),
            block_count=number(columns.block_count),
            step=number(columns.step),
            stream=number(columns.stream),
            device=number(columns.device),
            task_id=number(columns.task_id),
            model_id=number(columns.model_id),
            depth=int(columns.depth[row]),
            input_shapes=columns.input_shapes[row],
            input_types=columns.input_types[row],
            input_formats=columns.input_formats[row],
            output_shapes=columns.output_shapes[row],
            output_types=columns.output_types[row],
            output_formats=columns.output_formats[row],
        )

    @property
    def has_types(self) -> bool:
        """Whether every kernel that is not communication has its operator type."""
        untyped = self.columns.type.equals(None) & ~self.columns.core.equals(COMMUNICATION)
        return len(self) > 0 and not untyped.any()

    @property
    def has_graphs(self) -> bool:
        """Whether any kernel belongs to a compiled graph."""
        models = self.columns.model_id
        return bool(((models != ABSENT) & (models != EAGER_MODEL)).any())

    @property
    def total_ms(self) -> float:
        """Own times of all rows together. Streams run beside one another, so it may exceed the time that passed."""
        return int(self.columns.own_ns.sum()) / 1e6

    def operator_stats(self, by: Grouping = "type", *, communication: bool = False) -> tuple[OperatorStat, ...]:
        """Kernels summed up by kind, the longest total first. Without communication unless asked for, as CANN counts.

        Kernels without a type are summed up by their name.
        """
        return operator_statistics((self if communication else self.computation()).columns, by)

    def slowest(self, count: int = 10) -> tuple[OperatorStat, ...]:
        """The ``count`` kinds of kernel that took most time together."""
        return self.operator_stats()[:count]

    @property
    def timeline_events(self) -> Sequence[TimelineEvent]:
        """One event per row, in order of start."""
        return TimelineEvents(self)

    def longer_than(self, duration_ms: float) -> KernelTrace:
        """The rows that took longer than ``duration_ms``."""
        return self._part(self.columns.duration_ns > duration_ms * 1e6)

    def computation(self) -> KernelTrace:
        """The rows that are not communication."""
        return self._part(~self.columns.core.equals(COMMUNICATION))

    def communication(self) -> KernelTrace:
        """The rows that are communication."""
        return self._part(self.columns.core.equals(COMMUNICATION))

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps that rows belong to, in the order of their numbers. Rows outside of any step have none."""
        return self._distinct(self.columns.step)

    def step(self, number: int) -> KernelTrace:
        """The rows of one step."""
        return self._part(self.columns.step == number)

    @property
    def streams(self) -> tuple[int, ...]:
        """The streams that rows ran on, in the order of their numbers."""
        return self._distinct(self.columns.stream)

    def on_stream(self, number: int) -> KernelTrace:
        """The rows of one stream."""
        return self._part(self.columns.stream == number)

    def outermost(self) -> KernelTrace:
        """The rows that were not called from within another one: all kernels, and the operators a model calls."""
        return self._part(self.columns.depth == 0)

    def computing(self) -> KernelTrace:
        """One row per piece of work: all kernels, and of a host's operators the innermost ones that compute.

        None of them was called from within another one, so all of an operator's time is its own.
        """
        if self.activity == "device":
            return self
        columns = self.columns.take(computing_rows(self.columns))
        return replace(self, columns=replace(columns, own_ns=columns.duration_ns))

    def calls(self, count: int) -> tuple[KernelTrace, ...]:
        """The trace of ``count`` equal calls, cut into one part per call. Raises InvalidDataError where it cannot be.

        The cut is by number of rows, so a host's nested operators should be reduced first: to the outermost, or to
        those that compute.
        """
        if count < 1:
            raise InvalidDataError("count", f"expected at least 1 call, found {count}")
        length, rest = divmod(len(self), count)
        if rest:
            raise InvalidDataError("count", f"expected a divisor of {len(self)} kernels, found {count} calls")
        return tuple(self[call * length : (call + 1) * length] for call in range(count))

    def _distinct(self, column: NDArray[np.int64]) -> tuple[int, ...]:
        import numpy as np

        return tuple(value for value in np.unique(column).tolist() if value != ABSENT)

    def _part(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> KernelTrace:
        return KernelTrace(columns=self.columns.take(rows), activity=self.activity, notes=self.notes)


class TimelineEvents(Sequence[TimelineEvent]):
    """The events of a trace, each made when it is asked for."""

    __slots__ = ("_trace",)

    def __init__(self, trace: KernelTrace) -> None:
        self._trace = trace

    def __len__(self) -> int:
        return len(self._trace)

    @overload
    def __getitem__(self, index: int) -> TimelineEvent: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TimelineEvent]: ...
    def __getitem__(self, index: int | slice) -> TimelineEvent | Sequence[TimelineEvent]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        record = self._trace[index]
        zero_ns = int(self._trace.columns.start_ns[0])
        return TimelineEvent(
            name=record.name,
            start=(record.start_ns - zero_ns) / 1e6,
            duration=record.duration_ns / 1e6,
            stream=record.stream,
            core=record.core,
        )
