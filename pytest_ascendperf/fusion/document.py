"""What a file of patterns says, checked: a decoded TOML document in, helpers, parts and patterns out.

A mistake is a SettingsError that names the file, the pattern or part, the key, and what is expected there.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import cast

from pytest_ascendperf.errors import SettingsError
from pytest_ascendperf.model.pattern import MODES, Expectation, Form, FusionPattern, Mode, PartKind

_PATTERN_TEXTS = ("name", "title", "advice", "source")
_PATTERN_KEYS = (*_PATTERN_TEXTS, "aliases", "expectation", *MODES)
_FORM_KEYS = ("fused", "fused_if_named", "unfused", "helpers")
_PART_KEYS = tuple(part_field.name for part_field in fields(PartKind) if part_field.name != "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternDocument:
    """The content of one file, or of several that were laid over one another."""

    helpers: Mapping[Mode, tuple[str, ...]] = field(default_factory=dict)
    parts: Mapping[tuple[Mode, str], PartKind] = field(default_factory=dict)
    patterns: tuple[FusionPattern, ...] = ()


def normalised(name: str) -> str:
    """A pattern's name without what does not matter in it: case and blanks. The order of its parts does."""
    return "".join(name.split()).casefold()


def did_you_mean(word: str, valid: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the nearest valid one, and all of them."""
    words = list(valid)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    suggestion = f"; did you mean {near[0]!r}?" if near else "."
    return f"{suggestion} Valid are: {', '.join(words)}."


def read_document(data: Mapping[str, object], file: str, below: PatternDocument) -> PatternDocument:
    """``data`` of ``file`` laid over ``below``, whose parts it may use. Raises SettingsError."""
    root = _Node(file, data)
    root.only("helpers", "parts", "pattern")
    helpers = dict(below.helpers)
    for mode, node in root.modes("helpers"):
        helpers[mode] = tuple(dict.fromkeys((*helpers.get(mode, ()), *node.texts(mode))))
    parts = dict(below.parts)
    for mode, node in root.modes("parts"):
        for name, part in node.table(mode).tables():
            parts[mode, name] = _part(name, part)
    patterns = tuple(_pattern(node, helpers, parts) for node in root.list_of_tables("pattern"))
    return PatternDocument(helpers=helpers, parts=parts, patterns=(*below.patterns, *patterns))


def _part(name: str, node: _Node) -> PartKind:
    node.only(*_PART_KEYS)
    return PartKind(
        name=name,
        types=node.texts("types", required=True),
        min_inputs=node.count("min_inputs"),
        max_inputs=node.count("max_inputs"),
        vector_input=node.flag("vector_input"),
        apis=node.texts("apis"),
        name_contains=node.texts("name_contains"),
        communication=node.flag("communication"),
    )


def _pattern(
    node: _Node, helpers: Mapping[Mode, tuple[str, ...]], parts: Mapping[tuple[Mode, str], PartKind]
) -> FusionPattern:
    node = _Node(f"{node.where} {node.data['name']!r}", node.data) if isinstance(node.data.get("name"), str) else node
    node.only(*_PATTERN_KEYS)
    texts = {key: node.text(key) for key in _PATTERN_TEXTS}
    expectation = node.text("expectation")
    if expectation not in {member.value for member in Expectation}:
        raise node.wrong("expectation", f"expected 'fuses' or 'does_not_fuse', found {expectation!r:.80}")
    fused: list[Form] = []
    unfused: list[Form] = []
    for mode in MODES:
        if mode in node.data:
            forms = node.table(mode)
            forms.only(*_FORM_KEYS)
            between = (*helpers.get(mode, ()), *forms.texts("helpers"))
            fused += _forms(forms, "fused", mode, between, parts)
            fused += _forms(forms, "fused_if_named", mode, between, parts)
            unfused += _forms(forms, "unfused", mode, between, parts)
    if not fused and not unfused:
        raise node.wrong("", f"expected forms in at least one mode of {', '.join(MODES)}")
    texts["name"] = normalised(texts["name"])
    return FusionPattern(
        **texts,
        aliases=tuple(map(normalised, node.texts("aliases"))),
        expectation=Expectation(expectation),
        fused=tuple(fused),
        unfused=tuple(unfused),
    )


def _forms(
    node: _Node, key: str, mode: Mode, helpers: tuple[str, ...], parts: Mapping[tuple[Mode, str], PartKind]
) -> list[Form]:
    forms: list[Form] = []
    for names in node.lists_of_texts(key):
        for name in names:
            if (mode, name) not in parts:
                known = [known for known_mode, known in parts if known_mode == mode]
                raise node.wrong(key, f"unknown part {name!r:.80}{did_you_mean(name, known)} Parts are [parts.{mode}].")
        kinds = tuple(parts[mode, name] for name in names)
        forms.append(Form(mode=mode, parts=kinds, helpers=helpers, only_if_named=key == "fused_if_named"))
    return forms


@dataclass(frozen=True, slots=True)
class _Node:
    """One table of a document and where it is, for messages."""

    where: str
    data: Mapping[str, object]

    def wrong(self, key: str, problem: str) -> SettingsError:
        return SettingsError(f"{self.where}, {key}" if key else self.where, problem)

    def only(self, *keys: str) -> None:
        for key in self.data:
            if key not in keys:
                raise SettingsError(self.where, f"unknown key {key!r:.80}{did_you_mean(key, keys)}")

    def table(self, key: str) -> _Node:
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, f"expected a table, found {value!r:.80}")
        return _Node(f"{self.where}, {key}", cast("Mapping[str, object]", value))

    def tables(self) -> list[tuple[str, _Node]]:
        return [(key, self.table(key)) for key in self.data]

    def modes(self, key: str) -> list[tuple[Mode, _Node]]:
        node = self.table(key)
        node.only(*MODES)
        return [(mode, node) for mode in MODES if mode in node.data]

    def list_of_tables(self, key: str) -> list[_Node]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.wrong(key, f"expected [[{key}]] tables, found {value!r:.80}")
        return [_Node(f"{self.where}, {key}", cast("Mapping[str, object]", item)) for item in value]

    def text(self, key: str) -> str:
        value = self.data.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, f"expected a text that is not empty, found {_shown(value)}")
        return value

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        value = self.data.get(key, None if required else [])
        if not _are_texts(value) or (required and not value):
            raise self.wrong(key, f"expected a list of texts, found {_shown(value)}")
        return tuple(cast("list[str]", value))

    def lists_of_texts(self, key: str) -> list[list[str]]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(_are_texts(item) and item for item in value):
            raise self.wrong(
                key, f'expected lists of names of parts such as [["MatMul", "Add"]], found {_shown(value)}'
            )
        return cast("list[list[str]]", value)

    def count(self, key: str) -> int | None:
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(key, f"expected a whole number from 0, found {_shown(value)}")
        return value

    def flag(self, key: str) -> bool:
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, f"expected true or false, found {_shown(value)}")
        return value


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value)


def _shown(value: object) -> str:
    return "nothing" if value is None else f"{value!r:.80}"
