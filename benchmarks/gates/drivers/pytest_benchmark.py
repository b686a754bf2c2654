"""pytest-benchmark: ``--benchmark-save``, then ``--benchmark-compare-fail``; and a rank test on its samples."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from scipy.stats import mannwhitneyu

from ..records import Decision
from .base import THRESHOLDS_PERCENT, GateError, Place, name_in_brackets, pytest_command, run

FIELDS = ("mean", "median", "min")
RANK_P = 0.05
_FAILED = re.compile(r"(test_load\[\S+\]) \(.*\) - Field '(\w+)' has failed PercentageRegressionCheck: \S+ > (\d+)\.")


class PytestBenchmark:
    """With its default time, or with the time that all have."""

    needs_base = True

    def __init__(self, name: str, *, as_installed: bool) -> None:
        self.name = name
        self._as_installed = as_installed

    def unavailable(self) -> None:
        """Never."""

    def prepare(self, place: Place) -> None:
        """Nothing."""

    def collect(self, place: Place) -> None:
        """One run, saved with its samples."""
        run([*self._command(place), "--benchmark-save=base", "--benchmark-save-data"], place.base, place)

    def decide(self, place: Place) -> list[Decision]:
        """One run, compared with the saved one by each field and threshold, as the run itself says."""
        report = place.scratch / "head.json"
        # one option with all checks: it takes several, and of several options only the last
        checks = ["--benchmark-compare-fail", *(f"{f}:{percent}%" for f in FIELDS for percent in THRESHOLDS_PERCENT)]
        command = [*self._command(place), "--benchmark-compare=0001", f"--benchmark-json={report}", *checks]
        # 0, or 1 where something regressed; some versions let that error out of pytest, with another status
        done = run(command, place.head, place, statuses=(0, 1, 3))
        failed = failed_checks(done.output)
        if bool(failed) != bool(done.status):
            raise GateError(f"status {done.status}, and these checks failed: {sorted(failed)}\n{done.output[-2000:]}")
        base = _stats(next(place.store.rglob("0001_base.json")))
        decisions = []
        for test, head in _stats(report).items():
            for field in FIELDS:
                change = head[field] / base[test][field] - 1.0
                decisions += [
                    _decision(f"{field}:{percent}%", test, (test, field, percent) in failed, change)
                    for percent in THRESHOLDS_PERCENT
                ]
            p_value = float(mannwhitneyu(head["data"], base[test]["data"], alternative="greater").pvalue)
            decisions.append(_decision(f"samples, Mann-Whitney p < {RANK_P}", test, p_value < RANK_P, None))
        return decisions

    def _command(self, place: Place) -> list[str]:
        time_s = [] if self._as_installed else [f"--benchmark-max-time={place.side_s}"]
        storage = f"--benchmark-storage={(place.store / 'runs').as_uri()}"
        return [*pytest_command("benchmark"), "test_benchmark.py", storage, *time_s]


def failed_checks(output: str) -> set[tuple[str, str, int]]:
    """Test, field and percentage of every check that it says has failed."""
    return {(name_in_brackets(name), field, int(percent)) for name, field, percent in _FAILED.findall(output)}


def _stats(path: Path) -> dict[str, dict[str, Any]]:
    runs = json.loads(path.read_text(encoding="utf-8"))["benchmarks"]
    return {name_in_brackets(run["name"]): run["stats"] for run in runs}


def _decision(rule: str, test: str, flagged: bool, change: float | None) -> Decision:
    status = "flagged" if flagged else "not flagged"
    return Decision(rule=rule, test=test, flagged=flagged, status=status, score=change)
