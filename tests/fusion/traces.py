"""Traces made by hand, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pytest_ascendperf.model.kernel_columns import ABSENT, KernelColumns, Labels
from pytest_ascendperf.model.kernels import EAGER_MODEL, Activity, KernelTrace

if TYPE_CHECKING:
    from numpy.typing import NDArray

BIAS = "64,128;256,128;256"
NO_BIAS = "64,128;256,128"
ADD_BIAS = "64,256;256"
ADD_RESIDUAL = "64,256;64,256"

Row = tuple[str | None, str | None]
"""Operator type and shapes of the inputs."""


class TraceBuilder:
    """Makes a trace row by row, 1 µs each, one after the other."""

    def __init__(self, *, activity: Activity = "device", model: int | None = EAGER_MODEL) -> None:
        self._rows: list[dict[str, object]] = []
        self._activity: Activity = activity
        self._model = model

    def add(
        self,
        kind: str | None,
        inputs: str | None = None,
        *,
        name: str = "",
        core: str = "AI_CORE",
        stream: int | None = 2,
        device: int = 0,
        types: tuple[str | None, str | None] = (None, None),
        formats: tuple[str | None, str | None] = (None, None),
    ) -> TraceBuilder:
        row = {"type": kind, "name": name or f"{kind}_op", "core": core, "input_shapes": inputs}
        row |= {"input_types": types[0], "output_types": types[1]}
        row |= {"input_formats": formats[0], "output_formats": formats[1]}
        self._rows.append(row | {"stream": stream, "device": device, "model_id": self._model})
        return self

    def trace(self) -> KernelTrace:
        count = len(self._rows)
        absent = np.full(count, ABSENT, dtype=np.int64)
        duration = np.full(count, 1000, dtype=np.int64)

        def labels(field: str) -> Labels:
            texts = [row.get(field) for row in self._rows]
            values = tuple(dict.fromkeys(texts)) or (None,)
            codes = np.array([values.index(text) for text in texts], dtype=np.int32)
            return Labels(values=tuple(None if value is None else str(value) for value in values), codes=codes)

        def numbers(field: str) -> NDArray[np.int64]:
            return np.array([ABSENT if row[field] is None else row[field] for row in self._rows], dtype=np.int64)

        columns = KernelColumns(
            name=labels("name"),
            type=labels("type"),
            core=labels("core"),
            start_ns=np.arange(count, dtype=np.int64) * 1000,
            duration_ns=duration,
            own_ns=duration,
            wait_ns=absent,
            block_count=absent,
            step=absent,
            stream=numbers("stream"),
            device=numbers("device"),
            task_id=absent,
            model_id=numbers("model_id"),
            depth=np.zeros(count, dtype=np.int64),
            input_shapes=labels("input_shapes"),
            input_types=labels("input_types"),
            input_formats=labels("input_formats"),
            output_shapes=labels("output_shapes"),
            output_types=labels("output_types"),
            output_formats=labels("output_formats"),
        )
        return KernelTrace.in_time_order(columns, self._activity)


def trace_of(rows: Sequence[Row], *, activity: Activity = "device") -> KernelTrace:
    """Rows of one stream; of one thread, on a host."""
    builder = TraceBuilder(activity=activity, model=None if activity == "host" else EAGER_MODEL)
    for kind, inputs in rows:
        builder.add(kind, inputs, core="CPU" if activity == "host" else "AI_CORE")
    return builder.trace()
