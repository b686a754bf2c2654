"""A baseline: the accepted sessions of one case in one environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model import fields
from pytest_ascendperf.model.anchor import FEWEST_SESSIONS, Anchor
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.model.measurement import Clock, Session, medians_on, stored_sessions


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
    anchor: Anchor | None = None
    """Older accepted sessions that slow drift is measured from; None where these sessions themselves are the anchor."""

    def following(self, old: Baseline | None) -> Baseline:
        """This baseline with the anchor that it has as the successor of ``old``: the anchor of ``old`` stays.

        Where ``old`` has none, its own sessions become the anchor, unless there are too few. Under other hard keys
        times mean something else, so nothing of ``old`` is kept.
        """
        anchor: Anchor | None = None
        if old is not None and not self.environment.hard_differences(old.environment):
            anchor = old.anchor
            if anchor is None and len(old.sessions) >= FEWEST_SESSIONS:
                anchor = Anchor(sessions=old.sessions, revision=old.revision)
        if anchor is not None and anchor.sessions == self.sessions:
            anchor = None
        return replace(self, anchor=anchor)

    @property
    def medians_us(self) -> tuple[float, ...]:
        """One median per session, each on its session's clock, in the order recorded."""
        return tuple(session.median_us for session in self.sessions)

    def medians_on(self, clock: Clock) -> tuple[float, ...] | None:
        """One median per session, all on ``clock``, in the order recorded; None where a session has none."""
        return medians_on(self.sessions, clock)

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
        if self.anchor is not None:
            written["anchor"] = self.anchor.to_dict()
        return written

    @classmethod
    def from_dict(
        cls, data: Mapping[str, object], *, case: CaseId, environments: Mapping[str, Environment]
    ) -> Baseline:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        fingerprint = fields.text(data, "environment")
        if fingerprint not in environments:
            raise InvalidDataError("environment", f"names {fingerprint!r}, which the file does not describe")
        return cls(
            case=case,
            environment=environments[fingerprint],
            sessions=stored_sessions(data, at_least=1),
            revision=fields.optional_text(data, "revision"),
            kernels=fields.added_value(data, "kernels", KernelTable.from_dict),
            fusion_passes=fields.optional_counts(data, "fusion_passes"),
            anchor=fields.added_value(data, "anchor", Anchor.from_dict),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRecorded:
    """A case that was to be recorded and was not; its stored baseline, if any, stays as it was."""

    case: CaseId
    reason: str
    """Why, in words: the test failed, too few sessions were valid."""
