"""Why parts may not have become one kernel, and what a profile could not tell: sentences made from the kernels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pytest_ascendperf.fusion.globs import name_of_any
from pytest_ascendperf.fusion.parts import asks_for_inputs
from pytest_ascendperf.fusion.places import KernelAt, Place
from pytest_ascendperf.model.kernels import KernelTrace

_CASTS = ("Cast", "aten::_to_copy")
_LAYOUTS = ("TransData", "Transpose", "TransposeD", "TensorMove", "ViewCopy", "AsStrided", "aten::clone", "aten::copy_")

AT_LEVEL_1 = "Record at profiler level 1 for types and shapes."


def why_unfused(kernels: Sequence[KernelAt]) -> tuple[str, ...]:
    """What stands between the parts, in the order of the kernels, each sentence once."""
    sentences: dict[str, None] = {}
    parts = [kernel for kernel in kernels if kernel.part is not None]
    for before, after in pairwise(parts):
        for kernel in kernels:
            if before.position < kernel.position < after.position and kernel.part is None:
                sentences[_stands_between(kernel, before, after)] = None
    return tuple(sentences)


def notes_of(places: Sequence[Place], trace: KernelTrace) -> tuple[str, ...]:
    """What ``places`` rest on where the profile has no types, generic ones, or no shapes."""
    notes: list[str] = []
    if not trace.has_types and any(kernel.record.type is None for place in places for kernel in place.parts):
        notes.append(f"Kernels were recognised by their names, as this profile has no types. {AT_LEVEL_1}")
    for place in places:
        if place.form.only_if_named:
            parts = " → ".join(part.name for part in place.form.parts)
            notes.append(
                f"That {parts} holds all of it is taken from the test: it would look the same without the rest."
            )
        for kernel, part in zip(place.parts, place.form.parts, strict=True):
            if part.name_contains and kernel.record.type is not None:
                notes.append(
                    f"{kernel.type} says too little; what it holds was read from its name, {kernel.record.name}."
                )
            if asks_for_inputs(part) and kernel.inputs is None:
                notes.append(
                    f"Shapes are not recorded: whether {part.name} has the inputs that it is known by "
                    "is read from names, or not known."
                )
    return tuple(dict.fromkeys(notes))


def _stands_between(kernel: KernelAt, before: KernelAt, after: KernelAt) -> str:
    where = f"{kernel.type} stands between {before.type} and {after.type}"
    record = kernel.record
    if _is_a(kernel, _CASTS):
        types = f": {record.input_types} becomes {record.output_types}" if record.output_types else ""
        return f"{where}{types}; parts of different data types do not fuse."
    if _is_a(kernel, _LAYOUTS):
        formats = ""
        if record.input_formats and record.input_formats != record.output_formats:
            formats = f": {record.input_formats} becomes {record.output_formats}"
        return f"{where}{formats}; a change of layout keeps parts apart."
    return f"{where}."


def _is_a(kernel: KernelAt, types: Sequence[str]) -> bool:
    return kernel.record.type in types or (
        kernel.record.type is None and bool(name_of_any(types).fullmatch(kernel.record.name))
    )
