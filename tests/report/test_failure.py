from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pytest_ascendperf.model.host_change import HostChange
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.report.failure import failure_message, failure_text, headline
from pytest_ascendperf.report.json_report import ReportedCase
from pytest_ascendperf.report.next_step import CommandLine
from pytest_ascendperf.units import format_share

COMMAND_LINE = CommandLine()


def test_the_text_of_a_regression(judged: Callable[..., ReportedCase]) -> None:
    verdict = judged(
        37.52,
        "tests/test_ffn.py::test_step[fp16]",
        base_us=(12.5,) * 10,
        fresh_us=(37.4, 37.41, 37.41, 37.41, 37.42),
        base_kernel="5.15",
        notes=("a note",),
    ).verdict
    assert verdict.status is Status.REGRESSED
    assert verdict.detectable_change is not None
    assert failure_text(verdict, COMMAND_LINE).splitlines() == [
        "latency 37.41 µs > 13.125 µs (baseline 12.50 µs + 5 %): 2.99 × the baseline, confirmed in 5 fresh processes",
        "  this run         median 37.52 µs, 3.00 × the baseline",
        "  fresh processes  mean 37.41 µs of 5 sessions, 2.99 × the baseline",
        "  90 % interval    2.99 × to 3.00 ×",
        "  p                below 0.0001: the chance of measuring this if the code were just 5 % slower",
        "  spread           sessions differ by 0.01 % (standard deviation)",
        f"  detectable       a slowdown of {format_share(verdict.detectable_change)} is caught 4 times in 5",
        "  baseline         12.50 µs from 10 sessions in baselines/scripted/scripted-1/tests/test_ffn.json",
        "  changed          kernel 5.15 → 6.8",
        "  note             a note",
        "If the slower time is meant, accept it: "
        "pytest 'tests/test_ffn.py::test_step[fp16]' --ascendperf-update-baselines=anchor",
    ]


def test_a_small_regression_is_told_in_per_cent(judged: Callable[..., ReportedCase]) -> None:
    verdict = judged(14.0, base_us=(12.5,) * 5, fresh_us=(14.0,) * 5).verdict
    assert headline(verdict) == (
        "latency 14.00 µs > 13.125 µs (baseline 12.50 µs + 5 %): 12.0 % slower, confirmed in 5 fresh processes"
    )


@pytest.mark.parametrize(
    ("host", "words", "part"),
    [
        pytest.param(HostChange(core=0.04, memory=0.02), "the core itself 4.0 % slower", "core", id="a slower core"),
        pytest.param(HostChange(core=0.02, memory=0.04), "up to 4.0 % by slower memory", "memory", id="slower memory"),
    ],
)
def test_a_limit_that_the_host_raised_is_told_with_its_reason(
    judged: Callable[..., ReportedCase], host: HostChange, words: str, part: str
) -> None:
    verdict = judged(14.0, base_us=(12.5,) * 5, fresh_us=(14.0,) * 5).verdict
    assert verdict.confirm is not None
    verdict = replace(verdict, confirm=replace(verdict.confirm, host=host))
    first, *lines = failure_text(verdict, COMMAND_LINE).splitlines()
    assert first == (
        f"latency 14.00 µs > 13.650 µs (baseline 12.50 µs + 5 %, {words}): 12.0 % slower, "
        "confirmed in 5 fresh processes"
    )
    meaning = f"the chance of measuring this if the code were just 5 %, and its {part} 4.0 %, slower"
    assert any(line.startswith("  p ") and line.endswith(meaning) for line in lines)


def test_a_faster_core_moves_no_limit_of_a_slowdown_and_is_not_told(judged: Callable[..., ReportedCase]) -> None:
    verdict = judged(14.0, base_us=(12.5,) * 5, fresh_us=(14.0,) * 5).verdict
    assert verdict.confirm is not None
    faster = replace(verdict, confirm=replace(verdict.confirm, host=HostChange(core=-0.04)))
    assert failure_text(faster, COMMAND_LINE) == failure_text(verdict, COMMAND_LINE)


def test_the_rank_p_value_is_told_where_there_is_one(judged: Callable[..., ReportedCase]) -> None:
    verdict = judged(14.0, base_us=(12.5,) * 19, fresh_us=(14.0,) * 5).verdict
    assert verdict.decisive is not None
    assert verdict.decisive.rank_p_value is not None
    assert "  p by rank        below 0.0001: the same without" in failure_text(verdict, COMMAND_LINE)


def test_every_other_status_gives_its_reason_and_the_next_command(every_status: list[ReportedCase]) -> None:
    for case in every_status:
        verdict = case.verdict
        if verdict.status in {Status.REGRESSED, Status.PASS}:
            continue
        first, *_, last = failure_text(verdict, COMMAND_LINE).splitlines()
        assert first.endswith(f"{verdict.status.name.lower().replace('_', ' ')}: {verdict.reason}")
        assert ": pytest " in last
        assert verdict.baseline_path is not None
        assert verdict.baseline_path in failure_text(verdict, COMMAND_LINE)


def test_what_forbids_the_comparison_is_told(judged: Callable[..., ReportedCase]) -> None:
    text = failure_text(judged(12.5, base_threads="4").verdict, COMMAND_LINE)
    assert "\n  not the same  threads 4 → 8\n" in text


def test_a_run_without_a_store_says_that_there_is_no_file(judged: Callable[..., ReportedCase]) -> None:
    text = failure_text(judged(12.5, base_us=None, path=None).verdict, COMMAND_LINE)
    assert "\n  baseline  no file\n" in text


def test_one_failing_case_is_the_whole_message(every_status: list[ReportedCase]) -> None:
    for case in every_status:
        assert failure_message([case.verdict], COMMAND_LINE) == failure_text(case.verdict, COMMAND_LINE)


def test_several_failing_cases_are_told_worst_first(judged: Callable[..., ReportedCase]) -> None:
    verdicts = [
        judged(12.5, case="new", base_us=None).verdict,
        judged(14.0, case="decode", base_us=(12.5,) * 5, fresh_us=(14.0,) * 5).verdict,
        judged(25.0, case="prefill", base_us=(12.5,) * 5, fresh_us=(25.0,) * 5).verdict,
    ]
    message = failure_message(verdicts, COMMAND_LINE)
    assert message.splitlines()[0] == (
        "prefill: latency 25.00 µs > 13.125 µs (baseline 12.50 µs + 5 %): 2.00 × the baseline, "
        "confirmed in 5 fresh processes; 2 more cases below"
    )
    blocks = message.split("\n\n")
    assert blocks[1:] == [failure_text(verdict, COMMAND_LINE) for verdict in (verdicts[1], verdicts[0])]
    assert blocks[0].splitlines()[1:] == failure_text(verdicts[2], COMMAND_LINE).splitlines()[1:]


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J"])
def test_the_first_line_holds_it_all_whatever_the_name(judged: Callable[..., ReportedCase], name: str) -> None:
    first = failure_text(judged(14.0, case=name, fresh_us=(14.0,) * 5).verdict, COMMAND_LINE).splitlines()[0]
    assert first.isprintable()
    assert " > 13.125 µs (baseline " in first


def test_a_regression_on_the_hosts_clock_says_so(judged: Callable[..., ReportedCase]) -> None:
    verdict = replace(judged(37.5, case="decode", fresh_us=(37.4, 37.4)).verdict, clock=Clock.HOST)
    assert headline(verdict).startswith("decode: host time 37.40 µs > ")


def test_slow_drift_is_told_against_the_anchor_with_its_day_and_revision(drifted: ReportedCase) -> None:
    verdict = drifted.verdict
    assert verdict.detectable_change is not None
    assert failure_text(verdict, COMMAND_LINE).splitlines() == [
        "latency 13.275 µs > 13.125 µs (anchor 12.50 µs + 5 %): 6.2 % slower by slow drift since 2025-01-31, "
        "1a2b3c4d5e6f, confirmed in 5 fresh processes",
        "  this run         median 13.28 µs, +6.2 % against the anchor",
        "  fresh processes  mean 13.275 µs of 5 sessions, +6.2 % against the anchor",
        "  90 % interval    +6.0 % to +6.5 %",
        "  p                below 0.0001: the chance of measuring this if the code were just 5 % slower",
        "  spread           sessions differ by 0.00 % (standard deviation)",
        f"  detectable       a slowdown of {format_share(verdict.detectable_change)} is caught 4 times in 5",
        "  anchor           12.50 µs from 5 sessions of 2025-01-31, 1a2b3c4d5e6f",
        "  baseline         13.07 µs from 5 sessions in baselines/scripted/scripted-1/tests/test_ffn.json, +1.6 % now",
        "If the slower time is meant, accept it: "
        "pytest tests/test_ffn.py::test_crept --ascendperf-update-baselines=anchor",
    ]


def test_a_regression_that_is_further_from_its_anchor_is_told_against_its_baseline(
    judged: Callable[..., ReportedCase],
) -> None:
    verdict = judged(37.5, base_us=(13.07,) * 5, anchor_us=(12.5,) * 5, fresh_us=(37.5,) * 5).verdict
    text = failure_text(verdict, COMMAND_LINE)
    assert text.startswith("latency 37.50 µs > 13.724 µs (baseline 13.07 µs + 5 %): 2.87 × the baseline, confirmed in")
    assert "anchor" not in text.replace("--ascendperf-update-baselines=anchor", "")
