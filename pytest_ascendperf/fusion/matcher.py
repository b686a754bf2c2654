"""Finds the places of a pattern in a trace: parts that follow one another on one stream, helper kernels aside.

Rows of other streams never hide a pattern, and neither does communication, whose rows have no stream in most profiles.
A form that names a collective is judged in the order of all streams, since the collective has one of its own. Each step
of a chain is taken for all rows at once, so that a trace of a million kernels takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ascendperf.fusion.parts import PartMasks
from pytest_ascendperf.fusion.places import KernelAt, PatternMatch, Place
from pytest_ascendperf.fusion.reasons import notes_of, why_unfused
from pytest_ascendperf.model.kernel_columns import ABSENT
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.model.kernels import EAGER_MODEL, KernelTrace
from pytest_ascendperf.model.pattern import Form, FusionPattern, Mode


def mode_of(trace: KernelTrace) -> Mode:
    """How the work of ``trace`` was run; eager where an NPU's profile does not say."""
    import numpy as np

    if trace.activity == "host":
        return "cpu"
    cores = [core for core in trace.columns.core.values if core is not None]
    on_cuda = [trace.columns.core.equals(core) for core in cores if _is_cuda(core)]
    if any(mask.any() for mask in on_cuda):
        return "cuda"
    model = trace.columns.model_id
    in_graph = np.count_nonzero((model != EAGER_MODEL) & (model != ABSENT))
    return "graph" if in_graph > np.count_nonzero(model == EAGER_MODEL) else "eager"


def mode_of_table(table: KernelTable) -> Mode:
    """The same of a table, which tells only whether there was any graph."""
    if table.activity == "host":
        return "cpu"
    if any(kind.core is not None and _is_cuda(kind.core) for kind in table.kernels):
        return "cuda"
    return "graph" if table.has_graphs else "eager"


def _is_cuda(core: str) -> bool:
    return core == "KERNEL" or core.startswith("GPU_")


def match(pattern: FusionPattern, trace: KernelTrace, mode: Mode, *, named: bool = False) -> PatternMatch:
    """The places of ``pattern`` in the trace of one or more calls, or of any part of them.

    ``named`` says that a test names the pattern, so that forms count which show it only then. Where forms overlap, the
    one that starts first counts, and of those that start together the one with most parts.
    """
    forms = [(form, True) for form in pattern.fused_in(mode) if named or not form.only_if_named]
    forms += [(form, False) for form in pattern.unfused_in(mode)]
    masks = PartMasks(trace)
    found: list[tuple[Chain, Form, bool]] = []
    for form, fused in forms:
        found += [(chain, form, fused) for chain in find_chains(form, masks)]
    found.sort(key=lambda one: (one[0].rows[0], -len(one[0].rows), one[1].only_if_named, one[2]))
    taken: set[int] = set()
    places: list[Place] = []
    for chain, form, fused in found:
        if taken.isdisjoint(chain.rows):
            taken.update(chain.rows)
            places.append(_place(chain, form, fused, trace))
    return PatternMatch(pattern=pattern, mode=mode, places=tuple(places), notes=notes_of(places, trace))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The rows of one place."""

    rows: tuple[int, ...]
    """The parts, in the order of the form."""
    span: tuple[int, ...]
    """All rows of its stream from the first part to the last."""


def find_chains(form: Form, masks: PartMasks, *, foreign: int = 0) -> list[Chain]:
    """Every chain of ``form``, overlapping ones too; ``foreign`` other kernels may stand before each part."""
    import numpy as np

    lanes = masks.devices if any(part.communication for part in form.parts) else masks.streams
    if not len(lanes.rows):
        return []
    helpers = masks.helpers(form.helpers)[lanes.rows]
    first, *others = (masks.part(part)[lanes.rows] for part in form.parts)
    current = np.flatnonzero(first)
    steps = [current]
    for mask in others:
        after = lanes.next_stop(current, stops=mask | ~helpers, wanted=mask, foreign=foreign)
        kept = after >= 0
        steps = [step[kept] for step in steps]
        current = after[kept]
        steps.append(current)
    chains = np.stack(steps, axis=1).tolist()
    return [
        Chain(
            rows=tuple(lanes.rows[chain].tolist()),
            span=tuple(lanes.rows[chain[0] : chain[-1] + 1].tolist()),
        )
        for chain in chains
    ]


def kernels_of(chain: Chain, form: Form, trace: KernelTrace) -> tuple[KernelAt, ...]:
    """The kernels of a chain of ``form``, with what stands between its parts."""
    part_of = {row: part.name for row, part in zip(chain.rows, form.parts, strict=True)}
    return tuple(KernelAt(position=row, record=trace[row], part=part_of.get(row)) for row in chain.span)


def _place(chain: Chain, form: Form, fused: bool, trace: KernelTrace) -> Place:
    kernels = kernels_of(chain, form, trace)
    return Place(fused=fused, form=form, kernels=kernels, why=() if fused else why_unfused(kernels))
