"""``fusion_result.json``: which fusion passes of the graph engine matched, and which took effect.

The graph engine has written it in five shapes: one object, with the graph named in one key or in two; a list of such
objects; an object with one member per graph; and ``null``. It appends to the file while it runs, so that one graph may
stand there several times under the same key; their counts add up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.model.profile_tables import FusionPass, FusionResult
from pytest_ascendperf.profiles.files import shown
from pytest_ascendperf.profiles.json_document import Members, kind, members, read_document

_SECTIONS = ("graph_fusion", "ub_fusion")
_GRAPH_KEY = "session_and_graph_id"
_COUNT = re.compile(r"[0-9]{1,18}")


def read_fusion_result(path: Path) -> FusionResult:
    """The passes of all graphs; none for ``null``. Raises ProfileError naming the pass."""
    counts: dict[tuple[str, str, str], tuple[int, int, int | None]] = {}
    for graph, entry in _graphs(path, read_document(path)):
        for section, passes in entry:
            if section not in _SECTIONS:
                continue
            for name, counters in members(path, passes, f"{graph}.{section}"):
                place = f"{graph}.{section}.{shown(name)}"
                found = _counters(path, counters, place)
                key = (graph, section, name)
                counts[key] = _sum(counts[key], found) if key in counts else found
    return FusionResult(
        passes=tuple(
            FusionPass(
                graph=graph,
                section=section,
                name=name,
                match_times=match_times,
                effect_times=effect_times,
                repository_hit_times=repository_hit_times,
            )
            for (graph, section, name), (match_times, effect_times, repository_hit_times) in sorted(counts.items())
        )
    )


def _graphs(path: Path, document: object) -> Iterator[tuple[str, Members]]:
    """Each graph's name and entry, whatever the shape."""
    if document is None:
        return
    if isinstance(document, list):
        for index, entry in enumerate(document):
            yield _one_graph(path, members(path, entry, f"[{index}]"), f"[{index}]")
        return
    top = members(path, document, "")
    keys = [key for key, _ in top]
    if keys and all(key.startswith(_GRAPH_KEY + "_") for key in keys):
        for key, entry in top:
            yield key.removeprefix(_GRAPH_KEY + "_"), members(path, entry, key)
    else:
        yield _one_graph(path, top, "")


def _one_graph(path: Path, entry: Members, place: str) -> tuple[str, Members]:
    """The name of a graph that stands inside its own entry."""
    by_key = dict(entry)
    if not set(by_key) & {*_SECTIONS, _GRAPH_KEY, "graphId"}:
        raise ProfileError(
            str(path), f"is no fusion result: {shown(', '.join(by_key) or 'an empty object')}", place=place
        )
    parts = [by_key[key] for key in (_GRAPH_KEY, "sessionId", "graphId") if key in by_key]
    if not all(isinstance(part, str) for part in parts):
        raise ProfileError(str(path), "expected the ids of session and graph as strings", place=place)
    return "_".join(map(str, parts)), entry


def _counters(path: Path, counters: object, place: str) -> tuple[int, int, int | None]:
    by_name = dict(members(path, counters, place))

    def count(name: str) -> int:
        value = by_name.get(name)
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not _COUNT.fullmatch(text):
            found = kind(value) if not isinstance(value, str) else shown(value)
            raise ProfileError(str(path), f"{name!r}: expected a count, found {found}", place=place)
        return int(text)

    hits = count("repository_hit_times") if "repository_hit_times" in by_name else None
    return count("match_times"), count("effect_times"), hits


def _sum(mine: tuple[int, int, int | None], other: tuple[int, int, int | None]) -> tuple[int, int, int | None]:
    hits = None if mine[2] is None and other[2] is None else (mine[2] or 0) + (other[2] or 0)
    return mine[0] + other[0], mine[1] + other[1], hits
