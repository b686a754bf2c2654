"""What a profile says beside its kernels: how a step's time divides, what collectives waited for, what was fused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """How one step's time on a device divides, in µs, as torch_npu worked it out."""

    step: int | None
    """None where the profiled code marked no steps."""
    device: int | None
    computing_us: float
    """Kernels other than communication."""
    communication_us: float
    exposed_communication_us: float
    """Communication while nothing was computed."""
    overlapped_us: float
    """Communication behind computing."""
    free_us: float
    """Neither: the device waited for the host."""
    stage_us: float
    """From the first to the last of the step's work on the device."""
    bubble_us: float
    """Waiting for another pipeline stage."""
    preparing_us: float | None
    """From the start of the step to the first kernel; None before torch_npu wrote it."""


CommunicationKind = Literal["p2p", "collective"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationTime:
    """One collective, or one sending and receiving, and what its time was spent on, in ms."""

    step: int | None
    kind: CommunicationKind
    name: str
    group: str
    """The communicator that it ran in, as CANN numbers it; empty where not given."""
    elapsed_ms: float
    transit_ms: float
    wait_ms: float
    synchronization_ms: float
    idle_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionPass:
    """What one fusion pass did to one graph, as the graph engine counted when it compiled."""

    graph: str
    """Session and graph: ``0_1``."""
    section: str
    """``graph_fusion`` or ``ub_fusion`` (into the unified buffer)."""
    name: str
    match_times: int
    """How often its pattern was found."""
    effect_times: int
    """How often it changed the graph. Not bound by ``match_times``: some versions count only this."""
    repository_hit_times: int | None
    """How often a tuned result was found; None where not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionResult:
    """All fusion passes that matched anything. One that is not here never matched, or was switched off."""

    passes: tuple[FusionPass, ...]
    """By graph, section and name, each combination once."""

    def effects(self) -> dict[str, int]:
        """How often each pass took effect, over all graphs and both sections."""
        totals: dict[str, int] = {}
        for fusion_pass in self.passes:
            totals[fusion_pass.name] = totals.get(fusion_pass.name, 0) + fusion_pass.effect_times
        return totals
