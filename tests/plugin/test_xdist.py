"""Workers of xdist, and several runs at once: one table, one writer, one measurement on the device at a time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from .suite import Suite, lines_with

MANY = """
@pytest.mark.npu_perf
@pytest.mark.parametrize("n", range(8))
def test_x(spend, n):
    spend()
"""

LOCKED = """
import time

@pytest.mark.parametrize("n", range(6))
def test_x(npu_perf, spend, n):
    os.makedirs("workers", exist_ok=True)
    open(f"workers/{os.getpid()}", "w").close()
    while len(os.listdir("workers")) < 4:
        time.sleep(0.01)

    def step():
        start = time.monotonic()
        spend()
        time.sleep(0.003)
        with open("calls.txt", "a") as file:
            print(os.getpid(), start, time.monotonic(), file=file)

    npu_perf(step)
"""
"""All four workers come together before the first of them measures."""


def calls(suite: Suite) -> list[tuple[float, float, str]]:
    """Start, end and process of every measured call, sorted."""
    found = []
    for line in (suite.path / "calls.txt").read_text("utf-8").splitlines():
        pid, start, end = line.split()
        found.append((float(start), float(end), pid))
    return sorted(found)


def overlaps(spans: list[tuple[float, float, str]]) -> int:
    return sum(start < end and pid != other for (_, end, pid), (start, _, other) in pairwise(spans))


def test_no_two_measured_calls_overlap_across_workers_and_across_runs(suite: Suite) -> None:
    suite.write(test_suite=LOCKED)
    runs = [suite.start("-n2"), suite.start("-n2")]
    for run in runs:
        output, _ = run.communicate(timeout=120)
        assert run.returncode == 0, output
    spans = calls(suite)
    assert len({pid for _, _, pid in spans}) == 4, "all four workers measured"
    assert overlaps(spans) == 0
    # Without the lock they would: the same two runs do overlap when each has a lock of its own.
    (suite.path / "calls.txt").unlink()
    shutil.rmtree(suite.path / "workers")
    runs = [suite.start("-n2", ASCENDPERF_LOCK_DIR=str(suite.path / f"locks{number}")) for number in range(2)]
    for run in runs:
        run.communicate(timeout=120)
    assert overlaps(calls(suite)) > 0


def test_results_of_all_workers_come_in_one_table(suite: Suite) -> None:
    suite.write(test_suite=MANY)
    result = suite.run_process("-n4", "--ascendperf-update-baselines", "--ascendperf-sessions=1")
    assert result.ret == 0, result.stdout.str()
    assert lines_with(result, "8 baselines written to 1 file:")
    result = suite.run_process("-n4", "--ascendperf-json=report.json")
    result.assert_outcomes(passed=8)
    assert len([line for line in result.outlines if line.startswith("PROVISIONAL  ")]) == 8
    assert lines_with(result, "8 measured: 8 provisional")
    report = json.loads((suite.path / "report.json").read_text("utf-8"))
    assert {case["test"] for case in report["cases"]} == {f"test_x[{n}]" for n in range(8)}
    assert report["tests"]["selected"] == 8


def test_recording_and_confirming_under_xdist(suite: Suite) -> None:
    suite.write(
        test_suite="""
        @pytest.mark.npu_perf
        @pytest.mark.parametrize("n", range(4))
        def test_x(spend, n):
            with open("pids.txt", "a") as file:
                print(os.getpid(), os.getppid(), file=file)
            spend(f"US{n}")
        """
    )
    result = suite.run_process("-n2", "--ascendperf-update-baselines")
    assert result.ret == 0, result.stdout.str()
    assert suite.medians_us() == {f"test_x[{n}]": [10.0, 10.0] for n in range(4)}
    assert lines_with(result, "ascendperf: recording session 2 of 2: 4 tests")
    result = suite.run_process("-n2", "-v", US1="30", US3="40")
    result.assert_outcomes(passed=2, failed=2)
    assert lines_with(result, "4 measured: 2 pass, 2 regressed")
    assert lines_with(result, "REGRESSED test_suite.py::test_x[1] - ")
    assert lines_with(result, "confirmed in 2 fresh processes")


def test_only_the_reporting_process_writes(suite: Suite) -> None:
    suite.write(test_suite=MANY)
    suite.extend_conftest(
        """
        from pytest_ascendperf.store.baseline_store import BaselineStore

        original = BaselineStore.update

        def update(self, baselines, **given):
            with open("writers.txt", "a") as file:
                print(os.getpid(), file=file)
            return original(self, baselines, **given)

        def pytest_sessionstart(session):
            BaselineStore.update = update
            if not hasattr(session.config, "workerinput") and not is_fresh():
                with open("reporting.txt", "a") as file:
                    print(os.getpid(), file=file)
        """
    )
    result = suite.run_process("-n2", "--ascendperf-update-baselines")
    assert result.ret == 0, result.stdout.str()
    assert (suite.path / "writers.txt").read_text("utf-8") == (suite.path / "reporting.txt").read_text("utf-8")


def test_a_crashed_worker_keeps_the_results_of_the_others(suite: Suite) -> None:
    suite.write(
        test_suite="""
        @pytest.mark.npu_perf
        @pytest.mark.parametrize("n", range(6))
        def test_x(spend, n):
            if n == 3 and "CRASH" in os.environ:
                os._exit(9)
            spend()
        """
    )
    suite.record()
    result = suite.run_process("-n2", "--ascendperf-json=report.json", CRASH="1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    report = json.loads((suite.path / "report.json").read_text("utf-8"))
    assert {case["test"]: case["status"] for case in report["cases"]} == {
        f"test_x[{n}]": "pass" for n in (0, 1, 2, 4, 5)
    }
    assert lines_with(result, "5 measured: 5 pass; 1 test not reached")
    before = suite.baseline_file().read_bytes()
    result = suite.run_process("-n2", "--ascendperf-update-baselines=new", CRASH="1")
    assert suite.baseline_file().read_bytes() == before


def test_waiting_in_vain_for_the_device_names_lock_and_holder(suite: Suite) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    code = (
        "import sys\nfrom pathlib import Path\nfrom pytest_ascendperf.devices.lock import device_lock\n"
        "with device_lock('scripted', timeout_s=60, folder=Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, os.environ["ASCENDPERF_LOCK_DIR"]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        result = suite.run("--ascendperf-lock-timeout-s=0.2")
        recording = suite.run("--ascendperf-lock-timeout-s=0.2", "--ascendperf-update-baselines")
        holder.kill()
    result.assert_outcomes(failed=1)
    (line,) = [line for line in result.outlines if line.startswith("FAILED test_suite.py::test_x - ")]
    assert "another process measures on this device: the lock " in line
    assert str(Path(os.environ["ASCENDPERF_LOCK_DIR"], "scripted.lock")) in line
    assert f"held by process {holder.pid} since" in line
    assert "wait longer with --ascendperf-lock-timeout-s" in result.stdout.str()  # the summary's line may be cut
    assert recording.ret == pytest.ExitCode.TESTS_FAILED
    assert not (suite.path / "baselines").exists()


def test_the_lock_is_free_between_measurements(suite: Suite) -> None:
    """A test that takes long outside of its measured calls holds nobody up."""
    suite.write(
        test_suite="""
        def test_x(npu_perf, spend):
            from pathlib import Path
            from pytest_ascendperf.devices.lock import device_lock

            npu_perf(spend)
            import subprocess, sys
            code = (
                "import sys; from pathlib import Path; from pytest_ascendperf.devices.lock import device_lock\\n"
                "with device_lock('scripted', timeout_s=0, folder=Path(sys.argv[1])): print('got it')"
            )
            command = [sys.executable, "-c", code, os.environ["ASCENDPERF_LOCK_DIR"]]
            assert subprocess.run(command, capture_output=True, text=True).stdout == "got it\\n"
        """
    )
    suite.run().assert_outcomes(passed=1)
