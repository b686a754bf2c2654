"""What the machine says of itself: which samples it spoils, and that no others are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_ascendperf.judge.conditions import clock_reasons, condition_notes, condition_reasons
from pytest_ascendperf.judge.validity import RawRounds, device_reasons, invalid_reasons, notes
from pytest_ascendperf.model.conditions import Conditions, DeviceConditions, HostConditions, OtherProcess
from pytest_ascendperf.model.measurement import Clock, Session

NEIGHBOUR = OtherProcess(pid=4242, name="train.py", memory_mib=512.0)


def host(**known: object) -> Conditions:
    values: dict[str, Any] = known
    return Conditions(host=HostConditions(**values))


def device(**known: object) -> Conditions:
    values: dict[str, Any] = known
    return Conditions(device=DeviceConditions(source="npu-smi", **values))


def reasons(conditions: Conditions | None, *, rounds: int = 100, on_host: bool = True) -> tuple[str, ...]:
    return condition_reasons(conditions, rounds=rounds, on_host=on_host)


def told(conditions: Conditions | None, *, rounds: int = 100, on_host: bool = True) -> tuple[str, ...]:
    return condition_notes(conditions, rounds=rounds, on_host=on_host)


@pytest.mark.parametrize(
    "quiet",
    [
        None,
        Conditions(),
        host(),
        device(),
        host(steal_share=0.1, waiting_share=0.1, waits=100, others_share=1.0, limited_share=0.1),
        device(clock_mhz=800.0, max_clock_mhz=1800.0, throttling=(), others=(), temperature_c=99.0, power_w=400.0),
    ],
)
def test_what_is_not_known_or_within_its_limit_says_nothing(quiet: Conditions | None) -> None:
    assert reasons(quiet) == ()
    assert told(quiet) == ()


def test_steal_is_named_with_its_limit_and_source() -> None:
    assert reasons(host(steal_share=0.101)) == (
        "Other virtual machines took 10.1 % of the processors' time while it was measured (steal in /proc/stat); the "
        "limit is 10 %.",
    )


def test_waiting_for_others_is_named_with_both_limits() -> None:
    assert reasons(host(waiting_share=0.25, waits=21, others_share=0.5)) == (
        "Other processes had the processors: its threads waited for them 25.0 % of the time (limit 10 %; "
        "/proc/self/task/*/schedstat), in up to 21 of 100 rounds (limit 20 %). Others used 50.0 % of the processors "
        "(/proc/stat): end what else runs there.",
    )


def test_few_rounds_held_up_are_told_and_judged() -> None:
    """The median of 100 rounds of which 20 are late is an ordinary round."""
    few = host(waiting_share=0.25, waits=20, others_share=0.5)
    assert reasons(few) == ()
    assert told(few) == (
        "Up to 20 of 100 rounds were held up by other processes (/proc/self/task/*/schedstat). No round is dropped: "
        "the median hardly moves up to 20 % of them.",
    )


def test_waits_that_are_not_counted_may_have_held_up_every_round() -> None:
    (reason,) = reasons(host(waiting_share=0.25))
    assert "up to 100 of 100 rounds" in reason


def test_the_hosts_processors_do_not_matter_to_a_time_of_the_device() -> None:
    loud = host(steal_share=0.5, waiting_share=0.5, waits=100, limited_share=0.5)
    assert reasons(loud, on_host=False) == ()
    assert told(loud, on_host=False) == ()


def test_a_limit_on_processor_time_is_told_and_judged() -> None:
    assert reasons(host(limited_share=3.5)) == ()
    (note,) = told(host(limited_share=3.5))
    assert note.startswith("A limit on processor time stopped this process's threads for 350.0 % of the sampling time")
    assert "--ascendperf-threads=1" in note


def test_a_clock_held_down_is_named_in_the_vendors_words() -> None:
    hot = device(clock_mhz=1200.0, max_clock_mhz=1800.0, throttling=("hardware thermal slowdown", "power brake"))
    for on_host in (True, False):
        assert reasons(hot, on_host=on_host) == (
            "The device held its clock down at 1200 MHz of 1800 MHz while it was measured: hardware thermal slowdown, "
            "power brake (npu-smi). No such reason is allowed.",
        )


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (NEIGHBOUR, "process 4242 (train.py, 512 MiB)"),
        (OtherProcess(pid=7), "process 7 (name unknown)"),
    ],
)
def test_another_process_on_the_device_is_named(other: OtherProcess, words: str) -> None:
    (reason,) = reasons(device(others=(other,)), on_host=False)
    assert words in reason
    assert "(npu-smi)" in reason


def test_what_a_tool_does_not_tell_is_told_and_judged() -> None:
    silent = device(problem="it tells no clock")
    assert reasons(silent) == ()
    for on_host in (True, False):
        assert told(silent, on_host=on_host) == (
            "The device's clock, or who else is on it, is not known (npu-smi): it tells no clock.",
        )


def session(conditions: Conditions | None, reference_us: float | None = None) -> Session:
    return Session(
        started="2025-01-01T00:00:00Z",
        clock=Clock.DEVICE,
        device_median_us=100.0,
        host_median_us=None,
        reference_us=reference_us,
        rounds=1,
        calls_per_round=1,
        warmup_calls=3,
        mean_us=100.0,
        sd_us=0.0,
        lag1=0.0,
        quantiles_us=(100.0,) * 7,
        samples_us=(100.0,),
        conditions=conditions,
    )


@pytest.mark.parametrize(
    ("now_mhz", "base_mhz", "when"),
    [
        (1300.0, 1500.0, "now"),
        (1349.0, 1500.0, "now"),
        (1350.0, 1500.0, None),
        (1500.0, 1350.0, None),
        (1500.0, 1349.0, "when the baseline was recorded"),
    ],
)
def test_the_lower_clock_must_be_at_least_nine_tenths_of_the_other(
    now_mhz: float, base_mhz: float, when: str | None
) -> None:
    base = [session(device(clock_mhz=base_mhz))] * 3
    now = session(device(clock_mhz=now_mhz, max_clock_mhz=1800.0))
    found = clock_reasons(now, base)
    assert found == device_reasons(now, base)
    assert len(found) == (when is not None)
    for reason in found:
        assert f"clock is {now_mhz:g} MHz and was {base_mhz:g} MHz when the baseline was recorded" in reason
        assert "the lower one must be at least 0.9 of the other; npu-smi" in reason
        assert "rated for 1800 MHz" in reason
        assert f"held down {when}:" in reason


def test_the_baselines_clock_is_the_median_of_the_sessions_that_know_it() -> None:
    base = [session(None), *(session(device(clock_mhz=clock)) for clock in (700.0, 1500.0, 1500.0)), session(device())]
    assert clock_reasons(session(device(clock_mhz=1500.0)), base) == ()
    assert clock_reasons(session(device(clock_mhz=700.0)), base) != ()


@pytest.mark.parametrize("unknown", [None, Conditions(), device(), host(steal_share=0.5)])
def test_a_clock_that_one_side_does_not_know_is_not_compared(unknown: Conditions | None) -> None:
    known = session(device(clock_mhz=1000.0))
    assert clock_reasons(session(unknown), [known]) == ()
    assert clock_reasons(known, [session(unknown)]) == ()
    assert clock_reasons(known, []) == ()


def test_reference_work_is_looked_at_where_the_clock_says_nothing() -> None:
    quick, slow = session(device(clock_mhz=1500.0), 10.0), session(device(clock_mhz=1500.0), 12.0)
    (reason,) = device_reasons(slow, [quick])
    assert "reference work" in reason


def test_how_the_rounds_look_is_no_reason_where_the_machine_is_at_fault_and_a_broken_clock_is() -> None:
    drifting = RawRounds(
        durations_us=tuple(100.0 + index for index in range(40)),
        warmup_settled=False,
        conditions=Conditions(
            host=HostConditions(waiting_share=0.2, waits=3, limited_share=0.2),
            device=device(others=(NEIGHBOUR,)).device,
        ),
    )
    assert [reason.split()[0] for reason in invalid_reasons(drifting)] == ["Another"]
    assert [reason.split()[0] for reason in invalid_reasons(replace(drifting, conditions=None))] == ["Times"]
    broken = replace(drifting, durations_us=(0.0,) * 40)
    assert [reason.split()[0] for reason in invalid_reasons(broken)] == ["Another", "The"]
    assert [note.split()[0] for note in notes(drifting)] == ["The", "Up", "A"]
