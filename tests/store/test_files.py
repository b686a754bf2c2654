from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from pytest_ascendperf.store.files import LockTimeoutError, NotAFileError, locked, read_utf8, replace, stamp

from .builders import beside, command_line, process_environment

root_only = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "test_ffn.json"
    path.write_bytes(b"old")
    return path


def test_the_stamp_changes_with_the_file(file: Path) -> None:
    before = stamp(file)
    with locked(file, 1.0):
        replace(file, b"new")
    assert before is not None
    assert stamp(file) != before


def test_the_stamp_of_nothing_is_none(tmp_path: Path) -> None:
    assert stamp(tmp_path / "absent.json") is None


def test_only_files_have_a_stamp(tmp_path: Path) -> None:
    """A pipe in the place of a file would keep a reader waiting for ever."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(NotAFileError, match="a folder, pipe or device"):
            stamp(path)


def test_line_ends_of_windows_are_read_as_plain_ones(file: Path) -> None:
    file.write_bytes(b"{\r\n}\r\n")
    assert read_utf8(file) == b"{\n}\n"


@pytest.mark.parametrize("content", [b"\xff", b"{\xc3", "µ".encode("latin-1"), '"µ"'.encode("utf-16")])
def test_text_that_is_not_utf8_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UnicodeDecodeError):
        read_utf8(file)


@pytest.mark.parametrize("padding", range(4))
def test_characters_across_the_chunks_of_the_check_are_read(file: Path, padding: int) -> None:
    content = b" " * (2**20 - padding) + "模型😀".encode()
    file.write_bytes(content)
    assert read_utf8(file) == content


def test_replacing_puts_the_new_content_in_place_and_leaves_nothing_beside(file: Path) -> None:
    with locked(file, 1.0):
        replace(file, b"new")
    assert file.read_bytes() == b"new"
    assert beside(file) == []


def test_a_new_file_gets_the_permissions_that_the_user_asks_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with locked(tmp_path / "new.json", 1.0):
            replace(tmp_path / "new.json", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.json").stat().st_mode) == 0o640


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o444])
def test_an_existing_file_keeps_its_permissions(file: Path, mode: int) -> None:
    file.chmod(mode)
    with locked(file, 1.0):
        replace(file, b"new")
    assert stat.S_IMODE(file.stat().st_mode) == mode


@root_only
def test_root_leaves_a_file_to_its_owner(file: Path) -> None:
    os.chown(file, 1234, 5678)
    with locked(file, 1.0):
        replace(file, b"new")
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 5678)


def test_what_a_killed_update_left_is_swept_and_nothing_else(file: Path) -> None:
    work = file.parent / ".ascendperf"
    work.mkdir()
    stale = work / "test_ffn.json.0123456789abcdef.tmp"
    others = ["other.json.0123456789abcdef.tmp", "test_ffn.json.b.json.0123456789abcdef.tmp"]
    for name in (stale.name, *others):
        (work / name).write_bytes(b"half")
    with locked(file, 1.0):
        assert not stale.exists()
    assert beside(file) == others


def test_the_lock_keeps_others_out_and_its_timeout_names_it(file: Path) -> None:
    with locked(file, 1.0):
        pass
    lock_file = file.parent / ".ascendperf" / "test_ffn.json.lock"
    lock_file.touch()
    holder = subprocess.Popen(
        command_line("hold_lock", lock_file),
        env=process_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockTimeoutError) as refused, locked(file, 0.2):
            pass
        assert refused.value.lock_file == str(lock_file)
        assert holder.stdin is not None
        holder.stdin.close()
    with locked(file, 1.0):
        pass


def test_git_shows_nothing_of_locks_and_temporary_files(file: Path) -> None:
    """Nor after the file that keeps them hidden was damaged."""
    try:
        subprocess.run(["git", "init", "--quiet", file.parent], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    for damage in (None, ""):
        if damage is not None:
            (file.parent / ".ascendperf" / ".gitignore").write_text(damage)
        with locked(file, 1.0):
            (file.parent / ".ascendperf" / "test_ffn.json.0123456789abcdef.tmp").touch()
            shown = subprocess.run(
                ["git", "-C", file.parent, "status", "--porcelain", "--untracked-files=all"],
                check=True,
                capture_output=True,
                text=True,
            )
        assert shown.stdout == "?? test_ffn.json\n"
