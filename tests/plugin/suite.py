"""Suites as users write them, run with the plugin as users run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

CONFTEST = '''
import os
import pytest

def pytest_configure(config):
    if "SUITE_PID" not in os.environ or hasattr(config, "workerinput"):
        os.environ["SUITE_PID"] = str(os.getpid())

def is_fresh():
    """Whether this process was started to measure a session for another one."""
    return os.environ["SUITE_PID"] != str(os.getpid())

def duration_us(name, default):
    given = (os.environ.get("FRESH_" + name) if is_fresh() else None) or os.environ.get(name)
    return float(given or default)

@pytest.fixture
def spend(npu_perf_device):
    """Lets the scripted device work: ``default`` µs, or what the variable ``name`` says, or ``FRESH_name``."""
    return lambda name="US", default=10.0: npu_perf_device.spend(duration_us(name, default))
'''

QUICK = {"DEVICE": "scripted", "ROUNDS": "3", "WARMUP": "1", "SESSIONS": "2", "CONFIRM_SESSIONS": "2"}
"""Settings of every suite, so that runs are short."""


def _let_be_interrupted() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Suite:
    """A folder with tests, and runs of pytest in it."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path

    def write(self, **files: str) -> None:
        """Write the files, named by keyword without ``.py``, with ``import pytest`` above, and the ``conftest.py``."""
        if not (self.path / "conftest.py").exists():
            self.pytester.makeconftest(CONFTEST)
        for name, text in files.items():
            path = self.path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"import os\nimport pytest\n\n{dedent(text)}\n", "utf-8")

    def extend_conftest(self, text: str) -> None:
        """Write the ``conftest.py`` with ``text`` at its end."""
        self.pytester.makeconftest(f"{CONFTEST}\n{dedent(text)}")

    def run(self, *arguments: str | Path, **variables: str) -> pytest.RunResult:
        """Run pytest inside this process, which is quick; ``variables`` are environment variables."""
        with pytest.MonkeyPatch.context() as patch:
            _set(patch, variables)
            return self.pytester.runpytest_inprocess(*arguments)

    def run_process(self, *arguments: str | Path, **variables: str) -> pytest.RunResult:
        """Run pytest in a process of its own."""
        with pytest.MonkeyPatch.context() as patch:
            _set(patch, variables)
            return self.pytester.runpytest_subprocess(*arguments, timeout=120)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start pytest in a process of its own and do not wait for it. It can be interrupted.

        What a shell runs in the background has SIGINT ignored, and so has all that it starts.
        """
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=self.path,
            env={name: value for name, value in os.environ.items() if name != "SUITE_PID"} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_let_be_interrupted,
        )

    def record(self, *arguments: str | Path, **variables: str) -> pytest.RunResult:
        """Record baselines, which must succeed."""
        result = self.run(*arguments, "--ascendperf-update-baselines", **variables)
        assert result.ret == 0, result.stdout.str()
        return result

    def baseline_file(self, module: str = "test_suite") -> Path:
        """Where the baselines of a module lie."""
        return self.path / f"baselines/scripted/scripted-1/{module}.json"

    def medians_us(self, module: str = "test_suite") -> dict[str, list[float]]:
        """The stored session medians by test, with the case in parentheses."""
        document = json.loads(self.baseline_file(module).read_text("utf-8"))
        return {
            test + (f" ({case})" if case else ""): [session["quantiles_us"]["p50"] for session in entry["sessions"]]
            for test, cases in document["tests"].items()
            for case, entry in cases.items()
        }

    def report(self, *arguments: str | Path, **variables: str) -> tuple[pytest.RunResult, dict[str, Any]]:
        """Run and read the JSON report."""
        path = self.path / "report.json"
        path.unlink(missing_ok=True)
        result = self.run(*arguments, f"--ascendperf-json={path}", **variables)
        assert path.exists(), result.stdout.str() + result.stderr.str()
        return result, json.loads(path.read_text("utf-8"))

    def statuses(self, *arguments: str | Path, **variables: str) -> dict[str, str]:
        """Run and give the verdicts' statuses by test, with the case in parentheses."""
        _, report = self.report(*arguments, **variables)
        return {
            case["test"] + (f" ({case['case']})" if case["case"] else ""): case["status"] for case in report["cases"]
        }


def _set(patch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    patch.delenv("SUITE_PID", raising=False)
    for name, value in variables.items():
        patch.setenv(name, value)


def search_path(first: Path) -> str:
    """A value of ``PYTHONPATH`` with ``first`` before what it holds."""
    return os.pathsep.join([str(first), *filter(None, [os.environ.get("PYTHONPATH")])])


def lines_with(result: pytest.RunResult, text: str) -> list[str]:
    """The output lines that hold ``text``."""
    return [line for line in result.outlines if text in line]


def processes_with(word: str) -> Sequence[int]:
    """Ids of the processes that have ``word`` in their command line or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if word.encode() in text:
                found.append(int(entry.name))
    return found


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds, for at most a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def wait_for(path: Path) -> None:
    """Wait until there is a file or folder at ``path``, for at most a minute."""
    wait_until(path.exists)


def interrupt(process: subprocess.Popen[str]) -> tuple[str, int]:
    """Press Ctrl-C: its output and exit status."""
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    return output, process.returncode
