"""Timelines in JSON as a trace: ``trace_view.json`` of torch_npu, and what PyTorch's own profiler exports.

A timeline holds the host's operators and the device's kernels beside one another. Where there are kernels the trace is
made of those, unless the host is asked for; on a machine without an accelerator it is made of the operators.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_ascendperf.errors import EmptyProfileError, ProfileError
from pytest_ascendperf.model.kernel_columns import ABSENT
from pytest_ascendperf.model.kernels import COMMUNICATION, Activity, KernelTrace
from pytest_ascendperf.profiles import cells
from pytest_ascendperf.profiles.event_stream import read_events
from pytest_ascendperf.profiles.files import shown
from pytest_ascendperf.profiles.timeline_rows import Row, TimelineRows

if TYPE_CHECKING:
    from pytest_ascendperf.profiles.timeline_rows import Window

NPU_TIMELINE = (
    "Read from a timeline: no operator types, no shapes, no steps of kernels, and vector cores are called AI_CORE. "
    "kernel_details.csv of the same profile has them."
)

_CUDA_KINDS = ("kernel", "gpu_memcpy", "gpu_memset")
_NPU_CORES = ("AI_CORE", "AI_VECTOR_CORE", "MIX_AIC", "MIX_AIV", "AI_CPU", "DSA_SQE")
"""Task types that are kernels; the others copy, notify and wait."""

_HCCL_OPERATION = re.compile(r"hcom_\w+?__[0-9]+_[0-9]+_[0-9]+(?:@.*)?")
_NCCL_KERNEL = re.compile(r"nccl(?:Dev)?Kernel")
_COMPILED = re.compile(r"(Torch-Compiled Region): [0-9/]+|(?:graph_[0-9]+_)?(cpp_fused_\w+?)_[0-9]+")
"""A region that torch.compile made, and a kernel in it; the numbers depend on what was compiled before."""
_STEP = re.compile(r"ProfilerStep#([0-9]{1,18})")
"""The annotation that both profilers put around each step."""


def read_timeline(path: Path, activity: Activity | None = None) -> KernelTrace:
    """The kernels of the timeline at ``path``, or the operators of its host where it has none.

    ``activity`` asks for one of the two. Raises ProfileError with the number of the event, and EmptyProfileError where
    there is neither.
    """
    rows: dict[Activity, TimelineRows] = {"device": TimelineRows(), "host": TimelineRows()}
    found_npu = False
    for number, event in read_events(path):
        if event.get("ph") != "X":
            continue
        reader = _Event(path, number, event)
        step = _STEP.fullmatch(reader.name)
        if step is not None:
            annotated: Activity = "device" if event.get("cat") == "gpu_user_annotation" else "host"
            rows[annotated].add_step(_window(reader, int(step[1])))
            continue
        row = _npu_row(reader)
        found_npu |= row is not None
        if row is None:
            row = _cuda_row(reader)
        if row is not None:
            rows["device"].append(row)
        elif event.get("cat") == "cpu_op":
            rows["host"].append(_host_row(reader))
    chosen = activity or ("device" if len(rows["device"]) else "host")
    if not len(rows[chosen]):
        what = "kernels" if chosen == "device" else "operators" if activity else "kernels and no operators"
        raise EmptyProfileError(str(path), f"holds no {what}. Was anything run while the profiler was on?")
    if chosen == "host":
        return rows["host"].host_trace()
    # A step's work runs on the device after the host has moved on: only the device's own annotations tell.
    return rows["device"].device_trace((NPU_TIMELINE,) if found_npu else ())


@dataclass(frozen=True, slots=True)
class _Event:
    """One complete event, each access checked."""

    path: Path
    number: int
    event: Mapping[str, Any]
    args: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        args = self.event.get("args")
        object.__setattr__(self, "args", args if isinstance(args, dict) else {})

    @property
    def name(self) -> str:
        name = self.event.get("name")
        if not isinstance(name, str):
            raise self._bad("name", name, "expected a string")
        return name

    @property
    def start_ns(self) -> int:
        return self._time("ts")

    @property
    def duration_ns(self) -> int:
        return self._time("dur")

    def whole(self, *keys: str) -> int:
        """The first of the arguments that is there and fits 64 bits, else ABSENT."""
        for key in keys:
            value = self.args.get(key)
            if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
                return value
        return ABSENT

    @property
    def blocks(self) -> int:
        """Blocks of the grid that a CUDA kernel was launched on; ABSENT where it does not say."""
        grid = self.args.get("grid")
        if not isinstance(grid, list) or not all(type(size) is int and 0 < size < 2**31 for size in grid[:4]):
            return ABSENT
        return prod(grid) if len(grid) == 3 and prod(grid) < 2**63 else ABSENT

    def joined(self, key: str, render: Callable[[object], str]) -> str:
        """A list argument as one text: its parts rendered, with semicolons between; the text itself if it is one."""
        value = self.args.get(key)
        if isinstance(value, str):
            return "".join(value.split())
        return ";".join(map(render, value)) if isinstance(value, list) else "N/A"

    def _time(self, key: str) -> int:
        value = self.event.get(key)
        try:
            if isinstance(value, str):
                return cells.time_ns(value)
            if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
                return cells.number_ns(value)
        except cells.CellError as error:
            raise self._bad(key, value, str(error)) from None
        raise self._bad(key, value, "expected a time in µs")

    def _bad(self, key: str, value: object, problem: str) -> ProfileError:
        return ProfileError(str(self.path), f"{key!r} is {shown(value)}: {problem}", place=f"event {self.number}")


def _npu_row(reader: _Event) -> Row | None:
    core = reader.args.get("Task Type")
    if core is None and _HCCL_OPERATION.fullmatch(reader.name):
        core = COMMUNICATION
    elif core not in _NPU_CORES:
        return None
    return Row(
        name=reader.name,
        type="N/A",
        core=str(core),
        start_ns=reader.start_ns,
        duration_ns=reader.duration_ns,
        stream=reader.whole("Physic Stream Id", "Stream Id"),
        task_id=reader.whole("Task Id"),
        model_id=reader.whole("Model Id", "model id"),
    )


def _cuda_row(reader: _Event) -> Row | None:
    category = reader.event.get("cat")
    if category not in _CUDA_KINDS:
        return None
    return Row(
        name=reader.name,
        type=reader.name,
        core=COMMUNICATION if _NCCL_KERNEL.match(reader.name) else str(category).upper(),
        start_ns=reader.start_ns,
        duration_ns=reader.duration_ns,
        stream=reader.whole("stream"),
        device=reader.whole("device"),
        task_id=reader.whole("correlation"),
        block_count=reader.blocks,
    )


def _host_row(reader: _Event) -> Row:
    thread = reader.event.get("tid")
    if not isinstance(thread, int) or abs(thread) >= 2**63:
        thread = ABSENT
    return Row(
        name=reader.name,
        type=_host_type(reader.name),
        core="CPU",
        start_ns=reader.start_ns,
        duration_ns=reader.duration_ns,
        stream=thread,
        input_shapes=reader.joined("Input Dims", _shape),
        input_types=reader.joined("Input type", str),
    )


def _host_type(name: str) -> str:
    """The operator's name, without the numbers that differ from run to run."""
    compiled = _COMPILED.fullmatch(name)
    return name if compiled is None else compiled[1] or compiled[2]


def _shape(sizes: object) -> str:
    """One input's sizes; those of a list of tensors as one input each."""
    if not isinstance(sizes, list):
        return ""
    if any(isinstance(size, list) for size in sizes):
        return ";".join(map(_shape, sizes))
    return ",".join(str(size) for size in sizes)


def _window(reader: _Event, step: int) -> Window:
    return reader.start_ns, reader.start_ns + reader.duration_ns, step
