"""Which of the baselines of other chips and stacks is told to whoever has none: the one that is closest."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.cann_version import CannVersion, Order
from pytest_ascendperf.model.environment import Environment


def nearest(baselines: Sequence[Baseline], here: Environment) -> Baseline:
    """Of the same chip, the baseline of the newest CANN that is older than the one ``here``; there is at least one.

    Where no older one is known, the first of the same chip, and the first of all where that chip has none. A version
    whose order to the one here is not known is not taken for an older one.
    """
    same_chip = [baseline for baseline in baselines if baseline.environment.chip_id == here.chip_id]
    own = _version(here)
    older = [baseline for baseline in same_chip if _version(baseline.environment).order(own) is Order.OLDER]
    newest = [baseline for baseline in older if not any(_is_newer(other, baseline) for other in older)]
    return (newest or same_chip or baselines)[0]


def _is_newer(one: Baseline, other: Baseline) -> bool:
    return _version(one.environment).order(_version(other.environment)) is Order.NEWER


def _version(environment: Environment) -> CannVersion:
    """CANN's version by the name of the stack; of a stack without CANN, one that has no order to any other."""
    return CannVersion.parse(environment.stack_id.removeprefix("cann-"))
