from __future__ import annotations

from pathlib import Path

from benchmarks_gates.builders import decision, record, run_of, step
from gates.records import Journal


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "records.jsonl")
    records = [
        record(step(slowdown=None)),
        record(step(), [decision(True, status="regressed", score=0.1, detectable=0.03)]),
        record(step(slowdown=5), problem="two\nlines"),
    ]
    for each in records:
        journal.add(each)
    assert journal.read() == records


def test_a_run_that_never_started_has_no_records(tmp_path: Path) -> None:
    assert Journal(tmp_path / "records.jsonl").read() == []


def test_a_line_without_its_end_is_no_record_and_is_left_to_whoever_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    journal = Journal(path)
    journal.add(run_of([True]))
    whole = path.read_text("utf-8")
    path.write_text(whole + whole[: len(whole) // 2], "utf-8")
    assert journal.read() == [run_of([True])]
    assert path.read_text("utf-8") != whole


def test_a_line_cut_off_by_a_kill_is_removed_before_others_follow(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    journal = Journal(path)
    journal.add(run_of([True]))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"step": {"gate')
    journal.repair()
    journal.add(run_of([False], block=1))
    assert journal.read() == [run_of([True]), run_of([False], block=1)]
