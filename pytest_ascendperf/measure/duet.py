"""One half of a duet: a call that is made ready and then runs rounds when it is told to.

Base and head are measured by two processes that take turns on one device. Each warms its own call up and reports its
pace; from then on the process that leads them (:mod:`.pairing`) says when a round runs, and of how many calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Protocol, TypeVar

from pytest_ascendperf.devices.base import Device
from pytest_ascendperf.judge.conditions import condition_notes, condition_reasons
from pytest_ascendperf.measure.call import HOST_BOUND, environment_of
from pytest_ascendperf.measure.deferred import reject_deferred_result, reject_deferring_function
from pytest_ascendperf.measure.garbage import collector_paused
from pytest_ascendperf.measure.host_time import time_host
from pytest_ascendperf.measure.rounds import RoundRunner, is_clock_sound
from pytest_ascendperf.measure.session import per_call_us, summarise
from pytest_ascendperf.measure.warmup import Warmup, warm_up
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.conditions import Conditions
from pytest_ascendperf.model.measurement import Clock, Measurement, Session
from pytest_ascendperf.model.protocol import SamplingPlan

T = TypeVar("T")

UNSETTLED = "The warm-up ended at its time limit, before times had settled."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A call that is warm and waits for its rounds."""

    call_us: float
    """Device time of one call as far as it is known."""
    timer_resolution_us: float
    host_bound: bool
    """Whether the device waits for the host, whose time is then what tells."""
    refusals: tuple[str, ...]
    """Why no time of this process can be judged, a sentence each; it then runs no round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOrder:
    """One round to run."""

    calls: int
    clock: Clock
    counts: bool
    """Whether its time is one of the session's."""


class Conductor(Protocol):
    """Whoever says when a round runs."""

    def ready(self, ready: Ready) -> None:
        """Take note that the call is warm."""

    def next_order(self) -> RoundOrder | None:
        """Wait for the next round to run; None when there are no more."""

    def answer(self, round_us: float) -> None:
        """Take the time of the round that was ordered last, in µs per round."""


def measure_in_duet(
    device: Device, plan: SamplingPlan, case: CaseId, call: Callable[[], T], conductor: Conductor
) -> tuple[T, Measurement]:
    """The result of the first call of ``call``, and this half's measurement of the rounds that ``conductor`` ordered.

    As :func:`.call.measure_call`, but for the sampling: there is no budget, no round waits for the device to be at full
    speed, and none is judged here. What the machine says of itself is told and does not invalidate. Both halves were
    measured under it.
    """
    reject_deferring_function(call)
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    with device.controlled(plan.threads), collector_paused():
        if plan.warmup != 0:
            device.raise_clock()
        begun_s = device.host_time_s()
        runner = RoundRunner(device, call, cold=plan.cold)
        result, first_us = runner.first_call()
        reject_deferred_result(result)
        refusals = device.refusals()
        conditions = None
        if refusals:
            warmup, rounds = None, _Rounds()
            conductor.ready(_ready(device, first_us, host_bound=False, refusals=refusals))
            while conductor.next_order() is not None:
                conductor.answer(float("nan"))
        else:
            warmup = warm_up(runner, plan, first_us=first_us, begun_s=begun_s)
            host_bound = _is_host_bound(runner, plan, warmup)
            runner.phase = "sampling"
            rounds = _Rounds(warmup_calls=runner.calls_made)
            watch = device.watch()
            conductor.ready(_ready(device, warmup.pace.call_us, host_bound=host_bound, refusals=()))
            rounds.run(runner, conductor)
            conditions = watch.conditions()
        environment = environment_of(device, plan)
    return result, Measurement(
        case=case,
        environment=environment,
        session=rounds.session(started, conditions),
        invalid=refusals or rounds.invalid(),
        notes=(*_notes(warmup, rounds), *rounds.said(conditions, has_own_clock=device.has_own_clock)),
    )


def _ready(device: Device, call_us: float, *, host_bound: bool, refusals: tuple[str, ...]) -> Ready:
    return Ready(
        call_us=max(call_us, device.timer_resolution_us),
        timer_resolution_us=device.timer_resolution_us,
        host_bound=host_bound,
        refusals=refusals,
    )


def _is_host_bound(runner: RoundRunner[Any], plan: SamplingPlan, warmup: Warmup) -> bool:
    """As in :mod:`.call`: with cold caches the host always runs ahead, so its time is not asked for."""
    if not runner.device.has_own_clock or plan.cold:
        return False
    return time_host(runner, plan, warmup.pace.calls_per_round).is_bound


class _Rounds:
    """The rounds of this half so far, all of one size and on one clock."""

    def __init__(self, *, warmup_calls: int = 0) -> None:
        self.clock = Clock.DEVICE
        self._calls = 1
        self._warmup_calls = warmup_calls
        self._device_us: list[float] = []
        self._host_us: list[float] = []

    def run(self, runner: RoundRunner[Any], conductor: Conductor) -> None:
        while (order := conductor.next_order()) is not None:
            if order.clock is Clock.HOST:
                issued = runner.issued_round(order.calls)
                device_us, told_us = issued.device_us, issued.host_us
            else:
                (device_us,) = runner.batch(1, order.calls)
                told_us = device_us
            if order.counts:
                self.clock, self._calls = order.clock, order.calls
                self._device_us.append(device_us)
                if order.clock is Clock.HOST:
                    self._host_us.append(told_us)
            conductor.answer(told_us)

    def invalid(self) -> tuple[str, ...]:
        if not self._device_us:
            return ("No round was asked for.",)
        return () if self._is_sound() else ("The clock stood still or went backwards in a round.",)

    def said(self, conditions: Conditions | None, *, has_own_clock: bool) -> tuple[str, ...]:
        """What the machine says of the time of these rounds, a sentence each."""
        count, on_host = len(self._device_us), self.clock is Clock.HOST or not has_own_clock
        return (
            *condition_reasons(conditions, rounds=count, on_host=on_host),
            *condition_notes(conditions, rounds=count, on_host=on_host),
        )

    def session(self, started: str, conditions: Conditions | None) -> Session | None:
        """What is kept of the rounds; None where there are none, or none that can be told."""
        if not self._device_us or not self._is_sound():
            return None
        return summarise(
            [per_call_us(round_us, self._calls) for round_us in self._device_us],
            [per_call_us(round_us, self._calls) for round_us in self._host_us] or None,
            clock=self.clock,
            started=started,
            calls_per_round=self._calls,
            warmup_calls=self._warmup_calls,
            conditions=conditions,
        )

    def _is_sound(self) -> bool:
        return is_clock_sound(self._device_us) and is_clock_sound(self._host_us)


def _notes(warmup: Warmup | None, rounds: _Rounds) -> tuple[str, ...]:
    notes = [] if warmup is None or warmup.settled else [UNSETTLED]
    return (*notes, *((HOST_BOUND,) if rounds.clock is Clock.HOST else ()))
