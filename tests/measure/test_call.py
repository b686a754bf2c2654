"""One call measured: exact on the scripted clock, bounded whatever happens, and with reasons where it is not usable."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from typing import Any

import pytest

from pytest_ascendperf.devices.cpu import CpuDevice
from pytest_ascendperf.devices.scripted import ScriptedDevice
from pytest_ascendperf.errors import DeviceError
from pytest_ascendperf.measure.call import MAX_ATTEMPTS, measure_call
from pytest_ascendperf.measure.sampling import MAX_ROUNDS, MIN_ROUNDS
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Measurement, Session
from pytest_ascendperf.model.protocol import SamplingPlan

ScriptedWork = Any
MakeWork = Callable[[Any], ScriptedWork]
MakePlan = Callable[..., SamplingPlan]


def usable(measurement: Measurement) -> Session:
    """The session of a measurement that nothing speaks against."""
    assert measurement.invalid == ()
    assert measurement.session is not None
    return measurement.session


@pytest.mark.parametrize("call_us", [0.1, 3.333333, 12.345678, 19.999999, 20.0, 123456.789012])
def test_a_steady_call_is_measured_to_the_last_digit(
    call_us: float, device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    work = make_work(call_us)
    result, measurement = measure_call(device, make_plan(budget_s=5.0, max_warmup_s=10.0), case, work)
    session = usable(measurement)
    assert result == 0
    assert session.median_us == session.mean_us == call_us
    assert set(session.quantiles_us) == set(session.samples_us) == {call_us}
    assert session.sd_us == session.lag1 == 0.0
    assert session.warmup_calls + session.rounds * session.calls_per_round == work.calls
    assert measurement.case == case
    assert measurement.environment == device.environment()
    assert measurement.notes == ()


def test_the_start_is_given_in_utc(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)
    _, measurement = measure_call(device, make_plan(warmup=1, rounds=1), case, make_work(5.0))
    started = datetime.fromisoformat(usable(measurement).started)
    assert started.utcoffset() is not None
    assert before <= started <= datetime.now(timezone.utc)


@pytest.mark.parametrize(("warmup", "rounds"), [(1, 1), (1, 7), (5, 50), (100, 1000)])
def test_chosen_counts_are_kept_exactly(
    warmup: int, rounds: int, device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    work = make_work(12.345678)
    _, measurement = measure_call(device, make_plan(warmup=warmup, rounds=rounds), case, work)
    session = usable(measurement)
    assert (session.warmup_calls, session.rounds, session.calls_per_round) == (warmup, rounds, 2)
    assert work.calls == warmup + rounds * 2
    assert session.median_us == 12.345678


def test_without_warm_up_the_first_call_is_the_first_round(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    """What a cold start costs can be measured: one call, one round."""
    work = make_work(lambda number: 5_000.5 if number == 0 else 100.0)
    result, measurement = measure_call(device, make_plan(warmup=0, rounds=1), case, work)
    session = usable(measurement)
    assert (result, work.calls) == (0, 1)
    assert (session.warmup_calls, session.rounds, session.calls_per_round) == (0, 1, 1)
    assert session.quantiles_us == (5_000.5,) * 7


def test_without_warm_up_a_short_first_call_is_part_of_a_whole_round(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    work = make_work(2.5)
    _, measurement = measure_call(device, make_plan(warmup=0, rounds=3), case, work)
    session = usable(measurement)
    assert (session.warmup_calls, session.rounds, session.calls_per_round) == (0, 3, 8)
    assert work.calls == 24
    assert session.median_us == 2.5


def test_a_steady_call_stops_at_the_precision(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    _, measurement = measure_call(device, make_plan(budget_s=100.0), case, make_work(5_000.0))
    session = usable(measurement)
    assert MIN_ROUNDS <= session.rounds < 2 * MIN_ROUNDS


def test_a_noisy_call_samples_until_its_median_is_precise(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    """Noise of 5 %: the 95 % half-width 1.96 · 1.2533 · 5 % / √n reaches 1 % at about 150 rounds."""
    noise = random.Random(3)
    work = make_work(lambda number: 1_000.0 * math.exp(noise.gauss(0.0, 0.05)))
    _, measurement = measure_call(device, make_plan(budget_s=100.0, precision=0.01), case, work)
    session = usable(measurement)
    assert 75 < session.rounds < 400
    assert session.median_us == pytest.approx(1_000.0, rel=0.02)


def test_the_budget_ends_a_sampling_that_never_gets_precise(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    noise = random.Random(4)
    work = make_work(lambda number: noise.uniform(500.0, 1_500.0))
    _, measurement = measure_call(device, make_plan(budget_s=0.5, precision=0.0, max_spread=1.0), case, work)
    assert usable(measurement).rounds == pytest.approx(500, rel=0.05)


def test_the_number_of_rounds_is_bounded(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    noise = random.Random(5)
    work = make_work(lambda number: noise.uniform(20.0, 60.0))
    _, measurement = measure_call(device, make_plan(budget_s=1e6, precision=0.0, max_spread=1.0), case, work)
    assert usable(measurement).rounds == MAX_ROUNDS
    _, measurement = measure_call(device, make_plan(budget_s=1e6, rounds=MAX_ROUNDS + 1, max_spread=1.0), case, work)
    assert usable(measurement).rounds == MAX_ROUNDS
    assert measurement.notes == (
        f"{MAX_ROUNDS} rounds were measured, which is the most; {MAX_ROUNDS + 1} were asked for.",
    )


def test_a_call_longer_than_the_budget_is_measured_once(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    work = make_work(3_600_000_000.0)
    result, measurement = measure_call(device, make_plan(), case, work)
    session = usable(measurement)
    assert (result, work.calls) == (0, 2)
    assert (session.rounds, session.calls_per_round, session.warmup_calls) == (1, 1, 1)
    assert session.median_us == 3_600_000_000.0
    assert "One call took 3600 s, longer than the sampling budget of 1.000 s: one round was measured." in (
        measurement.notes
    )


def test_a_budget_that_ends_before_the_rounds_asked_for_is_noted(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    plan = make_plan(warmup=1, rounds=50, budget_s=1.0)
    _, measurement = measure_call(device, plan, case, make_work(100_000.0))
    assert usable(measurement).rounds == 10
    assert measurement.notes == ("The sampling budget of 1.000 s ended after 10 of 50 rounds.",)


def test_a_warm_up_without_an_end_is_noted(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    work = make_work(lambda number: 2000.0 * 0.9995**number)
    _, measurement = measure_call(device, make_plan(max_warmup_s=1.0, rounds=5), case, work)
    usable(measurement)
    assert len(measurement.notes) == 1
    assert measurement.notes[0].startswith("The warm-up ended at its time limit")


def test_rounds_too_short_for_the_timer_are_noted(make_plan: MakePlan, case: CaseId) -> None:
    """A cold first call of 1 ms promises rounds of one call; the calls that follow take one step of the timer each."""

    class Coarse(ScriptedDevice):
        timer_resolution_us = 1.0

    device = Coarse()
    calls = 0

    def call() -> None:
        nonlocal calls
        device.spend(1_000.0 if calls == 0 else 1.0)
        calls += 1

    _, measurement = measure_call(device, make_plan(warmup=1, rounds=20), case, call)
    assert usable(measurement).median_us == 1.0
    assert len(measurement.notes) == 1
    assert measurement.notes[0].startswith("A round lasted 1.000 µs, less than 100 steps of the timer (1.000 µs each)")


@pytest.mark.parametrize("changes", [{}, {"warmup": 0}, {"warmup": 3}, {"rounds": 10}, {"warmup": 2, "rounds": 4}])
def test_a_clock_that_stands_still_ends_in_an_invalid_measurement(
    changes: dict[str, int], device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    work = make_work(0.0)
    result, measurement = measure_call(device, make_plan(**changes), case, work)
    assert result == 0
    assert measurement.session is None
    assert any("clock stood still" in reason for reason in measurement.invalid)
    assert work.calls < 500_000


def test_a_clock_that_runs_back_ends_in_an_invalid_measurement(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    work = make_work(lambda number: -3.0 if number % 2 else 1.0)
    _, measurement = measure_call(device, make_plan(), case, work)
    assert measurement.session is None
    assert any("backwards" in reason for reason in measurement.invalid)
    assert len(measurement.notes) >= MAX_ATTEMPTS - 1
    assert work.calls < 500_000


def test_a_clock_set_back_once_costs_one_sample(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    """The jump falls into the first sample; the second one is good and is what counts."""
    work = make_work(lambda number: -1_000_000.0 if number == 20 else 100.0)
    _, measurement = measure_call(device, make_plan(warmup=10, rounds=40), case, work)
    session = usable(measurement)
    assert session.median_us == 100.0
    assert session.rounds == 40
    assert session.warmup_calls + 40 == work.calls
    assert len(measurement.notes) == 1
    assert measurement.notes[0].startswith("Sample 1 of 2 was discarded: The clock went backwards in 1 of")


def test_times_that_drift_are_sampled_again_and_then_invalid(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    """Each call 0.1 % slower than the one before, without end."""
    work = make_work(lambda number: 100.0 * 1.001**number)
    _, measurement = measure_call(device, make_plan(warmup=5, rounds=100), case, work)
    assert work.calls == 5 + 100 * MAX_ATTEMPTS
    assert len(measurement.invalid) == 1
    assert "drifted" in measurement.invalid[0]
    assert measurement.session is not None  # the numbers are shown, and not judged
    assert measurement.session.warmup_calls == 5 + 100 * (MAX_ATTEMPTS - 1)
    assert [note.split(":")[0] for note in measurement.notes] == [
        "Sample 1 of 3 was discarded",
        "Sample 2 of 3 was discarded",
    ]


def test_a_drift_that_ends_is_waited_out(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    work = make_work(lambda number: max(100.0, 200.0 - number))
    _, measurement = measure_call(device, make_plan(warmup=5, rounds=100), case, work)
    session = usable(measurement)
    assert set(session.quantiles_us) == {100.0}
    assert session.warmup_calls == 105


def test_a_cold_start_is_not_measured_twice(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    """Without warm-up the first call is what was asked for, and a second sample would not hold it."""
    work = make_work(lambda number: 100.0 * 1.01**number)
    _, measurement = measure_call(device, make_plan(warmup=0, rounds=100), case, work)
    assert work.calls == 100
    assert "drifted" in measurement.invalid[0]


def test_slow_first_calls_do_not_reach_the_session(
    device: ScriptedDevice, make_work: MakeWork, make_plan: MakePlan, case: CaseId
) -> None:
    work = make_work(lambda number: 12.345678 * (1.0 + 2.0 * math.exp(-number / 5)) if number < 30 else 12.345678)
    _, measurement = measure_call(device, make_plan(), case, work)
    assert set(usable(measurement).quantiles_us) == {12.345678}


def test_the_device_is_held_while_measuring_and_the_environment_is_that_after_the_calls(
    make_plan: MakePlan, case: CaseId
) -> None:
    held: list[int | None] = []

    class Hold(AbstractContextManager[None]):
        def __init__(self, threads: int | None) -> None:
            held.append(threads)

        def __exit__(self, *args: object) -> None:
            held.pop()

    class Holding(ScriptedDevice):
        def controlled(self, threads: int | None) -> AbstractContextManager[None]:
            return Hold(threads)

        def environment(self) -> Environment:
            assert held == [3]
            return ScriptedDevice(hard={"switched": switched}).environment()

    device = Holding()
    switched = "no"

    def call() -> None:
        nonlocal switched
        assert held == [3]
        device.spend(30.0)
        switched = "yes"

    _, measurement = measure_call(device, make_plan(threads=3, rounds=5), case, call)
    assert measurement.environment.hard == (("switched", "yes"),)
    assert held == []


@pytest.mark.parametrize("plan_changes", [{}, {"warmup": 0, "rounds": 3}, {"warmup": 2, "rounds": 5}])
def test_a_real_matmul_on_the_cpu_gives_a_whole_measurement(
    plan_changes: dict[str, int], make_plan: MakePlan, case: CaseId
) -> None:
    import torch

    matrix = torch.ones(32, 32)
    calls = 0

    def call() -> torch.Tensor:
        nonlocal calls
        calls += 1
        return matrix @ matrix

    threads = torch.get_num_threads()
    plan = make_plan(max_warmup_s=0.3, budget_s=0.3, threads=1, **plan_changes)
    result, measurement = measure_call(CpuDevice(), plan, case, call)
    assert torch.equal(result, torch.full((32, 32), 32.0))
    session = measurement.session
    assert session is not None
    assert session.warmup_calls + session.rounds * session.calls_per_round == calls
    assert list(session.quantiles_us) == sorted(session.quantiles_us)
    assert session.quantiles_us[0] > 0.0
    assert dict(measurement.environment.hard)["threads"] == "1"
    assert torch.get_num_threads() == threads
    assert Measurement.from_dict(measurement.to_dict()) == measurement


def test_a_device_that_cannot_be_held_calls_nothing(make_plan: MakePlan, case: CaseId) -> None:
    def call() -> None:
        raise AssertionError("called")

    with pytest.raises(DeviceError, match="at least 1 compute thread"):
        measure_call(CpuDevice(), make_plan(threads=0), case, call)
