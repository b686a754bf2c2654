"""One half of a duet, and both halves taking turns, on scripted clocks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import islice, pairwise

import pytest

from measure.conftest import Work
from measure.queued_device import QueuedDevice
from pytest_ascendperf.devices.scripted import ScriptedDevice
from pytest_ascendperf.errors import MeasurementError
from pytest_ascendperf.measure.call import HOST_BOUND
from pytest_ascendperf.measure.duet import Ready, RoundOrder, measure_in_duet
from pytest_ascendperf.measure.pairing import (
    BLOCK_PAIRS,
    MIN_PAIRS,
    Pairs,
    balanced_orders,
    calls_per_round,
    lead_in_calls,
    play,
    play_alone,
)
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.conditions import Conditions, HostConditions
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.protocol import SamplingPlan


class Script:
    """A conductor with a list of rounds to order, the first ``lead_in`` of which do not count."""

    def __init__(self, *calls: int, clock: Clock = Clock.DEVICE, lead_in: int = 0) -> None:
        self._orders = [
            RoundOrder(calls=number, clock=clock, counts=index >= lead_in) for index, number in enumerate(calls)
        ]
        self.heard: list[Ready] = []
        self.answers_us: list[float] = []

    def ready(self, ready: Ready) -> None:
        self.heard.append(ready)

    def next_order(self) -> RoundOrder | None:
        return self._orders.pop(0) if self._orders else None

    def answer(self, round_us: float) -> None:
        self.answers_us.append(round_us)


def ready(call_us: float, *, host_bound: bool = False) -> Ready:
    return Ready(call_us=call_us, timer_resolution_us=1e-6, host_bound=host_bound, refusals=())


class Scripted:
    """A side whose calls take ``call_us(n)`` µs in its nth round that counts, and which notes when it had its turn.

    Calls that do not count take twice as long, which no result may show.
    """

    def __init__(self, name: str, turns: list[str], call_us: Callable[[int], float] | float) -> None:
        self._name = name
        self._turns = turns
        self._call_us = call_us if callable(call_us) else lambda number: call_us
        self.rounds = 0
        self.lead_in_calls: list[int] = []
        self.spent_us = 0.0
        self.clocks: set[Clock] = set()

    def round_us(self, calls: int, clock: Clock, *, counts: bool) -> float:
        self._turns.append(self._name if counts else f"{self._name} leads in")
        self.clocks.add(clock)
        round_us = self._call_us(self.rounds) * calls
        if counts:
            self.rounds += 1
        else:
            self.lead_in_calls.append(calls)
            round_us *= 2.0
        self.spent_us += round_us
        return round_us


def counted(turns: list[str]) -> list[str]:
    return [turn for turn in turns if not turn.endswith("leads in")]


def test_a_half_runs_the_rounds_that_are_ordered_and_no_others(
    device: ScriptedDevice, make_work: Callable[..., Work], make_plan: Callable[..., SamplingPlan], case: CaseId
) -> None:
    work = make_work(10.7)
    script = Script(3, 3, 3)
    result, measurement = measure_in_duet(device, make_plan(warmup=5), case, work, script)
    assert result == 0
    assert work.calls == 5 + 9
    assert script.answers_us == [pytest.approx(32.1)] * 3
    (heard,) = script.heard
    assert heard.call_us == pytest.approx(10.7)
    assert not heard.host_bound
    assert measurement.session is not None
    assert (measurement.session.median_us, measurement.session.rounds) == (10.7, 3)
    assert (measurement.session.calls_per_round, measurement.session.warmup_calls) == (3, 5)
    assert measurement.invalid == ()


def test_rounds_that_do_not_count_are_answered_and_not_kept(
    device: ScriptedDevice, make_work: Callable[..., Work], make_plan: Callable[..., SamplingPlan], case: CaseId
) -> None:
    work = make_work(lambda number: 30.0 if number < 8 else 10.0)
    script = Script(3, 3, 3, lead_in=1)
    _, measurement = measure_in_duet(device, make_plan(warmup=5), case, work, script)
    assert script.answers_us == [pytest.approx(90.0), pytest.approx(30.0), pytest.approx(30.0)]
    assert measurement.session is not None
    assert measurement.session.samples_us == (10.0, 10.0)


def test_a_half_does_not_wait_for_full_speed_since_what_slows_it_slows_the_other_one(
    device: ScriptedDevice,
    make_work: Callable[..., Work],
    make_plan: Callable[..., SamplingPlan],
    case: CaseId,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits_s: list[float] = []
    monkeypatch.setattr(device, "wait_for_full_speed", limits_s.append)
    measure_in_duet(device, make_plan(warmup=1, max_wait_s=2.0), case, make_work(10.0), Script(1, 1, 1))
    assert limits_s == []


def test_a_half_without_rounds_has_no_session(
    device: ScriptedDevice, make_work: Callable[..., Work], make_plan: Callable[..., SamplingPlan], case: CaseId
) -> None:
    _, measurement = measure_in_duet(device, make_plan(warmup=1), case, make_work(10.0), Script())
    assert measurement.session is None
    assert measurement.invalid == ("No round was asked for.",)


def test_a_clock_that_goes_back_in_a_round_is_invalid(
    device: ScriptedDevice, make_work: Callable[..., Work], make_plan: Callable[..., SamplingPlan], case: CaseId
) -> None:
    work = make_work(lambda number: -1e6 if number == 3 else 10.0)
    script = Script(1, 1, 1)
    _, measurement = measure_in_duet(device, make_plan(warmup=1), case, work, script)
    assert script.answers_us == [10.0, 10.0, -1e6]
    assert measurement.session is None
    assert measurement.invalid == ("The clock stood still or went backwards in a round.",)


def test_what_the_machine_says_is_told_and_spoils_no_half(
    device: ScriptedDevice, make_work: Callable[..., Work], make_plan: Callable[..., SamplingPlan], case: CaseId
) -> None:
    """Both halves were measured under it."""
    device.conditions = [Conditions(host=HostConditions(steal_share=0.5, limited_share=0.5))]
    _, measurement = measure_in_duet(device, make_plan(warmup=1), case, make_work(10.0), Script(1, 1, 1))
    assert measurement.invalid == ()
    assert [note.split()[0] for note in measurement.notes] == ["Other", "A"]
    assert measurement.session is not None
    assert measurement.session.conditions == device.conditions[0]


def test_an_exception_of_the_call_comes_through(
    device: ScriptedDevice, make_plan: Callable[..., SamplingPlan], case: CaseId
) -> None:
    calls = []

    def call() -> None:
        calls.append(1)
        device.spend(1.0)
        if len(calls) == 4:
            raise ValueError("of the fourth call")

    with pytest.raises(ValueError, match="of the fourth call"):
        measure_in_duet(device, make_plan(warmup=2), case, call, Script(1, 1, 1))

    async def later() -> None:
        """A call that only makes a coroutine."""

    with pytest.raises(MeasurementError, match="coroutine"):
        measure_in_duet(device, make_plan(), case, later, Script(1))


@pytest.mark.parametrize(("host_us", "bound"), [(50.0, True), (2.0, False)])
def test_a_half_tells_which_clock_is_its_own_and_runs_on_the_one_that_is_ordered(
    make_plan: Callable[..., SamplingPlan], case: CaseId, host_us: float, bound: bool
) -> None:
    device = QueuedDevice()
    script = Script(20, 20, clock=Clock.HOST if bound else Clock.DEVICE)
    call = partial(device.launch, host_us=host_us, kernel_us=10.0)
    _, measurement = measure_in_duet(device, make_plan(), case, call, script)
    assert [each.host_bound for each in script.heard] == [bound]
    assert script.answers_us == [pytest.approx(1000.0 if bound else 200.0)] * 2
    assert measurement.session is not None
    assert measurement.session.median_us == (50.0 if bound else 10.0)
    assert measurement.session.clock is (Clock.HOST if bound else Clock.DEVICE)
    assert (HOST_BOUND in measurement.notes) is bound


def test_a_device_that_refuses_runs_no_round(make_plan: Callable[..., SamplingPlan], case: CaseId) -> None:
    device = QueuedDevice(refusals=("A debugger waits for every kernel.",))
    script = Script(20)
    _, measurement = measure_in_duet(
        device, make_plan(), case, partial(device.launch, host_us=1.0, kernel_us=1.0), script
    )
    assert script.heard[0].refusals == ("A debugger waits for every kernel.",)
    assert math.isnan(script.answers_us[0])
    assert measurement.session is None
    assert measurement.invalid == ("A debugger waits for every kernel.",)


def test_sides_take_turns_in_balanced_blocks(make_plan: Callable[..., SamplingPlan]) -> None:
    turns: list[str] = []
    base, head = Scripted("base", turns, 10.0), Scripted("head", turns, 10.7)
    pairs = play(base, head, ready(10.0), ready(10.7), make_plan(rounds=40, budget_s=9.0), "seed")
    assert pairs.base_us == (10.0,) * 40
    assert pairs.head_us == (10.7,) * 40
    assert pairs.problem is None
    assert base.clocks == head.clocks == {Clock.DEVICE}
    turns = counted(turns)
    firsts = turns[::2]
    assert all(set(turns[index : index + 2]) == {"base", "head"} for index in range(0, len(turns), 2))
    for start in range(0, 40, BLOCK_PAIRS):
        assert Counter(firsts[start : start + BLOCK_PAIRS]) == {"base": 2, "head": 2}
    assert len({tuple(firsts[start : start + BLOCK_PAIRS]) for start in range(0, 40, BLOCK_PAIRS)}) > 1


def test_a_turn_after_the_other_sides_begins_with_calls_that_do_not_count(
    make_plan: Callable[..., SamplingPlan],
) -> None:
    turns: list[str] = []
    base, head = Scripted("base", turns, 100.0), Scripted("head", turns, 100.0)
    found = play(base, head, ready(100.0), ready(100.0), make_plan(rounds=40, budget_s=9.0), "seed")
    assert found.base_us == found.head_us == (100.0,) * 40
    order = counted(turns)
    expected = []
    for before, side in pairwise(["nobody", *order]):
        expected += [side] if side == before else [f"{side} leads in", side]
    assert turns == expected
    assert len(turns) < 4 * 40  # somewhere a side had two rounds in one turn
    assert set(base.lead_in_calls) == set(head.lead_in_calls) == {100}  # 10 ms


@pytest.mark.parametrize(
    ("base_us", "head_us", "changes", "clock", "calls"),
    [
        (100.0, 100.0, {}, Clock.DEVICE, 100),
        (80.0, 100.0, {}, Clock.DEVICE, 100),
        (7_000.0, 7_000.0, {}, Clock.DEVICE, 1),
        (7_000.0, 7_000.0, {}, Clock.HOST, 2),
        (19_000.0, 19_000.0, {}, Clock.DEVICE, 1),
        (21_000.0, 21_000.0, {}, Clock.DEVICE, 0),
        (21_000.0, 21_000.0, {}, Clock.HOST, 0),
        (1e-6, 1e-6, {}, Clock.DEVICE, 65_536),
        (100.0, 100.0, {"cold": True}, Clock.DEVICE, 0),
    ],
)
def test_calls_that_do_not_count_take_ten_milliseconds_on_the_slower_side(
    make_plan: Callable[..., SamplingPlan],
    base_us: float,
    head_us: float,
    changes: dict[str, object],
    clock: Clock,
    calls: int,
) -> None:
    assert lead_in_calls(ready(base_us), ready(head_us), make_plan(**changes), clock) == calls


def test_calls_that_need_no_others_before_them_have_none(make_plan: Callable[..., SamplingPlan]) -> None:
    turns: list[str] = []
    base, head = Scripted("base", turns, 30_000.0), Scripted("head", turns, 30_000.0)
    play(base, head, ready(30_000.0), ready(30_000.0), make_plan(rounds=4), "seed")
    assert Counter(turns) == {"base": 4, "head": 4}


def test_orders_are_those_of_their_seed() -> None:
    def first(seed: str) -> list[bool]:
        return list(islice(balanced_orders(seed), 64))

    assert first("test_x 0") == first("test_x 0")
    assert first("test_x 0") != first("test_x 1")


def test_both_sides_make_as_many_calls_and_the_faster_sides_rounds_are_long_enough(
    make_plan: Callable[..., SamplingPlan],
) -> None:
    plan = make_plan()
    assert calls_per_round(ready(10.0), ready(12.5), plan, Clock.DEVICE) == 500
    assert calls_per_round(ready(12.5), ready(10.0), plan, Clock.DEVICE) == 500
    assert calls_per_round(ready(10.0), ready(1_000.0), plan, Clock.DEVICE) == 20  # 20 ms are 2 % of the budget
    assert calls_per_round(ready(6_000.0), ready(9_000.0), plan, Clock.DEVICE) == 1
    assert calls_per_round(ready(1e7), ready(1e7), plan, Clock.HOST) == 2
    assert calls_per_round(ready(1e-6), ready(1e-6), plan, Clock.DEVICE) == 65_536
    assert calls_per_round(ready(10.0), ready(10.0), make_plan(cold=True), Clock.DEVICE) == 1


@pytest.mark.parametrize(
    ("changes", "rounds"), [({}, MIN_PAIRS), ({"budget_s": 0.2}, 8), ({"rounds": 3}, 4), ({"rounds": 9}, 12)]
)
def test_rounds_end_by_precision_budget_or_number(
    make_plan: Callable[..., SamplingPlan], changes: dict[str, object], rounds: int
) -> None:
    turns: list[str] = []
    base, head = Scripted("base", turns, 100.0), Scripted("head", turns, 100.0)
    pairs = play(base, head, ready(100.0), ready(100.0), make_plan(**changes), "seed")
    assert len(pairs.base_us) == len(pairs.head_us) == rounds


def test_noise_lengthens_a_session_to_its_budget(make_plan: Callable[..., SamplingPlan]) -> None:
    turns: list[str] = []
    base = Scripted("base", turns, 100.0)
    head = Scripted("head", turns, lambda number: 100.0 * (1.0 + 0.3 * math.sin(number * 2.4)))
    pairs = play(base, head, ready(100.0), ready(100.0), make_plan(), "seed")
    assert len(pairs.base_us) > MIN_PAIRS
    longest_block_us = BLOCK_PAIRS * 2 * 1.3 * (5_000.0 + 2.0 * 10_000.0)
    assert 1e6 <= base.spent_us + head.spent_us < 1e6 + longest_block_us


def test_a_clock_that_stands_still_leads_no_turns_in_without_end(make_plan: Callable[..., SamplingPlan]) -> None:
    turns: list[str] = []
    base, head = Scripted("base", turns, 0.0), Scripted("head", turns, 0.0)
    pairs = play(base, head, ready(1e-6), ready(1e-6), make_plan(), "seed")
    assert len(counted(turns)) == 2 * BLOCK_PAIRS
    assert pairs.problem is not None


@pytest.mark.parametrize("bad", [0.0, -5.0, math.nan])
def test_a_broken_clock_ends_the_session_and_is_told(make_plan: Callable[..., SamplingPlan], bad: float) -> None:
    turns: list[str] = []
    base = Scripted("base", turns, 100.0)
    head = Scripted("head", turns, lambda number: bad if number == 5 else 100.0)
    pairs = play(base, head, ready(100.0), ready(100.0), make_plan(), "seed")
    assert len(pairs.base_us) == 2 * BLOCK_PAIRS
    assert pairs.problem == "The clock stood still or went backwards in 1 of the 8 rounds of head."


def test_where_the_device_waits_for_the_host_on_either_side_the_hosts_time_is_compared(
    make_plan: Callable[..., SamplingPlan],
) -> None:
    turns: list[str] = []
    base, head = Scripted("base", turns, 100.0), Scripted("head", turns, 100.0)
    pairs = play(base, head, ready(100.0, host_bound=True), ready(100.0), make_plan(), "seed")
    assert pairs.clock is Clock.HOST
    assert base.clocks == head.clocks == {Clock.HOST}


def test_head_alone_runs_a_few_rounds(make_plan: Callable[..., SamplingPlan]) -> None:
    turns: list[str] = []
    play_alone(Scripted("head", turns, 100.0), ready(100.0), make_plan())
    assert turns == ["head"] * (2 * BLOCK_PAIRS)


def test_a_session_without_problems_has_none() -> None:
    assert Pairs(base_us=(1.0,), head_us=(1.0,), calls_per_round=1, clock=Clock.DEVICE).problem is None
