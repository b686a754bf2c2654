"""Which kernels a change of time comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.model import fields


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelChange:
    """What became of all kernels of one type, per call."""

    type: str
    base_count: int
    """0 for a type that is new."""
    head_count: int
    """0 for a type that is gone."""
    base_us: float
    head_us: float
    noise_us: float | None
    """What their time differs by between sessions of the same code (standard error of the difference); None where
    there are too few sessions to say."""

    @property
    def change_us(self) -> float:
        """How much longer they take."""
        return self.head_us - self.base_us

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "type": self.type,
            "base_count": self.base_count,
            "head_count": self.head_count,
            "base_us": self.base_us,
            "head_us": self.head_us,
            "noise_us": self.noise_us,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> KernelChange:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        return cls(
            type=fields.text(data, "type"),
            base_count=fields.count(data, "base_count"),
            head_count=fields.count(data, "head_count"),
            base_us=fields.number(fields.required(data, "base_us"), "base_us", at_least=0.0),
            head_us=fields.number(fields.required(data, "head_us"), "head_us", at_least=0.0),
            noise_us=fields.optional_number(data, "noise_us"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The kernels of one call before and now, and what part of the case's change they account for."""

    changes: tuple[KernelChange, ...]
    """Types that are new or gone first, then those whose time changed beyond its noise; largest change first."""
    base_us: float
    """Time of all kernels of one call in the baseline."""
    head_us: float
    """The same now."""
    case_change_us: float
    """By how much the case itself became slower, on the clock that was judged."""

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "changes": [change.to_dict() for change in self.changes],
            "base_us": self.base_us,
            "head_us": self.head_us,
            "case_change_us": self.case_change_us,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Attribution:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        changes = fields.as_list(fields.required(data, "changes"), "changes")
        return cls(
            changes=tuple(KernelChange.from_dict(fields.as_object(change, "changes")) for change in changes),
            base_us=fields.number(fields.required(data, "base_us"), "base_us", at_least=0.0),
            head_us=fields.number(fields.required(data, "head_us"), "head_us", at_least=0.0),
            case_change_us=fields.number(fields.required(data, "case_change_us"), "case_change_us"),
        )
