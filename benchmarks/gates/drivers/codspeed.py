"""pytest-codspeed in its walltime mode. It decides nothing locally: its service compares medians with a threshold.

Here the thresholds are applied to the results that it writes, so the measurement is its own and the comparison is not.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from ..records import Decision
from .base import GateError, Place, by_threshold, name_in_brackets, pytest_command, run

_WARMUP_S = 1.0
"""Its default, and at most a quarter of the time there is."""


class Codspeed:
    """Walltime."""

    name = "pytest-codspeed"
    needs_base = True

    def unavailable(self) -> None:
        """Never."""

    def prepare(self, place: Place) -> None:
        """Nothing."""

    def collect(self, place: Place) -> None:
        """One run; its results are kept."""
        shutil.copy(_measure(place, place.base, place.store / "profile"), place.store / "base.json")

    def decide(self, place: Place) -> list[Decision]:
        """One run, medians compared with those of the base."""
        base = _medians(place.store / "base.json")
        head = _medians(_measure(place, place.head, place.scratch / "profile"))
        return [
            decision
            for test, median in head.items()
            for decision in by_threshold("our threshold on its median", test, median / base[test] - 1.0)
        ]


def _measure(place: Place, tree: Path, profile: Path) -> Path:
    warmup_s = min(_WARMUP_S, place.side_s / 4)
    times = [f"--codspeed-warmup-time={warmup_s}", f"--codspeed-max-time={place.side_s - warmup_s}"]
    command = [*pytest_command("codspeed"), "test_benchmark.py", "--codspeed", "--codspeed-mode=walltime", *times]
    run(command, tree, place, {"CODSPEED_PROFILE_FOLDER": str(profile)})
    results = list(profile.rglob("results/*.json"))
    if len(results) != 1:
        raise GateError(f"{len(results)} files with results in {profile}")
    return results[0]


def _medians(path: Path) -> dict[str, float]:
    runs = json.loads(path.read_text(encoding="utf-8"))["benchmarks"]
    return {name_in_brackets(run["name"]): run["stats"]["median_ns"] for run in runs}
