"""Sessions in fresh processes: the parent's half.

A session that screens or records must not share a process with another one, since most of what differs between two runs
of the same code differs between processes. A fresh process is a pytest of its own over the tests asked for, with the
options of this run less those that write files, select tests or distribute them. It never judges: it measures and
hands every test's result back, one line of JSON each, so that what was finished survives a crash.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pytest_ascendperf.errors import FreshProcessError, ProfileError
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.plugin.bench import Bench
from pytest_ascendperf.plugin.fusion_evidence import fusion_passes, own_work_path
from pytest_ascendperf.plugin.session_request import SessionRequest
from pytest_ascendperf.scratch import ScratchFolder

_NEUTRAL_OPTIONS: dict[str, object] = {
    # distribution: the fresh process is alone
    "numprocesses": None,
    "maxprocesses": None,
    "dist": "no",
    "distload": False,
    "tx": [],
    "looponfail": False,
    # selection and stopping: the tests are named one by one and all of them count
    "lf": False,
    "failedfirst": False,
    "newfirst": False,
    "stepwise": False,
    "maxfail": 0,
    "collectonly": False,
    "keyword": "",
    "markexpr": "",
    "deselect": None,
    # a measurement is wanted whatever its verdict is expected to be
    "runxfail": True,
    # whatever writes files or waits for a person
    "xmlpath": None,
    "htmlpath": None,
    "report_log": None,
    "json_report": False,
    "pastebin": None,
    "cov_source": None,
    "no_cov": True,
    "usepdb": False,
    "trace": False,
    "log_file": os.devnull,
    # its output is read as text, and only where it has failed
    "color": "no",
    "ascendperf_json": None,
    "ascendperf_update_baselines": None,
    "ascendperf_self_check": None,
    "ascendperf_self_check_write": False,
    "ascendperf_against": None,
    "ascendperf_against_python": None,
}
"""Options of pytest and of common plugins that a fresh process must not take over, by attribute."""

_BOOTSTRAP = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from pytest_ascendperf.plugin.fresh_process import main; sys.exit(main(sys.argv[1]))"
)
"""Program of the fresh process: the parent's module search path, then the child's half."""

_TAIL_LINES = 15
_POLL_S = 0.05
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshResult:
    """What a fresh process says of one test."""

    nodeid: str
    measurements: tuple[Measurement, ...]
    problem: str | None
    """Why the test did not pass there; None when it passed."""
    passes_problem: str | None = None
    """Why it is not known what the graph compiler fused there although it wrote that down; the parent finds out."""

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "nodeid": self.nodeid,
            "measurements": [measurement.to_dict() for measurement in self.measurements],
            "problem": self.problem,
        }

    def with_passes(self, passes: tuple[tuple[str, int], ...] | None, problem: str | None) -> FreshResult:
        """The same result, saying what the graph compiler fused in its process, or why that cannot be said."""
        measurements = tuple(replace(measurement, fusion_passes=passes) for measurement in self.measurements)
        return replace(self, measurements=measurements, passes_problem=problem)

    @classmethod
    def from_line(cls, line: str) -> FreshResult:
        """The value that a line of the results file holds."""
        data = json.loads(line)
        return cls(
            nodeid=data["nodeid"],
            measurements=tuple(Measurement.from_dict(measurement) for measurement in data["measurements"]),
            problem=data["problem"],
        )


def time_limit_s(expected_s: float) -> float:
    """Wall time after which a fresh process counts as hanging, where its tests took ``expected_s`` in this run."""
    return 300.0 + 10.0 * expected_s


def target_of(item: pytest.Item) -> str:
    """How a process with the same root directory, wherever it starts, collects just this test."""
    _, separator, rest = item.nodeid.partition("::")
    return f"{item.path}{separator}{rest}" if separator else str(item.path)


def run_session(
    config: pytest.Config, targets: Sequence[str], *, time_limit_s: float, device_is_held: bool
) -> dict[str, FreshResult]:
    """Measure ``targets`` in one fresh process; results by node id, only of tests that ended there.

    Raises FreshProcessError when the process gave no result at all or ran longer than ``time_limit_s``.
    KeyboardInterrupt ends the process and goes on.
    """
    with ScratchFolder("session") as folder:
        results_path = folder / "results.jsonl"
        request = SessionRequest(
            options=session_options(config, cache_dir=folder / "cache"),
            tests=tuple(targets),
            results_path=str(results_path),
            device_is_held=device_is_held,
            device=Bench.of(config).choice,
            full_speed_us=Bench.of(config).full_speed_us,
        )
        request_path = folder / "request.pickle"
        request_path.write_bytes(pickled(request, request.options))
        output_path = folder / "output.txt"
        work_path = folder / "ascend"
        work_path.mkdir()
        environment = own_work_path(work_path)
        with output_path.open("wb") as output, _process(config, request_path, output.fileno(), environment) as process:
            ended = _wait(process, time_limit_s)
        text = results_path.read_text("utf-8") if results_path.exists() else ""
        lines = text.split("\n")[:-1]  # a line without its end is of a process that died while writing it
        results = {result.nodeid: result for result in map(FreshResult.from_line, lines)}
        if not ended:
            raise FreshProcessError(f"a fresh process was stopped after {time_limit_s:.0f} s without ending")
        if not results:
            raise FreshProcessError(
                f"a fresh process ended with status {process.returncode} and measured nothing. Its last words:\n"
                f"{last_words(output_path)}"
            )
        return _with_passes(results, work_path) if len(targets) == 1 else results


def _with_passes(results: Mapping[str, FreshResult], work_path: Path) -> dict[str, FreshResult]:
    """The results of a process that ran one test, with what the graph compiler fused in it."""
    try:
        passes, problem = fusion_passes(work_path), None
    except ProfileError as error:
        passes, problem = None, str(error)
    return {nodeid: result.with_passes(passes, problem) for nodeid, result in results.items()}


def last_words(output_path: Path) -> str:
    """The end of what a process printed."""
    return "\n".join(output_path.read_text("utf-8", "replace").splitlines()[-_TAIL_LINES:])


def session_options(config: pytest.Config, cache_dir: Path) -> dict[str, object]:
    """The options of this run as a process of it takes them over."""
    options = dict(vars(config.option))
    options.update({name: value for name, value in _NEUTRAL_OPTIONS.items() if name in options})
    options["override_ini"] = [*(options.get("override_ini") or ()), f"cache_dir={cache_dir}"]
    options["rootdir"] = str(config.rootpath)
    options["inifilename"] = None if config.inipath is None else str(config.inipath)
    options["basetemp"] = None
    return options


def pickled(request: object, options: Mapping[str, object]) -> bytes:
    """``request``, which holds ``options``, as bytes. Raises FreshProcessError naming an option that has none."""
    try:
        return pickle.dumps(request)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        for name, value in options.items():
            try:
                pickle.dumps(value)
            except (pickle.PicklingError, TypeError, AttributeError):
                raise FreshProcessError(
                    f"option {name!r} of this run holds a {type(value).__name__}, which cannot be handed to a fresh "
                    f"process ({error}). Run without the plugin that sets it."
                ) from None
        raise


@contextlib.contextmanager
def _process(
    config: pytest.Config, request_path: Path, output: int, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    optimisation = ["-" + "O" * sys.flags.optimize] if sys.flags.optimize else []
    process = subprocess.Popen(
        [sys.executable, *optimisation, "-c", _BOOTSTRAP, str(request_path), *sys.path],
        cwd=config.invocation_params.dir,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end_process(process)


def _wait(process: subprocess.Popen[bytes], time_limit_s: float) -> bool:
    deadline = time.monotonic() + time_limit_s
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started; it leads a process group of its own."""
    if process.stdin is not None:
        process.stdin.close()
    for how in (signal.SIGTERM, signal.SIGKILL) if os.name == "posix" else (signal.SIGTERM,):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how) if os.name == "posix" else process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
