"""Where a pattern nearly stands: its parts ran close by, with other kernels between them or in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from pytest_ascendperf.fusion.matcher import Chain, find_chains, kernels_of
from pytest_ascendperf.fusion.parts import PartMasks
from pytest_ascendperf.fusion.places import KernelAt
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.model.pattern import Form, FusionPattern, Mode

FOREIGN = 2
"""So many other kernels may stand between the parts; beyond that these have nothing to do with one another."""

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
    return _interrupted(forms, trace, masks) or _out_of_order(forms, trace, masks)


def _interrupted(forms: Sequence[Form], trace: KernelTrace, masks: PartMasks) -> NearMiss | None:
    best: tuple[int, Chain, Form, list[int]] | None = None
    for form in forms:
        helpers = masks.helpers(form.helpers) | masks.communication
        for chain in find_chains(form, masks, foreign=FOREIGN):
            others = [row for row in chain.span if row not in chain.rows and not helpers[row]]
            if len(others) <= FOREIGN and (best is None or len(others) < best[0]):
                best = len(others), chain, form, others
    if best is None:
        return None
    _, chain, form, others = best
    kernels = kernels_of(chain, form, trace)
    types = dict.fromkeys(kernel.type for kernel in kernels if kernel.position in others)
    return NearMiss(kernels=kernels, reason=f"{' and '.join(types)} between the parts.")


def _out_of_order(forms: Sequence[Form], trace: KernelTrace, masks: PartMasks) -> NearMiss | None:
    for form in forms:
        if len(form.parts) <= _MOST_PERMUTED:
            for parts in list(permutations(form.parts))[1:]:
                other = replace(form, parts=parts)
                for chain in find_chains(other, masks)[:1]:
                    expected = " → ".join(part.name for part in form.parts)
                    kernels = kernels_of(chain, other, trace)
                    return NearMiss(kernels=kernels, reason=f"The parts ran in another order than {expected}.")
    return None
