from __future__ import annotations

import random
from collections.abc import Callable

from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.report.json_report import ReportedCase
from pytest_ascendperf.report.wording import (
    BAD_NEWS_FIRST,
    aligned,
    bad_news_first,
    counted,
    printable,
    status_word,
)


def test_every_status_has_its_place_and_its_word() -> None:
    assert sorted(BAD_NEWS_FIRST, key=list(Status).index) == list(Status)
    assert [status_word(status) for status in Status] == [
        "PASS",
        "REGRESSED",
        "IMPROVED",
        "INCONCLUSIVE",
        "PROVISIONAL",
        "NO BASELINE",
        "NOT COMPARABLE",
        "INVALID",
    ]


def test_counts_agree_with_their_noun() -> None:
    assert [counted(number, "case") for number in (0, 1, 2, 1200)] == ["0 cases", "1 case", "2 cases", "1,200 cases"]
    assert counted(5, "fresh process") == "5 fresh processes"


def test_text_that_would_break_a_line_or_steer_a_terminal_is_spelled_out() -> None:
    assert printable("a\nb\r\x1b[31m\t\u2028") == "a\\nb\\r\\x1b[31m\\t\\u2028"
    assert printable("µs × 模型 → é") == "µs × 模型 → é"
    assert printable("\udc80") == "\\udc80"


def test_bad_news_comes_first_whatever_the_order(every_status: list[ReportedCase]) -> None:
    verdicts = [case.verdict for case in every_status]
    for seed in range(10):
        shuffled = random.Random(seed).sample(verdicts, len(verdicts))
        assert [verdict.status for verdict in bad_news_first(shuffled)] == list(BAD_NEWS_FIRST)


def test_the_slowest_regression_leads_and_the_rest_keeps_the_order_of_the_run(
    judged: Callable[..., ReportedCase],
) -> None:
    cases = [
        judged(12.6, "a.py::late"),
        judged(15.0, "a.py::slow", fresh_us=[15.0] * 5),
        judged(12.4, "a.py::early"),
        judged(30.0, "a.py::slower", fresh_us=[30.0] * 5),
    ]
    ordered = bad_news_first(case.verdict for case in cases)
    assert [verdict.case.test for verdict in ordered] == ["slower", "slow", "late", "early"]


def test_columns_are_flush_right_and_numbers_stay_as_they_are() -> None:
    assert aligned([["now", "x"], ["1.500", "-"], ["10e3", "007"]]) == ["  now    x", "1.500    -", " 10e3  007"]
