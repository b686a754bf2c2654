"""The place where a pattern nearly stands: its parts ran close by, with other kernels between them or in another order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations

from pytest_ascendperf.fusion.matcher import Chain, find_chains
from pytest_ascendperf.fusion.parts import PartMasks
from pytest_ascendperf.fusion.places import KernelAt
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.model.pattern import Form, FusionPattern, Mode

FOREIGN = 3
"""So many other kernels may stand before each part; beyond that its neighbours have nothing to do with one another."""

_MOST_PERMUTED = 3
"""Longer forms have too many orders to try, and are never met in another one by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """Parts of a form that ran close to one another and yet are not the form."""

    kernels: tuple[KernelAt, ...]
    """From the first part to the last, with what stands between."""
    reason: str
    """What is wrong with it; a sentence."""


def near_miss(pattern: FusionPattern, trace: KernelTrace, mode: Mode) -> NearMiss | None:
    """The closest of all; None where the parts did not run near one another."""
    masks = PartMasks(trace)
    forms = [form for form in (*pattern.unfused_in(mode), *pattern.fused_in(mode)) if len(form.parts) > 1]
    interrupted = [(chain, form) for form in forms for chain in find_chains(form, trace, masks, foreign=FOREIGN)]
    if interrupted:
        chain, form = min(interrupted, key=lambda one: (len(one[0].span) - len(one[0].rows), one[0].rows))
        kernels = _kernels(chain, form, trace)
        helpers = masks.helpers(form.helpers)
        between = [kernel.type for kernel in kernels if kernel.part is None and not helpers[kernel.position]]
        verb = "stands" if len(between) == 1 else "stand"
        return NearMiss(kernels=kernels, reason=f"{' and '.join(between)} {verb} between the parts.")
    for form in forms:
        if len(form.parts) <= _MOST_PERMUTED:
            for parts in list(permutations(form.parts))[1:]:
                other = replace(form, parts=parts)
                for chain in find_chains(other, trace, masks)[:1]:
                    expected = " → ".join(part.name for part in form.parts)
                    kernels = _kernels(chain, other, trace)
                    return NearMiss(kernels=kernels, reason=f"The parts ran in another order than {expected}.")
    return None


def _kernels(chain: Chain, form: Form, trace: KernelTrace) -> tuple[KernelAt, ...]:
    part_of = {row: part.name for row, part in zip(chain.rows, form.parts, strict=True)}
    return tuple(KernelAt(position=row, record=trace[row], part=part_of.get(row)) for row in chain.span)
