"""Which kernels a confirmed slowdown comes from.

Two profiles of the same code differ by over 10 % on half of their kernels while their sums differ by 1 %. So a type is
named only where its change stands out from what its time differs by between sessions; where too few sessions were
profiled to know that, only where it is larger than such differences usually are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pytest_ascendperf.judge.kernel_changes import why_not_compared
from pytest_ascendperf.model.attribution import Attribution, KernelChange
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.statistics.series import mean
from pytest_ascendperf.statistics.student import upper_quantile

ALPHA = 0.01
"""Chance of naming a type whose time did not change, two-sided."""
USUAL_SHARE = 0.10
"""Without knowledge of the noise, a type's time must change by this part ..."""
USUAL_US = 1.0
"""... and by this many µs."""
LEAST_SHARE = 0.01
"""A change smaller than this part of the case's own explains nothing."""


def attribute(base: KernelTable, head: KernelTable, case_change_us: float) -> Attribution | None:
    """The types of kernel whose time changed; None where the tables say nothing about one another.

    New and gone types come first, then changes beyond their noise, each the largest first.
    """
    if why_not_compared(base, head) is not None:
        return None
    before, now = base.counts(), head.counts()
    before_us, now_us = _durations(base), _durations(head)
    changes: list[KernelChange] = []
    for name in before.keys() | now.keys():
        base_us = before_us.get(name, [0.0] * base.sessions)
        head_us = now_us.get(name, [0.0] * head.sessions)
        change = KernelChange(
            type=name,
            base_count=before.get(name, 0),
            head_count=now.get(name, 0),
            base_us=mean(base_us),
            head_us=mean(head_us),
            noise_us=_noise_us(base_us, head_us),
        )
        if _is_new_or_gone(change) or _stands_out(change, len(base_us) + len(head_us) - 2, case_change_us):
            changes.append(change)
    changes.sort(key=lambda change: (not _is_new_or_gone(change), -abs(change.change_us), change.type))
    return Attribution(
        changes=tuple(changes), base_us=base.total_us, head_us=head.total_us, case_change_us=case_change_us
    )


def _durations(table: KernelTable) -> dict[str, list[float]]:
    """Per type, the time of one call in each session."""
    times: dict[str, list[float]] = {}
    for kind in table.kernels:
        sums = times.setdefault(kind.type, [0.0] * table.sessions)
        times[kind.type] = [total + duration for total, duration in zip(sums, kind.durations_us, strict=True)]
    return times


def _noise_us(base_us: Sequence[float], head_us: Sequence[float]) -> float | None:
    """Standard error of the difference of both means, from the deviations on both sides; None without any."""
    freedom = len(base_us) + len(head_us) - 2
    if freedom < 1:
        return None
    squares = math.fsum((value - mean(side)) ** 2 for side in (base_us, head_us) for value in side)
    return math.sqrt(squares / freedom * (1.0 / len(base_us) + 1.0 / len(head_us)))


def _is_new_or_gone(change: KernelChange) -> bool:
    return change.base_count == 0 or change.head_count == 0


def _stands_out(change: KernelChange, freedom: int, case_change_us: float) -> bool:
    size_us = abs(change.change_us)
    if change.noise_us is None:
        return size_us > max(USUAL_SHARE * change.base_us, USUAL_US)
    if size_us < LEAST_SHARE * abs(case_change_us):
        return False
    return size_us > upper_quantile(ALPHA / 2.0, freedom) * change.noise_us
