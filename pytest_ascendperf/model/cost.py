"""What a verdict cost: the wall time of measuring what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pytest_ascendperf.model import fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Wall time in seconds, without waiting for other processes to leave the device.

    Cases of one test share its fresh processes. Each of those is divided equally among the cases that it was started
    for, so that the costs of all cases add up to what was spent.
    """

    session_s: float = 0.0
    """The run's own session. With a base it is both sides' first session, kernels included, divided likewise."""
    kernels_s: float = 0.0
    """Recording which kernels ran."""
    fresh_s: float = 0.0
    """Fresh processes, or further pairs of them: this case's share."""
    fresh_processes: int = 0
    """How many were started for this case, alone or with others; a pair counts once."""
    cut_short: bool = False
    """Whether the budget of the run kept the case from sessions that it wanted, or from being measured at all."""

    def with_fresh_process(self, seconds: float, *, shared_by: int) -> Cost:
        """The same with one process more, which took ``seconds`` for so many cases, this one among them."""
        return replace(self, fresh_s=self.fresh_s + seconds / shared_by, fresh_processes=self.fresh_processes + 1)

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.session_s + self.kernels_s + self.fresh_s

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "session_s": self.session_s,
            "kernels_s": self.kernels_s,
            "fresh_s": self.fresh_s,
            "fresh_processes": self.fresh_processes,
            "cut_short": self.cut_short,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Cost:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        return cls(
            session_s=fields.number(fields.required(data, "session_s"), "session_s", at_least=0.0),
            kernels_s=fields.number(fields.required(data, "kernels_s"), "kernels_s", at_least=0.0),
            fresh_s=fields.number(fields.required(data, "fresh_s"), "fresh_s", at_least=0.0),
            fresh_processes=fields.count(data, "fresh_processes"),
            cut_short=fields.flag(data, "cut_short"),
        )
