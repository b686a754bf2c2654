from __future__ import annotations

from dataclasses import replace

from gates.plan import Settings, blocks_of
from gates.records import Step

SETTINGS = Settings(
    gates=("stored", "against"),
    scenarios=("quiet", "loaded"),
    slowdowns=(0, 5, 10),
    unchanged_blocks=4,
    slowed_blocks=2,
    copies=1,
    side_s=1.0,
    tolerance_percent=2,
    seed=1,
)
STORED = frozenset({"stored"})


def test_every_block_holds_each_step_once() -> None:
    block = blocks_of(SETTINGS, STORED)[0]
    expected = {(gate, d) for gate in SETTINGS.gates for d in (0, 5, 10)} | {("stored", None)}
    assert {(step.gate, step.slowdown) for step in block.steps} == expected
    assert len(block.steps) == len(expected)


def test_bases_come_before_all_decisions() -> None:
    for block in blocks_of(SETTINGS, frozenset(SETTINGS.gates)):
        kinds = [step.slowdown is None for step in block.steps]
        assert kinds == sorted(kinds, reverse=True)


def test_slowed_heads_are_only_in_the_first_blocks() -> None:
    slowdowns = {
        number: {
            step.slowdown for block in blocks_of(SETTINGS, STORED) if block.number == number for step in block.steps
        }
        for number in range(4)
    }
    assert slowdowns == {0: {None, 0, 5, 10}, 1: {None, 0, 5, 10}, 2: {None, 0}, 3: {None, 0}}


def test_order_differs_between_blocks_and_not_between_runs() -> None:
    orders = [[(s.gate, s.slowdown) for s in block.steps] for block in blocks_of(SETTINGS, STORED)[:4]]
    assert len({tuple(order) for order in orders}) > 1
    assert blocks_of(SETTINGS, STORED) == blocks_of(SETTINGS, STORED)


def test_more_blocks_leave_the_earlier_ones_as_they_were() -> None:
    more = replace(SETTINGS, unchanged_blocks=9)
    assert blocks_of(more, STORED)[: 2 * 4] == blocks_of(SETTINGS, STORED)


def test_a_block_that_is_done_has_nothing_left() -> None:
    block = blocks_of(SETTINGS, STORED)[0]
    assert block.remaining(frozenset(block.steps)) == []


def test_a_base_is_collected_again_only_where_decisions_of_its_gate_are_missing() -> None:
    block = blocks_of(SETTINGS, STORED)[0]
    done = frozenset(step for step in block.steps if (step.gate, step.slowdown) != ("stored", 10))
    base = Step(gate="stored", scenario=block.scenario, block=0, slowdown=None)
    assert block.remaining(done) == [base, replace(base, slowdown=10)]
    without_against = frozenset(step for step in block.steps if (step.gate, step.slowdown) != ("against", 10))
    assert block.remaining(without_against) == [replace(base, gate="against", slowdown=10)]
