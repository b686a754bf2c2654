"""A baseline: the accepted sessions of one case in one environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model import fields
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.model.measurement import Clock, Session, optional_kernels


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What a case is compared with."""

    case: CaseId
    environment: Environment
    sessions: tuple[Session, ...]
    """At least one; each from a process of its own."""
    revision: str | None
    """Version-control revision of the measured tree, with ``+changes`` when the tree was not clean; None if unknown."""
    kernels: KernelTable | None = None
    """What one call ran in the accepted sessions; None where they were not profiled."""
    fusion_passes: tuple[tuple[str, int], ...] | None = None
    """Passes of the graph compiler with the number of times each took effect, sorted; None where none were recorded."""

    @property
    def medians_us(self) -> tuple[float, ...]:
        """One median per session, each on its session's clock, in the order recorded."""
        return tuple(session.median_us for session in self.sessions)

    def medians_on(self, clock: Clock) -> tuple[float, ...] | None:
        """One median per session, all on ``clock``, in the order recorded; None where a session has none."""
        medians = [session.median_on(clock) for session in self.sessions]
        known = tuple(median for median in medians if median is not None)
        return known if len(known) == len(medians) else None

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types; the case and the environment are stored once per file, by the store."""
        written: dict[str, object] = {
            "environment": self.environment.fingerprint,
            "revision": self.revision,
            "sessions": [session.to_dict() for session in self.sessions],
        }
        if self.kernels is not None:
            written["kernels"] = self.kernels.to_dict()
        if self.fusion_passes is not None:
            written["fusion_passes"] = dict(self.fusion_passes)
        return written

    @classmethod
    def from_dict(
        cls, data: Mapping[str, object], *, case: CaseId, environments: Mapping[str, Environment]
    ) -> Baseline:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        fingerprint = fields.text(data, "environment")
        if fingerprint not in environments:
            raise InvalidDataError("environment", f"names {fingerprint!r}, which the file does not describe")
        stored = fields.as_list(fields.required(data, "sessions"), "sessions")
        if not stored:
            raise InvalidDataError("sessions", "expected at least one session, found none")
        sessions: list[Session] = []
        for index, session in enumerate(stored):
            where = f"sessions[{index}]"
            try:
                sessions.append(Session.from_dict(fields.as_object(session)))
            except InvalidDataError as error:
                raise error.inside(where) from None
        return cls(
            case=case,
            environment=environments[fingerprint],
            sessions=tuple(sessions),
            revision=fields.optional_text(data, "revision"),
            kernels=optional_kernels(data),
            fusion_passes=fields.optional_counts(data, "fusion_passes"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRecorded:
    """A case that was to be recorded and was not; its stored baseline, if any, stays as it was."""

    case: CaseId
    reason: str
    """Why, in words: the test failed, too few sessions were valid."""
