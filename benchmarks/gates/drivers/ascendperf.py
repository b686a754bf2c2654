"""This project's gate: against a stored baseline, and against a revision."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..records import TIMES_ALONE, Decision
from ..suite_repository import BASE
from .base import Place, name_in_brackets, pytest_command, run

_AGAINST = "--ascendperf-against"
_BUDGET_S, _MAX_WARMUP_S = 1.0, 2.0
"""Its defaults: the time of one test on one side is at most their sum."""


class StoredBaseline:
    """Record sessions of the base, then judge the head against them."""

    name = "ascendperf, stored baseline"
    needs_base = True

    def __init__(self, tolerance_percent: int) -> None:
        self._tolerance_percent = tolerance_percent

    def unavailable(self) -> None:
        """Never."""

    def prepare(self, place: Place) -> None:
        """Nothing."""

    def collect(self, place: Place) -> None:
        """Five sessions of the base."""
        run([*_command(place, self._tolerance_percent), "--ascendperf-update-baselines"], place.base, place)

    def decide(self, place: Place) -> list[Decision]:
        """One session of the head, and five more of what it flags."""
        return _judge(place, self._tolerance_percent)


class AgainstRevision:
    """Measure base and head together."""

    name = "ascendperf, against a revision"
    needs_base = False

    def __init__(self, tolerance_percent: int) -> None:
        self._tolerance_percent = tolerance_percent

    def unavailable(self) -> str | None:
        """Where the installed version cannot yet do it."""
        command = [*pytest_command("ascendperf"), "--help"]
        known = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True).stdout
        return None if _AGAINST in known else f"the installed version has no {_AGAINST}"

    def prepare(self, place: Place) -> None:
        """Nothing."""

    def collect(self, place: Place) -> None:
        """Nothing: it measures both sides for each decision."""

    def decide(self, place: Place) -> list[Decision]:
        """Both sides, in alternation."""
        return _judge(place, self._tolerance_percent, f"{_AGAINST}=origin/{BASE}")


def _command(place: Place, tolerance_percent: int) -> list[str]:
    share = min(1.0, place.side_s / (_BUDGET_S + _MAX_WARMUP_S))
    return [
        *pytest_command("ascendperf"),
        "test_ascendperf.py",
        f"--ascendperf-baselines={place.store / 'baselines'}",
        f"--ascendperf-tolerance={tolerance_percent / 100}",
        f"--ascendperf-budget-s={_BUDGET_S * share:.3f}",
        f"--ascendperf-max-warmup-s={_MAX_WARMUP_S * share:.3f}",
    ]


def _judge(place: Place, tolerance_percent: int, *options: str) -> list[Decision]:
    report = place.scratch / "report.json"
    command = [*_command(place, tolerance_percent), f"--ascendperf-json={report}", *options]
    run(command, place.head, place, statuses=(0, 1))
    return decisions_of(json.loads(report.read_text(encoding="utf-8")), f"tolerance {tolerance_percent} %")


def decisions_of(report: Mapping[str, Any], rule: str) -> list[Decision]:
    """What the gate said of each case, and what it would have said by its times alone."""
    return [
        Decision(
            rule=name,
            test=name_in_brackets(case["nodeid"]),
            flagged=status in report["failing_statuses"],
            status=status,
            detectable=case["detectable_change"],
        )
        for case in report["cases"]
        for name, status in (
            (rule, case["status"]),
            (f"{rule}{TIMES_ALONE}", case["timed_status"] or case["status"]),
        )
    ]
