"""What one process measured of one case: the session, the unit of replication of every verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model import fields
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment

QUANTILE_LEVELS: tuple[tuple[str, float], ...] = (
    ("min", 0.0),
    ("p10", 0.10),
    ("p25", 0.25),
    ("p50", 0.50),
    ("p75", 0.75),
    ("p90", 0.90),
    ("p99", 0.99),
)
"""Names and levels of the quantiles kept of every session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One process's rounds of one case. All times are per call, in µs of device time."""

    started: str
    """Start of the measurement, UTC, ISO 8601 to the second."""
    rounds: int
    calls_per_round: int
    warmup_calls: int
    mean_us: float
    sd_us: float
    """Standard deviation over rounds (n - 1); 0 for one round."""
    lag1: float
    """Autocorrelation of successive rounds; 0 where it is not defined."""
    quantiles_us: tuple[float, ...]
    """Quantiles over rounds at ``QUANTILE_LEVELS``."""
    samples_us: tuple[float, ...]
    """At most 64 rounds in the order measured, evenly thinned."""

    @property
    def median_us(self) -> float:
        """The number that stands for this session in every comparison."""
        return self.quantiles_us[3]

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types, keys sorted."""
        names = [name for name, _ in QUANTILE_LEVELS]
        return {
            "calls_per_round": self.calls_per_round,
            "lag1": self.lag1,
            "mean_us": self.mean_us,
            "quantiles_us": dict(zip(names, self.quantiles_us, strict=True)),
            "rounds": self.rounds,
            "samples_us": list(self.samples_us),
            "sd_us": self.sd_us,
            "started": self.started,
            "warmup_calls": self.warmup_calls,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Session:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        quantiles = fields.as_object(fields.required(data, "quantiles_us"), "quantiles_us")
        levels: list[float] = []
        for name, _ in QUANTILE_LEVELS:
            where = f"quantiles_us.{name}"
            if name not in quantiles:
                raise InvalidDataError(where, "missing")
            levels.append(fields.number(quantiles[name], where, above=0.0))
        if sorted(levels) != levels:
            raise InvalidDataError("quantiles_us", "expected values that rise with their level")
        return cls(
            started=fields.text(data, "started"),
            rounds=fields.count(data, "rounds", at_least=1),
            calls_per_round=fields.count(data, "calls_per_round", at_least=1),
            warmup_calls=fields.count(data, "warmup_calls"),
            mean_us=fields.number(fields.required(data, "mean_us"), "mean_us", above=0.0),
            sd_us=fields.number(fields.required(data, "sd_us"), "sd_us", at_least=0.0),
            lag1=fields.number(fields.required(data, "lag1"), "lag1"),
            quantiles_us=tuple(levels),
            samples_us=fields.positive_numbers(data, "samples_us"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A session with the case and the place it belongs to, and what speaks against using it."""

    case: CaseId
    environment: Environment
    session: Session | None
    """None where nothing usable was measured; ``invalid`` then says why."""
    invalid: tuple[str, ...]
    """Reasons why the session must not be judged, each a sentence; empty for a valid one."""
    notes: tuple[str, ...]
    """What a reader should know although the session is valid."""

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "module": self.case.module,
            "test": self.case.test,
            "case": self.case.case,
            "environment": self.environment.to_dict(),
            "session": None if self.session is None else self.session.to_dict(),
            "invalid": list(self.invalid),
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Measurement:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        session = fields.required(data, "session")
        return cls(
            case=CaseId(
                module=fields.text(data, "module"), test=fields.text(data, "test"), case=fields.text(data, "case")
            ),
            environment=Environment.from_dict(fields.as_object(fields.required(data, "environment"), "environment")),
            session=None if session is None else Session.from_dict(fields.as_object(session, "session")),
            invalid=tuple(str(reason) for reason in fields.as_list(fields.required(data, "invalid"), "invalid")),
            notes=tuple(str(note) for note in fields.as_list(fields.required(data, "notes"), "notes")),
        )
