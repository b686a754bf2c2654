"""The anchor of a baseline: accepted sessions that stay while later acceptances replace the baseline's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.model import fields
from pytest_ascendperf.model.measurement import Clock, Session, medians_on, stored_sessions

FEWEST_SESSIONS = 2
"""One session does not tell how much sessions differ, so nothing could ever be shown against it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What slow drift is measured from. It holds times only: what ran is compared with the last baseline."""

    sessions: tuple[Session, ...]
    """At least ``FEWEST_SESSIONS``; each from a process of its own."""
    revision: str | None
    """As in a baseline."""

    @property
    def recorded(self) -> str:
        """The day on which its first session started: ``2025-01-31``."""
        return self.sessions[0].started.partition("T")[0]

    @property
    def medians_us(self) -> tuple[float, ...]:
        """One median per session, each on its session's clock, in the order recorded."""
        return tuple(session.median_us for session in self.sessions)

    def medians_on(self, clock: Clock) -> tuple[float, ...] | None:
        """One median per session, all on ``clock``, in the order recorded; None where a session has none."""
        return medians_on(self.sessions, clock)

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {"revision": self.revision, "sessions": [session.to_dict() for session in self.sessions]}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Anchor:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        return cls(
            sessions=stored_sessions(data, at_least=FEWEST_SESSIONS), revision=fields.optional_text(data, "revision")
        )
