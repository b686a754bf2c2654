"""Where Python puts new objects once the heap is scattered."""

from __future__ import annotations

import ctypes
import random
from itertools import pairwise

import pytest

from pytest_ascendperf.plugin.against.heap import Heap

from ..against_suite import AGAINST, GitSuite, scripted_test


def steps_between(blocks: list[bytearray]) -> set[int]:
    """The different distances from one block to the next, in bytes."""
    addresses = [ctypes.addressof(ctypes.c_char.from_buffer(block)) for block in blocks]
    return {later - earlier for earlier, later in pairwise(addresses)}


@pytest.mark.parametrize("block_bytes", [208, 4096])
def test_new_objects_fill_holes_in_random_places(block_bytes: int) -> None:
    """Where all holes are filled, new blocks lie in a row; where every second block is free, at equal distances."""
    filled: list[bytearray] = []
    while len(filled) < 1000 or len(steps_between(filled[-8:])) > 2:
        filled.append(bytearray(block_bytes - 1))
    heap = Heap()
    heap.scatter(random.Random(4))
    assert len(steps_between([bytearray(block_bytes - 1) for _ in range(8)])) >= 4


def test_both_sides_scatter_anew_before_each_session(git_suite: GitSuite) -> None:
    body = """
import gc

@pytest.fixture
def kept():
    (heap,) = [found for found in gc.get_objects() if type(found).__name__ == "Heap"]
    with open(SEEN, "a", encoding="utf-8") as seen:
        print(*map(len, heap._kept), file=seen)

@pytest.mark.npu_perf
@pytest.mark.parametrize("number", range(2))
def test_x(spend, number, kept): spend()
"""
    body = f"SEEN = {str(git_suite.path / 'seen.txt')!r}\n{body}"
    git_suite.commit(test_suite=scripted_test(10.0, body))
    git_suite.run(*AGAINST).assert_outcomes(passed=2)
    seen = (git_suite.path / "seen.txt").read_text("utf-8").splitlines()
    assert len(set(seen)) == len(seen) == 2 * 2 * 3
