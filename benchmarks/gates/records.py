"""What is kept of a run: one line of JSON for each command that ended, so that an interrupted run goes on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

A_A = 0
"""The slowdown, in per cent, of a head revision that does the same work as the base."""

TIMES_ALONE = ", times alone"
"""End of the name of a rule of this project's gate: what it would have said without counting operators.

An injected slowdown calls more operators, which the gate counts: exact evidence that noise cannot hide, and that says
nothing of what it can tell by time.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one rule of a gate said of one test."""

    rule: str
    test: str
    flagged: bool
    status: str
    """The gate's own word, or ``flagged`` and ``not flagged`` where it has none."""
    score: float | None = None
    """What the rule compares with its threshold, as a relative change; None where that is not one number."""
    detectable: float | None = None
    """The smallest relative slowdown that the gate says it would have found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command sequence that was timed: a gate collecting its base, or deciding on a head revision."""

    gate: str
    scenario: str
    block: int
    """Base sessions are shared by the steps of a gate in a block, and by no others."""
    slowdown: int | None
    """Injected, in per cent; None where the base was collected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A step that ended."""

    step: Step
    started: str
    seconds: float
    tests: int
    load: float
    """Load average of the last minute when the step ended."""
    decisions: tuple[Decision, ...] = ()
    problem: str | None = None
    """Why the gate came to no decision."""

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> Record:
        """The value of a line."""
        data = json.loads(line)
        data["step"] = Step(**data["step"])
        data["decisions"] = tuple(Decision(**decision) for decision in data["decisions"])
        return cls(**data)


class Journal:
    """The file that the records are appended to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Record]:
        """All records. A last line without its end is still being written, or of a run that was killed: it is none."""
        return [Record.from_line(line) for line in self._complete().splitlines()]

    def repair(self) -> None:
        """Remove what a killed run left of a line. For the one process that writes."""
        if self.path.exists():
            self.path.write_text(self._complete(), encoding="utf-8")

    def _complete(self) -> str:
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        return text[: text.rfind("\n") + 1]

    def add(self, record: Record) -> None:
        """Append one record."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(record.to_line() + "\n")
