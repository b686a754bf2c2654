"""A folder of measured tests, run by real pytest with the real plugin on a simulated machine."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from npu_sim.machines import Finished, Machine

#: A decoded JSON document: its test knows the shape.
Document: TypeAlias = Any

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

#: Tests by the operator that they measure. Rounds are few because the simulated clock repeats itself exactly.
OPERATORS = """
import pytest
import torch

pytestmark = pytest.mark.npu_perf(warmup=3, rounds=3, min_change_us=0.1)


@pytest.fixture
def x(npu_perf):
    return torch.ones(8, device=npu_perf.device)


def test_add(npu_perf, x):
    assert (npu_perf(lambda: x + x).cpu() == 2).all()


def test_mul(npu_perf, x):
    assert (npu_perf(lambda: x * x).cpu() == 1).all()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a pytest run left behind."""

    status: int
    text: str
    """Standard output and standard error."""
    report: Document
    """The JSON report; None where the run wrote none."""

    def statuses(self) -> dict[str, str]:
        """Status by test and case: ``test_attention (decode)``."""
        return {_label(case): case["status"] for case in self.report["cases"]}

    def case(self, label: str) -> Document:
        """The judged case of that test and name."""
        (found,) = [case for case in self.report["cases"] if _label(case) == label]
        return found


def _label(case: Document) -> str:
    return f"{case['test']} ({case['case']})" if case["case"] else str(case["test"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A folder of tests with its own baselines and its own locks."""

    folder: Path

    def write(self, **modules: str) -> Suite:
        """Write test modules by name; the suite itself, for chaining."""
        for name, text in modules.items():
            (self.folder / f"{name}.py").write_text(text, encoding="utf-8")
        return self

    def take_examples(self, *, baselines: Path | None = None) -> Suite:
        """Copy the project's examples, and its baselines of them; the suite itself, for chaining."""
        for name in ("models.py", "test_models.py"):
            shutil.copy(EXAMPLES / name, self.folder)
        if baselines is not None:
            shutil.copytree(baselines, self.folder / "baselines")
        return self

    def run(self, machine: Machine, *options: str, **variables: str) -> Ended:
        """Run pytest on ``machine``; the options override ``--ascendperf-device=npu``."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        done: Finished = machine.run(
            "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))",
            *(str(self.folder), f"--rootdir={self.folder}", "-p", "no:cacheprovider", "--strict-markers"),
            *("--ascendperf-device=npu", f"--ascendperf-json={report}", *options),
            cwd=self.folder,
            variables={"ASCENDPERF_LOCK_DIR": str(self.folder / "locks"), "COLUMNS": "200", **variables},
        )
        found = json.loads(report.read_text("utf-8")) if report.exists() else None
        return Ended(status=done.status, text=done.output + done.errors, report=found)
