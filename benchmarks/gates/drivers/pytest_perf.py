"""pytest-perf: installs both revisions, times an exercise with each, and prints the change. It fails nothing.

Its own tolerance is a change of 100 %. Other thresholds are applied to the change that it prints.
"""

from __future__ import annotations

import re

from ..records import Decision
from .base import GateError, Place, by_threshold, pytest_command, run

_LINE = re.compile(r"^exercises\.py:(\S+): ([\d.]+) (\w+) \(([+-]?)([\d.]+) (\w+), (-?\d+)%\)$", re.MULTILINE)
_SECONDS = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6, "µsec": 1e-6, "nsec": 1e-9}
_TOLERANCE = 1.0


class PytestPerf:
    """The working copy against the repository's base."""

    name = "pytest-perf"
    needs_base = False

    def unavailable(self) -> None:
        """Never."""

    def prepare(self, place: Place) -> None:
        """Nothing."""

    def collect(self, place: Place) -> None:
        """Nothing: it measures both sides for each decision."""

    def decide(self, place: Place) -> list[Decision]:
        """Both sides once each, as it does."""
        # builds with the setuptools that is installed, for it would download another one each time
        variables = {"PIP_NO_BUILD_ISOLATION": "0", "TMPDIR": str(place.scratch)}
        done = run([*pytest_command("perf"), "exercises.py"], place.head, place, variables)
        changes = changes_in(done.output)
        if set(changes) != set(place.suite.tests):
            raise GateError(f"it printed no change for some tests:\n{done.output[-2000:]}")
        decisions = []
        for test, change in changes.items():
            flagged = change > _TOLERANCE
            status = "flagged" if flagged else "not flagged"
            decisions.append(
                Decision(rule="its tolerance, 100 %", test=test, flagged=flagged, status=status, score=change)
            )
            decisions += by_threshold("our threshold on its change", test, change)
        return decisions


def changes_in(output: str) -> dict[str, float]:
    """Relative change by test, from ``11.5 msec (-3.7 msec, -24%)``: more exactly than in whole per cents."""
    return {line[0]: _change(line) for line in _LINE.findall(output)}


def _change(line: tuple[str, ...]) -> float:
    _, now, unit, sign, difference, difference_unit, _ = line
    now_s = float(now) * _SECONDS[unit]
    moved_s = float(difference) * _SECONDS[difference_unit] * (-1 if sign == "-" else 1)
    return moved_s / (now_s - moved_s)
