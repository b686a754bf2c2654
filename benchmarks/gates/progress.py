"""One line that says how far a run is and when it will end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from .records import Record, Step

_WIDTH = 30


class Progress:
    """Estimates what is left from what each kind of step took so far."""

    def __init__(self, steps: Sequence[Step], done: Sequence[Record]) -> None:
        self._left = list(steps)
        self._seconds: dict[tuple[str, bool, bool], list[float]] = {}
        self._total = len(steps)
        for record in done:
            self._remember(record)

    def start(self, step: Step) -> None:
        """Say what runs now."""
        ended = self._total - len(self._left)
        filled = _WIDTH * ended // max(1, self._total)
        bar = "#" * filled + "." * (_WIDTH - filled)
        what = "collects its base" if step.slowdown is None else f"decides on {step.slowdown} % more work"
        left = self._left_s()
        end = "" if left is None else f", done about {datetime.now() + timedelta(seconds=left):%a %H:%M}"
        line = f"[{bar}] {ended}/{self._total}{end}: {step.scenario} {step.block + 1}, {step.gate} {what}"
        if sys.stderr.isatty():
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def end(self, record: Record) -> None:
        """Count a step."""
        self._left.remove(record.step)
        self._remember(record)

    def _remember(self, record: Record) -> None:
        self._seconds.setdefault(_kind(record.step), []).append(record.seconds)

    def _left_s(self) -> float | None:
        known = [value for values in self._seconds.values() for value in values]
        if not known:
            return None
        typical = sum(known) / len(known)
        means = {kind: sum(values) / len(values) for kind, values in self._seconds.items()}
        return sum(means.get(_kind(step), typical) for step in self._left)


def _kind(step: Step) -> tuple[str, bool, bool]:
    """Steps that take about as long: flagged tests are measured again by some gates."""
    return step.gate, step.slowdown is None, (step.slowdown or 0) >= 5
