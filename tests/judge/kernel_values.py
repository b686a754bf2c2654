"""Traces and tables of kernels for the tests of the exact half."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pytest_ascendperf.model.kernel_columns import ABSENT, KernelColumns, Labels
from pytest_ascendperf.model.kernel_table import KernelKind, KernelTable
from pytest_ascendperf.model.kernels import Activity, KernelTrace

Row = tuple[str | None, str | None, str | None, int]
"""Type, core, input shapes, duration in ns."""

SOURCE = "torch_npu.profiler Level1 ACL_AICORE_NONE"


def labels(texts: Sequence[str | None]) -> Labels:
    values = tuple(dict.fromkeys(texts)) or (None,)
    return Labels(values=values, codes=np.array([values.index(text) for text in texts], dtype=np.int32))


def trace(
    rows: Sequence[Row],
    *,
    names: Sequence[str] | None = None,
    streams: Sequence[int] | None = None,
    activity: Activity = "device",
) -> KernelTrace:
    """Kernels that start one after the other in the order given."""
    count = len(rows)
    absent = np.full(count, ABSENT, dtype=np.int64)
    nothing = Labels.constant(None, count)
    durations = np.array([row[3] for row in rows], dtype=np.int64)
    columns = KernelColumns(
        name=labels(names or [f"{row[0]}_{number}" for number, row in enumerate(rows)]),
        type=labels([row[0] for row in rows]),
        core=labels([row[1] for row in rows]),
        start_ns=np.arange(count, dtype=np.int64) * 1_000_000,
        duration_ns=durations,
        own_ns=durations,
        wait_ns=absent,
        block_count=absent,
        step=absent,
        stream=absent if streams is None else np.array(streams, dtype=np.int64),
        device=absent,
        task_id=absent,
        model_id=absent,
        depth=np.zeros(count, dtype=np.int64),
        input_shapes=labels([row[2] for row in rows]),
        input_types=nothing,
        input_formats=nothing,
        output_shapes=nothing,
        output_types=nothing,
        output_formats=nothing,
    )
    return KernelTrace.in_time_order(columns, activity)


def kind(
    name: str,
    count: int = 1,
    *durations_us: float,
    core: str | None = "AI_VECTOR_CORE",
    inputs: str | None = "8",
) -> KernelKind:
    return KernelKind(type=name, core=core, inputs=inputs, count=count, durations_us=durations_us or (5.0,))


def table(*kinds: KernelKind, varying: tuple[str, ...] = (), synchronizations: int | None = 0) -> KernelTable:
    return KernelTable(
        kernels=tuple(sorted(kinds, key=lambda entry: entry.sort_key)),
        activity="device",
        sessions=len(kinds[0].durations_us) if kinds else 1,
        calls=4,
        has_types=True,
        varying=varying,
        synchronizations=synchronizations,
        source=SOURCE,
    )


def counted(counts: Mapping[str, int]) -> KernelTable:
    """A table of these types."""
    return table(*(kind(name, count) for name, count in counts.items()))


def interleaved(streams: Sequence[Sequence[Row]], seed: int) -> KernelTrace:
    """The rows of independent streams in one order of many; each stream keeps its own."""
    chooser = random.Random(seed)
    waiting = [list(stream) for stream in streams]
    rows: list[Row] = []
    numbers: list[int] = []
    while any(waiting):
        stream = chooser.choice([number for number, rest in enumerate(waiting) if rest])
        rows.append(waiting[stream].pop(0))
        numbers.append(stream)
    return trace(rows, streams=numbers)


def on_other_core(entry: KernelKind, core: str | None) -> KernelKind:
    return replace(entry, core=core)
