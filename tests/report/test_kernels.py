"""What ran, in every text: failure, explanations, summary line, JUnit, next command, table of updates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from judge.kernel_values import counted, kind, table
from pytest_ascendperf.model.attribution import Attribution, KernelChange
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.finding import Finding, FindingKind
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.report.explanations import explanations
from pytest_ascendperf.report.failure import failure_text, headline
from pytest_ascendperf.report.json_report import ReportedCase
from pytest_ascendperf.report.junit import junit_properties
from pytest_ascendperf.report.kernels import attribution_lines, blamed, finding_headline, finding_lines, signed_time
from pytest_ascendperf.report.next_step import CommandLine, next_step
from pytest_ascendperf.report.selected_tests import SelectedTests
from pytest_ascendperf.report.terminal import summary_line
from pytest_ascendperf.report.updates import RecordedCase, update_table

COMMAND_LINE = CommandLine()
LOST = "fusion lost: 1 FlashAttentionScore became 2 BatchMatMulV3, 1 SoftmaxV2 per call (attention)"


def change(name: str, base_us: float, head_us: float, *, base: int = 1, head: int = 1) -> KernelChange:
    return KernelChange(type=name, base_count=base, head_count=head, base_us=base_us, head_us=head_us, noise_us=None)


def test_a_lost_fusion_is_the_headline_with_its_evidence_below(ran_otherwise: dict[str, ReportedCase]) -> None:
    lines = failure_text(ran_otherwise["as fast"].verdict, COMMAND_LINE).splitlines()
    assert lines[0] == LOST
    assert lines[-8:] == [
        "  baseline       12.50 µs from 9 sessions in baselines/scripted/scripted-1/tests/test_ffn.json",
        f"  {LOST}",
        "    type                 core            count  time            share of kernel time",
        "    FlashAttentionScore  AI_CORE         1 → 0  8.00 µs → 0 µs  66.7 % → 0.00 %",
        "    BatchMatMulV3        AI_CORE         0 → 2  0 µs → 20.0 µs  0.00 % → 54.4 %",
        "    SoftmaxV2            AI_VECTOR_CORE  0 → 1  0 µs → 9.50 µs  0.00 % → 25.9 %",
        "    A mask of another type than the fused kernel takes loses it.",
        "If what runs now is meant, accept it: pytest tests/test_ffn.py::test_lost --ascendperf-update-baselines",
    ]


def test_a_case_that_is_slower_too_says_both_and_which_kernels_it_comes_from(
    ran_otherwise: dict[str, ReportedCase],
) -> None:
    lines = failure_text(ran_otherwise["slower"].verdict, COMMAND_LINE).splitlines()
    assert lines[0] == (
        "latency 37.50 µs > 13.125 µs (baseline 12.50 µs + 5 %): 3.00 × the baseline, confirmed in 5 fresh processes; "
        f"{LOST}"
    )
    assert lines[-7:] == [
        "  kernels to blame  per call, before → now",
        "    + BatchMatMulV3        0 → 2     0 µs → 20.0 µs  +20.0 µs  80.0 % of the change",
        "    + SoftmaxV2            0 → 1     0 µs → 9.50 µs  +9.50 µs  38.0 % of the change",
        "    - FlashAttentionScore  1 → 0     8.00 µs → 0 µs  -8.00 µs",
        "      MatMulV3             1 → 1  4.00 µs → 7.25 µs  +3.25 µs  13.0 % of the change",
        "  not accounted for: +250 ns; all kernels of one call take 12.0 µs → 36.8 µs",
        "If the slower time and what runs now are meant, accept them: "
        "pytest tests/test_ffn.py::test_both --ascendperf-update-baselines=anchor",
    ]


def test_a_case_whose_time_is_invalid_says_so_below_the_headline(ran_otherwise: dict[str, ReportedCase]) -> None:
    first, second, *_ = failure_text(ran_otherwise["broken"].verdict, COMMAND_LINE).splitlines()
    assert first == f"decode: {LOST}"
    assert second == "  by its times  INVALID: Not judged. The clock stood still."


def test_what_the_test_asks_for_is_not_to_be_accepted(ran_otherwise: dict[str, ReportedCase]) -> None:
    verdict = ran_otherwise["demanded"].verdict
    assert headline(verdict) == "not fused: rope"
    settled = "What the test asks for no baseline settles: change the code or the test's marker."
    assert next_step([verdict], COMMAND_LINE) == settled
    both = replace(verdict, findings=(*verdict.findings, *ran_otherwise["as fast"].verdict.findings))
    assert next_step([both], COMMAND_LINE).startswith(f"{settled} If what runs now is meant, accept it: pytest ")
    slower = replace(ran_otherwise["slower"].verdict, findings=verdict.findings)
    assert next_step([slower], COMMAND_LINE).startswith(f"{settled} If the slower time is meant, accept it: pytest ")


def test_several_findings_are_counted_in_the_headline_and_told_below(ran_otherwise: dict[str, ReportedCase]) -> None:
    verdict = ran_otherwise["as fast"].verdict
    harmless = Finding(kind=FindingKind.KERNELS_REMOVED, summary="gone", details=(), fails=False)
    more = replace(verdict, findings=(*verdict.findings, *verdict.findings, harmless))
    assert finding_headline(more) == f"{LOST} (and 1 more finding)"
    assert finding_lines(more.findings)[-1] == "  gone"


def test_a_name_with_a_line_break_stays_on_its_line() -> None:
    finding = Finding(kind=FindingKind.FUSED, summary="a\nb", details=("c\nd",), fails=True)
    assert finding_lines((finding,)) == ["  a\\nb", "    c\\nd"]


def test_what_does_not_fail_is_explained_with_the_command_that_accepts_it(
    ran_otherwise: dict[str, ReportedCase],
) -> None:
    lines = explanations([case.verdict for case in ran_otherwise.values()], COMMAND_LINE)
    assert lines == [
        "Ran otherwise than in the baseline, which does not fail:",
        "  tests/test_ffn.py::test_fewer: kernels removed: 1 SoftmaxV2, 1 MatMulV3 per call; the baseline is stale",
        "  Accept what runs now, so that a change of it is seen: "
        "pytest tests/test_ffn.py::test_fewer --ascendperf-update-baselines",
    ]


def test_the_last_line_tells_slower_cases_from_those_that_ran_otherwise(
    ran_otherwise: dict[str, ReportedCase],
) -> None:
    tests = SelectedTests(selected=5, judged=5, accepted=0, skipped=0, failed_before_judging=0, unmeasured=0)
    verdicts = [case.verdict for case in ran_otherwise.values()]
    assert summary_line(verdicts, tests) == "5 measured: 1 pass, 4 regressed (3 by kernels alone)"
    assert summary_line([ran_otherwise["slower"].verdict], tests) == "1 measured: 1 regressed"


def test_junit_holds_the_findings_and_the_kernels_to_blame(ran_otherwise: dict[str, ReportedCase]) -> None:
    properties = dict(junit_properties([ran_otherwise["slower"].verdict]))
    assert properties["ascendperf.findings"] == LOST
    assert properties["ascendperf.blame"] == (
        "BatchMatMulV3 +20.0 µs, SoftmaxV2 +9.50 µs, FlashAttentionScore -8.00 µs, MatMulV3 +3.25 µs"
    )
    assert "ascendperf.blame" not in dict(junit_properties([ran_otherwise["as fast"].verdict]))


@pytest.mark.parametrize(
    ("head_us", "lines"),
    [
        (
            101.0,
            [
                "  The kernels take as long as before (all kernels of one call take 100 µs → 101 µs): "
                "the time is between them, in the host or in launch gaps."
            ],
        ),
        (110.0, ["  No single type of kernel stands out: all kernels of one call take 100 µs → 110 µs."]),
    ],
)
def test_where_no_kernel_is_to_blame_the_text_says_where_the_time_is(head_us: float, lines: list[str]) -> None:
    found = Attribution(changes=(), base_us=100.0, head_us=head_us, case_change_us=20.0)
    assert attribution_lines(found) == lines
    assert blamed(found) == ""


def test_many_changes_are_counted_and_the_rest_is_of_all_of_them() -> None:
    found = Attribution(
        changes=tuple(change(f"Type{number}", 1.0, 3.0) for number in range(12)),
        base_us=12.0,
        head_us=36.0,
        case_change_us=30.0,
    )
    lines = attribution_lines(found)
    assert len(lines) == 13
    assert lines[-2:] == [
        "    and 2 smaller changes",
        "  not accounted for: +6.00 µs; all kernels of one call take 12.0 µs → 36.0 µs",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0 µs"), (5.21, "+5.21 µs"), (-0.5, "-500 ns"), (1600.0, "+1.60 ms")]
)
def test_differences_of_time_carry_their_sign(value: float, text: str) -> None:
    assert signed_time(value) == text


def test_an_update_tells_how_many_kernels_a_call_runs_and_which_changed(
    baseline_of: Callable[..., Baseline],
) -> None:
    def recorded(test: str, old: KernelTable | str | None, new: KernelTable | None) -> RecordedCase:
        made = baseline_of((12.5,) * 2, f"tests/test_ffn.py::{test}")
        return RecordedCase(
            case=made.case,
            path="b.json",
            old=None if old is None else replace(made, kernels=None if isinstance(old, str) else old),
            new=replace(made, kernels=new),
            tolerance=0.05,
            sessions_asked=2,
        )

    one, two = counted({"Add": 1}), counted({"Add": 1, "Mul": 2})
    lines = update_table(
        [
            recorded("test_new", None, one),
            recorded("test_same", one, one),
            recorded("test_more", one, two),
            recorded("test_other", two, table(kind("Add"), kind("Axpy"))),
            recorded("test_first", "none", one),
            recorded("test_bare", "none", None),
            recorded("test_untyped", two, replace(one, has_types=False)),
        ],
        COMMAND_LINE,
        kept=0,
        not_recorded=[],
    )
    assert lines[:11] == [
        "     old       new  change  sessions  spread   kernels  test",
        "       -  12.50 µs     new         2  0.00 %         1  tests/test_ffn.py::test_new",
        "12.50 µs  12.50 µs  0.00 %     2 → 2  0.00 %         1  tests/test_ffn.py::test_same",
        "12.50 µs  12.50 µs  0.00 %     2 → 2  0.00 %     1 → 3  tests/test_ffn.py::test_more",
        "12.50 µs  12.50 µs  0.00 %     2 → 2  0.00 %     3 → 2  tests/test_ffn.py::test_other",
        "12.50 µs  12.50 µs  0.00 %     2 → 2  0.00 %  none → 1  tests/test_ffn.py::test_first",
        "12.50 µs  12.50 µs  0.00 %     2 → 2  0.00 %         -  tests/test_ffn.py::test_bare",
        "12.50 µs  12.50 µs  0.00 %     2 → 2  0.00 %     3 → 1  tests/test_ffn.py::test_untyped",
        "Kernels per call that changed:",
        "  tests/test_ffn.py::test_more: 2 Mul new",
        "  tests/test_ffn.py::test_other: 2 Mul became 1 Axpy",
    ]
