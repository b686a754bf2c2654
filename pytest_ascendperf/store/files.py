"""Reading, locking and replacing one file, so that whatever happens the old content or the new one is there, whole.

A new content is written to a temporary file, flushed to the disk, and renamed over the old one: renaming is atomic.
Readers need no lock. Writers hold one for as long as they read, merge and write.

The lock and the temporary file lie in a hidden folder beside the file, ``.ascendperf``, which holds a ``.gitignore``
for itself. Lock files are never deleted: on Unix a process that waits for a deleted file would lock nothing that
others see, and two of them would write at once. (filelock deletes them in some versions, keeps them in others, and
copes with both.) What a killed process leaves behind is therefore never shown by git, and the next update of the same
file sweeps it. Where a file is reached through links, lock and temporary file lie beside the file that they lead to.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_WORK_FOLDER = ".ascendperf"
_CHUNK_BYTES = 2**20
_IGNORE_ITSELF = "# Locks and temporary files of pytest-ascendperf.\n*\n"


class FileStamp(NamedTuple):
    """Changes whenever a file is replaced or rewritten."""

    inode: int
    size: int
    modified_ns: int


class NotAFileError(OSError):
    """A folder, pipe or device stands where a file is expected."""


def stamp(path: Path) -> FileStamp | None:
    """The stamp of the regular file at ``path``, None if nothing is there. Raises OSError."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise NotAFileError("a folder, pipe or device stands in its place")
    return FileStamp(found.st_ino, found.st_size, found.st_mtime_ns)


def read_utf8(path: Path) -> bytes:
    """The content of ``path``, with the line ends of git's checkouts on Windows made plain.

    Raises OSError and, for anything but UTF-8, UnicodeDecodeError.
    """
    content = path.read_bytes().replace(b"\r\n", b"\n")
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(content), _CHUNK_BYTES):  # as a whole, the text could take four times the memory
        decoder.decode(content[start : start + _CHUNK_BYTES])
    decoder.decode(b"", final=True)
    return content


@contextlib.contextmanager
def locked(path: Path, timeout_s: float) -> Iterator[None]:
    """Keep other writers away from ``path``, a real path, and clear what a killed one left.

    Makes the folders that are missing. Raises OSError, and LockTimeoutError after ``timeout_s``.
    """
    import filelock

    folder = path.parent / _WORK_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    _keep_from_git(folder)
    lock = filelock.FileLock(folder / f"{path.name}.lock", timeout=timeout_s)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise LockTimeoutError(lock.lock_file, timeout_s) from None
    try:
        _sweep(folder, path.name)
        yield
    finally:
        lock.release()


class LockTimeoutError(Exception):
    """Another process held the lock for too long."""

    def __init__(self, lock_file: str, timeout_s: float) -> None:
        self.lock_file = lock_file
        self.timeout_s = timeout_s
        super().__init__(f"{lock_file} was held by another process for {timeout_s:g} s")


def replace(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path``, a real path that is :func:`locked`, or leave all as it was and raise OSError.

    An existing file's permissions are kept, and its owner and group where the system allows it.
    """
    temporary = path.parent / _WORK_FOLDER / f"{path.name}.{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            _copy_permissions(path, temporary)
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _flush_folder(path.parent)


def _keep_from_git(folder: Path) -> None:
    ignore = folder / ".gitignore"
    if not ignore.exists() or ignore.read_text(encoding="utf-8") != _IGNORE_ITSELF:
        ignore.write_text(_IGNORE_ITSELF, encoding="utf-8", newline="\n")


def _sweep(folder: Path, name: str) -> None:
    left_behind = re.compile(re.escape(name) + r"\.[0-9a-f]{16}\.tmp")
    for entry in folder.iterdir():
        if left_behind.fullmatch(entry.name):
            entry.unlink(missing_ok=True)


def _copy_permissions(path: Path, temporary: Path) -> None:
    try:
        old = path.stat()
    except FileNotFoundError:
        return
    new = temporary.stat()
    if hasattr(os, "chown") and (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        for uid, gid in ((-1, old.st_gid), (old.st_uid, -1)):
            with contextlib.suppress(PermissionError):  # only root may give a file away
                os.chown(temporary, uid, gid)
    temporary.chmod(stat.S_IMODE(old.st_mode))  # after chown, which clears some bits


def _flush_folder(folder: Path) -> None:
    """Let the renaming survive a power failure, where the file system can promise it."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # some network file systems refuse; the new file is in place all the same
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
