"""The files in which CANN, its driver and its firmware write down their versions.

========================  ==============================================================================================
``*_install.info``        ``version=8.3.RC2`` among other lines; the toolkit's up to 8.3 as from 8.5
``version.cfg``           ``toolkit_running_version=[7.7.T20.0.B210:8.1.RC1]``: an internal number, then the release's
``version.info``          ``Version=24.1.rc1`` (driver, firmware); a package of CANN writes an internal number there and
                          the release's in ``version_dir=8.3.RC1``
========================  ==============================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_RUNNING = re.compile(r"\[(?:[^\[\]:]*:)?(?P<release>[^\[\]:]+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundVersion:
    """A version and the place that states it."""

    value: str
    place: str
    """A file, an environment variable or a function call, as a person would look it up."""

    def __str__(self) -> str:
        return f"{self.value} ({self.place})"


def install_info_version(path: Path) -> FoundVersion | None:
    """The version in an ``…_install.info`` file; None where the file or the line is missing."""
    return _found(_fields(path).get("version"), path)


def running_version(path: Path, package: str) -> FoundVersion | None:
    """The release that ``version.cfg`` gives for a package such as ``toolkit`` or ``opp_kernel``; None if none."""
    release = _RUNNING.match(_fields(path).get(f"{package}_running_version", ""))
    return _found(release["release"] if release else None, path)


def version_info_version(path: Path) -> FoundVersion | None:
    """The version in a ``version.info`` file, the release's before the internal one; None if there is none."""
    fields = _fields(path)
    # The folder of a version is named after it, from 8.5 on with a prefix.
    release = fields.get("version_dir", "").removeprefix("cann-")
    return _found(release or fields.get("version"), path)


def _found(value: str | None, path: Path) -> FoundVersion | None:
    return FoundVersion(value=value, place=str(path)) if value else None


def _fields(path: Path) -> dict[str, str]:
    """The ``key=value`` lines of a file, keys in lower case; the first of equal keys wins. Empty if unreadable."""
    fields: dict[str, str] = {}
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return fields
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            fields.setdefault(key.strip().lower(), value.strip().strip("\"'"))
    return fields
