"""Anchors in files: kept by updates, moved when that is asked for, and no trouble to files without them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_ascendperf.errors import BaselineError
from pytest_ascendperf.model.anchor import Anchor
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.store import BaselineStore
from pytest_ascendperf.store.schema import as_stored

from .builders import baseline, environment, only_file, session, stored

CASE = baseline().case
FIRST = baseline(median_us=10.0, revision="first")
ANCHOR = Anchor(sessions=FIRST.sessions, revision="first")


def found(root: Path, where: Environment | None = None) -> Baseline:
    held = BaselineStore(root).find(CASE, where or environment())
    assert held is not None
    return held


def entry(path: Path) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["tests"]["test_ffn"][""]
    return written


def test_updates_keep_the_first_baseline_as_the_anchor(tmp_path: Path) -> None:
    stored(tmp_path, FIRST)
    for median_us in (10.2, 10.4, 10.6):
        only_file(BaselineStore(tmp_path).update([baseline(median_us=median_us, revision="later")]))
    assert found(tmp_path) == dataclasses.replace(baseline(median_us=10.6, revision="later"), anchor=ANCHOR)


def test_an_update_tells_the_anchor_that_it_kept(tmp_path: Path) -> None:
    stored(tmp_path, FIRST)
    (file,) = BaselineStore(tmp_path).update([baseline(median_us=10.2)]).files
    assert file.cases[0].old == FIRST
    assert file.cases[0].new == found(tmp_path)
    assert file.cases[0].new.anchor == ANCHOR


def test_an_update_that_moves_anchors_leaves_none_of_the_old(tmp_path: Path) -> None:
    stored(tmp_path, FIRST)
    only_file(BaselineStore(tmp_path).update([baseline(median_us=10.2)]))
    path = only_file(BaselineStore(tmp_path).update([baseline(median_us=12.0)], keep_anchors=False))
    assert found(tmp_path) == baseline(median_us=12.0)
    assert "anchor" not in entry(path)
    only_file(BaselineStore(tmp_path).update([baseline(median_us=12.1)]))
    assert found(tmp_path).anchor == Anchor(sessions=baseline(median_us=12.0).sessions, revision="0123abc")


def test_moving_only_the_anchor_writes_the_file(tmp_path: Path) -> None:
    stored(tmp_path, FIRST)
    new = baseline(median_us=10.2)
    only_file(BaselineStore(tmp_path).update([new]))
    assert only_file(BaselineStore(tmp_path).update([new])) == BaselineStore(tmp_path).path_of(
        environment(), CASE.module
    )
    assert found(tmp_path).anchor == ANCHOR, "the same sessions again change nothing"
    (file,) = BaselineStore(tmp_path).update([new], keep_anchors=False).files
    assert file.changed
    assert found(tmp_path).anchor is None


def test_under_other_hard_keys_there_is_no_anchor(tmp_path: Path) -> None:
    stored(tmp_path, FIRST)
    only_file(BaselineStore(tmp_path).update([baseline(median_us=10.2)]))
    only_file(BaselineStore(tmp_path).update([baseline(median_us=8.0, where=environment(threads="8"))]))
    assert found(tmp_path, environment(threads="8")).anchor is None


def test_two_stores_that_update_at_once_keep_one_anchor(tmp_path: Path) -> None:
    """The anchor is taken from the file under its lock, not from what a store read before."""
    stored(tmp_path, FIRST)
    one, other = BaselineStore(tmp_path), BaselineStore(tmp_path)
    assert one.find(CASE, environment()) == other.find(CASE, environment()) == FIRST
    only_file(one.update([baseline(median_us=10.2)]))
    only_file(other.update([baseline(median_us=10.4)]))
    assert found(tmp_path).anchor == ANCHOR


def test_the_anchor_of_an_entry_that_is_not_recorded_stays_byte_for_byte(tmp_path: Path) -> None:
    stored(tmp_path, FIRST, baseline("test_other"))
    path = only_file(BaselineStore(tmp_path).update([baseline(median_us=10.2)]))
    before = path.read_text(encoding="utf-8")
    only_file(BaselineStore(tmp_path).update([baseline("test_other", median_us=7.0)]))
    after = path.read_text(encoding="utf-8")
    assert before.partition('"test_other"')[0] == after.partition('"test_other"')[0]


def test_samples_of_an_anchor_are_rounded_as_those_of_a_baseline() -> None:
    ragged = session(12.345678901234567, samples_us=[12.345678901234567])
    held = dataclasses.replace(baseline(), anchor=Anchor(sessions=(ragged, ragged), revision=None))
    kept = as_stored(held).anchor
    assert kept is not None
    assert kept.sessions == as_stored(dataclasses.replace(baseline(), sessions=(ragged, ragged))).sessions
    assert kept.sessions[0].samples_us == (12.3457,)
    assert kept.medians_us == (12.345678901234567,) * 2


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"sessions": [', '"sessions": [], "x": [', "expected at least 2 sessions, found none"),
        ('"rounds": 64', '"rounds": 0', "expected at least 1, found 0"),
        ('"p50": ', '"p50": -', "expected more than 0"),
        ('"revision": "first"', '"revision": 1', "expected a string"),
    ],
)
def test_a_damaged_anchor_is_told_and_never_overwritten(tmp_path: Path, old: str, new: str, problem: str) -> None:
    stored(tmp_path, FIRST)
    path = only_file(BaselineStore(tmp_path).update([baseline(median_us=10.2)]))
    whole = path.read_text(encoding="utf-8")
    start = whole.index('"anchor"')
    path.write_text(whole[:start] + whole[start:].replace(old, new, 1), encoding="utf-8")
    damaged = path.read_bytes()
    with pytest.raises(BaselineError) as refused:
        BaselineStore(tmp_path).find(CASE, environment())
    assert 'tests["test_ffn"][""].anchor.' in refused.value.problem
    assert problem in refused.value.problem
    for keep_anchors in (True, False):
        (error,) = BaselineStore(tmp_path).update([baseline()], keep_anchors=keep_anchors).errors
        assert error.problem == refused.value.problem
    assert path.read_bytes() == damaged
