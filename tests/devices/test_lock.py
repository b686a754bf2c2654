"""The device lock, with real processes, a real second user and a real killed holder."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ascendperf.devices.lock import default_lock_folder, device_lock
from pytest_ascendperf.errors import DeviceError

REPOSITORY = Path(__file__).parents[2]

CONTENDER = """
import os, sys, time
from pathlib import Path
from pytest_ascendperf.devices.lock import device_lock
folder, log, turns = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for _ in range(turns):
    with device_lock("cpu", timeout_s=60, folder=folder):
        os.write(descriptor, f"enter {os.getpid()}\\n".encode())
        time.sleep(0.002)
        os.write(descriptor, f"leave {os.getpid()}\\n".encode())
"""

HOLDER = """
import sys
from pathlib import Path
from pytest_ascendperf.devices.lock import device_lock
with device_lock("cpu", timeout_s=60, folder=Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""

TWO_USERS = """
import os, sys
from pathlib import Path
from pytest_ascendperf.devices.lock import device_lock
folder = Path(sys.argv[1])
os.umask(0o077)
with device_lock("cpu", timeout_s=1, folder=folder):
    pass
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
with device_lock("cpu", timeout_s=1, folder=folder):
    print((folder / "cpu.holder").read_text())
with device_lock("other", timeout_s=1, folder=folder):
    print("another lock")
"""


@contextlib.contextmanager
def held_elsewhere(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until the block ends."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_processes_never_hold_it_at_once(tmp_path: Path) -> None:
    log, turns = tmp_path / "log", 25
    command = [sys.executable, "-c", CONTENDER, str(tmp_path / "locks"), str(log), str(turns)]
    processes = [subprocess.Popen(command, cwd=REPOSITORY) for _ in range(2)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    lines = log.read_text(encoding="ascii").splitlines()
    assert len(lines) == 2 * 2 * turns
    for entered, left in zip(lines[::2], lines[1::2], strict=True):
        assert entered.startswith("enter ")
        assert left == entered.replace("enter", "leave")
    assert {line.split()[1] for line in lines} == {str(process.pid) for process in processes}


def test_waiting_in_vain_names_the_lock_and_its_holder(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as process:
        with pytest.raises(DeviceError) as caught, device_lock("cpu", timeout_s=0.1, folder=tmp_path):
            raise AssertionError("entered")
        message = str(caught.value)
        assert str(tmp_path / "cpu.lock") in message
        assert re.search(rf"held by process {process.pid} since 20\d\d-", message)
        assert "0.1 s" in message
        assert "--ascendperf-lock-timeout-s" in message


def test_a_killed_holder_frees_it(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        with device_lock("cpu", timeout_s=60, folder=tmp_path):
            assert (tmp_path / "cpu.holder").read_text(encoding="utf-8").startswith(f"process {os.getpid()} ")


def test_locks_of_two_devices_are_independent(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path), device_lock("npu-0", timeout_s=0, folder=tmp_path):
        pass


def test_it_is_re_entrant_and_the_outermost_block_frees_it(tmp_path: Path) -> None:
    holder = tmp_path / "cpu.holder"
    with device_lock("cpu", timeout_s=0, folder=tmp_path):
        with device_lock("cpu", timeout_s=0, folder=tmp_path):
            pass
        assert holder.read_text(encoding="utf-8") != ""
        assert not another_process_gets_it(tmp_path)
    assert holder.read_text(encoding="utf-8") == ""
    assert another_process_gets_it(tmp_path)


def another_process_gets_it(folder: Path) -> bool:
    code = """
import sys
from pathlib import Path
from pytest_ascendperf.devices.lock import device_lock
from pytest_ascendperf.errors import DeviceError
try:
    with device_lock("cpu", timeout_s=0, folder=Path(sys.argv[1])):
        print("got it")
except DeviceError:
    print("waited in vain")
"""
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout == "got it\n"


def test_another_thread_waits(tmp_path: Path) -> None:
    """Re-entrance is for the thread that holds the lock: two threads measuring at once would spoil each other."""
    outcome: list[str] = []

    def contend() -> None:
        try:
            with device_lock("cpu", timeout_s=0, folder=tmp_path):
                outcome.append("entered")
        except DeviceError:
            outcome.append("waited")

    with device_lock("cpu", timeout_s=0, folder=tmp_path):
        thread = threading.Thread(target=contend)
        thread.start()
        thread.join(timeout=60)
    assert outcome == ["waited"]


def test_it_is_freed_by_an_exception(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), device_lock("cpu", timeout_s=0, folder=tmp_path):
        raise KeyboardInterrupt
    assert another_process_gets_it(tmp_path)


def test_folder_and_files_are_open_to_all_users_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "locks"
    umask = os.umask(0o077)
    try:
        with device_lock("cpu", timeout_s=0, folder=folder):
            pass
    finally:
        os.umask(umask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o1777
    assert stat.S_IMODE((folder / "cpu.lock").stat().st_mode) == 0o666
    assert stat.S_IMODE((folder / "cpu.holder").stat().st_mode) == 0o666


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another user")
def test_another_user_takes_the_lock_that_root_made() -> None:
    with tempfile.TemporaryDirectory() as parent:  # pytest's own folders are closed to other users
        Path(parent).chmod(0o755)
        command = [sys.executable, "-c", TWO_USERS, str(Path(parent) / "locks")]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    assert re.fullmatch(r"process \d+ since \S+\nanother lock\n", done.stdout)


def test_the_note_is_never_written_through_a_link(tmp_path: Path) -> None:
    """In a shared folder somebody else's link could lead to a file of this user."""
    precious = tmp_path / "precious"
    precious.write_text("kept", encoding="utf-8")
    folder = tmp_path / "locks"
    folder.mkdir()
    (folder / "cpu.holder").symlink_to(precious)
    with device_lock("cpu", timeout_s=0, folder=folder):
        pass
    assert precious.read_text(encoding="utf-8") == "kept"


def test_a_folder_that_cannot_be_used_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in (tmp_path / "file" / "below", tmp_path / "file"):
        with (
            pytest.raises(DeviceError, match=r"cannot be used: .*--ascendperf-lock-dir") as caught,
            device_lock("cpu", timeout_s=0, folder=folder),
        ):
            raise AssertionError("entered")
        assert str(folder) in str(caught.value)


@pytest.mark.parametrize("name", ["", "../cpu", "a/b", "a b"])
def test_a_lock_name_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="lock name"), device_lock(name, timeout_s=0, folder=tmp_path):
        raise AssertionError("entered")
    assert list(tmp_path.iterdir()) == []


def test_the_default_folder_is_shared_by_all_users_of_the_host() -> None:
    assert default_lock_folder() == Path(tempfile.gettempdir()) / "ascendperf-locks"
