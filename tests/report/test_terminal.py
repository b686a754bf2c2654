from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.report.json_report import ReportedCase
from pytest_ascendperf.report.selected_tests import SelectedTests
from pytest_ascendperf.report.terminal import result_table, summary_line
from pytest_ascendperf.report.wording import BAD_NEWS_FIRST, status_word
from pytest_ascendperf.units import format_share

LONG_ID = "tests/models/test_llama.py::TestBlock::test_layer[" + "bf16-" * 30 + "end]"


def selection(
    selected: int, *, judged: int = 0, skipped: int = 0, failed: int = 0, unmeasured: int = 0
) -> SelectedTests:
    return SelectedTests(
        selected=selected,
        judged=judged,
        accepted=0,
        skipped=skipped,
        failed_before_judging=failed,
        unmeasured=unmeasured,
    )


def test_no_verdict_no_table() -> None:
    assert result_table([]) == []


def test_the_table_of_every_status(every_status: list[ReportedCase]) -> None:
    verdicts = [case.verdict for case in every_status]
    heading, *rows, legend = result_table(verdicts)
    detectable = verdicts[1].detectable_change
    assert detectable is not None
    assert heading.split("  ")[0] == "verdict"
    assert [row[:14].rstrip() for row in rows] == [status_word(status) for status in BAD_NEWS_FIRST]
    assert heading.endswith("now  baseline   change       90 % interval  limit  detectable  test")
    assert rows[0] == (
        f"REGRESSED           37.41 µs  12.50 µs   2.99 ×    2.98 × to 3.00 ×    5 %  {format_share(detectable):>10}  "
        "tests/test_ffn.py::test_slow[fp16]"
    )
    assert rows[5] == (
        "NO BASELINE      2.345678 ms         -        -                   -    5 %           -  "
        "tests/test_ffn.py::test_new"
    )
    assert legend == "detectable: the smallest slowdown that is caught 4 times in 5."


def test_columns_stay_aligned_whatever_the_ids(judged: Callable[..., ReportedCase]) -> None:
    ids = ["tests/a.py::t", LONG_ID, "tests/模型.py::test_层[é]"]
    lines = result_table([judged(12.5, nodeid).verdict for nodeid in ids])
    start = lines[0].index("test")
    assert [line[start:] for line in lines[1:-1]] == ids


@pytest.mark.parametrize("width", [80, 120, 160, None])
def test_ids_are_printed_in_full_at_every_width(judged: Callable[..., ReportedCase], width: int | None) -> None:
    ids = [LONG_ID, *(f"tests/test_ffn.py::test_step[{number}]" for number in range(39))]
    lines = result_table([judged(12.5, nodeid).verdict for nodeid in ids], width=width)
    for nodeid in ids:
        (line,) = [line for line in lines if line.endswith(nodeid)]
        assert line.startswith("PASS")


def test_a_narrow_table_keeps_the_verdict_beside_the_id_and_the_numbers_below(
    every_status: list[ReportedCase],
) -> None:
    lines = result_table([case.verdict for case in every_status], width=80)
    assert lines[:3] == [
        "verdict         test",
        "             now  baseline   change       90 % interval  limit  detectable",
        "REGRESSED       tests/test_ffn.py::test_slow[fp16]",
    ]
    assert lines[3].startswith("        37.41 µs  12.50 µs   2.99 ×    2.98 × to 3.00 ×    5 %  ")
    assert len(lines[3]) == len(lines[1])
    assert max(map(len, lines)) <= 80


def test_a_table_that_fits_is_not_folded(every_status: list[ReportedCase]) -> None:
    verdicts = [case.verdict for case in every_status]
    unfolded = result_table(verdicts)
    widest = max(map(len, unfolded))
    assert result_table(verdicts, width=widest) == unfolded
    assert len(result_table(verdicts, width=widest - 1)) == 2 * len(unfolded) - 1


def test_a_name_with_a_line_break_stays_in_its_row(judged: Callable[..., ReportedCase]) -> None:
    lines = result_table([judged(12.5, case="a\nb").verdict])
    assert lines[1].endswith("tests/test_ffn.py::test_step (a\\nb)")


def test_the_count_of_a_run(every_status: list[ReportedCase]) -> None:
    verdicts = [case.verdict for case in every_status]
    assert summary_line(verdicts, selection(8, judged=8)) == (
        "8 measured: 1 pass, 1 regressed, 1 invalid, 1 not comparable, 1 inconclusive, 1 provisional, 1 no baseline, "
        "1 improved"
    )


def test_tests_that_were_not_measured_are_counted_too(judged: Callable[..., ReportedCase]) -> None:
    verdicts = [judged(12.5, "a.py::x", case=name).verdict for name in ("one", "two")]
    assert {verdict.status for verdict in verdicts} == {Status.PASS}
    tests = selection(9, judged=1, skipped=2, failed=1, unmeasured=1)
    assert summary_line(verdicts, tests) == (
        "2 measured: 2 pass; 2 tests skipped; 1 test failed before judging; 1 test ran without measuring; "
        "4 tests not reached"
    )


@pytest.mark.parametrize(
    ("tests", "line"),
    [
        (selection(0), "nothing was measured: no marked test was selected"),
        (selection(3, skipped=3), "nothing was measured: of 3 marked tests, 3 skipped"),
        (
            selection(4, skipped=2, failed=1),
            "nothing was judged: of 4 marked tests, 2 skipped, 1 failed before judging, 1 not reached",
        ),
        (selection(1, unmeasured=1), "nothing was measured: of 1 marked test, 1 ran without measuring"),
    ],
)
def test_a_run_that_measured_nothing_says_why(tests: SelectedTests, line: str) -> None:
    assert summary_line([], tests) == line


def test_a_time_on_the_hosts_clock_says_so(judged: Callable[..., ReportedCase]) -> None:
    verdict = replace(judged(12.5).verdict, clock=Clock.HOST)
    _, row, _ = result_table([verdict])
    assert row.startswith("PASS     12.50 µs host  12.50 µs")


def test_slow_drift_is_named_in_the_table_and_counted(
    drifted: ReportedCase, every_status: list[ReportedCase], ran_otherwise: dict[str, ReportedCase]
) -> None:
    lines = result_table([drifted.verdict, every_status[0].verdict])
    assert lines[1].split()[:7] == ["REGRESSED", "(drift)", "13.275", "µs", "12.50", "µs", "+6.2"]
    assert lines[2].startswith("PASS ")
    assert lines[-2:] == [
        "detectable: the smallest slowdown that is caught 4 times in 5.",
        "drift: slower than the anchor, an older accepted time, which then stands where the baseline does.",
    ]
    verdicts = [drifted.verdict, every_status[1].verdict, ran_otherwise["as fast"].verdict]
    assert summary_line(verdicts, selection(3, judged=3)) == (
        "3 measured: 3 regressed (1 by slow drift, 1 by kernels alone)"
    )
