"""CANN versions, and which of two is the older one, where that can be known.

CANN has had two ways of numbering, and both are in use:

============  ============================================================================
up to 8.4     ``8.1.RC1.alpha001`` < ``8.1.RC1.beta1`` < ``8.1.RC1`` < ``8.1.RC2`` < ``8.1.0``
from 8.5      ``9.0.0-alpha.1`` < ``9.0.0-beta.2`` < ``9.0.0-rc.1`` < ``9.0.0`` < ``9.0.1``
============  ============================================================================

Case does not matter, and ``.`` and ``-`` separate alike: ``9.0.0.beta2`` is ``9.0.0-beta.2``. Test builds (``9.1.T1``)
are taken to come before all else of their ``major.minor``; no public statement says so.

Not every pair has an order. A build number (``9.0.0.B083``) orders builds of one version and nothing else. A nightly
tag (``2026.08.03``) or an internal number (``V100R001C23``) has no place among the others. Such a pair is
:attr:`Order.UNKNOWN` and never "older": a baseline must not be offered as the predecessor of a version that it may well
follow. That is why versions have no ``<``. Equality is equality of the version, however it was written.
"""

from __future__ import annotations

import enum
import hashlib
import re
from dataclasses import dataclass, field

_Level = int | str
"""Numbers of a level are ordered; a text is equal to itself and has no order to anything else."""

_TEST, _CANDIDATE, _PATCH = 0, 1, 2
"""What follows ``major.minor``, in order: ``T500``, ``RC1``, ``0``."""

_STAGES = {"alpha": 0, "beta": 1, "rc": 2}
_RELEASED = 3

_FIRST_NEW_NUMBERING = (8, 5)
"""From this ``major.minor`` on, a candidate is a stage of a patch release and not a release of its own."""

# Four digits in front are a year, and more than nine are no release number anybody chose.
_SHAPE = re.compile(
    r"(?P<major>[0-9]{1,3})\.(?P<minor>[0-9]{1,9})"
    r"\.(?P<kind>t|rc|)(?P<target>[0-9]{1,9})"
    r"(?:\.(?P<stage>alpha|beta|rc)(?:\.?(?P<number>[0-9]{1,9}))?)?"
    r"(?:\.b(?P<build>[0-9]{1,9}))?"
)

_LONGEST_FOLDER_NAME = 64


class Order(enum.Enum):
    """How one version stands to another."""

    OLDER = "older"
    SAME = "same"
    NEWER = "newer"
    UNKNOWN = "different, order unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CannVersion:
    """A version of CANN or of one of its packages. Made by :meth:`parse`."""

    text: str = field(compare=False)
    """As it was found, without surrounding space."""
    levels: tuple[_Level, ...]
    """What is compared, the most significant level first; a single text where the version is not understood."""
    canonical: str = field(compare=False)
    """One spelling for all ways to write the same version, in characters that suit a folder name."""

    @classmethod
    def parse(cls, text: str) -> CannVersion:
        """The version that ``text`` names. Any text names one; of unknown shape, it is equal to itself only."""
        stripped = text.strip()
        shape = _SHAPE.fullmatch(stripped.lower().replace("-", "."))
        if shape is None:
            folded = stripped.casefold()
            return cls(text=stripped, levels=(folded,), canonical=_slug(folded))
        return cls(text=stripped, levels=_levels(shape), canonical=_spelling(shape))

    @property
    def is_understood(self) -> bool:
        """Whether the version has a place among others. If not, its order to every other version is unknown."""
        return len(self.levels) > 1

    @property
    def folder_name(self) -> str:
        """The version as a folder name: ``cann-8.2.RC1``, ``cann-9.0.0-beta.2``."""
        return f"cann-{self.canonical}"

    def order(self, other: CannVersion) -> Order:
        """Whether ``self`` is older than, the same as or newer than ``other``, as far as that can be known."""
        # Both understood have as many levels; one that is not differs from any other in the first.
        for mine, theirs in zip(self.levels, other.levels, strict=False):
            if mine == theirs:
                continue
            if isinstance(mine, int) and isinstance(theirs, int):
                return Order.OLDER if mine < theirs else Order.NEWER
            return Order.UNKNOWN
        return Order.SAME

    def __str__(self) -> str:
        return self.text


def _levels(shape: re.Match[str]) -> tuple[_Level, ...]:
    """Major, minor, kind of target, target, stage, number of the stage, build."""
    stage, number, build = shape["stage"], shape["number"], shape["build"]
    stage_level: _Level = _STAGES.get(stage, _RELEASED)
    if stage is None and build is not None:
        # Builds lead up to a release. Whether this one came before its betas or after them, nobody says.
        stage_level = "build"
    return (
        int(shape["major"]),
        int(shape["minor"]),
        _kind_level(shape),
        int(shape["target"]),
        stage_level,
        "not numbered" if number is None else int(number),
        "no build" if build is None else int(build),
    )


def _kind_level(shape: re.Match[str]) -> _Level:
    """The order of what follows ``major.minor``; a text for a mixture of both ways of numbering."""
    is_new = _is_new_numbering(shape)
    if shape["kind"] == "rc" and is_new:
        return "release candidate in old numbering"
    if shape["kind"] == "" and shape["stage"] == "rc" and not is_new:
        return "release candidate in new numbering"
    return {"t": _TEST, "rc": _CANDIDATE, "": _PATCH}[shape["kind"]]


def _is_new_numbering(shape: re.Match[str]) -> bool:
    return (int(shape["major"]), int(shape["minor"])) >= _FIRST_NEW_NUMBERING


def _spelling(shape: re.Match[str]) -> str:
    """The version as releases of its time are written: ``8.1.RC1.alpha001``, ``9.0.0-beta.2``, ``9.0.0.B083``."""
    text = f"{int(shape['major'])}.{int(shape['minor'])}.{shape['kind'].upper()}{int(shape['target'])}"
    stage, number, build = shape["stage"], shape["number"], shape["build"]
    if stage is not None:
        if _is_new_numbering(shape):
            text += f"-{stage}" + ("" if number is None else f".{int(number)}")
        else:
            digits = 3 if stage == "alpha" else 1
            text += f".{stage}" + ("" if number is None else f"{int(number):0{digits}d}")
    return text if build is None else f"{text}.B{int(build):03d}"


def _slug(text: str) -> str:
    """The letters, digits and ``.-_`` of ``text``, and a hash of it where that is not all."""
    slug = re.sub(r"[^a-z0-9._-]+", "-", text).strip(".-")[:_LONGEST_FOLDER_NAME]
    if slug and slug == text:
        return slug
    return f"{slug or 'unnamed'}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
