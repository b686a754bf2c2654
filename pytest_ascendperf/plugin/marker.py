"""The ``npu_perf`` marker at collection: its keywords are checked and left on the item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from pytest_ascendperf.errors import SettingsError
from pytest_ascendperf.settings import MARKER_SETTINGS, check_keywords

MARKER = "npu_perf"
FIXTURE = "npu_perf"

MARKER_HELP = (
    f"{MARKER}({', '.join(f'{name}=' for name in MARKER_SETTINGS)}): measure this test's performance and compare it "
    "with the stored baseline; keywords as in the options of the same names"
)


class Marked(NamedTuple):
    """What collection found on a test that is to be measured."""

    keywords: Mapping[str, object]
    """Keywords of its markers, those nearer to the test winning; empty for a test that only takes the fixture."""
    body_is_measured: bool
    """Whether the whole test body is the measured call: it is where the test does not take the fixture."""


MARKED_KEY = pytest.StashKey[Marked]()


def leave_marks(items: object, checked: dict[int, pytest.Mark]) -> None:
    """Check and stash the markers of the collected ``items`` (a list of items, or anything else, which is passed over).

    ``checked`` remembers markers by identity, so that one marker on thousands of parametrised items is checked once.
    It holds the markers themselves: an identity is only unique among living objects.
    Raises CollectError naming the item.
    """
    if not isinstance(items, list):
        return
    for item in items:
        if isinstance(item, pytest.Function):
            try:
                marked = read_marks(item, checked)
            except SettingsError as error:
                raise pytest.Collector.CollectError(f"{item.nodeid}: {error}") from None
            if marked is not None:
                item.stash[MARKED_KEY] = marked


def read_marks(item: pytest.Function, checked: dict[int, pytest.Mark]) -> Marked | None:
    """What the markers and parameters of ``item`` ask for, None where it is an ordinary test. Raises SettingsError."""
    takes_fixture = FIXTURE in item.fixturenames
    # Keywords hold the names of markers, and of folders and functions too; asking them first is what is cheap.
    marks = _marks_outermost_first(item) if MARKER in item.keywords else []
    if not marks and not takes_fixture:
        return None
    keywords: dict[str, object] = {}
    for mark in marks:
        if id(mark) not in checked:
            _check(mark)
            checked[id(mark)] = mark
        keywords.update(mark.kwargs)
    return Marked(keywords=keywords, body_is_measured=not takes_fixture)


def asks_to_be_measured(item: pytest.Item) -> bool:
    """Whether ``item`` is a measured test, or one that is marked and cannot be, which is then said when it runs."""
    return MARKED_KEY in item.stash or (MARKER in item.keywords and item.get_closest_marker(MARKER) is not None)


def _marks_outermost_first(item: pytest.Item) -> list[pytest.Mark]:
    """The markers of the module, the class, the function, in this order; of one object in the order of application.

    So a later one is nearer: a derived class's comes after its base's, and a parameter set's after the function's.
    ``iter_markers`` goes from the function outwards, but within an object from what was applied first.
    """
    return [mark for node in item.listchain() for mark in node.own_markers if mark.name == MARKER]


def _check(mark: pytest.Mark) -> None:
    if mark.args:
        raise SettingsError(f"{MARKER}({', '.join(map(repr, mark.args))})", "takes keywords only")
    check_keywords(mark.kwargs, MARKER)
