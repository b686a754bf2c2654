"""CANN versions: what is known to be older is, and what is not known is never said to be."""

from __future__ import annotations

import itertools
import operator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ascendperf.model.cann_version import CannVersion, Order

REVERSED = {
    Order.OLDER: Order.NEWER,
    Order.NEWER: Order.OLDER,
    Order.SAME: Order.SAME,
    Order.UNKNOWN: Order.UNKNOWN,
}

RELEASES_IN_ORDER = (
    "7.0.RC1",
    "7.0.0",
    "8.0.RC3",
    "8.0.0.alpha001",
    "8.0.0.beta1",
    "8.0.0",
    "8.1.T1",
    "8.1.RC1.alpha001",
    "8.1.RC1.alpha003",
    "8.1.RC1.beta1",
    "8.1.RC1",
    "8.1.RC2.alpha001",
    "8.1.RC2",
    "8.1.0",
    "8.1.1",
    "8.2.RC1.alpha003",
    "8.2.RC1",
    "8.3.RC1",
    "8.3.RC2",
    "8.5.0.alpha001",
    "8.5.0-alpha.2",
    "8.5.0-beta.1",
    "8.5.0-rc.1",
    "8.5.0",
    "8.5.1",
    "9.0.T500",
    "9.0.0.alpha1",
    "9.0.0.beta2",
    "9.0.0",
    "9.0.1",
    "9.1.T1",
    "9.1.0-beta.3",
    "9.1.0",
    "10.0.0",
)
"""Releases of both ways of numbering, each older than all that follow it."""

SEEN = (
    *("8.0.0", "8.1.RC1", "8.1.RC1.alpha001", "8.1.RC1.beta1", "8.2.RC1", "8.2.RC1.alpha003", "8.3.RC1", "8.3.RC2"),
    *("8.5.0", "8.5.1", "9.0.0", "9.0.0.beta2", "9.0.0-beta.2", "9.0.T500", "9.0.1", "9.1.0", "9.1.0-beta.3", "9.1.T1"),
)
"""Versions that CANN packages, container images and torch_npu's own tests carry."""

WITHOUT_PLACE = ("2026.08.03", "V100R001C23SPC002B210", "7.7.T20.0.B210", "not known", "master", "", "8", "8.2")


def order(one: str, other: str) -> Order:
    return CannVersion.parse(one).order(CannVersion.parse(other))


def versions() -> st.SearchStrategy[str]:
    """Texts in and around the shapes of versions, from few numbers, so that equal parts are common."""
    number = st.sampled_from(["0", "1", "2", "001", "10"])
    target = st.one_of(number, number.map("RC{}".format), number.map("T{}".format))
    stage = st.builds("{}{}".format, st.sampled_from(["alpha", "beta", "rc", "Beta", "beta."]), st.just("") | number)
    build = number.map("B{}".format)
    tail = st.lists(st.one_of(stage, build), max_size=2).map(tuple)
    numbering = st.sampled_from(["8.1", "8.4", "8.5", "9.0"])
    parts = st.builds(lambda head, middle, rest: (head, middle, *rest), numbering, target, tail)
    return st.builds(lambda separator, texts: separator.join(texts), st.sampled_from([".", "-"]), parts)


def test_releases_have_the_order_in_which_they_were_made() -> None:
    for older, newer in itertools.combinations(RELEASES_IN_ORDER, 2):
        assert order(older, newer) is Order.OLDER, (older, newer)
        assert order(newer, older) is Order.NEWER, (older, newer)


@pytest.mark.parametrize("text", SEEN)
def test_every_version_seen_in_the_field_has_a_place(text: str) -> None:
    version = CannVersion.parse(text)
    assert version.is_understood
    assert str(version) == text
    assert order(text, "7.0.0") is Order.NEWER
    assert order(text, "10.0.0") is Order.OLDER


@pytest.mark.parametrize("text", WITHOUT_PLACE)
def test_what_has_no_place_is_equal_to_itself_and_of_unknown_order_to_the_rest(text: str) -> None:
    version = CannVersion.parse(text)
    assert not version.is_understood
    assert order(text, text) is Order.SAME
    for other in (*SEEN, *WITHOUT_PLACE):
        if other != text:
            assert order(text, other) is Order.UNKNOWN, other
            assert order(other, text) is Order.UNKNOWN, other


@pytest.mark.parametrize(
    "spellings",
    [
        ("9.0.0.beta2", "9.0.0-beta.2", "9.0.0-Beta.2", "9.0.0-BETA2", " 9.0.0.beta02\n"),
        ("8.2.RC1", "8.2.rc1", "8.2-RC1", "8.2.RC01"),
        ("8.2.RC1.alpha003", "8.2.rc1.alpha3", "8.2.RC1-alpha.3"),
        ("9.0.0.B083", "9.0.0.b83", "9.0.0-B083"),
    ],
)
def test_spellings_of_one_version_are_the_same_version_with_the_same_folder(spellings: tuple[str, ...]) -> None:
    parsed = [CannVersion.parse(text) for text in spellings]
    assert len(set(parsed)) == 1
    assert len({version.folder_name for version in parsed}) == 1
    assert {one.order(other) for one in parsed for other in parsed} == {Order.SAME}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("9.0.0.B083", "9.0.0.B084", Order.OLDER),
        ("9.0.0.B100", "9.0.0.B099", Order.NEWER),
        ("9.0.0.beta1.B007", "9.0.0.beta1.B008", Order.OLDER),
        ("9.0.0.B083", "9.0.0", Order.UNKNOWN),
        ("9.0.0.B083", "9.0.0.beta1", Order.UNKNOWN),
        ("9.0.0.B083", "9.0.0.beta1.B002", Order.UNKNOWN),
        ("9.0.0.beta1.B007", "9.0.0.beta1", Order.UNKNOWN),
        ("9.0.0.B083", "9.0.1.B001", Order.OLDER),
        ("9.0.0.beta1.B900", "9.0.0.beta2.B001", Order.OLDER),
    ],
)
def test_build_numbers_decide_between_builds_of_one_version_only(one: str, other: str, expected: Order) -> None:
    assert order(one, other) is expected
    assert order(other, one) is REVERSED[expected]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("8.5.RC1", "8.5.0-alpha.1"),  # is RC1 the candidate of 8.5.0, or a release before its first alpha?
        ("8.5.RC1", "8.5.0"),
        ("8.1.0-rc.1", "8.1.RC1"),
        ("8.1.0-rc.1", "8.1.0"),
        ("9.0.0-beta", "9.0.0-beta.2"),
    ],
)
def test_mixed_numbering_is_not_guessed_at(one: str, other: str) -> None:
    assert order(one, other) is order(other, one) is Order.UNKNOWN
    assert order(one, "8.0.0") is Order.NEWER
    assert order(one, "9.9.0") is Order.OLDER


def test_versions_cannot_be_compared_with_an_operator_that_would_have_to_guess() -> None:
    one: Any = CannVersion.parse("8.2.RC1")
    other: Any = CannVersion.parse("8.3.RC1")
    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        with pytest.raises(TypeError, match="not supported between instances"):
            compare(one, other)


@given(versions() | st.text(), versions() | st.text())
def test_swapping_two_versions_reverses_their_order_and_equality_is_sameness(one: str, other: str) -> None:
    first, second = CannVersion.parse(one), CannVersion.parse(other)
    assert first.order(first) is Order.SAME
    assert second.order(first) is REVERSED[first.order(second)]
    assert (first.order(second) is Order.SAME) == (first == second)


def test_order_is_transitive_wherever_it_is_known() -> None:
    """All triples of a grid of versions: what is older than an older one is older, and SAME can be substituted."""
    stages = ("", ".alpha1", ".beta", ".beta1", ".beta.2", ".rc1", ".B1", ".B2", ".beta1.B1", ".beta1.B2", ".rc1.B1")
    targets = ("T1", "T2", "RC1", "RC2", "0", "1")
    texts = [f"{numbering}.{target}{stage}" for numbering in ("8.4", "8.5") for target in targets for stage in stages]
    grid = [CannVersion.parse(text) for text in (*texts, *WITHOUT_PLACE)]
    newer = {one: {other for other in grid if one.order(other) is Order.OLDER} for one in grid}
    assert len(newer) == len(grid)
    known = 0
    for one in grid:
        for other in newer[one]:
            assert newer[other] <= newer[one], (one, other)
            known += len(newer[other])
    assert known > 100_000


@given(st.sampled_from(["9.0.0", "9.0.0-beta.1", "8.1.RC1"]), st.integers(0, 999), st.integers(0, 999))
def test_builds_of_one_version_have_the_order_of_their_numbers(version: str, one: int, other: int) -> None:
    expected = Order.SAME if one == other else Order.OLDER if one < other else Order.NEWER
    assert order(f"{version}.B{one:03d}", f"{version}.B{other:03d}") is expected


@given(versions() | st.text())
def test_any_text_is_a_version_with_a_folder_of_its_own(text: str) -> None:
    version = CannVersion.parse(text)
    folder = version.folder_name
    assert folder.startswith("cann-")
    assert len(folder) > len("cann-")
    assert folder.isascii()
    assert PurePosixPath(folder).parts == PureWindowsPath(folder).parts == (folder,)
    assert folder == folder.rstrip(". ")
    assert CannVersion.parse(str(version)) == version


@given(versions())
def test_the_folder_name_of_an_understood_version_reads_back_as_that_version(text: str) -> None:
    version = CannVersion.parse(text)
    if version.is_understood:
        assert CannVersion.parse(version.folder_name.removeprefix("cann-")) == version


@given(versions() | st.text(), versions() | st.text())
def test_different_versions_never_share_a_folder(one: str, other: str) -> None:
    first, second = CannVersion.parse(one), CannVersion.parse(other)
    assert (first.folder_name == second.folder_name) == (first == second)


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("8.2.RC1", "cann-8.2.RC1"),
        ("8.2.rc1.alpha3", "cann-8.2.RC1.alpha003"),
        ("8.1.RC1.beta1", "cann-8.1.RC1.beta1"),
        ("9.0.0.beta2", "cann-9.0.0-beta.2"),
        ("9.1.t1", "cann-9.1.T1"),
        ("9.0.0.b83", "cann-9.0.0.B083"),
        ("2026.08.03", "cann-2026.08.03"),
        ("../../etc", "cann-etc-74ccf3c5"),
        ("", "cann-unnamed-e3b0c442"),
    ],
)
def test_folder_names(text: str, folder: str) -> None:
    assert CannVersion.parse(text).folder_name == folder
