"""Two calls measured against each other in one process: how many times faster is the first, and what was claimed."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model import fields
from pytest_ascendperf.model.measurement import Clock


class ClaimKind(enum.Enum):
    """What a test asserts of two calls. The value is the spelling used in files."""

    FASTER = "faster"
    """The second takes at least ``limit`` times as long as the first."""
    NOT_SLOWER = "not_slower"
    """The first takes at most ``1 + limit`` times as long as the second."""


class Decision(enum.Enum):
    """What the rounds say of a claim. The value is the spelling used in files."""

    SHOWN = "shown"
    REFUTED = "refuted"
    """Shown to be wrong."""
    UNDECIDED = "undecided"
    """Neither, when the time was up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One assertion."""

    kind: ClaimKind
    limit: float
    """As its author wrote it: 1.2 for a factor of 1.2 (FASTER), 0.05 for 5 % (NOT_SLOWER)."""

    @property
    def least_ratio(self) -> float:
        """The ratio from which on the claim holds."""
        return self.limit if self.kind is ClaimKind.FASTER else 1.0 / (1.0 + self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedClaim:
    """An assertion and what became of it."""

    claim: Claim
    decision: Decision

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {"kind": self.claim.kind.value, "limit": self.claim.limit, "decision": self.decision.value}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> DecidedClaim:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        limit = fields.number(fields.required(data, "limit"), "limit", at_least=0.0)
        return cls(
            claim=Claim(kind=fields.member(data, "kind", ClaimKind), limit=limit),
            decision=fields.member(data, "decision", Decision),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCalls:
    """Rounds of two calls, taken in turns. Times are per call, in µs of ``clock``."""

    nodeid: str
    """The test."""
    first: str
    """The first call, as it is named in the code."""
    second: str
    clock: Clock
    """HOST where the device waits for the host in either call: both times are then the host's."""
    ratio: float
    """Time of the second per time of the first: how many times faster the first one is."""
    low: float | None
    """Lower end of the interval that holds the true ratio; None where there were too few blocks to tell."""
    high: float | None
    confidence: float
    """Coverage of the interval, over all moments at which one may look."""
    first_us: float
    """Median over rounds."""
    second_us: float
    rounds: int
    """Rounds of each call."""
    blocks: int
    """Groups of rounds: what the interval counts."""
    calls_per_round: int
    seconds: float
    """Time that the rounds took, warm-up apart, on the host's clock."""
    notes: tuple[str, ...]
    claims: tuple[DecidedClaim, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "nodeid": self.nodeid,
            "first": self.first,
            "second": self.second,
            "clock": self.clock.value,
            "ratio": self.ratio,
            "low": self.low,
            "high": self.high,
            "confidence": self.confidence,
            "first_us": self.first_us,
            "second_us": self.second_us,
            "rounds": self.rounds,
            "blocks": self.blocks,
            "calls_per_round": self.calls_per_round,
            "seconds": self.seconds,
            "notes": list(self.notes),
            "claims": [claim.to_dict() for claim in self.claims],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> ComparedCalls:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        return cls(
            nodeid=fields.text(data, "nodeid"),
            first=fields.text(data, "first"),
            second=fields.text(data, "second"),
            clock=fields.member(data, "clock", Clock),
            ratio=fields.number(fields.required(data, "ratio"), "ratio", above=0.0),
            low=fields.optional_number(data, "low"),
            high=fields.optional_number(data, "high"),
            confidence=fields.number(fields.required(data, "confidence"), "confidence"),
            first_us=fields.number(fields.required(data, "first_us"), "first_us", above=0.0),
            second_us=fields.number(fields.required(data, "second_us"), "second_us", above=0.0),
            rounds=fields.count(data, "rounds", at_least=1),
            blocks=fields.count(data, "blocks", at_least=1),
            calls_per_round=fields.count(data, "calls_per_round", at_least=1),
            seconds=fields.number(fields.required(data, "seconds"), "seconds", at_least=0.0),
            notes=tuple(str(note) for note in fields.as_list(fields.required(data, "notes"), "notes")),
            claims=_claims(data),
        )


def _claims(data: Mapping[str, object]) -> tuple[DecidedClaim, ...]:
    claims: list[DecidedClaim] = []
    for index, value in enumerate(fields.as_list(fields.required(data, "claims"), "claims")):
        try:
            claims.append(DecidedClaim.from_dict(fields.as_object(value)))
        except InvalidDataError as error:
            raise error.inside(f"claims[{index}]") from None
    return tuple(claims)
