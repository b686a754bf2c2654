"""The interval protocol of rounds, and what an exception inside a round says."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import pytest

from pytest_ascendperf.devices.scripted import ScriptedDevice, ScriptedInterval
from pytest_ascendperf.measure.call import measure_call
from pytest_ascendperf.measure.rounds import RoundRunner, is_clock_sound
from pytest_ascendperf.model.case import CaseId


class RecordedInterval(ScriptedInterval):
    """Notes its operations in the order they come."""

    def __init__(self, device: RecordingDevice) -> None:
        super().__init__(device)
        self._log = device.log
        self._log.append("start")

    def stop(self) -> None:
        self._log.append("stop")
        super().stop()

    def elapsed_us(self) -> float:
        self._log.append("read")
        return super().elapsed_us()


class RecordingDevice(ScriptedDevice):
    """A scripted device that notes what is done with it."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []

    def start_interval(self) -> RecordedInterval:
        return RecordedInterval(self)

    def synchronize(self) -> None:
        self.log.append("synchronize")

    def call(self) -> None:
        """Work of 30 µs: one call makes a round."""
        self.log.append("call")
        self.spend(30.0)


def test_a_batch_is_read_after_one_synchronisation() -> None:
    device = RecordingDevice()
    assert RoundRunner(device, device.call).batch(3, 2) == [60.0, 60.0, 60.0]
    assert device.log == ["start", "call", "call", "stop"] * 3 + ["synchronize"] + ["read"] * 3


def test_a_whole_measurement_never_waits_inside_a_batch_and_never_reads_before_waiting(
    make_plan: Callable[..., Any], case: CaseId
) -> None:
    """On an accelerator, each of these would put the host's time between the rounds."""
    device = RecordingDevice()
    _, measurement = measure_call(device, make_plan(), case, device.call)
    unread: int = 0
    waited = True
    is_open = False
    for operation in device.log:
        if operation == "start":
            assert not is_open
            is_open, waited = True, False
            unread += 1
        elif operation == "call":
            assert is_open
        elif operation == "stop":
            is_open = False
        elif operation == "synchronize":
            assert not is_open
            waited = True
        else:
            assert waited
            unread -= 1
    assert unread == 0
    assert measurement.session is not None
    # Far fewer waits than rounds: the rounds run in batches.
    assert device.log.count("synchronize") * 20 < device.log.count("start")


def test_a_batch_stops_at_the_deadline_after_its_first_round(device: ScriptedDevice) -> None:
    runner = RoundRunner(device, lambda: device.spend(1_000_000.0))
    assert runner.batch(10, 1, deadline_s=2.5) == [1e6, 1e6, 1e6]
    assert runner.batch(10, 1, deadline_s=2.5) == [1e6]
    assert runner.calls_made == 4


@pytest.mark.parametrize(
    ("deadline_s", "round_us", "at_most", "rounds"),
    [
        (1.0, 100_000.0, 100, 10),
        (1.0, 100_000.0, 4, 4),
        (0.0, 1.0, 9, 1),
        (-5.0, 1.0, 9, 1),
        (1.0, 5e6, 9, 1),
        (math.inf, 1.0, 9, 9),
        (1.0, 1e-300, 9, 9),
    ],
)
def test_a_batch_is_sized_by_the_time_left(
    deadline_s: float, round_us: float, at_most: int, rounds: int, device: ScriptedDevice
) -> None:
    runner = RoundRunner(device, lambda: None)
    assert runner.rounds_until(deadline_s, round_us, at_most=at_most) == rounds


@pytest.mark.parametrize("rounds_us", [[0.0], [1.0, -1.0], [1.0, math.nan], [math.inf], [2.0, 0.0, 3.0]])
def test_a_clock_is_sound_only_if_it_always_moves_forward(rounds_us: list[float]) -> None:
    assert is_clock_sound([1.0, 2.0])
    assert is_clock_sound([])
    assert not is_clock_sound(rounds_us)


class SkipLike(BaseException):
    """Stands for pytest's own outcomes, which are not Exceptions."""


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, SkipLike])
@pytest.mark.parametrize("failing", [0, 1, 5, 10, 59])
def test_exceptions_go_through_unchanged_and_later_ones_say_which_call_it_was(
    failing: int,
    kind: type[BaseException],
    device: ScriptedDevice,
    make_plan: Callable[..., Any],
    case: CaseId,
) -> None:
    """The first call fails as it would without a measurement; a later one would puzzle without the note."""
    calls = 0
    raised = kind("as it was")

    def call() -> None:
        nonlocal calls
        number, calls = calls, calls + 1
        device.spend(12.0)
        if number == failing:
            raise raised

    with pytest.raises(kind) as caught:
        measure_call(device, make_plan(warmup=10, rounds=30), case, call)
    assert caught.value is raised
    assert calls == failing + 1
    if sys.version_info >= (3, 11):
        notes = getattr(caught.value, "__notes__", [])
        if failing == 0:
            assert notes == []
        else:
            phase = "warm-up" if failing < 10 else "sampling"
            assert len(notes) == 1
            assert f"raised by call {failing + 1} of the measured code, during {phase};" in notes[0]


class SlowedDevice(ScriptedDevice):
    """A device on which a round waits as long as it may, and at most ``needed_s``; calls take a second."""

    def __init__(self, needed_s: float) -> None:
        super().__init__()
        self.needed_s = needed_s
        self.limits_s: list[float] = []

    def wait_for_full_speed(self, limit_s: float) -> float:
        self.limits_s.append(limit_s)
        waited_s = min(limit_s, self.needed_s)
        self.spend(waited_s * 1e6)
        return waited_s

    def call(self) -> None:
        self.spend(1e6)


def test_rounds_wait_before_they_begin_and_no_deadline_counts_that() -> None:
    device = SlowedDevice(needed_s=2.0)
    runner = RoundRunner(device, device.call, max_wait_s=5.0)
    assert runner.batch(5, 1, deadline_s=2.5) == [1e6, 1e6, 1e6]
    assert device.limits_s == [5.0, 3.0, 1.0]
    assert (runner.time_s(), device.host_time_s()) == (3.0, 8.0)
    assert runner.batch(1, 1) == [1e6]
    assert device.limits_s[-1] == 0.0


def test_rounds_that_may_not_wait_do_not_look() -> None:
    device = SlowedDevice(needed_s=2.0)
    RoundRunner(device, device.call).batch(5, 1)
    assert device.limits_s == []


def test_a_measurement_that_waits_takes_the_rounds_that_it_would_have_taken(
    make_plan: Callable[..., Any], case: CaseId
) -> None:
    sessions = []
    for needed_s in (0.0, 0.4):
        device = SlowedDevice(needed_s)
        _, measurement = measure_call(device, make_plan(max_wait_s=1.0, budget_s=12.0), case, device.call)
        assert measurement.session is not None
        sessions.append((measurement.session.rounds, measurement.session.warmup_calls))
    assert sessions[0] == sessions[1]
    assert sessions[0][0] == 12
