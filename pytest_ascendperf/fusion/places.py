"""Where a pattern stands in a trace, as values."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ascendperf.fusion.parts import read_inputs
from pytest_ascendperf.model.kernels import KernelRecord
from pytest_ascendperf.model.pattern import Form, FusionPattern, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelAt:
    """One kernel of a place."""

    position: int
    """Its row in the trace, from 0."""
    record: KernelRecord
    part: str | None
    """The part of the pattern that it is; None for what stands between the parts."""

    @property
    def type(self) -> str:
        """The operator type; the name where the profile has no types."""
        return self.record.type or self.record.name

    @property
    def core(self) -> str | None:
        """Where it ran."""
        return self.record.core

    @property
    def stream(self) -> int | None:
        """The stream that it ran on."""
        return self.record.stream

    @property
    def inputs(self) -> int | None:
        """How many inputs with a shape it has; None where shapes are not recorded."""
        inputs = read_inputs(self.record.input_shapes)
        return None if inputs is None else inputs.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place where a form stands."""

    fused: bool
    form: Form
    kernels: tuple[KernelAt, ...]
    """In the order of their start, from the first part to the last, with what stands between on the same stream."""
    why: tuple[str, ...]
    """For an unfused place, what may have kept its parts apart; sentences."""

    @property
    def parts(self) -> tuple[KernelAt, ...]:
        """The kernels that are parts."""
        return tuple(kernel for kernel in self.kernels if kernel.part is not None)

    @property
    def between(self) -> tuple[KernelAt, ...]:
        """The kernels between the parts, that are none."""
        return tuple(kernel for kernel in self.kernels if kernel.part is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternMatch:
    """All places of one pattern in one trace. No kernel is part of two of them."""

    pattern: FusionPattern
    mode: Mode
    places: tuple[Place, ...]
    """In the order of their first kernel."""
    notes: tuple[str, ...]
    """What was recognised by its name, or could not be told, for want of types or shapes; sentences."""

    @property
    def fused(self) -> int:
        """Places where a fused form stands."""
        return sum(place.fused for place in self.places)

    @property
    def unfused(self) -> int:
        """Places where an unfused form stands."""
        return len(self.places) - self.fused

    @property
    def by_name(self) -> bool:
        """Whether any kernel was recognised by its name."""
        return any(
            kernel.record.type is None or any(part.name_contains for part in place.form.parts)
            for place in self.places
            for kernel in place.parts
        )
