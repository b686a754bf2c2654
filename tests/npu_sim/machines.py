"""Processes with the real torch_npu over the simulated CANN.

torch_npu cannot be imported into the test process itself: it finds its libraries through ``LD_LIBRARY_PATH``, which a
process reads once, when it starts. So every test that needs a device runs a small program and reads what it prints.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from simulated_cann.scenario import Scenario

#: What a program printed: its test knows the shape.
Printed: TypeAlias = Any

#: Programs import from here.
TESTS = Path(__file__).resolve().parents[1]

#: Whether importing torch imports torch_npu: by default it does, and here CANN is there for it.
_AUTOLOAD = "TORCH_DEVICE_BACKEND_AUTOLOAD"

#: torch_npu takes seconds to import; this only ends a process that hangs.
TIMEOUT_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A process that has ended."""

    status: int
    output: str
    errors: str

    def json(self) -> Printed:
        """The last line of the output, read as JSON; fails with what the process printed if it did not end well."""
        lines = self.output.strip().splitlines()
        assert self.status == 0, f"exit status {self.status}\n{self.output}\n{self.errors}"
        assert lines, f"no output\n{self.errors}"
        return json.loads(lines[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A laid-out CANN of one scenario, on which programs run."""

    home: Path
    variables: dict[str, str] = field(repr=False)

    def run(
        self, program: str | Path, *arguments: str, cwd: Path | None = None, variables: Mapping[str, str] | None = None
    ) -> Finished:
        """Run Python source, or a file, with ``arguments`` in a process on this machine.

        It starts in ``cwd``, or where CANN is, and with ``variables`` beside those that lead to CANN.
        """
        code = [str(program)] if isinstance(program, Path) else ["-c", program]
        done = subprocess.run(
            [sys.executable, *code, *arguments],
            env={**os.environ, _AUTOLOAD: "1", **self.variables, **_on_path(self.variables), **(variables or {})},
            cwd=cwd or self.home,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return Finished(status=done.returncode, output=done.stdout, errors=done.stderr)


def _on_path(variables: Mapping[str, str]) -> dict[str, str]:
    """The tests in front of what CANN puts on Python's path."""
    return {"PYTHONPATH": os.pathsep.join([str(TESTS), *filter(None, [variables.get("PYTHONPATH")])])}


MachineFactory = Callable[[Scenario], Machine]


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file that torch_npu or msprof wrote."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
