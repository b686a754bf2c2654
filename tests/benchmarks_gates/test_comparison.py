from __future__ import annotations

import pytest

from benchmarks_gates.builders import decision, record, run_of, step
from gates.comparison import AGAINST, ALL_WORKS, DEFAULT_PEER, STORED, bars, better_peers, printed
from gates.records import TIMES_ALONE, Record
from gates.scoring import scores

BY_TIME = f"rule{TIMES_ALONE}"


def verdicts(records: list[Record]) -> dict[str, str]:
    return {bar.what: bar.verdict for bar in bars(scores(records), records)}


def unchanged(gate: str, flagged: int, of: int) -> list[Record]:
    flags = [number < flagged for number in range(of)]
    return [run_of(flags[start::75], gate=gate, block=start) for start in range(75)]


def test_few_decisions_do_not_meet_a_bar() -> None:
    assert verdicts([run_of([False] * 8, gate=AGAINST)])["false alarms"] == "not shown"


def test_enough_decisions_meet_the_bar_or_miss_it() -> None:
    assert verdicts(unchanged(AGAINST, 1, 600))["false alarms"] == "met"
    assert verdicts(unchanged(AGAINST, 7, 600))["false alarms"] == "missed"
    assert verdicts(unchanged(STORED, 7, 600))["false alarms"] == "missed"
    assert verdicts(unchanged(STORED, 7, 600))["red suites of 50 unchanged tests"] == "missed"


def test_few_decisions_can_miss_a_bar() -> None:
    assert verdicts([run_of([True] * 8, gate=AGAINST)])["false alarms"] == "missed"


def test_found_slowdowns_are_held_to_their_bars() -> None:
    def found(of: int) -> dict[str, str]:
        records = [run_of([False], gate=AGAINST)]
        records += [run_of([n % 10 > 0 for n in range(of)], gate=AGAINST, slowdown=d) for d in (5, 10)]
        return verdicts(records)

    assert found(200)["5 % slowdowns found"] == "met"
    assert found(200)["10 % slowdowns found"] == "missed"
    assert found(20)["5 % slowdowns found"] == "not shown"


def test_cost_is_held_to_five_default_runs_of_both_revisions() -> None:
    def with_seconds(seconds: float) -> list[Record]:
        return [
            record(step(DEFAULT_PEER, slowdown=None), seconds=1.0),
            record(step(DEFAULT_PEER), [decision(False)], seconds=1.0),
            record(step(AGAINST), [decision(False)], seconds=seconds),
        ]

    assert verdicts(with_seconds(10.0))["seconds for a test's decision"] == "met"
    assert verdicts(with_seconds(10.1))["seconds for a test's decision"] == "missed"


def test_a_cost_that_is_not_known_yet_is_held_to_nothing() -> None:
    what = "seconds for a test's decision"
    decided = record(step(AGAINST), [decision(False)], seconds=10.0)
    slowed = record(step(DEFAULT_PEER, slowdown=5), [decision(False)], seconds=1.0)
    assert what not in verdicts([decided, slowed])
    assert what not in verdicts([decided])
    assert what not in verdicts([run_of([False], gate=DEFAULT_PEER), run_of([True], gate=AGAINST, slowdown=5)])


def stored_runs(detectable: float, *, exact: bool = False) -> list[Record]:
    """Slowdowns of 10 % and more are found, so that the detectable one lies between 5 and 10 %; or all, if exactly."""
    return [
        record(
            step(STORED, slowdown=d, block=block),
            [
                decision(d > 0 and (exact or d >= 10), test="sort-0", detectable=detectable),
                decision(d >= 10, test="sort-0", rule=BY_TIME, detectable=detectable),
            ],
        )
        for block in range(20)
        for d in (0, 5, 10, 20)
    ]


def test_printed_detectable_change_is_compared_in_units_of_itself() -> None:
    lines = printed(stored_runs(0.07), "quiet")
    assert [line.work for line in lines] == [ALL_WORKS, "sort"]
    for line in lines:
        assert line.printed_percent == pytest.approx(7.0)
        assert 7.0 / 10.0 < line.ratio < 7.0 / 5.0


def test_every_decision_counts_by_what_was_printed_of_it() -> None:
    """One base spreads three times as much as the other, and says so: both are right."""
    records = [
        record(step(STORED, slowdown=d, block=block), [decision(d > p, rule=BY_TIME, detectable=p / 100)])
        for block, p in enumerate([3.0, 9.0] * 20)
        for d in (0, 2, 4, 6, 8, 10, 12)
    ]
    (line, _) = printed(records, "quiet")
    assert line.ratio == pytest.approx(1.0, abs=0.15)


def test_what_counting_operators_finds_is_no_matter_of_time() -> None:
    assert printed(stored_runs(0.07, exact=True), "quiet") == printed(stored_runs(0.07), "quiet")


def test_printed_detectable_change_is_held_to_its_bar() -> None:
    what = "printed detectable change over the measured one, times alone"
    assert verdicts(stored_runs(0.07))[what] == "met"
    assert verdicts(stored_runs(0.15))[what] == "missed"
    assert verdicts([run_of([False], gate=STORED)])[what] == "not shown"


def test_what_is_found_by_time_alone_is_a_bar_of_its_own() -> None:
    def runs(slowdown: int) -> Record:
        decisions = [decision(True), decision(False, rule=BY_TIME)]
        return record(step(AGAINST, slowdown=slowdown), decisions if slowdown else [decision(False, rule=BY_TIME)])

    found = verdicts([run_of([False], gate=AGAINST), runs(0), runs(5)])
    assert found["5 % slowdowns found"] == "not shown"
    assert found["5 % slowdowns found, times alone"] == "missed"


def test_every_axis_on_which_a_peer_is_better_is_named() -> None:
    records = [
        record(step(AGAINST), [decision(True), decision(False, status="inconclusive")], seconds=20.0),
        run_of([False, False], gate="peer"),
        run_of([True, False], gate=AGAINST, slowdown=5),
        run_of([False, False], gate="peer", slowdown=5),
    ]
    lines = better_peers(scores(records), AGAINST, "quiet")
    assert [line.partition(":")[0] for line in lines] == [
        "False alarms",
        "Undecided",
        "Seconds for a decision",
        "Seconds for base and decision",
    ]
    assert "peer (rule) 0.0%" in lines[0]


def test_a_peer_is_named_once_for_an_axis_with_its_best_rule() -> None:
    records = [
        run_of([True] * 4, gate=AGAINST),
        record(
            step("peer"),
            [decision(n < hits, test=f"{n}", rule=rule) for rule, hits in (("a", 2), ("b", 1)) for n in range(4)],
        ),
    ]
    assert better_peers(scores(records), AGAINST, "quiet")[0] == "False alarms: 100.0% here. Better: peer (b) 25.0%."


def test_the_projects_own_other_mode_is_no_peer() -> None:
    records = [run_of([True], gate=AGAINST), run_of([False], gate=STORED)]
    assert better_peers(scores(records), AGAINST, "quiet") == []
