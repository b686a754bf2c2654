"""benchmatrix: repeated pytest-benchmark runs on each side, an interval over runs; and its paired design."""

from __future__ import annotations

import json

from ..records import Decision
from .base import THRESHOLDS_PERCENT, Place, plugin_options, pytest_command, run

_RUNS = 5


class RepeatedMatrix:
    """``benchmatrix measure`` on both sides, then ``benchmatrix compare``."""

    name = "benchmatrix"
    needs_base = True

    def unavailable(self) -> None:
        """Never."""

    def prepare(self, place: Place) -> None:
        """Nothing."""

    def collect(self, place: Place) -> None:
        """Five processes on the base."""
        run(_measure(place, "base"), place.base, place)

    def decide(self, place: Place) -> list[Decision]:
        """Five processes on the head, and its comparison with each threshold."""
        run(_measure(place, place.head_revision), place.head, place)
        return _compare(place, [str(place.store / "base"), str(place.store / place.head_revision)])


class PairedMatrix:
    """``benchmatrix collect-paired``, then ``benchmatrix compare --paired``."""

    name = "benchmatrix, paired"
    needs_base = False

    def unavailable(self) -> None:
        """Never."""

    def prepare(self, place: Place) -> None:
        """Nothing."""

    def collect(self, place: Place) -> None:
        """Nothing: it measures both sides for each decision."""

    def decide(self, place: Place) -> list[Decision]:
        """As many pairs as its design asks for, and its comparison with each threshold."""
        pairs = str(place.scratch / "pairs")
        count = 2 * len(place.suite.tests)  # the fewest that its design accepts, for an even number of tests
        options = [f"--benchmark-max-time={place.side_s / count}", "--benchmark-only", "test_matrix.py"]
        command = [*pytest_command("benchmark"), *options]
        trees = ["--baseline-cwd", str(place.base), "--candidate-cwd", str(place.head)]
        collect = ["benchmatrix", "collect-paired", "--output", pairs, *trees, "--", *command, ":::", *command]
        run(collect, place.base, place)
        return _compare(place, [pairs, "--paired"])


def _measure(place: Place, name: str) -> list[str]:
    options = [f"--benchmark-max-time={place.side_s / _RUNS}", *plugin_options("benchmark")]
    output = str(place.store / name)
    return ["benchmatrix", "measure", "--runs", str(_RUNS), "--output", output, "test_matrix.py", "--", *options]


def _compare(place: Place, sources: list[str]) -> list[Decision]:
    decisions = []
    for percent in THRESHOLDS_PERCENT:
        command = ["benchmatrix", "compare", "--no-config", *sources, "--threshold", f"{percent}%"]
        # 1: a regression, or something that it cannot tell; which is in the report
        done = run([*command, "--fail-on-regression", "--format", "json"], place.head, place, statuses=(0, 1))
        for cell in json.loads(done.output[done.output.index("{") :])["comparisons"]:
            status = cell["regression"]
            decisions.append(
                Decision(
                    rule=f"interval beyond {percent} %",
                    test=cell["implementation_name"],
                    flagged=status == "regressed",
                    status=status,
                )
            )
    return decisions
