"""Host time beside device time, and which of the two a case's time really is.

An accelerator that has to wait for its host is timed together with it: the interval between two events then holds the
gaps in which the device had nothing to do, and measures the host that issues the work. Such a case is *bound by the
host*. To tell, rounds are issued to an idle device, and each is timed on both clocks. The case is host-bound when

- the device had finished all calls but the last by the time the host had issued that last one: it kept up, so it ran
  out of work. A device that is the slower of the two is still busy with earlier calls. The last call is left out
  because its work has only just been handed over;
- and the host's time makes up at least ``BOUND_SHARE`` of the device's interval. A device that kept up cannot have
  taken longer than its host, so a smaller share means that the last call outlasted all others.

The rounds of a host-bound case are then its host times. A call that waits for the device inside counts as host-bound,
too: neither clock can tell waiting from issuing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_ascendperf.measure.rounds import IssuedRound, RoundRunner
from pytest_ascendperf.measure.sampling import MAX_ROUNDS, is_precise
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.statistics.order import median

BOUND_SHARE = 0.9
"""Host time per device time from which on a device that kept up counts as waiting for its host."""

_ENOUGH_ROUNDS = 15
"""Rounds that tell which side is the slower one, and give the median of a host time that is not judged."""
_BUDGET_SHARE = 0.2
"""Share of the sampling budget that those rounds may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTime:
    """What the host spent on issuing rounds."""

    rounds_us: tuple[float, ...]
    """Host time per round, in the order measured."""
    calls_per_round: int
    is_bound: bool
    """Whether the device waited for the host."""


def time_host(runner: RoundRunner[Any], plan: SamplingPlan, calls_per_round: int) -> HostTime:
    """Issue rounds to an idle device: a few where the device is the slower side, else as many as ``plan`` asks for."""
    calls = max(calls_per_round, 2)  # all but the last must be at least one
    begun_s = runner.device.host_time_s()
    wanted = _ENOUGH_ROUNDS if plan.rounds is None else min(plan.rounds, _ENOUGH_ROUNDS)
    rounds: list[IssuedRound] = []
    while len(rounds) < wanted and (not rounds or _spent_s(runner, begun_s) < _BUDGET_SHARE * plan.budget_s):
        rounds.append(runner.issued_round(calls))
    bound = is_host_bound(rounds)
    if bound:
        while not _is_enough([issued.host_us for issued in rounds], plan, _spent_s(runner, begun_s)):
            rounds.append(runner.issued_round(calls))
    return HostTime(rounds_us=tuple(issued.host_us for issued in rounds), calls_per_round=calls, is_bound=bound)


def is_host_bound(rounds: Sequence[IssuedRound]) -> bool:
    """Whether most of ``rounds``, at least one, found the device waiting for its host."""
    waited = sum(issued.device_waited for issued in rounds)
    host_us, device_us = median(issued.host_us for issued in rounds), median(issued.device_us for issued in rounds)
    return 2 * waited > len(rounds) and host_us >= BOUND_SHARE * device_us


def _spent_s(runner: RoundRunner[Any], begun_s: float) -> float:
    return runner.device.host_time_s() - begun_s


def _is_enough(rounds_us: Sequence[float], plan: SamplingPlan, spent_s: float) -> bool:
    if len(rounds_us) >= (MAX_ROUNDS if plan.rounds is None else min(plan.rounds, MAX_ROUNDS)):
        return True
    return spent_s >= plan.budget_s or (plan.rounds is None and is_precise(rounds_us, plan.precision))
