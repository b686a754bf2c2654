"""Which known fusions took effect in a profile and which did not, as text. What ``ascendperf show --fusion`` prints."""

from __future__ import annotations

from pytest_ascendperf.fusion.catalogue import Catalogue
from pytest_ascendperf.fusion.matcher import match, mode_of
from pytest_ascendperf.fusion.places import PatternMatch
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.model.pattern import Expectation


def fusion_report(trace: KernelTrace, catalogue: Catalogue) -> list[str]:
    """One line per pattern that stands in ``trace``, in the order of the catalogue, then what was read from names."""
    trace = trace.computing()
    mode = mode_of(trace)
    matches = [found for found in (match(pattern, trace, mode) for pattern in catalogue) if found.places]
    if not matches:
        return [f"no known fusion pattern was found (mode {mode})"]
    width = max(len(found.pattern.name) for found in matches)
    lines = [f"fusion patterns found (mode {mode})"]
    lines += [f"{found.pattern.name:<{width}}  {_outcome(found)}" for found in matches]
    notes = dict.fromkeys(note for found in matches for note in found.notes)
    return [*lines, *(f"note: {note}" for note in notes)]


def _outcome(found: PatternMatch) -> str:
    counts = f"{found.unfused} unfused, {found.fused} fused"
    if not found.unfused:
        return counts
    if found.pattern.expectation is Expectation.DOES_NOT_FUSE:
        return f"{counts}: known not to fuse"
    first_sentence = found.pattern.advice.split(". ")[0].rstrip(".")
    return f"{counts}: {first_sentence}"
