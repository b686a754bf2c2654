"""What one process measured of one case: the session, the unit of replication of every verdict."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model import fields
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.conditions import Conditions
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.kernel_table import KernelTable

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


class Clock(enum.Enum):
    """Whose time a number is. The value is the spelling used in files."""

    DEVICE = "device"
    """Between two points of the device's work; on the CPU, the one clock there is."""
    HOST = "host"
    """What the host spends to issue the work of an accelerator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One process's rounds of one case. All times are per call, in µs of ``clock`` unless their name says otherwise."""

    started: str
    """Start of the measurement, UTC, ISO 8601 to the second."""
    clock: Clock
    """HOST where the case is bound by the host: the device waits for it, and a device time would be the host's."""
    device_median_us: float
    """Median over rounds of device time, whatever ``clock`` is."""
    host_median_us: float | None
    """Median over rounds of host time, whatever ``clock`` is; None where it was not measured, as on the CPU."""
    reference_us: float | None
    """Time of the device's reference work just after the rounds: how fast the device itself was; None without one."""
    vector_reference_us: float | None = None
    """The same of work of another kind: where the device is what changed, both change. None without one."""
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
    conditions: Conditions | None = None
    """What the machine said of itself meanwhile; None where it says nothing."""
    core_work_us: float | None = None
    """Time of fixed work on the core that ran the rounds, the longest of before, between and after them: how fast the
    core was. None without one, as on an accelerator."""
    memory_work_us: float | None = None
    """Time of a fixed copy, the median of those made before the warm-up and after the rounds: how fast the memory was
    that is shared with other virtual machines. None without one, as on an accelerator."""

    @property
    def median_us(self) -> float:
        """The case's time in this session, on its ``clock``."""
        return self.quantiles_us[3]

    def median_on(self, clock: Clock) -> float | None:
        """The median on ``clock``, which need not be the session's own; None where it was not measured."""
        return self.device_median_us if clock is Clock.DEVICE else self.host_median_us

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types, keys sorted."""
        names = [name for name, _ in QUANTILE_LEVELS]
        vector = {} if self.vector_reference_us is None else {"vector_reference_us": self.vector_reference_us}
        conditions = {} if self.conditions is None else {"conditions": self.conditions.to_dict()}
        core = {} if self.core_work_us is None else {"core_work_us": self.core_work_us}
        memory = {} if self.memory_work_us is None else {"memory_work_us": self.memory_work_us}
        return {
            "calls_per_round": self.calls_per_round,
            "clock": self.clock.value,
            **conditions,
            **core,
            "device_median_us": self.device_median_us,
            "host_median_us": self.host_median_us,
            "lag1": self.lag1,
            "mean_us": self.mean_us,
            **memory,
            "quantiles_us": dict(zip(names, self.quantiles_us, strict=True)),
            "reference_us": self.reference_us,
            "rounds": self.rounds,
            "samples_us": list(self.samples_us),
            "sd_us": self.sd_us,
            "started": self.started,
            **vector,
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
        clock, device_median_us, host_median_us = _clock_and_medians(data)
        if (device_median_us if clock is Clock.DEVICE else host_median_us) != levels[3]:
            raise InvalidDataError(
                f"{clock.value}_median_us", "is not the p50 of quantiles_us, which are on that clock"
            )
        return cls(
            started=fields.text(data, "started"),
            clock=clock,
            device_median_us=device_median_us,
            host_median_us=host_median_us,
            reference_us=_optional_time(data, "reference_us"),
            vector_reference_us=_added_time(data, "vector_reference_us"),
            rounds=fields.count(data, "rounds", at_least=1),
            calls_per_round=fields.count(data, "calls_per_round", at_least=1),
            warmup_calls=fields.count(data, "warmup_calls"),
            mean_us=fields.number(fields.required(data, "mean_us"), "mean_us", above=0.0),
            sd_us=fields.number(fields.required(data, "sd_us"), "sd_us", at_least=0.0),
            lag1=fields.number(fields.required(data, "lag1"), "lag1"),
            quantiles_us=tuple(levels),
            samples_us=fields.positive_numbers(data, "samples_us"),
            conditions=fields.added_value(data, "conditions", Conditions.from_dict),
            core_work_us=_added_time(data, "core_work_us"),
            memory_work_us=_added_time(data, "memory_work_us"),
        )


def _clock_and_medians(data: Mapping[str, object]) -> tuple[Clock, float, float | None]:
    clock = fields.member(data, "clock", Clock)
    device_median_us = fields.number(fields.required(data, "device_median_us"), "device_median_us", above=0.0)
    return clock, device_median_us, _optional_time(data, "host_median_us")


def _optional_time(data: Mapping[str, object], key: str) -> float | None:
    value = fields.required(data, key)
    return None if value is None else fields.number(value, key, above=0.0)


def _added_time(data: Mapping[str, object], key: str) -> float | None:
    """A time that earlier versions did not write."""
    return _optional_time(data, key) if key in data else None


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
    kernels: KernelTable | None = None
    """What one call ran, as this process profiled it after the times were taken; None where nothing was profiled."""
    kernel_problem: str | None = None
    """Why there is no kernel table although one was wanted, in a sentence."""
    fusion_passes: tuple[tuple[str, int], ...] | None = None
    """Passes of the graph compiler with the number of times each took effect, sorted; None where none were recorded."""

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
            "kernels": None if self.kernels is None else self.kernels.to_dict(),
            "kernel_problem": self.kernel_problem,
            "fusion_passes": None if self.fusion_passes is None else dict(self.fusion_passes),
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
            kernels=fields.added_value(data, "kernels", KernelTable.from_dict),
            kernel_problem=fields.optional_text(data, "kernel_problem"),
            fusion_passes=fields.optional_counts(data, "fusion_passes"),
        )


def medians_on(sessions: Sequence[Session], clock: Clock) -> tuple[float, ...] | None:
    """One median per session, all on ``clock``, in the order given; None where a session has none."""
    medians = [session.median_on(clock) for session in sessions]
    known = tuple(median for median in medians if median is not None)
    return known if len(known) == len(medians) else None


def stored_sessions(data: Mapping[str, object], *, at_least: int) -> tuple[Session, ...]:
    """The list of sessions under ``sessions``, ``at_least`` 1 or more. Raises InvalidDataError naming the field."""
    stored = fields.as_list(fields.required(data, "sessions"), "sessions")
    if len(stored) < at_least:
        fewest = "one session" if at_least == 1 else f"{at_least} sessions"
        raise InvalidDataError("sessions", f"expected at least {fewest}, found {len(stored) or 'none'}")
    sessions: list[Session] = []
    for index, session in enumerate(stored):
        try:
            sessions.append(Session.from_dict(fields.as_object(session)))
        except InvalidDataError as error:
            raise error.inside(f"sessions[{index}]") from None
    return tuple(sessions)
