"""Measure one call: its own result for the caller, and the session that this process contributes.

The steps are calibration and warm-up, sampling, the host's time, and the check of the raw rounds and of what the
machine says of itself. A sample that cannot be trusted is taken again, at most twice; what remains untrustworthy is
handed on with its reasons and never judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, TypeVar

from pytest_ascendperf.devices.base import Device, Watch
from pytest_ascendperf.judge import validity
from pytest_ascendperf.measure.deferred import reject_deferred_result, reject_deferring_function
from pytest_ascendperf.measure.garbage import collector_paused
from pytest_ascendperf.measure.host_time import HostTime, time_host
from pytest_ascendperf.measure.rounds import RoundRunner, is_clock_sound
from pytest_ascendperf.measure.sampling import Sample, sample
from pytest_ascendperf.measure.session import per_call_us, summarise
from pytest_ascendperf.measure.warmup import Warmup, warm_up, warm_up_until_settled
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.conditions import Conditions
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Clock, Measurement
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.statistics.order import median

MAX_ATTEMPTS = 3
"""The first sample and two more."""

HOST_BOUND = (
    "Host-bound: the device waits for the host, so the times are the host's, which issues the work or waits for it "
    "inside the call. What the device spends on its kernels does not show in them."
)
"""The note on a case whose time is the host's."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """One sample and what preceded it."""

    warmup: Warmup
    warmup_calls: int
    """Calls made before the sample's first round, those of discarded samples included."""
    sample: Sample
    host: HostTime | None
    """None where the host's time was not measured."""
    conditions: Conditions | None
    """What the machine said of itself meanwhile."""
    core_work_us: float | None
    """Time of fixed work on the core, the longest of before, between and after the rounds."""
    max_spread: float
    """That of the plan."""
    has_own_clock: bool
    """That of the device."""

    @property
    def is_host_bound(self) -> bool:
        return self.host is not None and self.host.is_bound

    @property
    def judged_us(self) -> tuple[float, ...]:
        """Rounds on the clock that is judged."""
        return self.host.rounds_us if self.host is not None and self.host.is_bound else self.sample.rounds_us

    @property
    def calls_per_round(self) -> int:
        """Calls in each of those rounds."""
        return (
            self.host.calls_per_round if self.host is not None and self.host.is_bound else self.sample.calls_per_round
        )

    @property
    def raw(self) -> validity.RawRounds:
        return validity.RawRounds(
            durations_us=self.judged_us,
            warmup_settled=self.warmup.settled,
            max_spread=self.max_spread,
            conditions=self.conditions,
            on_host=self.is_host_bound or not self.has_own_clock,
        )

    @property
    def invalid(self) -> tuple[str, ...]:
        return validity.invalid_reasons(self.raw)


def measure_call(device: Device, plan: SamplingPlan, case: CaseId, call: Callable[[], T]) -> tuple[T, Measurement]:
    """The result of the first call of ``call``, and the measurement of those that follow.

    The first call is a warm-up call, unless the plan asks for none: then it is part of the first round. The environment
    is the one after the last call, so that it shows what the call itself switched. Exceptions of the call go through
    unchanged. Raises MeasurementError for a call that only makes a coroutine or a generator, and DeviceError when the
    device cannot be held as the plan asks.
    """
    reject_deferring_function(call)
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    with device.controlled(plan.threads), collector_paused():
        copies_us: tuple[float, ...] = ()
        cold_watch = None
        if plan.warmup != 0:
            copies_us = _memory_work_us(device, plan)  # the warm-up brings the call's data back into the caches
            device.raise_clock()
        elif not device.has_own_clock:  # an accelerator is kept busy to read its clock, and would be warm
            cold_watch = device.watch()
        begun_s = device.host_time_s()
        runner = RoundRunner(device, call, cold=plan.cold, max_wait_s=plan.max_wait_s)
        result, first_us = runner.first_call()
        reject_deferred_result(result)
        refusals = device.refusals()
        if refusals:
            environment = environment_of(device, plan)
            return result, Measurement(case=case, environment=environment, session=None, invalid=refusals, notes=())
        attempts = [_first_attempt(runner, plan, cold_watch, first_us=first_us, begun_s=begun_s)]
        # Without warm-up the first call is what is measured, and there is no second first call.
        allowed = 1 if plan.warmup == 0 else MAX_ATTEMPTS
        while len(attempts) < allowed and attempts[-1].invalid:
            attempts.append(_further_attempt(runner, plan, attempts[-1]))
        references_us = (device.reference_us(), device.vector_reference_us())
        copies_us += _memory_work_us(device, plan)
        environment = environment_of(device, plan)
    memory_us = median(copies_us) if copies_us else None
    return result, _measurement(case, environment, started, attempts, references_us, memory_us)


def environment_of(device: Device, plan: SamplingPlan) -> Environment:
    """The device's, and that caches were cold where they were: such times are compared with none of warm caches."""
    environment = device.environment()
    if not plan.cold:
        return environment
    return replace(environment, hard=tuple(sorted((*environment.hard, ("cache", "cold")))))


def _first_attempt(
    runner: RoundRunner[Any], plan: SamplingPlan, cold_watch: Watch | None, *, first_us: float, begun_s: float
) -> _Attempt:
    """``cold_watch``, without warm-up, began before the first call, where it can be watched without being warmed."""
    warmup = warm_up(runner, plan, first_us=first_us, begun_s=begun_s)
    runner.phase = "sampling"
    if plan.warmup != 0:
        return _sampled(runner, plan, warmup)
    further = warmup.pace.calls_per_round - 1
    first_round_us = first_us + (sum(runner.batch(1, further)) if further else 0.0)
    taken = sample(runner, plan, warmup.pace, first_rounds_us=(first_round_us,), begun_s=begun_s)
    return _Attempt(
        warmup=warmup,
        warmup_calls=0,
        sample=taken,
        host=None,
        conditions=None if cold_watch is None else cold_watch.conditions(),
        core_work_us=_core_work_us(runner.device, plan, of_rounds=True),
        max_spread=plan.max_spread,
        has_own_clock=runner.device.has_own_clock,
    )


def _further_attempt(runner: RoundRunner[Any], plan: SamplingPlan, last: _Attempt) -> _Attempt:
    warmup = last.warmup
    if plan.warmup is None:
        runner.phase = "warm-up"
        deadline_s = runner.time_s() + plan.max_warmup_s
        warmup = warm_up_until_settled(runner, warmup.pace, budget_s=plan.budget_s, deadline_s=deadline_s)
    runner.phase = "sampling"
    return _sampled(runner, plan, warmup)


def _sampled(runner: RoundRunner[Any], plan: SamplingPlan, warmup: Warmup) -> _Attempt:
    device, warmup_calls = runner.device, runner.calls_made
    core_before_us = _core_work_us(device, plan, of_rounds=False)  # those of the warm-up
    watch = device.watch()
    taken = sample(runner, plan, warmup.pace, first_rounds_us=(), begun_s=runner.time_s())
    host = None
    # A flush between rounds gives the host time to run ahead, so with cold caches there is no host time to speak of.
    if device.has_own_clock and not plan.cold and is_clock_sound(taken.rounds_us):
        host = time_host(runner, plan, taken.calls_per_round)
    conditions, core_after_us = watch.conditions(), _core_work_us(device, plan, of_rounds=True)
    return _Attempt(
        warmup=warmup,
        warmup_calls=warmup_calls,
        sample=taken,
        host=host,
        conditions=conditions,
        core_work_us=max((us for us in (core_before_us, core_after_us) if us is not None), default=None),
        max_spread=plan.max_spread,
        has_own_clock=device.has_own_clock,
    )


def _core_work_us(device: Device, plan: SamplingPlan, *, of_rounds: bool) -> float | None:
    """None where the plan lets nothing wait for the core, either."""
    return device.core_work_us(of_rounds=of_rounds) if plan.max_wait_s > 0.0 else None


def _memory_work_us(device: Device, plan: SamplingPlan) -> tuple[float, ...]:
    """Empty where no core's speed is told, either."""
    return device.memory_work_us() if plan.max_wait_s > 0.0 else ()


def _measurement(
    case: CaseId,
    environment: Environment,
    started: str,
    attempts: Sequence[_Attempt],
    references_us: tuple[float | None, float | None],
    memory_us: float | None,
) -> Measurement:
    last = attempts[-1]
    session = None
    if is_clock_sound(last.sample.rounds_us) and is_clock_sound(last.judged_us):
        host = last.host
        session = summarise(
            _per_call(last.sample.rounds_us, last.sample.calls_per_round),
            None if host is None else _per_call(host.rounds_us, host.calls_per_round),
            clock=Clock.HOST if last.is_host_bound else Clock.DEVICE,
            calls_per_round=last.calls_per_round,
            started=started,
            warmup_calls=last.warmup_calls,
            reference_us=references_us[0],
            vector_reference_us=references_us[1],
            conditions=last.conditions,
            core_work_us=last.core_work_us,
            memory_work_us=memory_us,
        )
    return Measurement(
        case=case,
        environment=environment,
        session=session,
        invalid=last.invalid,
        notes=(
            *_retry_notes(attempts),
            *validity.notes(last.raw),
            *last.sample.notes,
            *((HOST_BOUND,) if last.is_host_bound else ()),
        ),
    )


def _per_call(rounds_us: Sequence[float], calls: int) -> list[float]:
    return [per_call_us(round_us, calls) for round_us in rounds_us]


def _retry_notes(attempts: Sequence[_Attempt]) -> tuple[str, ...]:
    """One sentence per discarded sample, with its reasons."""
    return tuple(
        f"Sample {number} of {len(attempts)} was discarded: {' '.join(attempt.invalid)}"
        for number, attempt in enumerate(attempts[:-1], start=1)
    )
