"""Which kernels count as a part of a pattern: by type and inputs, or by name where these are not recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.fusion.globs import any_of, name_of_any
from pytest_ascendperf.fusion.lanes import Lanes
from pytest_ascendperf.model.kernel_columns import Labels, parse_shapes
from pytest_ascendperf.model.kernels import COMMUNICATION, KernelTrace
from pytest_ascendperf.model.pattern import PartKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]


class Inputs(NamedTuple):
    """What the shapes of a kernel's inputs say."""

    number: int
    """Inputs that have a shape: scalars, and inputs that were left out, have none."""
    has_vector: bool


def read_inputs(shapes: str | None) -> Inputs | None:
    """The inputs in a cell of shapes; None where they are not recorded or cannot be read."""
    if shapes is None:
        return None
    try:
        sizes = [shape for shape in parse_shapes(shapes) if shape]
    except InvalidDataError:
        return None
    return Inputs(number=len(sizes), has_vector=any(len(shape) == 1 for shape in sizes))


def fits_inputs(part: PartKind, inputs: Inputs | None, name: str) -> bool:
    """Whether a kernel of the part's type has the inputs that the part asks for.

    Where they are not recorded, the name may tell; where it does not either, nothing shows that an input is there, and
    nothing speaks against its absence.
    """
    if inputs is not None:
        return (
            (part.min_inputs is None or inputs.number >= part.min_inputs)
            and (part.max_inputs is None or inputs.number <= part.max_inputs)
            and (inputs.has_vector or not part.vector_input)
        )
    return name.startswith(part.apis) if part.apis else part.min_inputs is None


def asks_for_inputs(part: PartKind) -> bool:
    """Whether the inputs of a kernel decide if it counts as this part."""
    return part.min_inputs is not None or part.max_inputs is not None or part.vector_input


class PartMasks:
    """The rows of one trace that count as parts or as helpers. Texts are looked at once per distinct one.

    Making it sorts the trace by stream, so it is made once for all forms of a pattern.
    """

    def __init__(self, trace: KernelTrace) -> None:
        columns = trace.columns
        self._type, self._name, self._shapes = columns.type, columns.name, columns.input_shapes
        self._untyped = columns.type.equals(None)
        self.communication = columns.core.equals(COMMUNICATION)
        self.streams = Lanes.of_streams(trace)
        self.devices = Lanes.of_devices(trace)

    def part(self, part: PartKind) -> Mask:
        """Per row, whether it counts as ``part``."""
        mask = self._of_type(part.types)
        if part.name_contains:
            holds = _per_text(self._name, lambda name: all(text in name for text in part.name_contains))
            mask = (mask | self._untyped) & holds
        if asks_for_inputs(part):
            mask &= self._with_inputs(part, mask)
        return mask

    def helpers(self, types: tuple[str, ...]) -> Mask:
        """Per row, whether it is of one of ``types``."""
        return self._of_type(types)

    def _of_type(self, types: tuple[str, ...]) -> Mask:
        matches, matches_name = any_of(types).fullmatch, name_of_any(types).fullmatch
        by_type = _per_text(self._type, lambda text: bool(matches(text)))
        if not self._untyped.any():
            return by_type
        return by_type | (self._untyped & _per_text(self._name, lambda text: bool(matches_name(text))))

    def _with_inputs(self, part: PartKind, rows: Mask) -> Mask:
        import numpy as np

        result = np.zeros(len(rows), dtype=np.bool_)
        positions = np.flatnonzero(rows)
        names = len(self._name.values)
        pairs = self._shapes.codes[positions].astype(np.int64) * names + self._name.codes[positions]
        distinct, of_row = np.unique(pairs, return_inverse=True)
        fits = np.fromiter(
            (
                fits_inputs(part, read_inputs(self._shapes.values[shapes]), self._name.values[name] or "")
                for shapes, name in (divmod(pair, names) for pair in distinct.tolist())
            ),
            dtype=np.bool_,
            count=len(distinct),
        )
        result[positions] = fits[of_row]
        return result


def _per_text(labels: Labels, holds: Callable[[str], bool]) -> Mask:
    import numpy as np

    answers = (text is not None and holds(text) for text in labels.values)
    return np.fromiter(answers, dtype=np.bool_, count=len(labels.values))[labels.codes]
