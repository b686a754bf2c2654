"""What runs otherwise than in the baseline: kernels compared type by type, without statistics.

Numbers are compared over all shapes and cores of a type, since shapes follow the input and a toolkit may choose a core
by shape. Types whose number varies from call to call are left out. A fusion that is known to be lost explains the
kernels that went and came with it; what remains is told as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_ascendperf.judge.kernel_tables import core_family
from pytest_ascendperf.judge.kernel_wording import before_and_now, listed
from pytest_ascendperf.model.finding import Finding, FindingKind
from pytest_ascendperf.model.kernel_table import KernelTable

AI_CPU = "AI_CPU"
"""The core of operators that no other core of the chip can run; slower by orders of magnitude."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLoss:
    """A fusion of the baseline that no longer takes place, as the catalogue of patterns recognised it."""

    name: str
    """As tests write it: ``attention``."""
    times: int
    """How often it is lost in one call."""
    gone: Mapping[str, int]
    """Kernels that went with it in one call, by type, all times together."""
    came: Mapping[str, int]
    """Kernels that came instead."""
    advice: str
    """What loses it most often, and what to try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    type: str
    number: int
    source: str
    target: str


def why_not_compared(base: KernelTable, head: KernelTable) -> str | None:
    """Why these tables say nothing about one another, in a sentence; None where they can be compared."""
    if base.activity != head.activity:
        return (
            f"Kernels are not compared: the baseline has those of the {base.activity}, this run those of the "
            f"{head.activity}. Record the baseline again."
        )
    untyped = [where for where, table in (("the baseline", base), ("this run", head)) if not table.has_types]
    if untyped:
        return (
            f"Kernels are not compared: {' and '.join(untyped)} recorded no operator types "
            f"({(base if not base.has_types else head).source}), and names may differ between runs."
        )
    return None


def kernel_findings(
    base: KernelTable, head: KernelTable, known_losses: Sequence[KnownLoss] = ()
) -> tuple[Finding, ...]:
    """What is different in one call of ``head``; those that fail first. Empty where the two cannot be compared."""
    if why_not_compared(base, head) is not None:
        return ()
    gone, came = count_changes(base, head)
    findings: list[Finding] = []
    for loss in known_losses:
        findings.append(_lost(base, head, loss))
        gone, came = _without(gone, loss.gone), _without(came, loss.came)
    findings += _unexplained(base, head, gone, came)
    findings += _core_changes(base, head)
    findings += _synchronizations(base, head)
    return tuple(sorted(findings, key=lambda finding: not finding.fails))


def count_changes(base: KernelTable, head: KernelTable) -> tuple[dict[str, int], dict[str, int]]:
    """How many kernels of each type are gone from one call, and how many came, the longest time first."""
    left_out = {*base.varying, *head.varying}
    before, now = base.counts(), head.counts()
    gone = {name: count - now.get(name, 0) for name, count in before.items() if count > now.get(name, 0)}
    came = {name: count - before.get(name, 0) for name, count in now.items() if count > before.get(name, 0)}
    return (
        {name: gone[name] for name in _longest_first(base, gone) if name not in left_out},
        {name: came[name] for name in _longest_first(head, came) if name not in left_out},
    )


def change_in_words(gone: Mapping[str, int], came: Mapping[str, int]) -> str:
    """``1 FlashAttentionScore became 2 BatchMatMulV3, 1 SoftmaxV2``; with one side empty, the other alone."""
    return " became ".join(listed(side) for side in (gone, came) if side)


def _longest_first(table: KernelTable, types: Mapping[str, int]) -> list[str]:
    times: dict[str, float] = {}
    for kind in table.kernels:
        times[kind.type] = times.get(kind.type, 0.0) + kind.duration_us
    return sorted(types, key=lambda name: (-times[name], name))


def _without(counts: Mapping[str, int], explained: Mapping[str, int]) -> dict[str, int]:
    rest = {name: count - explained.get(name, 0) for name, count in counts.items()}
    return {name: count for name, count in rest.items() if count > 0}


def _lost(base: KernelTable, head: KernelTable, loss: KnownLoss) -> Finding:
    often = "" if loss.times == 1 else f", {loss.times} times"
    return Finding(
        kind=FindingKind.FUSION_LOST,
        summary=f"fusion lost: {change_in_words(loss.gone, loss.came)} per call ({loss.name}{often})",
        details=(*before_and_now(base, head, (*loss.gone, *loss.came)), loss.advice),
        fails=True,
    )


def _unexplained(
    base: KernelTable, head: KernelTable, gone: Mapping[str, int], came: Mapping[str, int]
) -> list[Finding]:
    """What no known fusion explains. More kernels than before fail; as many or fewer are another way to do the work."""
    if not gone and not came:
        return []
    words = f"{change_in_words(gone, came)} per call"
    if not gone:
        kind, text = FindingKind.KERNELS_ADDED, f"kernels added: {words}"
    elif not came:
        kind, text = FindingKind.KERNELS_REMOVED, f"kernels removed: {words}; the baseline is stale"
    elif sum(came.values()) > sum(gone.values()):
        kind, text = FindingKind.KERNELS_ADDED, f"kernels added, a fusion may be lost: {words}"
    else:
        kind, text = FindingKind.KERNELS_REPLACED, f"kernels replaced: {words}; the baseline is stale"
    details = before_and_now(base, head, (*gone, *came))
    return [Finding(kind=kind, summary=text, details=details, fails=kind is FindingKind.KERNELS_ADDED)]


def _core_changes(base: KernelTable, head: KernelTable) -> list[Finding]:
    moves = _moves(base, head)
    to_cpu = [move for move in moves if move.target == AI_CPU]
    from_cpu = [move for move in moves if move.source == AI_CPU]
    others = [move for move in moves if AI_CPU not in (move.source, move.target)]
    findings: list[Finding] = []
    for group, text, fails in (
        (to_cpu, "moved to AI_CPU: {}", True),
        (others, "core changed: {}", True),
        (from_cpu, "moved off AI_CPU: {}; the baseline is stale", False),
    ):
        if group:
            types = [move.type for move in group]
            findings.append(
                Finding(
                    kind=FindingKind.CORE_CHANGED,
                    summary=text.format(_moves_in_words(group)),
                    details=before_and_now(base, head, types),
                    fails=fails,
                )
            )
    return findings


def _moves_in_words(moves: Sequence[_Move]) -> str:
    ways: dict[tuple[str, str], dict[str, int]] = {}
    for move in moves:
        way = ways.setdefault((move.source, move.target), {})
        way[move.type] = way.get(move.type, 0) + move.number
    return ", ".join(f"{listed(types)} per call, {source} → {target}" for (source, target), types in ways.items())


def _moves(base: KernelTable, head: KernelTable) -> list[_Move]:
    """Kernels that left one family of cores for another; none of types for which a core is not known."""
    left_out = {*base.varying, *head.varying}
    before, now = _families(base), _families(head)
    moves: list[_Move] = []
    for name in sorted((before.keys() & now.keys()) - left_out):
        if None in before[name] or None in now[name]:
            continue
        left, arrived = before[name] - now[name], now[name] - before[name]
        for target, number in sorted(arrived.items(), key=str):
            for source in sorted(left, key=str):
                moved = min(number, left[source])
                if moved and source is not None and target is not None:
                    moves.append(_Move(type=name, number=moved, source=source, target=target))
                    left[source] -= moved
                    number -= moved
    return moves


def _families(table: KernelTable) -> dict[str, Counter[str | None]]:
    families: dict[str, Counter[str | None]] = {}
    for kind in table.kernels:
        families.setdefault(kind.type, Counter())[core_family(kind.core)] += kind.count
    return families


def _synchronizations(base: KernelTable, head: KernelTable) -> list[Finding]:
    before, now = base.synchronizations, head.synchronizations
    if before is None or now is None or now <= before:
        return []
    return [
        Finding(
            kind=FindingKind.SYNCHRONIZATION_ADDED,
            summary=f"host synchronization added: {now} per call, {before} in the baseline",
            details=(
                "The call makes the host wait for the device: item(), a copy to the host, printing a tensor or "
                "deciding by its value does this.",
            ),
            fails=True,
        )
    ]
