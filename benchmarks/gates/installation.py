"""The environment that the gates run in: the pinned peers, and this project as it is in this checkout."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import venv
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
_INSTALLED = "installed-commit"
_CHANGES = ", with changes"
_MEASURED = ("pytest_ascendperf", "benchmarks/gates", "pyproject.toml")
"""What figures depend on: a commit that changes nothing else does not end a run."""
GATES = ("pytest-benchmark", "pytest-codspeed", "benchmatrix", "asv", "pytest-perf", "pytest", "torch", "numpy")


def python_of(home: Path) -> Path:
    """The interpreter of the environment."""
    return home / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(home: Path) -> None:
    """Make the environment, or bring this project in it up to date."""
    python = python_of(home)
    if not python.exists():
        venv.create(home / "venv", with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--requirement", str(HERE / "requirements.txt")], check=True)
    # as a user has it, not as an editable folder; its own dependencies are among the requirements or small
    subprocess.run([*pip, "--force-reinstall", "--no-deps", str(PROJECT)], check=True)
    subprocess.run([*pip, str(PROJECT)], check=True)
    (home / _INSTALLED).write_text(commit(), encoding="utf-8")


def is_current(home: Path) -> bool:
    """Whether the environment holds this project as the checkout does: figures are printed with its commit."""
    installed = home / _INSTALLED
    here = commit()
    return installed.exists() and installed.read_text(encoding="utf-8") == here and not here.endswith(_CHANGES)


def run_inside(home: Path, arguments: list[str]) -> int:
    """Run this package again with the environment's interpreter; its exit status."""
    return subprocess.run([str(python_of(home)), "-m", "benchmarks.gates", *arguments], cwd=PROJECT).returncode


def is_inside(home: Path) -> bool:
    """Whether this interpreter is the environment's."""
    return Path(sys.prefix).resolve() == (home / "venv").resolve()


def machine() -> dict[str, str]:
    """Where, and with what, the figures were measured."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": commit(),
        "sources": sources(),
        **{name: version(name) for name in GATES},
    }


def commit() -> str:
    """The commit of this checkout, with a mark where files differ from it."""
    return _git("describe", "--always", f"--dirty={_CHANGES}", "--exclude=*") or "unknown"


def is_same_bench(here: Mapping[str, str], there: Mapping[str, str]) -> bool:
    """Whether figures of two :func:`machine` belong into one table: all is alike but for commits that do not count."""
    return {**here, "commit": ""} == {**there, "commit": ""}


def sources() -> str:
    """A digest of what is measured and of what measures it, as committed, with a mark where files differ from it."""
    trees = _git("rev-parse", *(f"HEAD:{path}" for path in _MEASURED))
    changes = _CHANGES if _git("status", "--porcelain", "--", *_MEASURED) else ""
    return hashlib.sha256(trees.encode()).hexdigest()[:12] + changes if trees else "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False).stdout.strip()


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
