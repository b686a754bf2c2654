"""What came out of judging a case: a status, the comparisons it rests on, and the reason in words."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model import fields
from pytest_ascendperf.model.attribution import Attribution
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.cost import Cost
from pytest_ascendperf.model.environment import KeyDifference
from pytest_ascendperf.model.finding import Finding
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.stage import Comparison


class Status(enum.Enum):
    """The outcomes of a judged case. The value is the spelling used in options and files."""

    PASS = "pass"
    """Shown to be within tolerance."""
    REGRESSED = "regressed"
    """Shown, and confirmed in fresh processes, to be slower than the tolerance allows; or a finding fails."""
    IMPROVED = "improved"
    """Shown to be faster by more than the tolerance: the baseline is stale."""
    INCONCLUSIVE = "inconclusive"
    """The measurements cannot tell."""
    PROVISIONAL = "provisional"
    """The baseline holds one session, so how much sessions differ is not known."""
    NO_BASELINE = "no_baseline"
    """Nothing is stored to compare with."""
    NOT_COMPARABLE = "not_comparable"
    """What is stored was measured under other hard keys."""
    INVALID = "invalid"
    """The measurement itself cannot be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The same case against the anchor of its baseline: what all that was accepted since then comes to."""

    screen: Comparison
    """The run's own session against the anchor's."""
    confirm: Comparison | None
    """Fresh sessions against the anchor's; None where the screening did not call for them, or too few could be used."""
    recorded: str
    """The day on which the anchor was recorded: ``2025-01-31``."""
    revision: str | None
    """Version-control revision of the anchor; None if unknown."""
    fails: bool
    """Whether both stages found the case slower than the anchor by more than the tolerance allows."""
    status_without: Status | None
    """What the last baseline alone comes to, where the drift is what made it REGRESSED; None where it is not."""

    @property
    def decisive(self) -> Comparison:
        """The comparison that rests on more: the confirming one where there is one."""
        return self.confirm or self.screen

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "screen": self.screen.to_dict(),
            "confirm": None if self.confirm is None else self.confirm.to_dict(),
            "recorded": self.recorded,
            "revision": self.revision,
            "fails": self.fails,
            "status_without": None if self.status_without is None else self.status_without.value,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Drift:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        screen = fields.optional_value(data, "screen", Comparison.from_dict)
        if screen is None:
            raise InvalidDataError("screen", "expected an object, found null")
        return cls(
            screen=screen,
            confirm=fields.optional_value(data, "confirm", Comparison.from_dict),
            recorded=fields.text(data, "recorded"),
            revision=fields.optional_text(data, "revision"),
            fails=fields.flag(data, "fails"),
            status_without=_optional_status(data, "status_without"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgement of one case."""

    case: CaseId
    status: Status
    reason: str
    """Why this status, in one or two sentences a user can act on."""
    now_us: float | None
    """Median of the run's own session on ``clock``; None where nothing usable was measured."""
    clock: Clock
    """Whose time was judged: HOST for a case whose device waits for the host."""
    tolerance: float
    """Relative slowdown allowed."""
    detectable_change: float | None
    """Smallest true change that this gate would have failed on with 80 % power; None where no spread is known."""
    screen: Comparison | None
    """The first stage; None where nothing was compared."""
    confirm: Comparison | None
    """The second stage; None where the screening did not call for it."""
    hard_differences: tuple[KeyDifference, ...]
    soft_differences: tuple[KeyDifference, ...]
    baseline_path: str | None
    """The baseline file, whether or not it exists; relative to the root directory where it lies below it."""
    notes: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    """What ran otherwise than in the baseline, or otherwise than the test asks for; those that fail come first."""
    attribution: Attribution | None = None
    """The kernels that a confirmed slowdown comes from; None where it was not looked for or cannot be told."""
    timed_status: Status | None = None
    """What the times alone came to, where what ran made it another status; None where ``status`` is theirs."""
    base: str | None = None
    """What was measured side by side with the judged code: a revision, an interpreter; None for a stored baseline."""
    drift: Drift | None = None
    """How the case stands to the anchor of its baseline; None where there is none, or none that may be compared."""
    cost: Cost | None = None
    """What it took to measure this; None until whoever measured has said it."""

    @property
    def drifted(self) -> Drift | None:
        """The drift that made the case REGRESSED although its last baseline does not show it; None where none did."""
        return None if self.drift is None or self.drift.status_without is None else self.drift

    @property
    def decisive(self) -> Comparison | None:
        """The comparison that the status rests on: that of the drift where it failed the case, else the baseline's."""
        return self.against_baseline if self.drifted is None else self.drifted.decisive

    @property
    def against_baseline(self) -> Comparison | None:
        """The comparison with the last baseline, or with the base: the confirming one where there is one."""
        return self.confirm or self.screen

    @property
    def status_of_times(self) -> Status:
        """What the times alone came to."""
        return self.timed_status or self.status

    @property
    def was_left_out(self) -> bool:
        """Whether the budget of the run was spent before the case could be measured."""
        return self._lacked_time and self.now_us is None and self.screen is None

    @property
    def was_cut_short(self) -> bool:
        """Whether the budget of the run kept the case, which was measured, from more sessions."""
        return self._lacked_time and not self.was_left_out

    @property
    def _lacked_time(self) -> bool:
        return self.cost is not None and self.cost.cut_short

    @property
    def failing_findings(self) -> tuple[Finding, ...]:
        """The findings that made it REGRESSED."""
        return tuple(finding for finding in self.findings if finding.fails)

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "module": self.case.module,
            "test": self.case.test,
            "case": self.case.case,
            "status": self.status.value,
            "reason": self.reason,
            "now_us": self.now_us,
            "clock": self.clock.value,
            "tolerance": self.tolerance,
            "detectable_change": self.detectable_change,
            "screen": None if self.screen is None else self.screen.to_dict(),
            "confirm": None if self.confirm is None else self.confirm.to_dict(),
            "hard_differences": [difference.to_dict() for difference in self.hard_differences],
            "soft_differences": [difference.to_dict() for difference in self.soft_differences],
            "baseline_path": self.baseline_path,
            "notes": list(self.notes),
            "findings": [finding.to_dict() for finding in self.findings],
            "attribution": None if self.attribution is None else self.attribution.to_dict(),
            "timed_status": None if self.timed_status is None else self.timed_status.value,
            "base": self.base,
            "drift": None if self.drift is None else self.drift.to_dict(),
            "cost": None if self.cost is None else self.cost.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Verdict:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        return cls(
            case=CaseId(
                module=fields.text(data, "module"), test=fields.text(data, "test"), case=fields.text(data, "case")
            ),
            status=fields.member(data, "status", Status),
            reason=fields.text(data, "reason"),
            now_us=fields.optional_number(data, "now_us"),
            clock=fields.member(data, "clock", Clock),
            tolerance=fields.number(fields.required(data, "tolerance"), "tolerance", at_least=0.0),
            detectable_change=fields.optional_number(data, "detectable_change"),
            screen=fields.optional_value(data, "screen", Comparison.from_dict),
            confirm=fields.optional_value(data, "confirm", Comparison.from_dict),
            hard_differences=_differences(data, "hard_differences"),
            soft_differences=_differences(data, "soft_differences"),
            baseline_path=fields.optional_text(data, "baseline_path"),
            notes=tuple(str(note) for note in fields.as_list(fields.required(data, "notes"), "notes")),
            findings=tuple(
                Finding.from_dict(fields.as_object(finding, f"findings[{index}]"))
                for index, finding in enumerate(fields.as_list(fields.required(data, "findings"), "findings"))
            ),
            attribution=fields.optional_value(data, "attribution", Attribution.from_dict),
            timed_status=_optional_status(data, "timed_status"),
            base=fields.optional_text(data, "base"),
            drift=fields.optional_value(data, "drift", Drift.from_dict),
            cost=fields.optional_value(data, "cost", Cost.from_dict),
        )


def _optional_status(data: Mapping[str, object], key: str) -> Status | None:
    return None if fields.required(data, key) is None else fields.member(data, key, Status)


def _differences(data: Mapping[str, object], key: str) -> tuple[KeyDifference, ...]:
    return tuple(
        KeyDifference.from_dict(fields.as_object(value, f"{key}[{index}]"))
        for index, value in enumerate(fields.as_list(fields.required(data, key), key))
    )
