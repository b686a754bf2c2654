"""Rounds to session: the numbers that are kept of one process's rounds."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ascendperf.model.conditions import Conditions
from pytest_ascendperf.model.measurement import QUANTILE_LEVELS, Clock, Session
from pytest_ascendperf.statistics.order import median, quantiles
from pytest_ascendperf.statistics.series import lag1_autocorrelation, mean, standard_deviation, thinned

_DECIMAL_DIGITS = 15
"""Decimal digits that survive in a float (``sys.float_info.dig``)."""


def per_call_us(round_us: float, calls: int) -> float:
    """Time per call of a round, in µs, to fifteen significant digits.

    The quotient of two floats may miss the decimal that was meant in the last place: 37.037034 / 3 is not 12.345678.
    Fifteen digits are more than a clock has and fewer than a float holds, so rounding to them gives that decimal back.
    """
    return float(f"{round_us / calls:.{_DECIMAL_DIGITS}g}")


def summarise(
    device_us: Sequence[float],
    host_us: Sequence[float] | None = None,
    *,
    clock: Clock = Clock.DEVICE,
    started: str,
    calls_per_round: int,
    warmup_calls: int,
    reference_us: float | None = None,
    vector_reference_us: float | None = None,
    conditions: Conditions | None = None,
    core_work_us: float | None = None,
    memory_work_us: float | None = None,
) -> Session:
    """The session of rounds whose times per call, in µs, all above 0, are given in the order measured on each clock.

    The session's times are those of ``clock``; for HOST, ``host_us`` must be given. ``started`` is a UTC time in
    ISO 8601, ``calls_per_round`` belongs to the rounds on ``clock``, ``warmup_calls`` counts the calls before the first
    round, ``reference_us`` and ``vector_reference_us`` are the device's times for its reference work, ``core_work_us``
    is the core's for fixed work, ``memory_work_us`` that of a fixed copy, and ``conditions`` is what the machine said
    of itself during the rounds.
    """
    call_us = device_us if host_us is None or clock is Clock.DEVICE else host_us
    return Session(
        started=started,
        clock=clock,
        device_median_us=median(device_us),
        host_median_us=None if host_us is None else median(host_us),
        reference_us=reference_us,
        vector_reference_us=vector_reference_us,
        rounds=len(call_us),
        calls_per_round=calls_per_round,
        warmup_calls=warmup_calls,
        mean_us=mean(call_us),
        sd_us=standard_deviation(call_us),
        lag1=lag1_autocorrelation(call_us),
        quantiles_us=quantiles(call_us, [level for _, level in QUANTILE_LEVELS]),
        samples_us=thinned(call_us),
        conditions=conditions,
        core_work_us=core_work_us,
        memory_work_us=memory_work_us,
    )
