"""Two calls measured in turns in one process, for as long as it takes to tell how many times faster the first one is.

What one process does to times, it does to both calls, so their ratio is known far better than either time. Rounds are
taken in pairs, one of each call. Which comes first is drawn, half of the pairs of a block this way and half the other,
so that neither a drift nor what one call leaves in the caches favours either side.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pytest_ascendperf.devices.base import Device
from pytest_ascendperf.errors import MeasurementError
from pytest_ascendperf.judge.comparison import CONFIDENCE, RatioEstimate, estimate_ratio, middle_ratio
from pytest_ascendperf.measure.calibration import Pace
from pytest_ascendperf.measure.deferred import reject_deferred_result
from pytest_ascendperf.measure.garbage import collect_young, collector_paused
from pytest_ascendperf.measure.host_time import is_host_bound
from pytest_ascendperf.measure.rounds import RoundRunner, is_clock_sound
from pytest_ascendperf.measure.session import per_call_us
from pytest_ascendperf.measure.warmup import Warmup, warm_up
from pytest_ascendperf.model.comparison import ComparedCalls, DecidedClaim
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.statistics.order import median

HOST_BOUND = (
    "Host-bound: the device waits for the host in at least one of the two calls, so both times are the host's, which "
    "issues the work or waits for it inside the call."
)
NOT_SETTLED = "The warm-up ended at its time limit, before times had settled: the first rounds may be slower."

FIRST_LOOK_PRECISION = 0.01
"""Half-width of the interval at which the first look ends, before anything is claimed."""
FIRST_LOOK_SHARE = 0.2
"""Share of the budget that the first look may take, once there is an interval."""

LEAD_IN_US = 100_000.0
"""Pairs that do not count take about this long: some GB go through the caches meanwhile."""

_SEED = 20_240_229
_MIN_BLOCK_S = 0.01
"""A block outlasts what disturbs a single round, and is soon repeated."""
_MOST_BLOCKS = 1_000
"""More would not show more: the interval is as narrow as the difference between the calls is steady."""
_MOST_PAIRS = 512
_ROUND_SHARE = 0.005
"""A round of several calls takes at most this share of the budget: enough blocks must fit to show anything."""
_HOST_ROUNDS = 5
"""Rounds of each call that tell whether the device waits for the host."""


def lead_in_pairs(pair_us: float) -> int:
    """Pairs of rounds that do not count, where a pair takes ``pair_us``; at least one."""
    return max(1, int(LEAD_IN_US // pair_us))


class PairedRounds:
    """The rounds of two calls on one device, which the caller holds while :meth:`warm_up` and :meth:`sample` run."""

    def __init__(
        self,
        device: Device,
        plan: SamplingPlan,
        first: Callable[[], object],
        second: Callable[[], object],
        *,
        budget_s: float,
    ) -> None:
        """``budget_s`` bounds the rounds; of ``plan``, which speaks of cases, the warm-up, threads and caches count."""
        self._device = device
        self._plan = replace(plan, budget_s=budget_s, max_warmup_s=plan.max_warmup_s / 2.0)
        self._runners = (
            RoundRunner(device, first, cold=plan.cold),
            RoundRunner(device, second, cold=plan.cold),
        )
        self._order = random.Random(_SEED)
        self._clock = Clock.DEVICE
        self._calls = 1
        self._pairs = 2
        self._pair_us = 0.0
        self._times_us: tuple[list[float], list[float]] = ([], [])
        self._block_ratios: list[float] = []
        self._longest_block_s = 0.0
        self._seconds = 0.0
        self._notes: tuple[str, ...] = ()

    @property
    def estimate(self) -> RatioEstimate:
        """What the rounds so far say; there is at least one block once :meth:`sample` has returned."""
        return estimate_ratio(self._block_ratios)

    @property
    def seconds(self) -> float:
        """Time that the rounds took so far, on the host's clock."""
        return self._seconds

    @property
    def budget_s(self) -> float:
        """Time that they may take."""
        return self._plan.budget_s

    @property
    def block_s(self) -> float:
        """Time that the longest block took."""
        return self._longest_block_s

    def warm_up(self) -> None:
        """Make the first calls, and those that follow until times have settled; the calls' exceptions come through.

        Raises MeasurementError for a call that only makes a coroutine or generator, and where the device says that no
        time of this process means anything.
        """
        with self._held():
            if self._plan.warmup != 0:
                self._device.raise_clock()
            warmups = [self._warmed_up(runner) for runner in self._runners]
            refusals = self._device.refusals()
            if refusals:
                raise MeasurementError(" ".join(refusals))
            self._calls = self._calls_per_round([warmup.pace for warmup in warmups])
            if self._device.has_own_clock and not self._plan.cold:
                self._choose_clock()
            self._pair_us = sum(warmup.pace.call_us for warmup in warmups) * self._calls
            self._pairs = self._pairs_per_block()
        settled = all(warmup.settled for warmup in warmups)
        self._notes = (*(() if settled else (NOT_SETTLED,)), *((HOST_BOUND,) if self._clock is Clock.HOST else ()))
        for runner in self._runners:
            runner.phase = "comparison"

    def first_look_is_enough(self, estimate: RatioEstimate) -> bool:
        """Whether the rounds can wait for what is claimed of them."""
        if estimate.half_width <= FIRST_LOOK_PRECISION:
            return True
        return math.isfinite(estimate.half_width) and self._seconds >= FIRST_LOOK_SHARE * self.budget_s

    def sample(self, is_enough: Callable[[RatioEstimate], bool]) -> None:
        """Take further blocks until ``is_enough``, asked after each, or until none fits into the budget any more.

        The first block is always taken. Raises MeasurementError where the clock does not advance.
        """
        if self._block_ratios and (is_enough(self.estimate) or not self._another_fits()):
            return
        with self._held():
            begun_s, before_s = self._device.host_time_s(), self._seconds
            self._lead_in()
            while True:
                block_begun_s = self._device.host_time_s()
                self._take_block()
                now_s = self._device.host_time_s()
                self._seconds = before_s + now_s - begun_s
                self._longest_block_s = max(self._longest_block_s, now_s - block_begun_s)
                if is_enough(self.estimate) or not self._another_fits():
                    return

    def compared(self, *, nodeid: str, names: tuple[str, str], claims: Sequence[DecidedClaim]) -> ComparedCalls:
        """The numbers so far, of the test ``nodeid``."""
        estimate = self.estimate
        first_us, second_us = self._times_us
        return ComparedCalls(
            nodeid=nodeid,
            first=names[0],
            second=names[1],
            clock=self._clock,
            ratio=estimate.ratio,
            low=estimate.low,
            high=estimate.high,
            confidence=CONFIDENCE,
            first_us=median(first_us),
            second_us=median(second_us),
            rounds=len(first_us),
            blocks=len(self._block_ratios),
            calls_per_round=self._calls,
            seconds=self._seconds,
            notes=self._notes,
            claims=tuple(claims),
        )

    @contextmanager
    def _held(self) -> Iterator[None]:
        with self._device.controlled(self._plan.threads), collector_paused():
            yield

    def _warmed_up(self, runner: RoundRunner[Any]) -> Warmup:
        begun_s = self._device.host_time_s()
        result, first_us = runner.first_call()
        reject_deferred_result(result)
        return warm_up(runner, self._plan, first_us=first_us, begun_s=begun_s)

    def _calls_per_round(self, paces: Sequence[Pace]) -> int:
        """As many calls as the faster one needs, as far as the slower one can afford them; the same for both.

        Rounds of equal numbers of calls differ by nothing but the calls, which is what the judging rests on.
        """
        affordable = int(_ROUND_SHARE * self.budget_s * 1e6 / max(pace.call_us for pace in paces))
        return max(1, min(affordable, max(pace.calls_per_round for pace in paces)))

    def _choose_clock(self) -> None:
        calls = max(self._calls, 2)
        for runner in self._runners:
            if is_host_bound([runner.issued_round(calls) for _ in range(_HOST_ROUNDS)]):
                self._clock, self._calls = Clock.HOST, calls

    def _pairs_per_block(self) -> int:
        """An even number of pairs, at least 2, that fills a block."""
        block_us = max(_MIN_BLOCK_S, self.budget_s / _MOST_BLOCKS) * 1e6
        return max(2, 2 * math.ceil(min(block_us / self._pair_us, _MOST_PAIRS) / 2.0))

    def _lead_in(self) -> None:
        """Rounds that do not count: what ran since the last ones, or was warmed up last, has its data in the caches.

        It takes the turns to level that: with tens of MB on a server's CPU some 100 ms
        (``benchmarks/shared_caches.py``).
        """
        left = 1 if self._plan.cold else lead_in_pairs(self._pair_us)
        while left > 0:
            self._rounds_us([index % 2 == 0 for index in range(min(left, self._pairs))])
            left -= self._pairs

    def _another_fits(self) -> bool:
        return self._seconds + self._longest_block_s <= self.budget_s

    def _take_block(self) -> None:
        half = self._pairs // 2
        first_us, second_us = self._rounds_us(self._order.sample([True, False] * half, 2 * half))
        self._block_ratios.append(
            middle_ratio([second / first for first, second in zip(first_us, second_us, strict=True)])
        )
        self._times_us[0].extend(first_us)
        self._times_us[1].extend(second_us)

    def _rounds_us(self, first_leads: Sequence[bool]) -> tuple[list[float], list[float]]:
        """Times per call of a pair of rounds for each of ``first_leads``, which says whether the first call leads."""
        leading = [0 if first else 1 for first in first_leads]
        turns = [turn for leader in leading for turn in (leader, 1 - leader)]
        if self._clock is Clock.HOST:
            rounds_us = [self._runners[turn].issued_round(self._calls).host_us for turn in turns]
        else:
            rounds_us = self._device_rounds_us(turns)
        if not is_clock_sound(rounds_us):
            bad = sum(not is_clock_sound((round_us,)) for round_us in rounds_us)
            raise MeasurementError(
                f"{bad} of {len(rounds_us)} rounds took no time that can be compared: the clock stood still or went "
                "back. A call that does nothing cannot be compared"
            )
        times_us: tuple[list[float], list[float]] = ([], [])
        for turn, round_us in zip(turns, rounds_us, strict=True):
            times_us[turn].append(per_call_us(round_us, self._calls))
        return times_us

    def _device_rounds_us(self, turns: Sequence[int]) -> list[float]:
        collect_young()
        self._device.lead_in()
        intervals = [self._runners[turn].enqueued_round(self._calls) for turn in turns]
        self._device.synchronize()
        return [interval.elapsed_us() for interval in intervals]
