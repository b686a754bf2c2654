"""Folders for what a run needs only while it runs, also where it is killed.

A CI job that is out of time is killed, and then nothing of it can clean up; what a profiler wrote for it may be large.
So a lock lies beside each folder and is held by the process that made it. The system frees the lock with the process,
however that ends, and whoever makes the next folder removes those whose lock is free.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import FileLock

_PREFIX = "ascendperf-"
_LOCK_SUFFIX = ".lock"
_SWEEP_TIME_LIMIT_S = 60.0
"""For the case that another process takes a new lock for one that was left behind, and removes nothing."""


class ScratchFolder:
    """A new folder in the temporary folder, until it is removed; a context manager that gives its path."""

    path: Path
    """Resolved; for this user alone."""

    def __init__(self, purpose: str) -> None:
        """Make ``ascendperf-{purpose}-…``, after removing those of processes that have ended."""
        temporary = Path(tempfile.gettempdir()).resolve()
        _remove_left_behind(temporary)
        self.path = temporary / f"{_PREFIX}{purpose}-{uuid.uuid4().hex}"
        self._alive = _lock(self.path)
        # First the lock: a folder with a lock that is free is removed by anybody.
        self._alive.acquire(timeout=_SWEEP_TIME_LIMIT_S)
        try:
            self.path.mkdir(mode=0o700)
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Remove it, if it is still there."""
        _remove(self.path, self._alive)
        self._alive.release()

    def __enter__(self) -> Path:
        """Its path."""
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove it."""
        self.remove()


def _lock(folder: Path) -> FileLock:
    from filelock import FileLock

    return FileLock(f"{folder}{_LOCK_SUFFIX}", thread_local=False)


def _remove_left_behind(temporary: Path) -> None:
    """Remove the folders that have a lock which nobody holds."""
    from filelock import Timeout

    for path in temporary.glob(f"{_PREFIX}*{_LOCK_SUFFIX}"):
        folder = path.with_suffix("")
        lock = _lock(folder)
        with contextlib.suppress(Timeout, OSError), lock.acquire(timeout=0.0):
            _remove(folder, lock)


def _remove(folder: Path, lock: FileLock) -> None:
    """While ``lock`` is held: afterwards nobody knows the folder's name."""
    shutil.rmtree(folder, ignore_errors=True)
    Path(lock.lock_file).unlink(missing_ok=True)
