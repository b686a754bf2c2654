"""Fusion patterns as values: what the fused and the unfused form of a piece of work look like among the kernels."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal

Mode = Literal["eager", "graph", "cpu", "cuda"]
"""How the work was run: operator by operator on an NPU, as a compiled graph on one, on a CPU, on a CUDA GPU."""


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
    """Operator types, case and all; a trailing ``*`` stands for any rest."""
    min_inputs: int | None = None
    """It counts only with at least this many inputs, where shapes are known: a MatMul with three adds its bias."""
    max_inputs: int | None = None
    name_contains: tuple[str, ...] = ()
    """For generic types (``AutomaticBufferFusionOp``): texts that the kernel's name holds, all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One shape that the work takes in one mode: parts that follow one another, helper kernels between them aside."""

    mode: Mode
    parts: tuple[PartKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionPattern:
    """One entry of the catalogue."""

    name: str
    """As tests write it: ``matmul+bias+act``."""
    title: str
    """As people say it: ``MatMul + bias + activation``."""
    expectation: Expectation
    fused: tuple[Form, ...]
    unfused: tuple[Form, ...]
    advice: str
    """What loses it most often, and what to try; sentences."""
    source: str
    """Who says so: the vendor guide, captures of real runs."""
