"""Two calls in turns: exact ratios, balanced order, the budget, and what a call may do wrong."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import pytest

from measure.conftest import Work
from measure.queued_device import QueuedDevice
from pytest_ascendperf.devices.scripted import ScriptedDevice
from pytest_ascendperf.errors import MeasurementError
from pytest_ascendperf.judge.comparison import FEWEST_BLOCKS, RatioEstimate
from pytest_ascendperf.measure.comparison import HOST_BOUND, NOT_SETTLED, PairedRounds, lead_in_pairs
from pytest_ascendperf.model.comparison import ComparedCalls
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.protocol import SamplingPlan


def never(estimate: RatioEstimate) -> bool:
    return False


def at_once(estimate: RatioEstimate) -> bool:
    return True


def values(rounds: PairedRounds) -> ComparedCalls:
    return rounds.compared(nodeid="test_x.py::test_x", names=("a", "b"), claims=())


@pytest.fixture
def make_rounds(device: ScriptedDevice, make_plan: Callable[..., SamplingPlan]) -> Callable[..., PairedRounds]:
    """Makes warmed-up rounds of two calls on the scripted device."""

    def make(
        first: Callable[[], object], second: Callable[[], object], *, budget_s: float = 5.0, **plan: object
    ) -> PairedRounds:
        rounds = PairedRounds(device, make_plan(**plan), first, second, budget_s=budget_s)
        rounds.warm_up()
        return rounds

    return make


@pytest.mark.parametrize(
    ("first_us", "second_us", "ratio"),
    [(10.0, 12.0, 1.2), (12.0, 10.0, 10.0 / 12.0), (12.345678, 12.345678, 1.0), (0.1, 300.0, 3000.0)],
)
def test_the_ratio_is_the_scripted_one_to_the_last_digit(
    make_rounds: Callable[..., PairedRounds],
    make_work: Callable[..., Work],
    first_us: float,
    second_us: float,
    ratio: float,
) -> None:
    rounds = make_rounds(make_work(first_us), make_work(second_us))
    rounds.sample(rounds.first_look_is_enough)
    value = values(rounds)
    assert (value.ratio, value.low, value.high) == (ratio, ratio, ratio)
    assert (value.first_us, value.second_us) == (first_us, second_us)
    assert value.blocks == FEWEST_BLOCKS, "without noise the first interval is narrow enough"
    assert value.clock is Clock.DEVICE
    assert value.notes == ()


def test_each_block_is_balanced_and_its_order_is_drawn(
    device: ScriptedDevice, make_rounds: Callable[..., PairedRounds]
) -> None:
    order: list[str] = []

    def call(name: str) -> Callable[[], None]:
        def run() -> None:
            order.append(name)
            device.spend(1000.0)

        return run

    rounds = make_rounds(call("a"), call("b"))
    order.clear()
    rounds.sample(rounds.first_look_is_enough)
    pairs = ["".join(order[index : index + 2]) for index in range(0, len(order), 2)]
    uncounted = pairs[: lead_in_pairs(2000.0)]
    assert Counter(uncounted) == {"ab": 25, "ba": 25}
    pairs = pairs[len(uncounted) :]
    assert set(pairs) == {"ab", "ba"}
    size = len(pairs) // FEWEST_BLOCKS
    blocks = [tuple(pairs[index : index + size]) for index in range(0, len(pairs), size)]
    assert [block.count("ab") for block in blocks] == [size // 2] * FEWEST_BLOCKS
    assert len(set(blocks)) > 3, "the order differs from block to block"
    assert values(rounds).rounds == len(pairs)
    assert sum(len(block) for block in blocks) * 2 * 1000.0 == pytest.approx(FEWEST_BLOCKS * size * 2000.0)


def test_a_block_lasts_ten_milliseconds_and_holds_two_pairs_at_least(
    make_rounds: Callable[..., PairedRounds], make_work: Callable[..., Work]
) -> None:
    sizes = {}
    for call_us in (100.0, 1_000.0, 100_000.0):
        rounds = make_rounds(make_work(call_us), make_work(call_us), budget_s=100.0)
        rounds.sample(at_once)
        sizes[call_us] = values(rounds).rounds
    assert sizes == {100.0: 500, 1_000.0: 50, 100_000.0: 2}, "the budget of 100 s asks for blocks of 0.1 s"


def test_both_calls_make_as_many_calls_per_round_as_the_faster_one_needs(
    make_rounds: Callable[..., PairedRounds], make_work: Callable[..., Work]
) -> None:
    rounds = make_rounds(make_work(1.0), make_work(3.0))
    rounds.sample(at_once)
    assert values(rounds).calls_per_round == 20
    rounds = make_rounds(make_work(1.0), make_work(10_000.0))
    rounds.sample(at_once)
    assert values(rounds).calls_per_round == 2, "the slower one affords no more"


def test_the_budget_ends_the_rounds_and_a_later_question_gets_no_more(
    device: ScriptedDevice, make_rounds: Callable[..., PairedRounds], make_work: Callable[..., Work]
) -> None:
    first = make_work(40_000.0)
    rounds = make_rounds(first, make_work(60_000.0), budget_s=1.0)
    begun_s = device.host_time_s()
    rounds.sample(never)
    assert values(rounds).blocks == 4, "of 0.2 s each, after a pair of 0.1 s"
    assert rounds.seconds == pytest.approx(0.9)
    assert device.host_time_s() - begun_s == pytest.approx(0.9)
    calls = first.calls
    rounds.sample(never)
    assert first.calls == calls


def test_one_block_is_taken_whatever_it_takes(
    make_rounds: Callable[..., PairedRounds], make_work: Callable[..., Work]
) -> None:
    rounds = make_rounds(make_work(9e6), make_work(9e6), budget_s=1.0)
    rounds.sample(never)
    value = values(rounds)
    assert (value.blocks, value.rounds, value.ratio, value.low, value.high) == (1, 2, 1.0, None, None)


def test_rounds_that_are_there_answer_without_further_calls(
    make_rounds: Callable[..., PairedRounds], make_work: Callable[..., Work]
) -> None:
    first = make_work(1000.0)
    rounds = make_rounds(first, make_work(1200.0))
    rounds.sample(rounds.first_look_is_enough)
    calls, blocks = first.calls, values(rounds).blocks
    rounds.sample(at_once)
    assert (first.calls, values(rounds).blocks) == (calls, blocks)
    rounds.sample(lambda estimate: values(rounds).blocks == blocks + 3)
    assert values(rounds).blocks == blocks + 3


def test_the_first_look_ends_at_its_share_of_the_budget_where_the_noise_is_large(
    make_rounds: Callable[..., PairedRounds], make_work: Callable[..., Work]
) -> None:
    noise = random.Random(7)
    rounds = make_rounds(make_work(lambda n: 1000.0 * noise.lognormvariate(0.0, 0.5)), make_work(1500.0))
    rounds.sample(rounds.first_look_is_enough)
    value = values(rounds)
    assert value.low is not None
    assert value.high is not None
    assert value.high / value.low > 1.02**2
    assert 1.0 <= rounds.seconds < 1.1


def test_a_warm_up_that_does_not_settle_is_noted_and_each_call_has_half_of_its_time(
    device: ScriptedDevice, make_rounds: Callable[..., PairedRounds], make_work: Callable[..., Work]
) -> None:
    rounds = make_rounds(make_work(lambda n: 1000.0 + n), make_work(lambda n: 1000.0 + n), max_warmup_s=0.2)
    assert device.host_time_s() == pytest.approx(0.2, abs=0.003)
    rounds.sample(at_once)
    assert values(rounds).notes == (NOT_SETTLED,)


def test_a_drift_that_meets_both_alike_leaves_the_ratio(
    device: ScriptedDevice, make_rounds: Callable[..., PairedRounds]
) -> None:
    def call(us: float) -> Callable[[], None]:
        return lambda: device.spend(us * (1.0 + device.host_time_s()))

    rounds = make_rounds(call(1000.0), call(1100.0), budget_s=1.0, max_warmup_s=0.2)
    rounds.sample(never)
    assert values(rounds).ratio == pytest.approx(1.1, rel=1e-4)


def launching(device: QueuedDevice, *, host_us: float, kernel_us: float) -> Callable[[], None]:
    return lambda: device.launch(host_us=host_us, kernel_us=kernel_us)


def test_an_accelerator_is_timed_on_its_own_clock(make_plan: Callable[..., SamplingPlan]) -> None:
    device = QueuedDevice()
    first = launching(device, host_us=5.0, kernel_us=400.0)
    second = launching(device, host_us=5.0, kernel_us=500.0)
    rounds = PairedRounds(device, make_plan(), first, second, budget_s=5.0)
    rounds.warm_up()
    rounds.sample(rounds.first_look_is_enough)
    value = values(rounds)
    assert (value.clock, value.first_us, value.second_us, value.ratio) == (Clock.DEVICE, 400.0, 500.0, 1.25)
    assert value.notes == ()
    assert device.raised == 1


def test_where_either_is_bound_by_the_host_both_are_timed_on_it(make_plan: Callable[..., SamplingPlan]) -> None:
    device = QueuedDevice()
    first = launching(device, host_us=5.0, kernel_us=400.0)
    second = launching(device, host_us=100.0, kernel_us=10.0)
    for calls, ratio in (((first, second), 20.0), ((second, first), 0.05)):
        rounds = PairedRounds(device, make_plan(), *calls, budget_s=5.0)
        rounds.warm_up()
        rounds.sample(rounds.first_look_is_enough)
        value = values(rounds)
        assert (value.clock, value.notes) == (Clock.HOST, (HOST_BOUND,))
        assert value.ratio == pytest.approx(ratio)


def test_cold_caches_are_flushed_before_every_round(make_plan: Callable[..., SamplingPlan]) -> None:
    device = QueuedDevice()
    calls: list[None] = []

    def call() -> None:
        calls.append(None)
        device.launch(host_us=5.0, kernel_us=400.0)

    rounds = PairedRounds(device, make_plan(cold=True), call, call, budget_s=5.0)
    rounds.warm_up()
    rounds.sample(rounds.first_look_is_enough)
    assert values(rounds).calls_per_round == 1
    assert device.flushes == len(calls)


def test_what_a_process_is_not_allowed_to_measure_is_not_compared(make_plan: Callable[..., SamplingPlan]) -> None:
    device = QueuedDevice(refusals=("A debugger is attached.",))
    call = launching(device, host_us=5.0, kernel_us=400.0)
    rounds = PairedRounds(device, make_plan(), call, call, budget_s=5.0)
    with pytest.raises(MeasurementError, match="A debugger is attached"):
        rounds.warm_up()


async def deferred() -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize("position", [0, 1])
def test_a_call_that_only_makes_a_coroutine_is_refused(
    make_rounds: Callable[..., PairedRounds], make_work: Callable[..., Work], position: int
) -> None:
    calls = [make_work(10.0), make_work(10.0)]
    calls[position] = deferred  # type: ignore[call-overload]  # the misuse that is refused
    with pytest.raises(MeasurementError, match="only makes a coroutine"):
        make_rounds(*calls)


def test_a_clock_that_stands_still_compares_nothing(
    make_rounds: Callable[..., PairedRounds], make_work: Callable[..., Work]
) -> None:
    rounds = make_rounds(make_work(0.0), make_work(10.0))
    with pytest.raises(MeasurementError, match=r"500 of 1000 rounds took no time that can be compared"):
        rounds.sample(at_once)


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("at_call", [0, 5, 3000])
def test_what_a_call_raises_comes_through(
    make_rounds: Callable[..., PairedRounds], make_work: Callable[..., Work], position: int, at_call: int
) -> None:
    """In the first call, the warm-up, and the rounds."""

    def duration_us(number: int) -> float:
        if number == at_call:
            raise ZeroDivisionError("as asked")
        return 10.0

    calls = [make_work(10.0), make_work(10.0)]
    calls[position] = make_work(duration_us)

    def measure() -> None:
        make_rounds(*calls, max_warmup_s=0.02).sample(never)

    with pytest.raises(ZeroDivisionError, match="as asked"):
        measure()
