"""Updates that are killed, run out of space or meet each other: every baseline is still there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ascendperf.store import BaselineStore

from .builders import baseline, beside, command_line, environment, process_environment, run, stored

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, signals and limits of Unix")

MOUNT_HERE = ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs -o size=1m tmpfs "$0" && "$@"']


def test_a_process_killed_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """200 processes, each killed somewhere in its updates; afterwards nothing is lost, and the next update works."""
    *faults, summary = run(command_line("update_killed", tmp_path, 200, 20250131)).splitlines()
    outcome = json.loads(summary)
    assert faults == []
    assert outcome["left_behind"] == []
    assert outcome["updates"] > 1, "no process got as far as an update"
    assert outcome["killed_while_writing"] > 0, "no process was killed where it matters"


def test_sixteen_processes_that_update_one_file_at_once_all_get_in(tmp_path: Path) -> None:
    path = stored(tmp_path, baseline("test_before"))
    exit_codes = json.loads(run(command_line("update_together", tmp_path, 16)))
    assert exit_codes == [0] * 16
    store = BaselineStore(tmp_path)
    expected = [baseline("test_before"), *(baseline(f"test_{index}", median_us=100.0 + index) for index in range(16))]
    assert [store.find(value.case, environment()) for value in expected] == expected
    assert beside(path) == []


def test_a_write_that_the_system_cuts_off_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = stored(tmp_path, *(baseline(f"test_{index}") for index in range(20)))
    before = path.read_bytes()
    printed = run(command_line("update_limited", tmp_path, len(before) // 2))
    assert "cannot be written: File too large" in printed
    assert path.read_bytes() == before
    assert beside(path) == []


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """On a real file system of 1 MiB, mounted where only the process sees it."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    probe = subprocess.run([*MOUNT_HERE, str(tmp_path), "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        pytest.skip(f"this user may not mount a small file system: {probe.stderr.strip()}")
    outcome = json.loads(run([*MOUNT_HERE, str(tmp_path), *command_line("update_full_disk", tmp_path)]))
    assert outcome["filled"] == "No space left on device"
    (error,) = outcome["errors"]
    assert "cannot be written: No space left on device" in error
    assert outcome["untouched"]
    assert outcome["left_behind"] == []


def test_an_update_waits_for_its_turn_and_then_says_who_has_it(tmp_path: Path) -> None:
    path = stored(tmp_path, baseline())
    before = path.read_bytes()
    lock_file = path.parent / ".ascendperf" / "test_ffn.json.lock"
    holder = subprocess.Popen(
        command_line("hold_lock", lock_file), env=process_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        (error,) = BaselineStore(tmp_path, lock_timeout_s=0.2).update([baseline(median_us=99.0)]).errors
        assert BaselineStore(tmp_path).find(baseline().case, environment()) == baseline(), "readers need no lock"
        assert holder.stdin is not None
        holder.stdin.close()
    assert str(lock_file) in error.problem
    assert "for 0.2 s" in error.problem
    assert "update again" in error.remedy
    assert path.read_bytes() == before
    assert BaselineStore(tmp_path).update([baseline(median_us=99.0)]).errors == ()
