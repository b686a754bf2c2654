"""Folders that are removed with their process, or after it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_ascendperf.scratch import ScratchFolder

HOLDER = """
import sys, tempfile
from pytest_ascendperf.scratch import ScratchFolder
tempfile.tempdir = sys.argv[1]
folder = ScratchFolder("other")
(folder.path / "profile.bin").touch()
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of the test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def folder_of_another_process(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process, and a folder with a file in it that the process made and holds."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(temporary)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())


def test_a_folder_lives_as_long_as_it_is_used(temporary: Path) -> None:
    with ScratchFolder("x") as path:
        assert path.parent == temporary
        assert path.name.startswith("ascendperf-x-")
        assert path.stat().st_mode & 0o777 == 0o700
        (path / "below").mkdir()
        with ScratchFolder("x") as other:
            assert other != path
        assert (path / "below").is_dir()
    assert not list(temporary.iterdir())


def test_it_may_be_removed_more_than_once(temporary: Path) -> None:
    folder = ScratchFolder("x")
    folder.remove()
    folder.remove()
    assert not list(temporary.iterdir())


def test_what_a_killed_process_leaves_goes_with_the_next_folder(temporary: Path) -> None:
    with folder_of_another_process(temporary) as (process, left):
        process.kill()
        process.wait()
        assert (left / "profile.bin").exists()
    with ScratchFolder("x") as path:
        assert sorted(temporary.iterdir()) == [path, path.with_name(f"{path.name}.lock")]


def test_a_folder_in_use_by_another_process_stays(temporary: Path) -> None:
    with folder_of_another_process(temporary) as (_, used), ScratchFolder("x"):
        assert (used / "profile.bin").exists()


def test_a_folder_without_a_lock_is_nobodys_to_remove(temporary: Path) -> None:
    (temporary / "ascendperf-notes").mkdir()
    with ScratchFolder("x"):
        pass
    assert [path.name for path in temporary.iterdir()] == ["ascendperf-notes"]
