"""The settings in force: the one function that resolves them, and what it gives.

A value may come from the marker, the command line, the environment, the ini file or the built-in default, and the
first of these that gives one wins. Texts (command line, environment) are converted; marker and ini values keep their
type. :mod:`.catalogue` lists every setting once, :mod:`.checks` says what their values must be.

Every pytest run of an environment with this plugin imports this room, measuring or not. Its values are named tuples,
which take a fifth of the time of a dataclass to define.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pytest_ascendperf.errors import SettingsError
from pytest_ascendperf.settings.catalogue import (
    MARKER_SETTINGS,
    RUN_SETTINGS,
    SETTINGS,
    default_text,
    settings_table,
)
from pytest_ascendperf.settings.checks import AUTO, DEVICE_KINDS, STATUS_NAMES, STRICT_PASSES
from pytest_ascendperf.settings.setting import Setting

__all__ = [
    "AUTO",
    "DEVICE_KINDS",
    "MARKER_SETTINGS",
    "RUN_SETTINGS",
    "SETTINGS",
    "STATUS_NAMES",
    "STRICT_PASSES",
    "Setting",
    "Settings",
    "Sources",
    "check_keywords",
    "default_text",
    "from_text",
    "resolve",
    "settings_table",
]


class Settings(NamedTuple):
    """All settings of one test, resolved. Meanings and units are those of :data:`SETTINGS`."""

    tolerance: float
    min_change_us: float
    warmup: int | None
    max_warmup_s: float
    max_wait_s: float
    rounds: int | None
    budget_s: float
    precision: float
    max_spread: float
    threads: int | None
    cache: str
    kernels: str
    fusion: tuple[str, ...]
    max_kernels: int | None
    fusion_patterns: str | None
    device: str
    baselines: str
    sessions: int
    confirm_sessions: int
    budget: float | None
    against_sessions: int
    against_timeout_s: float
    fail_on: frozenset[str]
    strict: bool
    lock_timeout_s: float
    lock_dir: str | None

    @property
    def failing_statuses(self) -> frozenset[str]:
        """The statuses that fail a test."""
        return frozenset(STATUS_NAMES) - STRICT_PASSES if self.strict else self.fail_on

    @property
    def undecided_fails(self) -> bool:
        """Whether INCONCLUSIVE fails a test, so that what one session or a few leave open is worth more of them."""
        return "inconclusive" in self.failing_statuses

    @property
    def improvement_fails(self) -> bool:
        """Whether IMPROVED fails a test, so that what looks faster is confirmed as what looks slower is."""
        return "improved" in self.failing_statuses


class Sources(NamedTuple):
    """What was given where: setting names to values, absent where nothing was given."""

    marker: Mapping[str, object]
    command_line: Mapping[str, object]
    environment: Mapping[str, str]
    ini: Mapping[str, object]


def resolve(sources: Sources) -> Settings:
    """The settings in force: marker > command line > environment > ini > built-in. Raises SettingsError."""
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        name = setting.name
        if name in sources.marker:
            values[name] = setting.read(sources.marker[name], f"npu_perf({name}=)")
        elif name in sources.command_line:
            values[name] = setting.read(sources.command_line[name], setting.option)
        elif name in sources.environment:
            values[name] = setting.read(from_text(setting, sources.environment[name]), setting.variable)
        elif name in sources.ini:
            values[name] = setting.read(sources.ini[name], f"ini value {setting.dest}")
        else:
            values[name] = setting.default
    return Settings(**values)


def from_text(setting: Setting, text: str) -> object:
    """``text`` in the type that the setting's check expects; unchanged where it does not spell one."""
    if setting.ini_type == "string" or (text == AUTO and setting.default is None):
        return text
    if setting.ini_type == "bool":
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(text.lower(), text)
    try:
        return int(text) if setting.ini_type == "int" else float(text)
    except ValueError:
        return text


def check_keywords(keywords: Mapping[str, object], owner: str) -> None:
    """Check the keywords of a marker or a case, ``owner`` being how its author wrote it. Raises SettingsError."""
    for name, value in keywords.items():
        setting = MARKER_SETTINGS.get(name)
        if setting is None:
            raise SettingsError(f"{owner}({name}=)", _unknown_keyword(name))
        setting.read(value, f"{owner}({name}=)")


def _unknown_keyword(name: str) -> str:
    import difflib

    for setting in SETTINGS:
        if setting.name == name:
            return f"{name!r} is a setting of the whole run; give it as {setting.option} or in the ini file"
    near = difflib.get_close_matches(name, MARKER_SETTINGS, n=1, cutoff=0.5)
    suggestion = f"; did you mean {near[0]!r}?" if near else "."
    return f"unknown keyword {name!r}{suggestion} Valid are: {', '.join(sorted(MARKER_SETTINGS))}."
