"""Rounds: the unit of timing. A round is a number of successive calls inside one interval.

Rounds run in batches. Nothing is read and nothing is waited for inside a batch: on an accelerator reading an interval
waits for the device, and a device that runs dry between rounds is timed together with the host that refills it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import length_hint
from typing import Generic, TypeVar

from pytest_ascendperf.devices.base import Device, Interval
from pytest_ascendperf.measure.garbage import collect_young

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedRound:
    """A round that began on an idle device, timed on both clocks, in µs per round."""

    host_us: float
    """Until the host had handed all of it over to the device."""
    device_us: float
    device_waited: bool
    """Whether the device had done all calls but the last when the host had issued that one."""


class RoundRunner(Generic[T]):
    """Runs rounds of one call on one device, and counts the calls."""

    def __init__(self, device: Device, call: Callable[[], T], *, cold: bool = False, max_wait_s: float = 0.0) -> None:
        """``max_wait_s`` is how long rounds may wait, all together, for the device to be at full speed; 0: no look."""
        self.device = device
        self.cold = cold
        """Whether the device's caches are flushed before each round."""
        self.calls_made = 0
        """Calls that were started and returned, over all rounds."""
        self.phase = "warm-up"
        """What the present rounds are for, as a word for messages."""
        self._call = call
        self._max_wait_s = max_wait_s
        self._waited_s = 0.0

    def time_s(self) -> float:
        """The host's clock, in seconds, less the time that rounds have waited: what budgets are counted on."""
        return self.device.host_time_s() - self._waited_s

    def first_call(self) -> tuple[T, float]:
        """The call's own result, and the device time of that one call in µs."""
        interval = self._opened()
        result = self._call()
        interval.stop()
        self.calls_made += 1
        self.device.synchronize()
        return result, interval.elapsed_us()

    def batch(self, rounds: int, calls_per_round: int, *, deadline_s: float = math.inf) -> list[float]:
        """Device time of each round in µs; past ``deadline_s`` of :meth:`time_s` only the first round is started."""
        collect_young()
        self.device.lead_in()
        intervals: list[Interval] = []
        for _ in range(rounds):
            if intervals and self.time_s() >= deadline_s:
                break
            intervals.append(self.enqueued_round(calls_per_round))
        self.device.synchronize()
        return [interval.elapsed_us() for interval in intervals]

    def enqueued_round(self, calls: int) -> Interval:
        """One round of ``calls`` calls behind what is enqueued already; read it when the device has synchronised."""
        if self._max_wait_s > 0.0:
            self._waited_s += self.device.wait_for_full_speed(self._max_wait_s - self._waited_s)
        interval = self._opened()
        self._repeat(calls)
        interval.stop()
        return interval

    def issued_round(self, calls: int) -> IssuedRound:
        """One round of ``calls`` calls, at least 2, on an idle device, timed on both clocks."""
        collect_young()
        device = self.device
        device.synchronize()
        begun_s = device.host_time_s()
        whole = device.start_interval()
        all_but_last = device.start_interval()
        self._repeat(calls - 1)
        all_but_last.stop()
        self._repeat(1)
        whole.stop()
        device.wait_until_issued()
        host_us = (device.host_time_s() - begun_s) * 1e6
        device_waited = all_but_last.has_ended()
        device.synchronize()
        return IssuedRound(host_us=host_us, device_us=whole.elapsed_us(), device_waited=device_waited)

    def rounds_until(self, deadline_s: float, round_us: float, *, at_most: int) -> int:
        """How many rounds of ``round_us`` µs fit before ``deadline_s``, at least 1.

        An accelerator's host runs ahead of it, so the deadline alone would let a batch start too many.
        """
        left_us = (deadline_s - self.time_s()) * 1e6
        return max(1, min(at_most, int(min(left_us / round_us, at_most)))) if left_us > 0.0 else 1

    def _opened(self) -> Interval:
        if self.cold:
            self.device.flush_caches()
        return self.device.start_interval()

    def _repeat(self, calls: int) -> None:
        call = self._call
        pending = repeat(None, calls)  # the cheapest loop there is, and it knows how far it got
        try:
            for _ in pending:
                call()
        except BaseException as error:
            _say_which_call(error, self.calls_made + calls - length_hint(pending), self.phase)
            raise
        self.calls_made += calls


def is_clock_sound(rounds_us: Sequence[float]) -> bool:
    """Whether the clock moved forward in every round; where it did not, more rounds tell nothing."""
    return all(math.isfinite(duration) and duration > 0.0 for duration in rounds_us)


def _say_which_call(error: BaseException, number: int, phase: str) -> None:
    if sys.version_info >= (3, 11):
        error.add_note(
            f"pytest-ascendperf: raised by call {number} of the measured code, during {phase}; the calls before it "
            "returned. A measured call is repeated, so it must leave what it works on as it found it."
        )
