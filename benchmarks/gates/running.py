"""Runs the plan: every step timed, its decisions appended to the journal."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from .drivers.base import Gate, GateError, Place
from .noise import background
from .plan import Block, Settings, blocks_of
from .progress import Progress
from .records import A_A, Journal, Record, Step
from .suite_repository import Suite, make_suite


def run_plan(settings: Settings, gates: Mapping[str, Gate], folder: Path, journal: Journal) -> None:
    """Do what the journal does not yet hold. What the gates leave behind on the way lies in ``folder``."""
    suite = make_suite(folder / "suite", settings.slowdowns, settings.copies)
    runner = _Runner(settings, gates, suite, folder, journal)
    runner.prepare()
    journal.repair()
    earlier = journal.read()
    done = frozenset(record.step for record in earlier)
    blocks = blocks_of(settings, frozenset(name for name in settings.gates if gates[name].needs_base))
    todo = [(block, block.remaining(done)) for block in blocks]
    progress = Progress([step for _, steps in todo for step in steps], earlier)
    for block, steps in todo:
        if steps:
            runner.run_block(block, steps, progress)


class _Runner:
    """What all blocks have in common."""

    def __init__(
        self,
        settings: Settings,
        gates: Mapping[str, Gate],
        suite: Suite,
        folder: Path,
        journal: Journal,
    ) -> None:
        self._settings = settings
        self._gates = gates
        self._suite = suite
        self._work = folder / "work"
        self._lasting = folder / "lasting"
        self._journal = journal

    def prepare(self) -> None:
        """Install what is no price of a decision."""
        for name in self._settings.gates:
            with tempfile.TemporaryDirectory() as scratch:
                self._gates[name].prepare(self._place(name, A_A, Path(scratch)))

    def run_block(self, block: Block, steps: list[Step], progress: Progress) -> None:
        """All steps, in the noise of the scenario; then what they stored is removed."""
        shutil.rmtree(self._work, ignore_errors=True)
        with background(block.scenario, f"{self._settings.seed} {block.scenario} {block.number}"):
            for step in steps:
                progress.start(step)
                record = self._run(step)
                self._journal.add(record)
                progress.end(record)

    def _run(self, step: Step) -> Record:
        gate = self._gates[step.gate]
        started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        with tempfile.TemporaryDirectory(prefix="gates-") as scratch:
            place = self._place(step.gate, A_A if step.slowdown is None else step.slowdown, Path(scratch))
            place.store.mkdir(parents=True, exist_ok=True)
            problem, decisions = None, []
            clock = time.perf_counter()
            try:
                if step.slowdown is None:
                    gate.collect(place)
                else:
                    decisions = gate.decide(place)
            except GateError as error:
                problem = str(error)
            seconds = time.perf_counter() - clock
        return Record(
            step=step,
            started=started,
            seconds=round(seconds, 3),
            tests=len(self._suite.tests),
            load=round(os.getloadavg()[0], 2),
            decisions=tuple(decisions),
            problem=problem,
        )

    def _place(self, gate: str, slowdown: int, scratch: Path) -> Place:
        folder = "".join(letter if letter.isalnum() else "-" for letter in gate)
        lasting = self._lasting / folder
        lasting.mkdir(parents=True, exist_ok=True)
        return Place(
            suite=self._suite,
            slowdown=slowdown,
            store=self._work / folder,
            scratch=scratch,
            lasting=lasting,
            side_s=self._settings.side_s,
        )
