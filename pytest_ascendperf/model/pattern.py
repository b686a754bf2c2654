"""Fusion patterns as values: what the fused and the unfused form of a piece of work look like among the kernels."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final, Literal

Mode = Literal["eager", "graph", "cpu", "cuda"]
"""How the work was run: operator by operator on an NPU, as a compiled graph on one, on a CPU, on a CUDA GPU."""

MODES: Final[tuple[Mode, ...]] = ("eager", "graph", "cpu", "cuda")


class Expectation(enum.Enum):
    """What the vendor says becomes of a pattern."""

    FUSES = "fuses"
    DOES_NOT_FUSE = "does_not_fuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartKind:
    """One part of a pattern: which kernels count as it."""

    name: str
    """As people call it: ``MatMul``, ``Add``."""
    types: tuple[str, ...]
    """Operator types, case and all; ``*`` stands for any text."""
    min_inputs: int | None = None
    """It counts only with at least this many inputs that have a shape: a MatMul with three adds its bias."""
    max_inputs: int | None = None
    vector_input: bool = False
    """It counts only where one of its inputs is a vector, as a bias is and a residual is not."""
    apis: tuple[str, ...] = ()
    """Where shapes are not recorded: beginnings of names that tell the inputs nevertheless (``aclnnAddmm_``)."""
    name_contains: tuple[str, ...] = ()
    """Where the type says too little (``AutomaticBufferFusionOp``): texts that the kernel's name holds, all of them."""
    communication: bool = False
    """Whether it is a collective, which runs on a stream of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One shape that the work takes in one mode: parts that follow one another, helper kernels between them aside."""

    mode: Mode
    parts: tuple[PartKind, ...]
    helpers: tuple[str, ...] = ()
    """Operator types that may stand between the parts; ``*`` stands for any text."""
    only_if_named: bool = False
    """Whether it shows the pattern only where a test says that the pattern is there: a lone convolution may have taken
    a batch normalisation into its weights, or never had one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionPattern:
    """One entry of the catalogue."""

    name: str
    """As tests write it: ``matmul+bias+act``."""
    title: str
    """As people say it: ``MatMul + bias + activation``."""
    aliases: tuple[str, ...] = ()
    """Other names for it."""
    expectation: Expectation
    fused: tuple[Form, ...]
    unfused: tuple[Form, ...]
    advice: str
    """What loses it most often, and what to try; sentences."""
    source: str
    """Who says so: the vendor guide, captures of real runs."""

    def fused_in(self, mode: Mode) -> tuple[Form, ...]:
        """Its fused forms in one mode."""
        return tuple(form for form in self.fused if form.mode == mode)

    def unfused_in(self, mode: Mode) -> tuple[Form, ...]:
        """Its unfused forms in one mode."""
        return tuple(form for form in self.unfused if form.mode == mode)
