from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_ascendperf.model.baseline import Baseline, NotRecorded
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.report.next_step import CommandLine
from pytest_ascendperf.report.updates import RecordedCase, update_table

FILE = "baselines/scripted/scripted-1/tests/test_ffn.json"


def recorded(new: Baseline, old: Baseline | None = None, path: str = FILE) -> RecordedCase:
    return RecordedCase(case=new.case, path=path, old=old, new=new, tolerance=0.05, sessions_asked=1)


def test_what_was_written_is_told_with_what_moved(baseline_of: Callable[..., Baseline]) -> None:
    changes = [
        recorded(baseline_of((12.5,), "tests/test_ffn.py::test_new")),
        recorded(baseline_of((12.345678,) * 5), baseline_of((13.0, 13.0, 13.0))),
        recorded(baseline_of((12.4, 12.6)), baseline_of((12.4, 12.6), threads="4"), path="other.json"),
    ]
    assert update_table(changes, CommandLine(), kept=0, not_recorded=[]) == [
        "     old           new          change  sessions  spread  test",
        "       -      12.50 µs             new         1       -  tests/test_ffn.py::test_new",
        "13.00 µs  12.345678 µs          -5.0 %     3 → 5  0.00 %  tests/test_ffn.py::test_step",
        "12.50 µs      12.50 µs  not comparable     2 → 2   1.1 %  tests/test_ffn.py::test_step",
        "3 baselines written to 2 files:",
        f"  {FILE}",
        "  other.json",
        "Read the changes as you would read code, then commit these files.",
    ]


def test_a_narrow_table_has_the_numbers_below_the_id(baseline_of: Callable[..., Baseline]) -> None:
    changes = [recorded(baseline_of((12.5,), "tests/test_ffn.py::test_" + "long_" * 10))]
    assert update_table(changes, CommandLine(), kept=0, not_recorded=[], width=60)[:4] == [
        "test",
        "    old       new  change  sessions  spread",
        "tests/test_ffn.py::test_" + "long_" * 10,
        "      -  12.50 µs     new         1       -",
    ]


def test_what_was_kept_is_counted_and_what_was_left_out_is_told() -> None:
    missing = NotRecorded(case=CaseId.from_nodeid("a.py::t", "decode"), reason="session 2 of 5: the test failed\nbadly")
    assert update_table([], CommandLine(), kept=3, not_recorded=[missing]) == [
        "no baseline was written",
        "3 baselines kept",
        "1 case not recorded, what was stored stays:",
        "  a.py::t (decode): session 2 of 5: the test failed\\nbadly",
    ]


def test_a_baseline_of_fewer_sessions_than_asked_for_is_told(baseline_of: Callable[..., Baseline]) -> None:
    fewer, all_of_them = (recorded(baseline_of((12.5,) * count)) for count in (3, 5))
    changes = [replace(change, sessions_asked=5) for change in (fewer, all_of_them)]
    assert update_table(changes, CommandLine(), kept=0, not_recorded=[])[3:6] == [
        "Fewer sessions than asked for were valid and at full speed, so less can be seen:",
        "  tests/test_ffn.py::test_step: 3 of 5",
        "2 baselines written to 1 file:",
    ]


def test_a_baseline_without_kernels_that_should_have_some_is_told(baseline_of: Callable[..., Baseline]) -> None:
    change = replace(recorded(baseline_of((12.5,))), kernels_problem="The profiler wrote nothing.")
    lines = update_table([change, recorded(baseline_of((12.5,)))], CommandLine(), kept=0, not_recorded=[])
    assert lines[3:5] == [
        "Stored without kernels, so what runs will not be compared:",
        "  tests/test_ffn.py::test_step: The profiler wrote nothing.",
    ]


def test_cases_that_lack_kernels_for_one_reason_share_a_line(baseline_of: Callable[..., Baseline]) -> None:
    baselines = [baseline_of((12.5,), f"a.py::t{number}") for number in range(4)]
    problems = ("Nothing ran.", "It broke.", "Nothing ran.", "Nothing ran.")
    changes = [
        replace(recorded(baseline), kernels_problem=problem)
        for baseline, problem in zip(baselines, problems, strict=True)
    ]
    lines = update_table(changes, CommandLine(), kept=0, not_recorded=[])
    assert "  a.py::t0 and 2 others: Nothing ran." in lines
    assert "  a.py::t1: It broke." in lines


def test_how_far_new_times_are_from_their_anchors_is_told_with_what_comes_of_it(
    baseline_of: Callable[..., Baseline],
) -> None:
    first, second = baseline_of((12.5, 12.5)), baseline_of((12.5, 12.5), "tests/test_ffn.py::test_far")
    changes = [
        recorded(baseline_of((12.75, 12.75)).following(first), first),
        recorded(baseline_of((13.25, 13.25), "tests/test_ffn.py::test_far").following(second), second),
        recorded(baseline_of((12.5,), "tests/test_ffn.py::test_new")),
    ]
    assert update_table(changes, CommandLine(options=("-p",)), kept=0, not_recorded=[])[:6] == [
        "     old       new  change  sessions  spread  since anchor  test",
        "12.50 µs  12.75 µs  +2.0 %     2 → 2  0.00 %        +2.0 %  tests/test_ffn.py::test_step",
        "12.50 µs  13.25 µs  +6.0 %     2 → 2  0.00 %        +6.0 %  tests/test_ffn.py::test_far",
        "       -  12.50 µs     new         1       -             -  tests/test_ffn.py::test_new",
        "1 new time above the anchor by more than the tolerance: a run may find slow drift",
        "  If the slower time is meant, accept it: "
        "pytest tests/test_ffn.py::test_far -p --ascendperf-update-baselines=anchor",
    ]
