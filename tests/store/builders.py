"""Baselines for the tests of the store, and other processes to run against the same folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest_ascendperf
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Clock, Session
from pytest_ascendperf.store import BaselineStore, Update

MODULE = "tests/test_ffn.py"


def environment(
    *, chip_id: str = "cpu-testbed", stack_id: str = "torch-2.13.0", threads: str = "4", governor: str = "powersave"
) -> Environment:
    return Environment(
        device="cpu",
        chip="Testbed µ",
        chip_id=chip_id,
        stack_id=stack_id,
        hard=(("threads", threads),),
        soft=(("governor", governor),),
    )


def session(median_us: float = 12.345678, *, samples_us: Sequence[float] = (12.5, 12.25, 12.75)) -> Session:
    return Session(
        started="2025-01-31T04:00:00Z",
        clock=Clock.DEVICE,
        device_median_us=median_us,
        host_median_us=None,
        reference_us=None,
        rounds=64,
        calls_per_round=10,
        warmup_calls=20,
        mean_us=median_us * 1.01,
        sd_us=0.25,
        lag1=0.125,
        quantiles_us=tuple(median_us * factor for factor in (0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.2)),
        samples_us=tuple(samples_us),
    )


def baseline(
    test: str = "test_ffn",
    case: str = "",
    *,
    module: str = MODULE,
    median_us: float = 12.345678,
    sessions: int = 2,
    where: Environment | None = None,
    revision: str | None = "0123abc",
) -> Baseline:
    return Baseline(
        case=CaseId(module=module, test=test, case=case),
        environment=where or environment(),
        sessions=(session(median_us),) * sessions,
        revision=revision,
    )


def stored(root: Path, *baselines: Baseline) -> Path:
    """Store ``baselines``, all of one file, as they are and return its path."""
    return only_file(BaselineStore(root).update(baselines, keep_anchors=False))


def only_file(update: Update) -> Path:
    """The path of an update of one file that succeeded."""
    assert update.errors == ()
    (file,) = update.files
    return file.path


def beside(path: Path) -> list[str]:
    """Names of what an update keeps beside ``path`` in the hidden folder, other than the lock."""
    names = {entry.name for entry in (path.parent / ".ascendperf").iterdir()}
    return sorted(names - {".gitignore", f"{path.name}.lock"})


def command_line(command: str, *arguments: object) -> list[str]:
    """How to run a command of ``other_process.py``, with :func:`process_environment`."""
    return [sys.executable, "-m", f"{__package__.rpartition('.')[2]}.other_process", command, *map(str, arguments)]


def process_environment() -> Mapping[str, str]:
    package = Path(pytest_ascendperf.__file__).parent.parent
    tests = Path(__file__).parent.parent
    search = [str(package), str(tests), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(search), "PYTHONDONTWRITEBYTECODE": "1"}


def run(command: list[str]) -> str:
    """What ``command`` prints. It must succeed."""
    ended = subprocess.run(
        command,
        env=process_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
