"""Reading baseline files, and keeping the content of those read last.

A run looks up the cases of a module one after another, and where a case has no baseline also in the files of other
chips. So the files of one module are kept, until another module is asked for; never more, as they can be large.
"""

from __future__ import annotations

from pathlib import Path

from pytest_ascendperf.errors import BaselineError
from pytest_ascendperf.store.document import BaselineDocument
from pytest_ascendperf.store.failures import reading
from pytest_ascendperf.store.files import FileStamp, read_utf8, stamp


def read_file(path: Path, module: str) -> BaselineDocument | None:
    """The content of the file of ``module`` at ``path``, None if there is no file. Raises BaselineError."""
    with reading(path):
        if stamp(path) is None:
            return None
        document = BaselineDocument.parse(read_utf8(path))
    if document.module != module:
        raise BaselineError(
            str(path),
            f"it belongs to {document.module!r} and stands where {module!r} is looked up",
            'If the test module was renamed, change "module" in the file; otherwise move the file back.',
        )
    return document


class RecentFiles:
    """The files of one module as they were read last, each read again when it has changed on disk."""

    def __init__(self) -> None:
        self._module: str | None = None
        self._contents: dict[Path, tuple[FileStamp, BaselineDocument | BaselineError | None]] = {}

    def read(self, path: Path, module: str) -> BaselineDocument | None:
        """What :func:`read_file` gives, or raises, for the file as it is now."""
        if module != self._module:
            self._contents.clear()
            self._module = module
        with reading(path):
            now = stamp(path)
        if now is None:
            return None
        if path not in self._contents or self._contents[path][0] != now:
            self._contents.pop(path, None)  # before the new content takes its own memory
            self._contents[path] = (now, self._outcome(path, module))
        outcome = self._contents[path][1]
        if isinstance(outcome, BaselineError):
            raise BaselineError(outcome.path, outcome.problem, outcome.remedy)
        return outcome

    def _outcome(self, path: Path, module: str) -> BaselineDocument | BaselineError | None:
        try:
            return read_file(path, module)
        except BaselineError as error:
            # A copy, as the one raised keeps the frames it came through, and with them the text of a large broken file.
            return BaselineError(error.path, error.problem, error.remedy)
