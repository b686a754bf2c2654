"""The fusion patterns that are known: the built-in ones, and those of a user's files and plugins laid over them."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from pytest_ascendperf.errors import SettingsError
from pytest_ascendperf.fusion.document import PatternDocument, normalised, read_document
from pytest_ascendperf.model.pattern import Form, FusionPattern, Mode

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_BUILT_IN = "patterns.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Patterns by name, each once, in the order of the files that name them first."""

    patterns: Mapping[str, FusionPattern]
    """By normalised name."""
    aliases: Mapping[str, str]
    """Other names to those; never one that is a pattern's own."""

    def __iter__(self) -> Iterator[FusionPattern]:
        return iter(self.patterns.values())

    def __len__(self) -> int:
        return len(self.patterns)

    def names(self) -> tuple[str, ...]:
        """The names of all patterns, without their aliases."""
        return tuple(self.patterns)

    def get(self, name: str) -> FusionPattern:
        """The pattern of this name or alias; case and blanks do not matter. Raises SettingsError for an unknown one."""
        wanted = normalised(name)
        found = self.patterns.get(self.aliases.get(wanted, wanted))
        if found is None:
            raise SettingsError("fusion pattern", self._unknown(name, wanted))
        return found

    def _unknown(self, name: str, wanted: str) -> str:
        near = difflib.get_close_matches(wanted, [*self.patterns, *self.aliases], n=3, cutoff=0.5)
        suggestion = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
        return (
            f"unknown pattern {name!r:.80}{suggestion} Known are: {', '.join(self.patterns)}. "
            "Add one in a file of patterns: docs/fusion.md shows how."
        )


def catalogue(extra_files: Sequence[Path] = (), extra: Sequence[FusionPattern] = ()) -> Catalogue:
    """The built-in patterns, with those of ``extra_files`` over them and ``extra`` over all, by name.

    ``extra`` are patterns that a program made; helpers of the modes are added to their forms. Raises SettingsError.
    """
    built_in = resources.files(__package__).joinpath(_BUILT_IN).read_text(encoding="utf-8")
    document = _read(built_in, _BUILT_IN, PatternDocument())
    for file in extra_files:
        document = _read(_text_of(file), str(file), document)
    made = (_with_helpers(pattern, document.helpers) for pattern in extra)
    patterns: dict[str, FusionPattern] = {}
    aliases: dict[str, str] = {}
    for pattern in (*document.patterns, *made):
        patterns[pattern.name] = pattern
        aliases = {alias: name for alias, name in aliases.items() if name != pattern.name}
        aliases.update(dict.fromkeys(pattern.aliases, pattern.name))
    return Catalogue(
        patterns=patterns, aliases={alias: name for alias, name in aliases.items() if alias not in patterns}
    )


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"fusion patterns in {file}", f"cannot be read: {error}") from error


def _read(text: str, file: str, below: PatternDocument) -> PatternDocument:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"fusion patterns in {file}", f"not TOML: {error}") from error
    return read_document(data, f"fusion patterns in {file}", below)


def _with_helpers(pattern: FusionPattern, helpers: Mapping[Mode, tuple[str, ...]]) -> FusionPattern:
    def completed(form: Form) -> Form:
        return replace(form, helpers=(*helpers.get(form.mode, ()), *form.helpers))

    return replace(
        pattern,
        name=normalised(pattern.name),
        aliases=tuple(map(normalised, pattern.aliases)),
        fused=tuple(map(completed, pattern.fused)),
        unfused=tuple(map(completed, pattern.unfused)),
    )
