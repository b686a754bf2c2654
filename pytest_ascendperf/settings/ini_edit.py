"""Adding keys to the text of a pytest configuration file, so that everything else in it stays as it is.

The keys go right below the header of pytest's table: there a line of its own ends nothing and continues nothing. What
looks like the header may stand inside a multi-line string, so the outcome is parsed and compared with what was meant.
"""

from __future__ import annotations

import contextlib
import copy
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import iniconfig

from pytest_ascendperf.errors import SettingsError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Table(NamedTuple):
    """A table that pytest reads, and how values are spelled in it."""

    names: tuple[str, ...]
    """From the outermost: ``tool``, ``pytest``, ``ini_options``. One in files that are not TOML."""
    toml: bool
    typed: bool
    """Whether a number is written as a number, and not as a text."""

    @property
    def header(self) -> str:
        """The line above its keys."""
        return f"[{'.'.join(self.names)}]"

    def line(self, key: str, value: float) -> str:
        """The line that gives ``key`` the value."""
        return f'{key} = "{value:g}"' if self.toml and not self.typed else f"{key} = {value:g}"

    def parsed(self, value: float) -> object:
        """What that line is read as."""
        return value if self.typed else f"{value:g}"

    def keys_in(self, document: dict[str, Any]) -> dict[str, Any]:
        """The keys of this table in ``document``, which gets the table where it has none."""
        for name in self.names:
            document = document.setdefault(name, {})
        return document

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches its header's line, in any spelling of the same table."""
        if not self.toml:
            return re.compile(rf"^\ufeff?\[{re.escape(self.names[0])}\][^\n]*(?:\n|\Z)", re.MULTILINE)
        names = r"\s*\.\s*".join(rf"""["']?{re.escape(name)}["']?""" for name in self.names)
        return re.compile(rf"^\ufeff?[ \t]*\[\s*{names}\s*\][^\n]*(?:\n|\Z)", re.MULTILINE)


def with_keys(file_name: str, text: str, values: Mapping[str, float]) -> str:
    """``text``, the content of the pytest configuration file ``file_name``, with ``values`` added by key.

    Raises SettingsError where one of the keys is there already, where the text cannot be read, and where pytest's table
    is written in a way that gives keys no place; it names the lines that would have been added.
    """
    before = _parsed(file_name, text)
    table = _table(file_name, before)
    lines = [table.line(key, value) for key, value in values.items()]
    expected = copy.deepcopy(before)
    keys = table.keys_in(expected)
    for key in values:
        if key in keys:
            problem = f"{key} is there already ({keys[key]}), so nothing was written. It would have been: "
            raise SettingsError(file_name, problem + ", ".join(lines))
    keys.update({key: table.parsed(value) for key, value in values.items()})
    for changed in _candidates(table, text, lines):
        with contextlib.suppress(SettingsError):
            if _parsed(file_name, changed) == expected:
                return changed
    problem = f"no place was found for keys of {table.header}, so nothing was written. Add there: "
    raise SettingsError(file_name, problem + ", ".join(lines))


def _candidates(table: Table, text: str, lines: list[str]) -> Iterator[str]:
    """``text`` with ``lines`` below what looks like the table's header; last, with a header of their own at the end."""
    end = "\r\n" if "\r\n" in text else "\n"
    block = "".join(f"{line}{end}" for line in lines)
    for header in table.pattern.finditer(text):
        joint = "" if header.group().endswith("\n") else end
        yield f"{text[: header.end()]}{joint}{block}{text[header.end() :]}"
    gap = end * 2 if text and not text.endswith("\n") else end if text else ""
    yield f"{text}{gap}{table.header}{end}{block}"


def _table(file_name: str, document: Mapping[str, Any]) -> Table:
    """The table of the file that pytest reads, or would read if there were one."""
    if not file_name.endswith(".toml"):
        return Table(("tool:pytest" if file_name.endswith(".cfg") else "pytest",), toml=False, typed=False)
    if file_name in ("pytest.toml", ".pytest.toml") or "pytest" in document:
        return Table(("pytest",), toml=True, typed=True)
    if any(key != "ini_options" for key in document.get("tool", {}).get("pytest", {})):
        return Table(("tool", "pytest"), toml=True, typed=True)
    return Table(("tool", "pytest", "ini_options"), toml=True, typed=False)


def _parsed(file_name: str, text: str) -> dict[str, Any]:
    """All tables of the file as pytest's own parsers read them. Raises SettingsError."""
    try:
        if file_name.endswith(".toml"):
            return tomllib.loads(text)
        return {name: dict(keys) for name, keys in iniconfig.IniConfig(file_name, data=text).sections.items()}
    except (tomllib.TOMLDecodeError, iniconfig.ParseError) as error:
        raise SettingsError(file_name, f"cannot be read: {error}") from None
