"""Kernel tables: of one call from the trace of several, and of one case from the tables of several sessions.

A table keeps cores and shapes as long as they are the same in every call and session. Where a type's number is the same
and only its spread over shapes or cores is not, they are merged step by step until what is left agrees, so that two
runs of the same code never differ by chance. Where the number itself differs, the type is marked as varying.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pytest_ascendperf.model.kernel_table import KernelKind, KernelTable
from pytest_ascendperf.model.kernels import COMMUNICATION, KernelTrace

_FAMILIES: Mapping[str, str] = {"MIX_AIC": "AI_CORE", "MIX_AIV": "AI_VECTOR_CORE"}
"""Cores that stand for the same one: the toolkit chooses between them by shape."""

_COUNTED_COLLECTIVE = re.compile(r"(hcom_[A-Za-z]+_)(?:_\d+)+")
"""Name of a collective: group, number within it and position differ from run to run."""

_Key = tuple[str, str | None, str | None]
"""Type, core, inputs."""

_STEPS: tuple[Callable[[_Key], _Key], ...] = (
    lambda key: key,
    lambda key: (key[0], key[1], None),
    lambda key: (key[0], core_family(key[1]), None),
    lambda key: (key[0], None, None),
)
"""From all that the profile says to the type alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tally:
    """All kernels of one kind, one entry per source that is put together."""

    counts: tuple[int, ...]
    durations_us: tuple[tuple[float, ...], ...]
    """Per source, one entry per session of it."""

    def plus(self, other: _Tally) -> _Tally:
        """Both kinds as one."""
        return _Tally(
            counts=tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)),
            durations_us=tuple(
                tuple(a + b for a, b in zip(mine, theirs, strict=True))
                for mine, theirs in zip(self.durations_us, other.durations_us, strict=True)
            ),
        )


def core_family(core: str | None) -> str | None:
    """The core that stands for all those between which shapes alone decide; None where it is not known."""
    return None if core is None else _FAMILIES.get(core, core)


def table_of_calls(trace: KernelTrace, calls: int, *, source: str, synchronizations: int | None) -> KernelTable:
    """The kernels of one call, from the ``trace`` of ``calls`` equal ones.

    ``source`` is who recorded it and how; ``synchronizations`` how often one call made the host wait.
    """
    rows: dict[_Key, _Tally] = {}
    for stat in trace.operator_stats("signature", communication=True):
        key = (_type_of(stat.name, stat.core), stat.core, stat.signature[0])
        tally = _Tally(counts=(stat.count,), durations_us=((stat.us_per_call(calls),),))
        rows[key] = rows[key].plus(tally) if key in rows else tally
    settled = _Settled(rows, lambda tally: tally.counts[0] % calls == 0)
    return KernelTable(
        kernels=settled.kinds(lambda tally: tally.counts[0] / calls),
        activity=trace.activity,
        sessions=1,
        calls=calls,
        has_types=trace.has_types or len(trace) == 0,
        varying=settled.varying,
        synchronizations=synchronizations,
        source=source,
        has_graphs=trace.has_graphs,
    )


def combined(tables: Sequence[KernelTable]) -> KernelTable | None:
    """The tables of several sessions (at least one) as one; None where they were not recorded in the same way.

    Each session keeps its own durations, 0 where it ran none of a kind. Synchronisations that differ between sessions
    of the same code are left out: no number of them is what a later run must keep to.
    """
    first = tables[0]
    if any((table.activity, table.source, table.has_types) != _recording(first) for table in tables):
        return None
    varying = {name for table in tables for name in table.varying}
    found: list[dict[_Key, KernelKind]] = [
        {(kind.type, kind.core, kind.inputs): kind for kind in table.kernels} for table in tables
    ]
    rows: dict[_Key, _Tally] = {}
    for key in dict.fromkeys(key for kinds in found for key in kinds):
        here = [kinds.get(key) for kinds in found]
        rows[key] = _Tally(
            counts=tuple(0 if kind is None else kind.count for kind in here),
            durations_us=tuple(
                (0.0,) * table.sessions if kind is None else kind.durations_us
                for kind, table in zip(here, tables, strict=True)
            ),
        )
    settled = _Settled(rows, lambda tally: len(set(tally.counts)) == 1, varying)
    synchronizations = {table.synchronizations for table in tables}
    return KernelTable(
        kernels=settled.kinds(lambda tally: sum(tally.counts) / len(tally.counts)),
        activity=first.activity,
        sessions=sum(table.sessions for table in tables),
        calls=min(table.calls for table in tables),
        has_types=first.has_types,
        varying=settled.varying,
        synchronizations=synchronizations.pop() if len(synchronizations) == 1 else None,
        source=first.source,
        has_graphs=any(table.has_graphs for table in tables),
    )


class _Settled:
    """Kinds merged, type by type, as far as it takes for all of them to agree."""

    def __init__(
        self, rows: Mapping[_Key, _Tally], agrees: Callable[[_Tally], bool], varying: Sequence[str] | set[str] = ()
    ) -> None:
        types: dict[str, dict[_Key, _Tally]] = {}
        for key, tally in rows.items():
            types.setdefault(key[0], {})[key] = tally
        self._rows: dict[_Key, _Tally] = {}
        found = set(varying)
        for name, kinds in types.items():
            merged = kinds
            for step in _STEPS:
                merged = _merged(kinds, step)
                if name not in found and all(map(agrees, merged.values())):
                    break
            else:
                found.add(name)
            self._rows |= merged
        self.varying = tuple(sorted(found))

    def kinds(self, count_of: Callable[[_Tally], float]) -> tuple[KernelKind, ...]:
        """In a table's order. ``count_of`` is a kind's number per call, which need not be whole."""
        kinds = [
            KernelKind(
                type=name,
                core=core,
                inputs=inputs,
                count=max(1, round(count_of(tally))),
                durations_us=tuple(duration for source in tally.durations_us for duration in source),
            )
            for (name, core, inputs), tally in self._rows.items()
        ]
        return tuple(sorted(kinds, key=lambda kind: kind.sort_key))


def _merged(kinds: Mapping[_Key, _Tally], step: Callable[[_Key], _Key]) -> dict[_Key, _Tally]:
    merged: dict[_Key, _Tally] = {}
    for key, tally in kinds.items():
        coarse = step(key)
        merged[coarse] = merged[coarse].plus(tally) if coarse in merged else tally
    return merged


def _recording(table: KernelTable) -> tuple[str, str, bool]:
    return table.activity, table.source, table.has_types


def _type_of(name: str, core: str | None) -> str:
    counted = _COUNTED_COLLECTIVE.fullmatch(name) if core == COMMUNICATION else None
    return name if counted is None else counted[1]
