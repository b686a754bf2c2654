"""What verdicts cost, and what a budget left out, in every report."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from pytest_ascendperf.judge.out_of_budget import cut_short, left_out
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.cost import Cost
from pytest_ascendperf.model.verdict import Status, Verdict
from pytest_ascendperf.report.cost import cost_dict, cost_words
from pytest_ascendperf.report.failure import failure_text
from pytest_ascendperf.report.json_report import ReportedCase
from pytest_ascendperf.report.junit import junit_properties
from pytest_ascendperf.report.next_step import CommandLine, next_step
from pytest_ascendperf.report.selected_tests import SelectedTests
from pytest_ascendperf.report.terminal import result_table, summary_line

COST = Cost(session_s=1.25, kernels_s=0.5, fresh_s=11.0, fresh_processes=2)
LEFT_OUT = left_out(
    CaseId(module="tests/a.py", test="test_late"), tolerance=0.05, budget_s=1200.0, reached="143 of 200 tests"
)
TESTS = SelectedTests(selected=2, judged=2, accepted=0, skipped=0, failed_before_judging=0, unmeasured=0)


@pytest.fixture
def measured(judged: Callable[..., ReportedCase]) -> Verdict:
    return replace(judged(12.5).verdict, cost=COST)


@pytest.mark.parametrize(
    ("cost", "beside_base", "words"),
    [
        (Cost(session_s=1.25), False, "1.2 s: 1.2 s here"),
        (COST, False, "12.8 s: 1.2 s here, 0.5 s for its kernels, 11.0 s in 2 fresh processes"),
        (Cost(session_s=3.0, kernels_s=0.01), False, "3.0 s: 3.0 s here"),
        (
            Cost(session_s=3.0, fresh_s=70.0, fresh_processes=1),
            True,
            "1 min 13 s: 3.0 s in the first pair of processes, 1 min 10 s in 1 further pair",
        ),
    ],
)
def test_seconds_say_where_they_went(cost: Cost, beside_base: bool, words: str) -> None:
    assert cost_words(cost, beside_base=beside_base) == words


def test_the_summary_has_the_sum_and_counts_what_had_no_time(measured: Verdict) -> None:
    cut = cut_short(measured, budget_s=1200.0, tests_left=57)
    assert summary_line([measured, measured], TESTS) == "2 measured: 2 pass; took 25.5 s"
    assert summary_line([cut, LEFT_OUT], TESTS) == (
        "1 measured: 1 pass; 1 case not measured, as the budget was spent (inconclusive); "
        "1 case cut short by the budget; took 12.8 s"
    )
    assert summary_line([LEFT_OUT], TESTS) == (
        "nothing was measured; 1 case not measured, as the budget was spent (inconclusive)"
    )


def test_the_table_has_a_column_for_it_where_it_is_asked_for(measured: Verdict) -> None:
    heading, first, second, _ = result_table([LEFT_OUT, measured], with_cost=True)
    assert heading.split()[-2:] == ["took", "test"]
    assert first.split()[-2:] == ["-", "tests/a.py::test_late"]
    assert second.split()[-3:-1] == ["12.8", "s"]
    assert "took" not in result_table([measured])[0]


def test_a_failure_says_it_only_where_something_was_measured(measured: Verdict) -> None:
    assert "  measured in    12.8 s: 1.2 s here, 0.5 s for its kernels" in failure_text(measured, CommandLine())
    text = failure_text(LEFT_OUT, CommandLine())
    assert text.startswith("latency inconclusive: Not measured: the budget of 20 min was spent after 143 of 200 tests.")
    assert "measured in" not in text


def test_a_case_that_was_cut_short_keeps_its_status_and_says_why(measured: Verdict) -> None:
    cut = cut_short(measured, budget_s=90.0, tests_left=1)
    assert cut.status is Status.PASS
    assert cut.reason.endswith(
        "The budget of 1 min 30 s left no time for more sessions; 1 more test had to be reached."
    )
    assert (cut.was_cut_short, cut.was_left_out) == (True, False)
    assert (LEFT_OUT.was_cut_short, LEFT_OUT.was_left_out) == (False, True)
    last = cut_short(measured, budget_s=90.0, tests_left=0)
    assert last.reason.endswith("left no time for more sessions.")


def test_the_next_step_after_a_spent_budget_is_a_larger_one(measured: Verdict) -> None:
    assert next_step([LEFT_OUT], CommandLine()).startswith("Give a larger --ascendperf-budget, or run fewer tests: ")
    undecided = replace(measured, status=Status.INCONCLUSIVE)
    assert next_step([LEFT_OUT, undecided], CommandLine()).startswith("Let fresh processes decide: ")
    measured_again = replace(undecided, confirm=undecided.screen)
    cut = cut_short(undecided, budget_s=90.0, tests_left=1)
    assert next_step([LEFT_OUT, cut, measured_again], CommandLine()).startswith("Run it again")


def test_numbers_for_programs(measured: Verdict) -> None:
    assert ("ascendperf.measured_s", 12.75) in junit_properties([measured])
    cut = cut_short(measured, budget_s=90.0, tests_left=1)
    assert cost_dict([measured, cut, LEFT_OUT], budget_s=90.0) == {
        "measured_s": 25.5,
        "budget_s": 90.0,
        "left_out": 1,
        "cut_short": 1,
    }
    for verdict in (measured, cut, LEFT_OUT):
        assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict


def test_a_process_for_several_cases_counts_for_each_and_its_time_once() -> None:
    cases = [Cost(session_s=1.0).with_fresh_process(6.0, shared_by=3) for _ in range(3)]
    assert [case.fresh_processes for case in cases] == [1, 1, 1]
    assert sum(case.total_s for case in cases) == 9.0
