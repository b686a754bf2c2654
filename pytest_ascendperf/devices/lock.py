"""The device lock: whoever measures on a device holds it, so that two measurements on one host never overlap.

The lock is advisory and belongs to a process: the system frees it when the process ends, however it ends. Its file
stays and must not be deleted while anyone uses it. Beside it lies a note of who holds it, for the message to those who
waited in vain; the note is a courtesy, and nothing is decided by it.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from pytest_ascendperf.errors import DeviceError

_FOLDER_NAME = "ascendperf-locks"
_FOLDER_MODE = 0o1777
"""Like the temporary folder itself: everybody makes files here, nobody removes those of others."""
_FILE_MODE = 0o666


def default_lock_folder() -> Path:
    """Where the locks lie unless told otherwise: a folder that all users of the host share.

    Users whose ``TMPDIR`` differs do not see each other's locks; give them one folder with ``--ascendperf-lock-dir``.
    """
    return Path(tempfile.gettempdir()) / _FOLDER_NAME


@contextmanager
def device_lock(lock_name: str, *, timeout_s: float, folder: Path | None = None) -> Iterator[None]:
    """Hold the lock of the device whose ``lock_name`` is given, waiting up to ``timeout_s`` seconds for it.

    ``folder`` is made where it is missing; None is :func:`default_lock_folder`. A thread that holds the lock may enter
    it again. Raises DeviceError when the time is up, naming the lock and who holds it, or when the lock's file cannot
    be made.
    """
    from filelock import FileLock, Timeout

    if not re.fullmatch(r"[A-Za-z0-9._+-]+", lock_name):
        raise DeviceError(f"a lock name is made of letters, digits and ._+-, got {lock_name!r}")
    path = _ready_folder(folder or default_lock_folder()) / f"{lock_name}.lock"
    # One lock object per path and process is what makes it re-entrant; per thread, other threads still wait.
    lock = FileLock(str(path), mode=_FILE_MODE, is_singleton=True, thread_local=True)
    try:
        lock.acquire(timeout=timeout_s)
    except Timeout:
        raise DeviceError(_waited_in_vain(path, timeout_s)) from None
    except OSError as error:
        raise DeviceError(_unusable(path, error)) from error
    outermost = lock.lock_counter == 1
    try:
        if outermost:
            _write_holder(path, f"process {os.getpid()} since {_now()}")
        yield
    finally:
        if outermost:
            _write_holder(path, "")
        lock.release()


def _ready_folder(folder: Path) -> Path:
    """``folder``, made where it is missing; one that is there keeps its mode."""
    try:
        folder.mkdir(parents=True)
        folder.chmod(_FOLDER_MODE)  # mkdir's own mode is cut by the umask
    except FileExistsError:
        pass
    except OSError as error:
        raise DeviceError(_unusable(folder, error)) from error
    return folder


def _holder_path(path: Path) -> Path:
    return path.with_suffix(".holder")


def _write_holder(path: Path, text: str) -> None:
    """Note who holds the lock. Never through a link, which in a shared folder could lead to a file of this user."""
    flags = os.O_WRONLY | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    holder = _holder_path(path)
    # A note that cannot be written costs a name in a message, no more.
    with contextlib.suppress(OSError):
        try:
            descriptor = os.open(holder, flags)
        except FileNotFoundError:
            descriptor = os.open(holder, flags | os.O_CREAT | os.O_EXCL, _FILE_MODE)
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, _FILE_MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)


def _waited_in_vain(path: Path, timeout_s: float) -> str:
    try:
        holder = _holder_path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        holder = ""
    return (
        f"another process measures on this device: the lock {path} was not free within {timeout_s:g} s. "
        f"It is held by {holder or 'a process that left no note'}. "
        "Wait until that has ended, or wait longer with --ascendperf-lock-timeout-s. "
        "The lock is freed when its process ends: do not delete the file"
    )


def _unusable(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"the device lock {path} cannot be used: {reason}. Give a folder you may write to with --ascendperf-lock-dir"


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
