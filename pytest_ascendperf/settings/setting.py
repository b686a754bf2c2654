"""What a setting is: a name, a check, a default, its help, and where it may be given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from pytest_ascendperf.errors import SettingsError


class Setting(NamedTuple):
    """One setting and where it may be given."""

    name: str
    check: Callable[[object], object]
    """Converts a text or checks a typed value; raises ValueError saying what is expected."""
    default: object
    help: str
    metavar: str
    ini_type: Literal["string", "int", "float", "bool"]
    marker: bool = False
    """Whether ``@pytest.mark.npu_perf`` takes it."""
    test_only: bool = False
    """Whether only a marker or a case takes it, since it says something about one test's code."""
    is_path: bool = False
    """Whether a relative value counts from where it was given: the working directory, or the root directory for ini."""

    @property
    def option(self) -> str:
        """The command-line option."""
        return "--ascendperf-" + self.name.replace("_", "-")

    @property
    def dest(self) -> str:
        """The option's attribute, and the ini key."""
        return "ascendperf_" + self.name

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "ASCENDPERF_" + self.name.upper()

    def read(self, value: object, source: str) -> object:
        """``value`` converted and checked. Raises SettingsError naming ``source``."""
        try:
            return self.check(value)
        except ValueError as error:
            raise SettingsError(source, f"{error}, got {value!r}") from None
