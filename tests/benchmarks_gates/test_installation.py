"""What lets a run go on in another checkout, and what does not."""

from __future__ import annotations

import pytest

from gates.installation import is_same_bench

HERE = {"processor": "a", "commit": "1", "sources": "x", "torch": "2.13.0"}


def test_a_commit_that_changes_nothing_measured_does_not_end_a_run() -> None:
    assert is_same_bench(HERE, {**HERE, "commit": "2"})


@pytest.mark.parametrize("key", ["processor", "sources", "torch"])
def test_other_sources_another_machine_or_another_version_do(key: str) -> None:
    assert not is_same_bench(HERE, {**HERE, key: "other"})
    assert not is_same_bench({name: value for name, value in HERE.items() if name != key}, HERE)
