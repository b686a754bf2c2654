"""What the exact half of the gate found: facts about which kernels ran, each told in one sentence with its evidence."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.model import fields


class FindingKind(enum.Enum):
    """What is different. The value is the spelling used in files."""

    FUSION_LOST = "fusion_lost"
    """A fused kernel of the baseline is gone, and the kernels that it stood for run instead."""
    KERNELS_ADDED = "kernels_added"
    """More kernels run than in the baseline, and no known fusion explains it."""
    KERNELS_REPLACED = "kernels_replaced"
    """Kernels of other types run in the place of the baseline's, no more of them than before."""
    KERNELS_REMOVED = "kernels_removed"
    """Kernels of the baseline are gone and none came instead: the baseline is stale."""
    CORE_CHANGED = "core_changed"
    """A type of kernel ran on another kind of core, such as AI_CPU instead of AI_CORE."""
    SYNCHRONIZATION_ADDED = "synchronization_added"
    """One call makes the host wait for the device more often."""
    NOT_FUSED = "not_fused"
    """A fusion that the test asks for did not take effect, or nothing of it ran."""
    FUSED = "fused"
    """A fusion that the test forbids took effect, or nothing of it ran."""
    TOO_MANY_KERNELS = "too_many_kernels"
    """One call ran more kernels than the test allows."""
    PASS_DROPPED = "pass_dropped"
    """A fusion pass of the graph compiler took effect less often than in the baseline."""


_ASKED_FOR = frozenset({FindingKind.NOT_FUSED, FindingKind.FUSED, FindingKind.TOO_MANY_KERNELS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact about what ran."""

    kind: FindingKind
    summary: str
    """One sentence that can stand alone: ``fusion lost: 1 FlashAttentionScore became ...``."""
    details: tuple[str, ...]
    """Lines of evidence: the kernels that ran, where the chain broke, what may have broken it."""
    fails: bool
    """Whether it makes the case REGRESSED."""

    @property
    def is_against_baseline(self) -> bool:
        """Whether recording a new baseline settles it; if not, it is what the test itself asks for."""
        return self.kind not in _ASKED_FOR

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "kind": self.kind.value,
            "summary": self.summary,
            "details": list(self.details),
            "fails": self.fails,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Finding:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        return cls(
            kind=fields.member(data, "kind", FindingKind),
            summary=fields.text(data, "summary"),
            details=tuple(str(line) for line in fields.as_list(fields.required(data, "details"), "details")),
            fails=fields.flag(data, "fails"),
        )
