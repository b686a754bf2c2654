"""Answers to tests that name a pattern: it must be fused, or must not be. What ran decides, never what was expected."""

from __future__ import annotations

from pytest_ascendperf.fusion.evidence import chain_text, kernel_lines, marks_of, types_that_ran
from pytest_ascendperf.fusion.matcher import match
from pytest_ascendperf.fusion.near import near_miss
from pytest_ascendperf.fusion.parts import asks_for_inputs
from pytest_ascendperf.fusion.places import PatternMatch, Place
from pytest_ascendperf.model.finding import Finding, FindingKind
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.model.pattern import Expectation, FusionPattern, Mode


def check_fused(pattern: FusionPattern, trace: KernelTrace, mode: Mode) -> Finding | None:
    """None where ``pattern`` is fused in every place of the trace; else what ran instead."""
    found = match(pattern, trace, mode, named=True)
    if not found.places:
        return _absent(found, trace, FindingKind.NOT_FUSED)
    unfused = [place for place in found.places if not place.fused]
    if not unfused:
        return None
    first = unfused[0]
    summary = f"fusion {pattern.name} did not take effect{_where(len(unfused), found)}: {_ran(first, trace)}"
    details = [
        *kernel_lines(first.kernels, trace, marks_of(first, pattern)),
        *dict.fromkeys(reason for place in unfused for reason in place.why),
        *_expectation(pattern),
        *found.notes,
        pattern.advice,
    ]
    return Finding(kind=FindingKind.NOT_FUSED, summary=summary, details=tuple(details), fails=True)


def check_not_fused(pattern: FusionPattern, trace: KernelTrace, mode: Mode) -> Finding | None:
    """None where ``pattern`` runs unfused in every place of the trace; else what ran instead."""
    found = match(pattern, trace, mode, named=True)
    if not found.places:
        return _absent(found, trace, FindingKind.FUSED)
    fused = [place for place in found.places if place.fused]
    if not fused:
        return None
    first = fused[0]
    details = [*kernel_lines(first.kernels, trace, {}), *_expectation(pattern), *found.notes]
    return Finding(
        kind=FindingKind.FUSED,
        summary=f"fusion {pattern.name} took effect{_where(len(fused), found)}: {_ran(first, trace)}",
        details=tuple(details),
        fails=True,
    )


def _absent(found: PatternMatch, trace: KernelTrace, kind: FindingKind) -> Finding:
    pattern, mode = found.pattern, found.mode
    forms = [*pattern.fused_in(mode), *pattern.unfused_in(mode)]
    noun = _noun(trace)
    if not forms:
        summary = f"fusion {pattern.name} cannot be judged: the catalogue has no form of it for mode {mode}"
        details = [f"These {noun}s ran: {types_that_ran(trace)}"]
        return Finding(kind=kind, summary=summary, details=tuple(details), fails=True)
    details = []
    miss = near_miss(pattern, trace, mode)
    if miss is not None:
        marks = {kernel.position: f"← {kernel.type} stands between" for kernel in miss.kernels if kernel.part is None}
        details += [f"Nearest to it: {miss.reason}", *kernel_lines(miss.kernels, trace, marks)]
    details.append(f"These {noun}s ran: {types_that_ran(trace)}")
    looked_for = dict.fromkeys(" → ".join(part.name for part in form.parts) for form in forms)
    details.append(f"Looked for in mode {mode}: {'; '.join(looked_for)}")
    if len(trace) and not trace.has_types:
        details.append("This profile has no types, and names do not always tell. Record at profiler level 1.")
    details += [*_expectation(pattern), pattern.advice]
    summary = f"fusion {pattern.name} was not found: neither its fused nor its unfused form ran"
    return Finding(kind=kind, summary=summary, details=tuple(details), fails=True)


def _where(number: int, found: PatternMatch) -> str:
    total = len(found.places)
    if number < total:
        return f" in {number} of {total} places"
    return f" in {total} places" if total > 1 else ""


def _ran(place: Place, trace: KernelTrace) -> str:
    counted = frozenset(part.name for part in place.form.parts if asks_for_inputs(part) and not part.vector_input)
    number = len(place.parts)
    chain = chain_text(place.parts, inputs_of=counted)
    return f"{chain} ran as {number} {_noun(trace)}{'' if number == 1 else 's'}"


def _expectation(pattern: FusionPattern) -> list[str]:
    if pattern.expectation is Expectation.DOES_NOT_FUSE:
        return [f"That it does not fuse is what is known of it ({pattern.source})."]
    return []


def _noun(trace: KernelTrace) -> str:
    return "operator" if trace.activity == "host" else "kernel"
