"""Which column of a kernel table holds what: eight years of headers, told apart by their words and not by their order.

torch_npu's ``kernel_details.csv`` renames seven columns of CANN's own ``op_summary_*.csv`` and drops most of them at
profiler level 0. Since 2026 the block count is ``Block Num`` and no longer ``Block Dim``. Performance counters, which
differ with the settings and the chip, are not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.profiles.files import shown

LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("Name", "Op Name"),
    "type": ("Type", "OP Type"),
    "core": ("Accelerator Core", "Task Type"),
    "input_shapes": ("Input Shapes",),
    "input_types": ("Input Data Types",),
    "input_formats": ("Input Formats",),
    "output_shapes": ("Output Shapes",),
    "output_types": ("Output Data Types",),
    "output_formats": ("Output Formats",),
}
"""Fields of ``KernelColumns`` that hold text, and the headings that their columns have had."""

TIMES: Final[Mapping[str, tuple[str, ...]]] = {
    "start_ns": ("Start Time(us)", "Task Start Time(us)"),
    "duration_ns": ("Duration(us)", "Task Duration(us)"),
    "wait_ns": ("Wait Time(us)", "Task Wait Time(us)"),
}
"""Fields that hold a time; the files have it in µs."""

NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "block_count": ("Block Dim", "Block Num"),
    "step": ("Step Id",),
    "stream": ("Stream ID",),
    "device": ("Device_id",),
    "task_id": ("Task ID",),
    "model_id": ("Model ID",),
}
"""Fields that hold a whole number."""

REQUIRED: Final = ("name", "start_ns", "duration_ns")
"""Fields without which a table is no table of kernels."""

MOST_COLUMNS = 1000
"""The widest header known has 60."""


def locate_fields(path: Path, header: Sequence[str]) -> dict[str, int]:
    """The position of each known field in ``header``. Raises ProfileError where it is not the header of kernels."""
    if len(header) > MOST_COLUMNS:
        raise ProfileError(str(path), f"{len(header):,} columns; a table of kernels has some fifty", place="line 1")
    found: dict[str, int] = {}
    for field, headings in {**LABELS, **TIMES, **NUMBERS}.items():
        positions = [position for position, heading in enumerate(header) if heading.strip() in headings]
        if len(positions) > 1:
            twice = " and ".join(shown(header[position].strip()) for position in positions)
            raise ProfileError(str(path), f"two columns for the same thing: {twice}", place="line 1")
        if positions:
            found[field] = positions[0]
    missing = [{**LABELS, **TIMES}[field][0] for field in REQUIRED if field not in found]
    if missing:
        expected = " and ".join(repr(heading) for heading in missing)
        raise ProfileError(
            str(path),
            f"is not a table of kernels: no column {expected}. Its columns are {shown(', '.join(header))}",
            place="line 1",
        )
    return found
