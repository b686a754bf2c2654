"""Which kernels one call of a case runs, kind by kind: what a baseline keeps, and what a later run is compared with.

A table is exact where a time is not. The same code on the same software runs the same kernels, however loud the host
is, so a kind that is new or gone is a fact about the code or about the software below it and needs no statistics. What
may differ from one process to the next without meaning anything (names with counters, the order of independent streams)
is not in a table; a type whose count is not the same in every call is in it and marked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model import fields
from pytest_ascendperf.model.kernels import Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelKind:
    """All kernels of one type, core and input shapes in one call."""

    type: str
    """The operator type (``MatMulV3``); the kernel's name where the profile has no types."""
    core: str | None
    """Where it ran: ``AI_CORE``, ``AI_VECTOR_CORE``, ``AI_CPU``, ``CPU``; None where the profile does not say."""
    inputs: str | None
    """Shapes of the inputs, as :class:`~.kernel_columns.KernelColumns` has them; None where not recorded."""
    count: int
    """How many one call runs; for a varying type the mean, rounded, and at least 1."""
    durations_us: tuple[float, ...]
    """Own time of all of them in one call, one entry per session that profiled the case; 0 where it ran none."""

    @property
    def duration_us(self) -> float:
        """Mean over sessions of their time in one call."""
        return math.fsum(self.durations_us) / len(self.durations_us)

    @property
    def sort_key(self) -> tuple[str, str, str]:
        """The order of kinds in a table."""
        return self.type, self.core or "", self.inputs or ""

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types, keys sorted."""
        return {
            "core": self.core,
            "count": self.count,
            "durations_us": list(self.durations_us),
            "inputs": self.inputs,
            "type": self.type,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> KernelKind:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        durations = fields.as_list(fields.required(data, "durations_us"), "durations_us")
        return cls(
            type=fields.text(data, "type"),
            core=fields.optional_text(data, "core"),
            inputs=fields.optional_text(data, "inputs"),
            count=fields.count(data, "count", at_least=1),
            durations_us=tuple(
                fields.number(duration, f"durations_us[{index}]", at_least=0.0)
                for index, duration in enumerate(durations)
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelTable:
    """The kernels of one call, as one or several sessions profiled it."""

    kernels: tuple[KernelKind, ...]
    """In the order of their ``sort_key``, each combination of type, core and inputs once."""
    activity: Activity
    """``device`` for kernels of an accelerator, ``host`` for the operators of a CPU."""
    sessions: int
    """How many processes profiled the case; each entry of a kind's ``durations_us`` is one of them."""
    calls: int
    """Calls that each of them profiled."""
    has_types: bool
    """Whether ``type`` is an operator type; if not, it is a name, which may carry a counter, and is not compared."""
    varying: tuple[str, ...]
    """Types whose number was not the same in every profiled call, sorted: they are not compared."""
    synchronizations: int | None
    """How often one call made the host wait for the device; None where that was not counted."""
    source: str
    """Who recorded it and how: ``torch_npu.profiler Level1 ACL_AICORE_NONE``."""
    has_graphs: bool = False
    """Whether any of them belongs to a compiled graph, so that there are fusion passes to look at."""

    @property
    def total_us(self) -> float:
        """Own time of all kernels of one call."""
        return math.fsum(kind.duration_us for kind in self.kernels)

    def counts(self) -> dict[str, int]:
        """How many kernels of each type one call runs."""
        totals: dict[str, int] = {}
        for kind in self.kernels:
            totals[kind.type] = totals.get(kind.type, 0) + kind.count
        return totals

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types, keys sorted."""
        return {
            "activity": self.activity,
            "calls": self.calls,
            "has_graphs": self.has_graphs,
            "has_types": self.has_types,
            "kernels": [kind.to_dict() for kind in self.kernels],
            "sessions": self.sessions,
            "source": self.source,
            "synchronizations": self.synchronizations,
            "varying": list(self.varying),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> KernelTable:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        sessions = fields.count(data, "sessions", at_least=1)
        kernels: list[KernelKind] = []
        for index, entry in enumerate(fields.as_list(fields.required(data, "kernels"), "kernels")):
            where = f"kernels[{index}]"
            try:
                kind = KernelKind.from_dict(fields.as_object(entry))
            except InvalidDataError as error:
                raise error.inside(where) from None
            if len(kind.durations_us) != sessions:
                raise InvalidDataError(f"{where}.durations_us", f"expected {sessions} numbers, one per session")
            kernels.append(kind)
        keys = [kind.sort_key for kind in kernels]
        if sorted(set(keys)) != keys:
            raise InvalidDataError("kernels", "expected kinds in order of type, core and inputs, each once")
        synchronizations = fields.required(data, "synchronizations")
        return cls(
            kernels=tuple(kernels),
            activity=_activity(fields.text(data, "activity")),
            sessions=sessions,
            calls=fields.count(data, "calls", at_least=1),
            has_types=fields.flag(data, "has_types"),
            has_graphs=fields.flag(data, "has_graphs"),
            varying=tuple(str(name) for name in fields.as_list(fields.required(data, "varying"), "varying")),
            synchronizations=None if synchronizations is None else fields.count(data, "synchronizations"),
            source=fields.text(data, "source"),
        )


def _activity(text: str) -> Activity:
    if text == "device":
        return "device"
    if text == "host":
        return "host"
    raise InvalidDataError("activity", f"expected device or host, found {text!r:.80}")
