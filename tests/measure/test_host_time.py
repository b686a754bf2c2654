"""Two clocks: which one a case's time belongs to, and that both are kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from measure.queued_device import QueuedDevice
from pytest_ascendperf.measure.call import HOST_BOUND, measure_call
from pytest_ascendperf.measure.host_time import is_host_bound
from pytest_ascendperf.measure.rounds import IssuedRound
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.measurement import Clock, Measurement, Session
from pytest_ascendperf.model.protocol import SamplingPlan

MakePlan = Callable[..., SamplingPlan]


def usable(measurement: Measurement) -> Session:
    assert measurement.invalid == ()
    assert measurement.session is not None
    return measurement.session


def measured(
    device: QueuedDevice, plan: SamplingPlan, *, host_us: float, kernel_us: float, launches: int = 1
) -> Session:
    """The session of a call that launches ``launches`` kernels."""

    def call() -> None:
        for _ in range(launches):
            device.launch(host_us=host_us, kernel_us=kernel_us)

    return usable(measure_call(device, plan, CaseId(module="m.py", test="t"), call)[1])


@pytest.mark.parametrize("launches", [1, 7])
@pytest.mark.parametrize(
    ("host_us", "kernel_us", "clock"),
    [
        pytest.param(1.0, 50.0, Clock.DEVICE, id="device far slower"),
        pytest.param(40.0, 50.0, Clock.DEVICE, id="device somewhat slower"),
        pytest.param(60.0, 50.0, Clock.HOST, id="host somewhat slower"),
        pytest.param(500.0, 5.0, Clock.HOST, id="host far slower"),
    ],
)
def test_the_slower_side_names_the_clock_and_both_medians_are_exact(
    host_us: float, kernel_us: float, clock: Clock, launches: int, make_plan: MakePlan
) -> None:
    session = measured(QueuedDevice(), make_plan(), host_us=host_us, kernel_us=kernel_us, launches=launches)
    assert session.clock is clock
    assert session.host_median_us == pytest.approx(launches * host_us, rel=1e-9)
    assert session.device_median_us == pytest.approx(launches * max(host_us, kernel_us), rel=1e-3)
    assert session.median_us == (session.device_median_us if clock is Clock.DEVICE else session.host_median_us)
    assert Session.from_dict(session.to_dict()) == session


def test_a_session_on_the_hosts_clock_holds_the_hosts_rounds_and_says_so(make_plan: MakePlan) -> None:
    device = QueuedDevice()
    _, measurement = measure_call(
        device,
        make_plan(rounds=40),
        CaseId(module="m.py", test="t"),
        lambda: device.launch(host_us=100.0, kernel_us=10.0),
    )
    session = usable(measurement)
    assert measurement.notes == (HOST_BOUND,)
    assert session.rounds == 40
    assert session.samples_us == pytest.approx([100.0] * 40)


def test_a_host_time_that_is_not_judged_takes_few_rounds_and_a_fifth_of_the_budget(make_plan: MakePlan) -> None:
    device = QueuedDevice(lead_in_us=0.0)
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        device.launch(host_us=1.0, kernel_us=100_000.0)

    session = usable(measure_call(device, make_plan(), CaseId(module="m.py", test="t"), call)[1])
    assert session.clock is Clock.DEVICE
    assert calls == session.warmup_calls + session.rounds + 2  # one issued round of two calls


def test_the_first_launchs_way_to_the_device_is_not_part_of_a_round(make_plan: MakePlan) -> None:
    """Without the lead-in every batch would open on an idle device."""
    plan = make_plan(warmup=3, rounds=2)
    assert measured(QueuedDevice(), plan, host_us=40.0, kernel_us=50.0).mean_us == 50.0
    assert measured(QueuedDevice(lead_in_us=0.0), plan, host_us=40.0, kernel_us=50.0).mean_us > 50.0


def test_cold_caches_are_flushed_before_each_round_of_one_call(make_plan: MakePlan) -> None:
    device = QueuedDevice()
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        device.launch(host_us=1.0, kernel_us=5.0)

    _, measurement = measure_call(
        device, make_plan(cold=True, warmup=4, rounds=6), CaseId(module="m.py", test="t"), call
    )
    session = usable(measurement)
    assert (session.calls_per_round, session.rounds, session.median_us) == (1, 6, 5.0)
    assert device.flushes == calls == 10
    assert (session.host_median_us, session.clock) == (None, Clock.DEVICE)
    assert dict(measurement.environment.hard) == {"cache": "cold"}


def test_without_warm_up_no_call_is_added_and_no_host_time_known(make_plan: MakePlan) -> None:
    device = QueuedDevice(reference_us=3.0)
    session = measured(device, make_plan(warmup=0, rounds=1), host_us=1.0, kernel_us=5_000.0)
    assert (session.rounds, session.host_median_us, session.reference_us, device.raised) == (1, None, 3.0, 0)


def test_the_clock_is_raised_first_and_the_reference_kept(make_plan: MakePlan) -> None:
    device = QueuedDevice(reference_us=12.5)
    assert measured(device, make_plan(), host_us=1.0, kernel_us=50.0).reference_us == 12.5
    assert device.raised == 1


def test_what_a_device_refuses_is_called_once_and_not_judged(make_plan: MakePlan) -> None:
    device = QueuedDevice(refusals=("SOME_VARIABLE=1: every launch waits.",))
    results = iter(range(9))
    result, measurement = measure_call(device, make_plan(), CaseId(module="m.py", test="t"), lambda: next(results))
    assert (result, next(results)) == (0, 1)
    assert (measurement.session, measurement.invalid) == (None, ("SOME_VARIABLE=1: every launch waits.",))


def issued(host_us: float, device_us: float, device_waited: bool) -> IssuedRound:
    return IssuedRound(host_us=host_us, device_us=device_us, device_waited=device_waited)


@pytest.mark.parametrize(
    ("rounds", "bound"),
    [
        pytest.param([issued(90.0, 100.0, True)], True, id="the host's share is just enough"),
        pytest.param([issued(89.9, 100.0, True)], False, id="the last call outlasts all others"),
        pytest.param([issued(200.0, 100.0, False)], False, id="the device was still busy"),
        pytest.param([issued(100.0, 100.0, True)] * 2 + [issued(100.0, 100.0, False)] * 2, False, id="no majority"),
        pytest.param([issued(100.0, 100.0, True)] * 3 + [issued(100.0, 100.0, False)] * 2, True, id="a majority"),
    ],
)
def test_both_conditions_are_needed(rounds: list[IssuedRound], bound: bool) -> None:
    assert is_host_bound(rounds) is bound
