"""What goes wrong with a file, told as one exception: the file, the fact, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_ascendperf.errors import BaselineError, InvalidDataError
from pytest_ascendperf.store.files import LockTimeoutError
from pytest_ascendperf.store.schema import NewerSchemaError

_RESTORE = (
    "Restore the file from version control, or move it away and record its tests again with "
    "`--ascendperf-update-baselines`"
)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise BaselineError for whatever keeps the block from reading and understanding the file at ``path``."""
    try:
        yield
    except NewerSchemaError as error:
        raise BaselineError(str(path), str(error), "Upgrade pytest-ascendperf.") from None
    except InvalidDataError as error:
        raise BaselineError(str(path), str(error) if error.where else error.problem, f"{_RESTORE}.") from None
    except UnicodeDecodeError:
        raise BaselineError(str(path), "not UTF-8 text", f"{_RESTORE}.") from None
    except OSError as error:
        raise BaselineError(str(path), f"cannot be read: {_reason(error)}", "Make it a readable file.") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise BaselineError for whatever keeps the block from replacing the file at ``path``, which is left as it was."""
    try:
        yield
    except LockTimeoutError as error:
        raise BaselineError(
            str(path),
            f"another process has been updating it for {error.timeout_s:g} s, as it holds the lock {error.lock_file}",
            "Nothing was written. Wait until that process ends, which frees the lock, and update again.",
        ) from None
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        raise BaselineError(
            str(path),
            f"cannot be written: {_reason(error)}{place}",
            "Nothing was written. Remove the cause and update again.",
        ) from error


@contextmanager
def storing(path: Path, case: object) -> Iterator[None]:
    """Raise BaselineError for a new baseline of ``case`` that the block finds invalid."""
    try:
        yield
    except InvalidDataError as error:
        raise BaselineError(
            str(path),
            f"the new baseline of {case} is not valid, {error}",
            "Nothing was written to this file. Measure the test again.",
        ) from None


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
