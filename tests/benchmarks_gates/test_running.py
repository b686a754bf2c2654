from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from benchmarks_gates.builders import decision
from gates.drivers.base import GateError, Place
from gates.plan import Settings
from gates.records import Decision, Journal
from gates.running import run_plan

SETTINGS = Settings(
    gates=("stored",),
    scenarios=("quiet",),
    slowdowns=(0, 5),
    unchanged_blocks=2,
    slowed_blocks=1,
    copies=1,
    side_s=1.0,
    tolerance_percent=2,
    seed=1,
)


@dataclass
class StoredText:
    """A gate that stores the base's only differing file, and flags a head whose file says something else."""

    name: str = "stored"
    needs_base: bool = True
    interrupt_at: int | None = None
    fails_at: int | None = None
    asked: list[int | None] = field(default_factory=list)

    def unavailable(self) -> None:
        """Never."""

    def prepare(self, place: Place) -> None:
        """Nothing."""

    def collect(self, place: Place) -> None:
        self.asked.append(None)
        (place.store / "base.txt").write_text(_extra(place.base), "utf-8")

    def decide(self, place: Place) -> list[Decision]:
        if place.slowdown == self.interrupt_at:
            raise KeyboardInterrupt
        if place.slowdown == self.fails_at:
            raise GateError("it does not work today")
        self.asked.append(place.slowdown)
        flagged = _extra(place.head) != (place.store / "base.txt").read_text("utf-8")
        return [decision(flagged, test=test) for test in place.suite.tests]


def _extra(tree: Path) -> str:
    source = (tree / "work" / "slowdown.py").read_text("utf-8")
    return source.partition("EXTRA_PERCENT = ")[2].split()[0]


def run(gate: StoredText, folder: Path, settings: Settings = SETTINGS) -> Journal:
    journal = Journal(folder / "records.jsonl")
    run_plan(settings, {gate.name: gate}, folder, journal)
    return journal


def test_a_gate_is_given_base_and_head_and_what_it_stored(tmp_path: Path) -> None:
    records = run(StoredText(), tmp_path).read()
    flags = {(r.step.block, r.step.slowdown): {d.flagged for d in r.decisions} for r in records}
    assert flags == {(0, None): set(), (0, 0): {False}, (0, 5): {True}, (1, None): set(), (1, 0): {False}}
    assert all(record.tests == 8 for record in records)


def test_an_interrupted_run_goes_on_and_collects_its_base_again(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(StoredText(interrupt_at=5), tmp_path)
    before = len(Journal(tmp_path / "records.jsonl").read())
    gate = StoredText()
    records = run(gate, tmp_path).read()
    decided = [(r.step.block, r.step.slowdown) for r in records if r.step.slowdown is not None]
    assert sorted(decided) == [(0, 0), (0, 5), (1, 0)]
    assert gate.asked[0] is None
    assert len(records) - before == len(gate.asked)


def test_a_finished_run_does_nothing_again_and_grows_when_more_is_asked(tmp_path: Path) -> None:
    run(StoredText(), tmp_path)
    again = StoredText()
    run(again, tmp_path)
    assert again.asked == []
    more = StoredText()
    run(more, tmp_path, replace(SETTINGS, unchanged_blocks=3))
    assert more.asked == [None, 0]


def test_a_gate_without_a_decision_is_recorded_as_such(tmp_path: Path) -> None:
    records = run(StoredText(fails_at=5), tmp_path).read()
    problems = {record.step.slowdown: record.problem for record in records}
    assert problems == {None: None, 0: None, 5: "it does not work today"}
