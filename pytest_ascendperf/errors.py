"""The exceptions that this project raises: misuse only, each with what was given, what was expected, what to do.

A measured outcome, good or bad, is a :class:`~pytest_ascendperf.model.verdict.Status` and never an exception.
"""

from __future__ import annotations


class AscendPerfError(Exception):
    """Base of every exception raised on purpose by pytest-ascendperf."""


class SettingsError(AscendPerfError):
    """A marker keyword, option, environment variable or ini value that cannot be used."""

    def __init__(self, source: str, problem: str) -> None:
        self.source = source
        """Where the value came from, as its author wrote it: ``--ascendperf-tolerance``, ``@npu_perf(tolerance=)``."""
        self.problem = problem
        """What was given, what is expected, and the nearest valid spelling where there is one."""
        super().__init__(f"{source}: {problem}")


class InvalidDataError(AscendPerfError):
    """Stored or transmitted data that does not describe a valid value."""

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        """Path of the field inside the document, such as ``sessions[2].median_us``."""
        self.problem = problem
        """What was found there and what belongs there."""
        super().__init__(f"{where}: {problem}")

    def inside(self, outer: str) -> InvalidDataError:
        """The same problem, seen from one level further out."""
        joint = "" if self.where.startswith("[") else "."
        return InvalidDataError(f"{outer}{joint}{self.where}" if self.where else outer, self.problem)


class BaselineError(AscendPerfError):
    """A baseline file that cannot be read, understood or written. Nothing was changed on disk."""

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        self.path = path
        """The file, as given."""
        self.problem = problem
        """What is wrong with it."""
        self.remedy = remedy
        """What to do about it."""
        super().__init__(f"baseline file {path}: {problem}. {remedy}")


class DeviceError(AscendPerfError):
    """A device that is unknown, absent or in use by somebody else."""


class MeasurementError(AscendPerfError):
    """A call that cannot be measured as it stands, such as one that only makes a coroutine."""


class FreshProcessError(AscendPerfError):
    """A fresh process that was started to measure something and did not."""


class AgainstError(AscendPerfError):
    """A base that cannot be measured beside head: a revision, an interpreter or a process that is not fit for it."""


class ProfileError(AscendPerfError):
    """A profile file or folder that cannot be read or understood."""

    def __init__(self, path: str, problem: str, *, place: str = "") -> None:
        self.path = path
        """The file or folder, as given."""
        self.problem = problem
        """What was found, what belongs there and what to do."""
        self.place = place
        """Where in the file: ``line 17``, ``event 12``; empty where it is the whole file."""
        super().__init__(f"profile {path}{f', {place}' if place else ''}: {problem}")


class EmptyProfileError(ProfileError):
    """A profile that can be read and tells that nothing ran of what it is asked for."""
