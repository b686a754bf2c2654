"""Which known fusions one table of kernels has lost against another, without a test that names them.

A table has counts and no order, so a loss is told by numbers: a fused kernel ran n times less, and each kernel of the
unfused form n times more. Changed shapes alone are no loss, since kernels are counted by type and by what their inputs
say about a bias. Each kernel that came or went explains one loss only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pytest_ascendperf.fusion.catalogue import Catalogue
from pytest_ascendperf.fusion.globs import any_of
from pytest_ascendperf.fusion.parts import Inputs, fits_inputs, read_inputs
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.model.pattern import Form, FusionPattern, Mode, PartKind

GENERIC = "AutomaticBufferFusionOp"
"""The type of what a graph made of elementwise operators, whichever they are. A table has no names, so it counts as any
part of this type: what came instead tells what it held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostFusion:
    """One known fusion that took effect in the base and does not in the head."""

    pattern: FusionPattern
    count: int
    """In how many places of one call."""
    gone: tuple[tuple[str, int], ...]
    """Types of the fused kernels that are gone, and how many of each."""
    came: tuple[tuple[str, int], ...]
    """Types of the kernels that came instead, helpers among them, and how many of each."""


class _Kind(NamedTuple):
    """Kernels that patterns cannot tell apart."""

    type: str
    inputs: Inputs | None


class _Loss(NamedTuple):
    """What all forms of one pattern have lost so far."""

    places: int
    gone: Counter[str]
    came: Counter[str]


def lost_fusions(base: KernelTable, head: KernelTable, catalogue: Catalogue, mode: Mode) -> tuple[LostFusion, ...]:
    """What ``head`` has lost, in the order of the catalogue; nothing where a table has no types.

    Regained fusions are ``lost_fusions(head, base, ...)``.
    """
    if not base.has_types or not head.has_types:
        return ()
    changes = _Changes(base, head)
    found: dict[str, _Loss] = {}
    for pattern, fused, unfused in _by_evidence(catalogue, mode):
        gone_parts, came_parts = _only_in(fused, unfused), _only_in(unfused, fused)
        shared = [part for part in unfused.parts if part not in came_parts]
        count = min(changes.gone_for(gone_parts), changes.came_for(came_parts))
        if count and shared:
            count = min(count, changes.standing_for(shared))
        if count:
            gone = changes.take_gone(gone_parts, count)
            came = changes.take_came(came_parts, count) + changes.take_helpers(unfused.helpers, count)
            so_far = found.get(pattern.name, _Loss(0, Counter(), Counter()))
            found[pattern.name] = _Loss(so_far.places + count, so_far.gone + gone, so_far.came + came)
    return tuple(
        LostFusion(pattern=pattern, count=loss.places, gone=_sorted(loss.gone), came=_sorted(loss.came))
        for pattern in catalogue
        if (loss := found.get(pattern.name)) is not None
    )


def _by_evidence(catalogue: Catalogue, mode: Mode) -> list[tuple[FusionPattern, Form, Form]]:
    """Every fused form with every unfused one: those that most kernels speak for first, then those that claim least."""
    pairs = [
        (pattern, fused, unfused)
        for pattern in catalogue
        for fused in pattern.fused_in(mode)
        for unfused in pattern.unfused_in(mode)
        if _only_in(fused, unfused) and _only_in(unfused, fused)
    ]
    return sorted(pairs, key=lambda pair: (-len(_only_in(pair[2], pair[1])), len(pair[2].parts)))


def _only_in(form: Form, other: Form) -> list[PartKind]:
    return [part for part in form.parts if part not in other.parts]


class _Changes:
    """What is there more or less of in ``head`` than in ``base``, and not yet explained by a loss."""

    def __init__(self, base: KernelTable, head: KernelTable) -> None:
        varying = {*base.varying, *head.varying}
        before, after = _counted(base, varying), _counted(head, varying)
        self._gone, self._came = before - after, after - before
        self._standing = before & after

    def gone_for(self, parts: Sequence[PartKind]) -> int:
        """How often ``parts`` are gone; one that came in another type, as versions rename them, is not."""
        net = min(_number(self._gone, part) - _number(self._came, part) for part in parts)
        return min(max(net, 0), _complete(self._gone, parts))

    def came_for(self, parts: Sequence[PartKind]) -> int:
        """How often ``parts`` came."""
        return _complete(self._came, parts)

    def standing_for(self, parts: Sequence[PartKind]) -> int:
        """How often the parts that both forms have are there before and after."""
        return _complete(self._standing, parts)

    def take_gone(self, parts: Sequence[PartKind], count: int) -> Counter[str]:
        """Explains ``count`` of each of ``parts`` that are gone, and gives their types."""
        return _taken(self._gone, parts, count)

    def take_came(self, parts: Sequence[PartKind], count: int) -> Counter[str]:
        """Explains ``count`` of each of ``parts`` that came, and gives their types."""
        return _taken(self._came, parts, count)

    def take_helpers(self, types: Sequence[str], count: int) -> Counter[str]:
        """Helpers that came with the parts, at most one of each type in each place."""
        matches = any_of(types).fullmatch
        taken: Counter[str] = Counter()
        for kind in sorted(self._came, key=str):
            if matches(kind.type):
                number = min(self._came[kind], count - taken[kind.type])
                taken[kind.type] += number
                self._came[kind] -= number
        return +taken


def _counted(table: KernelTable, varying: set[str]) -> Counter[_Kind]:
    counts: Counter[_Kind] = Counter()
    for kind in table.kernels:
        if kind.type not in varying:
            counts[_Kind(kind.type, read_inputs(kind.inputs))] += kind.count
    return counts


def _complete(counts: Counter[_Kind], parts: Sequence[PartKind]) -> int:
    """How many times ``parts`` are all among ``counts``, each kernel used once."""
    upper = min(_number(counts, part) for part in parts)
    while upper and not _available(counts, parts, upper):
        upper -= 1
    return upper


def _number(counts: Counter[_Kind], part: PartKind) -> int:
    return sum(number for kind, number in counts.items() if _is(part, kind))


def _available(counts: Counter[_Kind], parts: Sequence[PartKind], count: int) -> bool:
    rest = counts.copy()
    return all(sum(_take(rest, part, count).values()) == count for part in parts)


def _taken(counts: Counter[_Kind], parts: Sequence[PartKind], count: int) -> Counter[str]:
    taken: Counter[str] = Counter()
    for part in parts:
        taken.update(_take(counts, part, count))
    return taken


def _take(counts: Counter[_Kind], part: PartKind, count: int) -> Counter[str]:
    """Removes up to ``count`` kernels of ``part`` from ``counts`` and gives how many of each type it removed."""
    taken: Counter[str] = Counter()
    for kind in sorted(counts, key=str):
        if _is(part, kind) and counts[kind] > 0:
            number = min(counts[kind], count - sum(taken.values()))
            taken[kind.type] += number
            counts[kind] -= number
    return +taken


def _is(part: PartKind, kind: _Kind) -> bool:
    if part.name_contains and kind.type != GENERIC:
        return False
    return bool(any_of(part.types).fullmatch(kind.type)) and fits_inputs(part, kind.inputs, "")


def _sorted(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items()))
