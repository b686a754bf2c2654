"""Sessions of one round, whose median is all that a test is about."""

from __future__ import annotations

from pytest_ascendperf.model.measurement import Clock, Session


def session(
    device_us: float,
    *,
    host_us: float | None = None,
    clock: Clock = Clock.DEVICE,
    reference_us: float | None = None,
    vector_us: float | None = None,
    core_us: float | None = None,
    memory_us: float | None = None,
    started: str = "2025-01-31T04:00:00+00:00",
    calls_per_round: int = 1,
) -> Session:
    """A session whose one round took ``device_us`` per call on the device and ``host_us`` on the host."""
    judged_us = device_us if clock is Clock.DEVICE or host_us is None else host_us
    return Session(
        started=started,
        clock=clock,
        device_median_us=device_us,
        host_median_us=host_us,
        reference_us=reference_us,
        vector_reference_us=vector_us,
        core_work_us=core_us,
        memory_work_us=memory_us,
        rounds=1,
        calls_per_round=calls_per_round,
        warmup_calls=3,
        mean_us=judged_us,
        sd_us=0.0,
        lag1=0.0,
        quantiles_us=(judged_us,) * 7,
        samples_us=(judged_us,),
    )
