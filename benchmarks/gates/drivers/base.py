"""What the drivers of the gates share: the protocol, the place they work in, and commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple, Protocol

from ..records import Decision
from ..suite_repository import Suite, revision

THRESHOLDS_PERCENT = (2, 5)
"""Slowdowns above which the gates with a threshold flag; each is asked with both, after one measurement."""
_LIMIT_S = 3600.0
_LAST_LINES = 12


class GateError(Exception):
    """A gate that came to no decision, with its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a gate works for one block, and what it compares there."""

    suite: Suite
    slowdown: int
    """Which head."""
    store: Path
    """What the gate keeps from the base to the decisions of this block."""
    scratch: Path
    """A folder of this step alone."""
    lasting: Path
    """What the gate keeps for the whole run, as installed environments."""
    side_s: float
    """Seconds of measuring for one test on one side."""

    @property
    def base(self) -> Path:
        """The tree of the base."""
        return self.suite.base

    @property
    def head(self) -> Path:
        """The tree of the head."""
        return self.suite.head(self.slowdown)

    @property
    def head_revision(self) -> str:
        """The head's name in the repository."""
        return revision(self.slowdown)

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The environment variables of a command: alike for every gate, with its own ``variables``."""
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "ASCENDPERF"))},
            **one_thread,
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "TORCH_DEVICE_BACKEND_AUTOLOAD": "0",
            "GATES_TESTS": ",".join(self.suite.tests),
            **variables,
        }


class Finished(NamedTuple):
    """A command that ended."""

    status: int
    output: str


class Gate(Protocol):
    """A gate that can be asked."""

    name: str
    needs_base: bool
    """Whether it measures the base beforehand, and stores it, rather than with each decision."""

    def unavailable(self) -> str | None:
        """Why the gate cannot be asked here; None where it can."""

    def prepare(self, place: Place) -> None:
        """Install once per run what is not the price of a decision."""

    def collect(self, place: Place) -> None:
        """Measure the base and store it."""

    def decide(self, place: Place) -> list[Decision]:
        """Compare head with base: one decision for each rule and test. Raises GateError where there is none."""


def run(
    command: Sequence[str],
    folder: Path,
    place: Place,
    variables: Mapping[str, str] | None = None,
    *,
    statuses: Sequence[int] = (0,),
) -> Finished:
    """Run the command; GateError when it does not end, or with a status that is not one of ``statuses``."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=place.environment(variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise GateError(f"{' '.join(command)}\ndid not end within {_LIMIT_S:.0f} s") from None
    if done.returncode not in statuses:
        last = "\n".join(done.stdout.splitlines()[-_LAST_LINES:])
        raise GateError(f"{' '.join(command)}\nended with status {done.returncode}:\n{last}")
    return Finished(done.returncode, done.stdout)


def pytest_command(*plugins: str) -> list[str]:
    """Start of a pytest command with the given plugins and no others that are installed."""
    return [sys.executable, "-m", "pytest", "-q", *plugin_options(*plugins)]


def plugin_options(*plugins: str) -> list[str]:
    """Options of pytest that leave out every installed plugin but the given ones."""
    others = sorted({entry.name for entry in entry_points(group="pytest11")} - set(plugins))
    return [argument for name in ("cacheprovider", *others) for argument in ("-p", f"no:{name}")]


def by_threshold(rule: str, test: str, change: float) -> list[Decision]:
    """The decisions of a rule that compares a relative change with a threshold, for each threshold."""
    return [
        Decision(
            rule=f"{rule} > {percent} %",
            test=test,
            flagged=change > percent / 100,
            status="flagged" if change > percent / 100 else "not flagged",
            score=change,
        )
        for percent in THRESHOLDS_PERCENT
    ]


def name_in_brackets(name: str) -> str:
    """The suite's test in a node id: what stands in its brackets."""
    return name[name.index("[") + 1 : name.rindex("]")]
