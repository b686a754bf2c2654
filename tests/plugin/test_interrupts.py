"""Ctrl-C, kills and hangs while recording: all or nothing is written, and nobody is left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from .suite import Suite, interrupt, processes_with, wait_for, wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs signals and /proc")

SLOW = """
import time
from conftest import is_fresh

@pytest.mark.npu_perf
def test_quick(spend):
    spend()

def test_waits(npu_perf, npu_perf_device, spend):
    npu_perf_device.core_us = 8.0 if os.environ.get("SLOWED") == str(is_fresh()) else 5.0
    npu_perf(spend)
    with open("sessions.txt", "a") as file:
        print(os.getpid(), file=file)
    with open("sessions.txt") as file:
        sessions = len(file.read().split())
    if sessions == int(os.environ["WAIT_IN"]):
        open("waiting.txt", "w").close()
        time.sleep(60)
"""


def no_process_left(suite: Suite) -> bool:
    return not processes_with(f"SUITE_MARK={suite.path}")


@pytest.mark.parametrize("session", ["1", "3", "4"])
def test_ctrl_c_writes_nothing_and_says_in_which_session(suite: Suite, session: str) -> None:
    """The fourth one is measured because the core was slowed in the first."""
    suite.write(test_suite=SLOW)
    options = ["--ascendperf-update-baselines", "--ascendperf-sessions=3"]
    process = suite.start(*options, WAIT_IN=session, SLOWED="False", SUITE_MARK=str(suite.path))
    wait_for(suite.path / "waiting.txt")
    output, status = interrupt(process)
    assert status == pytest.ExitCode.INTERRUPTED
    number = f"{session} of {max(int(session), 3)}"
    words = f"recording was interrupted in session {number}: nothing was written, all baselines are as they were"
    assert words in output
    assert "INTERNALERROR" not in output
    assert not (suite.path / "baselines").exists()
    wait_until(lambda: no_process_left(suite))
    (suite.path / "waiting.txt").unlink()
    # The device is free again: a run that waits no time for it measures.
    suite.run("--ascendperf-lock-timeout-s=0", WAIT_IN="-1").assert_outcomes(passed=2)


def test_ctrl_c_while_confirming_ends_the_fresh_process(suite: Suite) -> None:
    suite.write(test_suite=SLOW)
    suite.record(WAIT_IN="-1")
    (suite.path / "sessions.txt").unlink()
    process = suite.start(WAIT_IN="2", US="40", SUITE_MARK=str(suite.path))
    wait_for(suite.path / "waiting.txt")
    output, status = interrupt(process)
    assert status == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in output
    wait_until(lambda: no_process_left(suite))


def test_a_fresh_process_ends_with_its_parent(suite: Suite) -> None:
    """Killed without a chance to clean up, the parent takes its device lock along; nobody may go on measuring.

    The next run cleans up.
    """
    suite.write(test_suite=SLOW)
    temporary = suite.path / "temporary"
    temporary.mkdir()
    variables = {"TMPDIR": str(temporary), "SUITE_MARK": str(suite.path)}
    process = suite.start("--ascendperf-update-baselines", WAIT_IN="2", **variables)
    wait_for(suite.path / "waiting.txt")
    assert len(processes_with(f"SUITE_MARK={suite.path}")) == 2
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    wait_until(lambda: no_process_left(suite))
    assert not (suite.path / "baselines").exists()
    assert list(temporary.glob("ascendperf-session-*"))
    suite.run_process(WAIT_IN="-1", **variables).assert_outcomes(passed=2)
    assert not list(temporary.glob("ascendperf-session-*"))


def test_an_exit_asked_for_by_a_test_is_an_interrupted_recording(suite: Suite) -> None:
    suite.write(
        test_suite="""
        @pytest.mark.npu_perf
        def test_first(spend): spend()

        def test_exits(): pytest.exit("enough", returncode=int(os.environ["CODE"]))
        """
    )
    result = suite.run("--ascendperf-update-baselines", CODE="2")
    assert result.ret == 2
    assert "recording was interrupted in session 1 of 2: nothing was written" in result.stdout.str()
    result = suite.run("--ascendperf-update-baselines", CODE="77")  # for which pytest prints no summary
    assert result.ret == 77
    assert "recording session 2" not in result.stdout.str()
    assert not (suite.path / "baselines").exists()


def test_a_collection_error_is_an_interrupted_recording(suite: Suite) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()", test_broken="import nothing_like_it")
    result = suite.run("--ascendperf-update-baselines")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "recording was interrupted in session 1 of 2: nothing was written" in result.stdout.str()
    assert not (suite.path / "baselines").exists()


def test_a_fresh_process_that_hangs_is_stopped_with_all_that_it_started(suite: Suite) -> None:
    """The limit of a real run is minutes, so the function is called as the plugin calls it, with a short one."""
    suite.write(
        test_suite="""
        import subprocess
        import sys
        import time
        import conftest

        @pytest.mark.npu_perf
        def test_hangs(spend):
            spend()
            if conftest.is_fresh():
                subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
                time.sleep(60)

        def test_stops_it(request):
            from pytest_ascendperf.errors import FreshProcessError
            from pytest_ascendperf.plugin.fresh import run_session

            target = str(request.path) + "::test_hangs"
            with pytest.raises(FreshProcessError, match="stopped after 3 s without ending"):
                run_session(request.config, [target], time_limit_s=3, device_is_held=False)
        """
    )
    result = suite.run(SUITE_MARK=str(suite.path))
    result.assert_outcomes(passed=2)
    wait_until(lambda: not [pid for pid in processes_with(f"SUITE_MARK={suite.path}") if pid != os.getpid()])
