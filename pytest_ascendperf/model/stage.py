"""The numbers of one stage of judging: what was compared with what, and how sure the difference is."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.model import fields
from pytest_ascendperf.model.host_change import HostChange


class Stage(enum.Enum):
    """Which data the numbers of a verdict rest on."""

    SCREEN = "screen"
    """The run's own session."""
    CONFIRM = "confirm"
    """Sessions measured in fresh processes after the screening flagged the case, or left it open where it must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The numbers of one stage. Changes are relative: 0.05 is 5 % slower than the baseline."""

    stage: Stage
    base_us: float
    """Geometric mean of the baseline's session medians."""
    head_us: float
    """Geometric mean of the judged session medians; the median itself where it is one session."""
    base_sessions: int
    head_sessions: int
    change: float
    low: float | None
    """Lower end of the interval that holds the true change with ``confidence``; None where no spread is known."""
    high: float | None
    """Upper end of that interval."""
    confidence: float
    """Two-sided coverage of the interval."""
    spread: float | None
    """Relative standard deviation between sessions, as estimated from them; None where there are too few."""
    p_value: float | None
    """Chance of so large a change if the true one were just the limit; None where no spread is known."""
    rank_p_value: float | None
    """Distribution-free p of gates with at least 19 baseline sessions; None below."""
    host: HostChange
    """What the host itself became slower or faster by, which moves the limits."""

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "stage": self.stage.value,
            "base_us": self.base_us,
            "head_us": self.head_us,
            "base_sessions": self.base_sessions,
            "head_sessions": self.head_sessions,
            "change": self.change,
            "low": self.low,
            "high": self.high,
            "confidence": self.confidence,
            "spread": self.spread,
            "p_value": self.p_value,
            "rank_p_value": self.rank_p_value,
            "core_change": self.host.core,
            "memory_change": self.host.memory,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Comparison:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        return cls(
            stage=fields.member(data, "stage", Stage),
            base_us=fields.number(fields.required(data, "base_us"), "base_us", above=0.0),
            head_us=fields.number(fields.required(data, "head_us"), "head_us", above=0.0),
            base_sessions=fields.count(data, "base_sessions", at_least=1),
            head_sessions=fields.count(data, "head_sessions", at_least=1),
            change=fields.number(fields.required(data, "change"), "change"),
            low=fields.optional_number(data, "low"),
            high=fields.optional_number(data, "high"),
            confidence=fields.number(fields.required(data, "confidence"), "confidence"),
            spread=fields.optional_number(data, "spread"),
            p_value=fields.optional_number(data, "p_value"),
            rank_p_value=fields.optional_number(data, "rank_p_value"),
            host=HostChange(
                core=fields.number(fields.required(data, "core_change"), "core_change"),
                memory=fields.number(fields.required(data, "memory_change"), "memory_change"),
            ),
        )
