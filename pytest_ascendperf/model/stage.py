"""The numbers of one stage of judging: what was compared with what, and how sure the difference is."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.model import fields


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
    core_change: float
    """How much longer fixed work took beside the judged sessions than beside the baseline's, below 0 shorter: the
    host's doing. What is above 0 raises the limit of a slowdown, what is below 0 lowers those of an improvement and, by
    half of it, of a pass. 0 where it is not known."""

    def limit(self, tolerance: float) -> float:
        """The change above which the case fails."""
        return raised_limit(tolerance, self.core_change)

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
            "core_change": self.core_change,
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
            core_change=fields.number(fields.required(data, "core_change"), "core_change"),
        )


def raised_limit(tolerance: float, core_change: float) -> float:
    """The relative change above which code is slower by more than ``tolerance``, also if the core is itself slower."""
    return times_core(tolerance, max(0.0, core_change))


def times_core(change: float, core_change: float) -> float:
    """The relative change of code that changed by ``change`` on a core that changed by ``core_change``."""
    return change + core_change + change * core_change
