"""asv: ``asv continuous`` on the two revisions, then ``asv compare`` on its results with other factors."""

from __future__ import annotations

import json
import re
import sysconfig
from pathlib import Path

from ..records import Decision
from ..suite_repository import BASE
from .base import Finished, GateError, Place, run

FACTORS = {"1.1": "its default", "1.05": "", "1.02": ""}
_ROUNDS = 2
"""Its default: each benchmark gets two processes on each side."""
_ROW = re.compile(r"^\| (.)\s*\|.*time_load\('([^']+)'\)", re.MULTILINE)
_MEANING = {"+": "worse", "-": "better", "~": "not significant", " ": "no change"}


class Asv:
    """``asv continuous``."""

    name = "asv continuous"
    needs_base = False

    def unavailable(self) -> None:
        """Never."""

    def prepare(self, place: Place) -> None:
        """Let it make its environment, which then sees what is installed here instead of downloading it."""
        _configure(place)
        run(["asv", "machine", "--yes"], place.scratch, place, _home(place))
        run(["asv", "setup"], place.scratch, place, _home(place), statuses=(0, 1))  # 1 where all went well, in 0.6
        found = list((place.lasting / "env").glob("*/lib/python*/site-packages"))
        if not found:
            raise GateError("asv setup made no environment")
        for packages in found:
            (packages / "installed_here.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")

    def collect(self, place: Place) -> None:
        """Nothing: it measures both sides for each decision."""

    def decide(self, place: Place) -> list[Decision]:
        """Both sides, and what it says with each factor."""
        _configure(place)
        variables = {**_home(place), "GATES_ROUND_S": str(place.side_s / _ROUNDS)}
        sides = [BASE, place.head_revision]
        decisions: list[Decision] = []
        for factor, remark in FACTORS.items():
            command = "compare" if decisions else "continuous"
            options = ["--no-only-changed", "--factor", factor]
            done = run(["asv", command, *options, *sides], place.scratch, place, variables, statuses=(0, 1))
            decisions += _decisions(done, f"factor {factor}" + (f" ({remark})" if remark else ""), place)
        return decisions


def marks_in(output: str) -> dict[str, str]:
    """The mark in the first column of its table, by test."""
    return {test: mark for mark, test in _ROW.findall(output)}


def _home(place: Place) -> dict[str, str]:
    """What it knows of the machine lies in the home folder; not in that of whoever runs this."""
    return {"HOME": str(place.lasting)}


def _configure(place: Place) -> None:
    install = "python -m pip install --no-deps --no-index --no-build-isolation --force-reinstall --quiet {build_dir}"
    configuration = {
        "version": 1,
        "project": "work",
        "repo": str(place.suite.repository),
        "branches": [BASE],
        "environment_type": "virtualenv",
        "benchmark_dir": str(place.base / "asv_suite"),
        "env_dir": str(place.lasting / "env"),
        "results_dir": str(place.scratch / "results"),
        "build_command": [],
        "install_command": [install],
        "uninstall_command": [],
    }
    Path(place.scratch, "asv.conf.json").write_text(json.dumps(configuration), encoding="utf-8")


def _decisions(done: Finished, rule: str, place: Place) -> list[Decision]:
    marks = marks_in(done.output)
    if set(marks) != set(place.suite.tests) or not set(marks.values()) <= set(_MEANING):
        raise GateError(f"its table lacks tests, or has some that did not run:\n{done.output[-2000:]}")
    return [
        Decision(
            rule=rule,
            test=test,
            flagged=mark == "+",
            status=_MEANING[mark],
        )
        for test, mark in marks.items()
    ]
