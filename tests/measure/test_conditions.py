"""What the machine says during a sample: it spoils that sample, is waited out where it ends, and is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pytest_ascendperf.devices.scripted import ScriptedDevice, ScriptedWatch
from pytest_ascendperf.measure.call import MAX_ATTEMPTS, measure_call
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.conditions import Conditions, DeviceConditions, HostConditions, OtherProcess
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.protocol import SamplingPlan

from .conftest import Work
from .queued_device import QueuedDevice

MakePlan = Callable[..., SamplingPlan]
MakeWork = Callable[[Any], Any]

QUIET = Conditions(device=DeviceConditions(source="npu-smi", clock_mhz=1500.0, throttling=(), others=()))
HOT = Conditions(device=DeviceConditions(source="NVML", clock_mhz=900.0, throttling=("hardware thermal slowdown",)))
SHARED = Conditions(device=DeviceConditions(source="npu-smi", others=(OtherProcess(pid=4242, name="train"),)))
STOLEN = Conditions(host=HostConditions(steal_share=0.4))


@pytest.mark.parametrize(
    ("said", "words"),
    [(HOT, "hardware thermal slowdown"), (SHARED, "process 4242 (train"), (STOLEN, "took 40.0 %")],
)
def test_a_spoilt_sample_is_taken_again_at_most_twice_and_then_invalid(
    said: Conditions, words: str, device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    device.conditions = [said]
    work = make_work(100.0)
    _, measurement = measure_call(device, make_plan(warmup=1, rounds=10), case, work)
    assert work.calls == 1 + 10 * MAX_ATTEMPTS
    (reason,) = measurement.invalid
    assert words in reason
    assert [note.partition(": ")[0] for note in measurement.notes] == [
        "Sample 1 of 3 was discarded",
        "Sample 2 of 3 was discarded",
    ]
    assert all(words in note for note in measurement.notes)
    assert measurement.session is not None
    assert measurement.session.conditions == said


def test_what_ends_is_waited_out_and_told(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    device.conditions = [HOT, QUIET]
    _, measurement = measure_call(device, make_plan(warmup=1, rounds=10), case, make_work(100.0))
    assert measurement.invalid == ()
    (note,) = measurement.notes
    assert note.startswith("Sample 1 of 2 was discarded: The device held its clock down at 900 MHz")
    assert measurement.session is not None
    assert measurement.session.conditions == QUIET


def test_each_test_of_a_run_goes_on_in_the_script(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    device.conditions = [QUIET, SHARED, SHARED, SHARED, QUIET]
    found = [measure_call(device, make_plan(warmup=1, rounds=9), case, make_work(100.0))[1] for _ in range(4)]
    assert [len(measurement.invalid) for measurement in found] == [0, 1, 0, 0]


def test_a_cold_start_of_an_accelerator_is_not_watched(make_plan: MakePlan, case: CaseId) -> None:
    """Reading a clock keeps it busy, and the first call would be no cold start."""
    device = QueuedDevice()
    device.conditions = HOT
    plan = make_plan(warmup=0, rounds=1)
    _, measurement = measure_call(device, plan, case, lambda: device.launch(host_us=60.0, kernel_us=200.0))
    assert measurement.invalid == ()
    assert measurement.session is not None
    assert measurement.session.conditions is None


def test_a_cold_start_on_the_hosts_processor_is_watched_from_before_the_first_call_and_not_repeated(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.conditions = [STOLEN]
    work = make_work(100.0)
    calls_at_watch: list[int] = []
    watch = device.watch

    def watched() -> ScriptedWatch:
        calls_at_watch.append(work.calls)
        return watch()

    monkeypatch.setattr(device, "watch", watched)
    _, measurement = measure_call(device, make_plan(warmup=0, rounds=1), case, work)
    (reason,) = measurement.invalid
    assert reason.startswith("Other virtual machines took")
    assert (calls_at_watch, work.calls) == ([0], 1)


@pytest.mark.parametrize(("kernel_us", "clock"), [(200.0, Clock.DEVICE), (20.0, Clock.HOST)])
def test_the_hosts_processors_spoil_the_hosts_time_only(
    kernel_us: float, clock: Clock, make_plan: MakePlan, case: CaseId
) -> None:
    device = QueuedDevice()
    device.conditions = STOLEN
    plan = make_plan(warmup=10, rounds=10)
    _, measurement = measure_call(device, plan, case, lambda: device.launch(host_us=60.0, kernel_us=kernel_us))
    assert measurement.session is not None
    assert measurement.session.clock is clock
    assert bool(measurement.invalid) is (clock is Clock.HOST)


def test_rounds_that_spread_too_far_are_refused_as_far_as_the_plan_allows(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    """Single calls of 1,000 and 2,000 µs in turns: the middle half spreads over two thirds of the median."""
    plan = make_plan(warmup=1, rounds=40)
    for max_spread, refused in ((0.6, True), (0.7, False)):
        work = make_work(lambda number: 1_000.0 + 1_000.0 * (number % 2))
        _, measurement = measure_call(device, replace(plan, max_spread=max_spread), case, work)
        assert bool(measurement.invalid) is refused


def measured_core_us(device: ScriptedDevice, work: Work, plan: SamplingPlan, case: CaseId) -> float | None:
    _, measurement = measure_call(device, plan, case, work)
    assert measurement.session is not None
    return measurement.session.core_work_us


@pytest.mark.parametrize(("before_us", "after_us"), [(8.0, 5.0), (5.0, 8.0), (8.0, None), (None, 8.0)])
def test_a_core_was_slowed_that_was_so_before_or_after_the_rounds(
    before_us: float | None,
    after_us: float | None,
    device: ScriptedDevice,
    make_work: MakeWork,
    make_plan: MakePlan,
    case: CaseId,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work = make_work(100.0)
    monkeypatch.setattr(device, "core_work_us", lambda *, of_rounds: after_us if of_rounds else before_us)
    assert measured_core_us(device, work, make_plan(warmup=1, rounds=10), case) == 8.0


def test_no_core_is_looked_at_that_nothing_waits_for(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    device.core_us = 5.0
    for plan, known in (
        (make_plan(warmup=1, rounds=10), 5.0),
        (make_plan(warmup=1, rounds=10, max_wait_s=0.0), None),
        (make_plan(warmup=0, rounds=1), 5.0),
    ):
        assert measured_core_us(device, make_work(100.0), plan, case) == known


def measured_memory_us(device: ScriptedDevice, work: Work, plan: SamplingPlan, case: CaseId) -> float | None:
    _, measurement = measure_call(device, plan, case, work)
    assert measurement.session is not None
    return measurement.session.memory_work_us


def test_memory_is_as_fast_as_the_usual_copy_before_the_warm_up_and_after_the_rounds(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not between them: a copy drives the call's data out of the caches."""
    work = make_work(100.0)
    looks = iter([(900.0, 800.0), (1_000.0, 5_000.0)])
    calls_at_looks: list[int] = []

    def look_us() -> tuple[float, ...]:
        calls_at_looks.append(work.calls)
        return next(looks)

    monkeypatch.setattr(device, "memory_work_us", look_us)
    assert measured_memory_us(device, work, make_plan(warmup=3, rounds=10), case) == 950.0
    assert calls_at_looks == [0, work.calls]


def test_after_a_cold_start_alone_memory_is_looked_at(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = make_work(100.0)
    monkeypatch.setattr(device, "memory_work_us", lambda: (1_000.0 * work.calls,))
    assert measured_memory_us(device, work, make_plan(warmup=0, rounds=1), case) == 1_000.0


def test_no_memory_is_looked_at_that_nothing_waits_for(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    device.memory_us = (5.0,)
    for plan, known in (
        (make_plan(warmup=1, rounds=10), 5.0),
        (make_plan(warmup=1, rounds=10, max_wait_s=0.0), None),
        (make_plan(warmup=0, rounds=1), 5.0),
    ):
        assert measured_memory_us(device, make_work(100.0), plan, case) == known
