"""``communication.json``: what every collective of a rank spent its time on."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.model.profile_tables import CommunicationKind, CommunicationTime
from pytest_ascendperf.profiles.files import shown
from pytest_ascendperf.profiles.json_document import kind, members, read_document

_KINDS: tuple[CommunicationKind, ...] = ("p2p", "collective")
_STEP = re.compile(r"step([0-9]{0,18})")
_TOTAL = "Total Op Info"
"""A sum over the others; counted with them, everything would count twice."""


def read_communication(path: Path) -> tuple[CommunicationTime, ...]:
    """Every collective and every sending and receiving, in the order of the file. Raises ProfileError."""
    return tuple(
        operation
        for step, by_kind in members(path, read_document(path), "")
        for operation in _operations(path, step, by_kind)
    )


def _operations(path: Path, step: str, by_kind: object) -> Iterator[CommunicationTime]:
    number = _STEP.fullmatch(step)
    if number is None:
        raise ProfileError(str(path), f"expected keys such as 'step50', found {shown(step)}")
    for found, operations in members(path, by_kind, step):
        for kind_known in _KINDS:
            if found != kind_known:
                continue
            for name, facts in members(path, operations, f"{step}.{found}"):
                if not name.startswith(_TOTAL):
                    place = f"{step}.{found}.{shown(name)}"
                    times = _times(path, facts, place)
                    yield _operation(path, int(number[1]) if number[1] else None, kind_known, name, times, place)


def _operation(
    path: Path, step: int | None, found: CommunicationKind, name: str, times: dict[str, object], place: str
) -> CommunicationTime:
    def milliseconds(heading: str) -> float:
        value = times.get(heading)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ProfileError(str(path), f"{heading!r}: expected a number, found {kind(value)}", place=place)
        # Comparing first: a whole number of a thousand digits does not convert.
        if not 0 <= value < math.inf or value > 1e15:
            raise ProfileError(str(path), f"{heading!r}: expected a time in ms, found {shown(value)}", place=place)
        return float(value)

    operation, _, group = name.partition("@")
    return CommunicationTime(
        step=step,
        kind=found,
        name=operation,
        group=group,
        elapsed_ms=milliseconds("Elapse Time(ms)"),
        transit_ms=milliseconds("Transit Time(ms)"),
        wait_ms=milliseconds("Wait Time(ms)"),
        synchronization_ms=milliseconds("Synchronization Time(ms)"),
        idle_ms=milliseconds("Idle Time(ms)"),
    )


def _times(path: Path, facts: object, place: str) -> dict[str, object]:
    found = dict(members(path, facts, place)).get("Communication Time Info")
    return dict(members(path, found, f"{place}.Communication Time Info"))
