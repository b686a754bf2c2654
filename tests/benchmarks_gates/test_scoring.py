from __future__ import annotations

import math

import pytest

from benchmarks_gates.builders import decision, record, run_of, step
from gates.scoring import detectable_percent, operating_points, outcomes_of, scores, share, suite_red


def test_share_has_the_exact_interval_of_independent_decisions() -> None:
    """0 of 600 leaves 1 - .025^(1/600) possible."""
    none = share([[False] * 8] * 75)
    assert none.value == 0.0
    assert none.low == 0.0
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 600))


def test_share_of_blocks_that_agree_within_is_less_certain_than_independent_decisions_would_be() -> None:
    blocks = [[True] * 8] * 5 + [[False] * 8] * 15
    agreeing = share(blocks)
    assert agreeing.value == 0.25
    assert agreeing.cluster_high - agreeing.cluster_low > 1.5 * (agreeing.high - agreeing.low)


def test_share_of_blocks_that_are_alike_has_no_spread_between_blocks() -> None:
    alike = share([[True, False, False, False]] * 20)
    assert alike.cluster_low == alike.cluster_high == 0.25


def test_suites_are_drawn_from_whole_blocks() -> None:
    """One red block in ten colours 1 - .9^7 of suites of seven blocks; single draws would colour nearly all."""
    blocks = [[True] * 8] + [[False] * 8] * 9
    assert suite_red(blocks) == pytest.approx(1 - 0.9**7, abs=0.03)


def test_suites_hold_fifty_tests_and_no_more() -> None:
    """Of blocks of 60 tests only the first 50 are in the suite."""
    assert suite_red([[False] * 50 + [True] * 10]) == 0.0
    assert suite_red([[False] * 49 + [True] + [False] * 10]) == 1.0


def test_detectable_slowdown_is_where_the_logistic_curve_reaches_four_fifths() -> None:
    def found(d: int) -> float:
        return 1 / (1 + math.exp(-(-4.0 + 1.0 * d)))

    counts = {d: (round(10_000 * found(d)), 10_000) for d in (0, 1, 2, 3, 5, 10, 20)}
    assert detectable_percent(counts) == pytest.approx(4.0 + math.log(4.0), rel=0.01)


def test_detectable_slowdown_of_a_clean_step_lies_within_the_step() -> None:
    counts = {0: (0, 100), 3: (0, 100), 5: (100, 100), 10: (100, 100)}
    found = detectable_percent(counts)
    assert found is not None
    assert 3.0 < found < 5.0


@pytest.mark.parametrize(
    "counts",
    [
        {0: (0, 100), 5: (3, 100), 10: (5, 100), 20: (20, 100)},
        {0: (40, 100), 5: (40, 100), 10: (40, 100)},
        {0: (90, 100), 5: (95, 100), 10: (99, 100)},
        {0: (0, 100), 10: (100, 100)},
    ],
    ids=["never reached", "flat", "exceeded by unchanged code", "two points"],
)
def test_no_detectable_slowdown_is_invented(counts: dict[int, tuple[int, int]]) -> None:
    assert detectable_percent(counts) is None


def test_outcomes_leave_out_collections_failed_steps_and_other_rules() -> None:
    records = [
        record(step(slowdown=None)),
        record(step(slowdown=0), problem="it crashed"),
        record(step(slowdown=0, block=1), [decision(True), decision(False, rule="other")]),
    ]
    assert outcomes_of(records, "rule") == {0: [[True]]}


def test_scores_by_gate_rule_and_scenario() -> None:
    records = [
        record(step("a", slowdown=None), seconds=40.0),
        run_of([False, True], gate="a"),
        run_of([True, True], gate="a", slowdown=5),
        record(step("a", slowdown=10), problem="it crashed"),
        run_of([False, False], gate="b"),
    ]
    first, second = scores(records)
    assert (first.gate, second.gate) == ("a", "b")
    assert first.found[0].value == 0.5
    assert first.found[5].value == 1.0
    assert first.base_s == 40.0
    assert first.decision_s == first.slowed_s == 4.0
    assert first.failures == 1
    assert (second.base_s, second.failures) == (0.0, 0)


def test_only_the_gates_own_words_for_undecided_count_as_undecided() -> None:
    statuses = ["pass", "inconclusive", "not flagged", "invalid"]
    score = scores([record(step(), [decision(False, status=status) for status in statuses])])[0]
    assert score.undecided == 0.5


def test_operating_points_sweep_every_threshold() -> None:
    records = [
        record(step(slowdown=0), [decision(False, score=0.00), decision(False, score=0.04)]),
        record(step(slowdown=5), [decision(False, score=0.03), decision(False, score=0.06)]),
        record(step(slowdown=10), [decision(False, score=9.0)]),
    ]
    points = [(p.threshold, p.false_alarms, p.found) for p in operating_points(records, "rule", 5)]
    assert points == [
        (0.06, 0.0, 0.0),
        (0.04, 0.0, 0.5),
        (0.03, 0.5, 0.5),
        (0.00, 0.5, 1.0),
        (-math.inf, 1.0, 1.0),
    ]


def test_a_rule_without_a_score_has_no_curve() -> None:
    assert operating_points([run_of([True]), run_of([True], slowdown=5)], "rule", 5) == []
