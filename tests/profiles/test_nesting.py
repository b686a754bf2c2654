from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_ascendperf.profiles.nesting import own_times


def own(rows: list[tuple[int, int, int]]) -> tuple[list[int], list[int]]:
    threads, starts, durations = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    times, depths = own_times(threads, starts, durations)
    return times.tolist(), depths.tolist()


def test_an_operator_does_not_count_what_it_calls() -> None:
    """Thread, start, duration: a call of two operators, one of which calls another; then one on another thread."""
    rows = [(1, 20, 30), (1, 0, 100), (1, 25, 5), (1, 60, 40), (2, 10, 50), (1, 100, 7)]
    assert own(rows) == ([25, 30, 5, 40, 50, 7], [1, 0, 2, 1, 0, 0])


def test_a_callee_that_begins_with_its_caller_is_the_shorter_one() -> None:
    assert own([(1, 0, 10), (1, 0, 100), (1, 0, 10)]) == ([0, 90, 10], [1, 0, 2])


def test_a_callee_read_late_takes_no_more_than_there_is() -> None:
    assert own([(1, 0, 10), (1, 5, 20)]) == ([0, 20], [0, 1])


@st.composite
def call_trees(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    rows: list[tuple[int, int, int]] = []

    def call(thread: int, start: int, end: int, depth: int) -> None:
        rows.append((thread, start, end - start))
        if depth < 3 and end - start > 4:
            cut = draw(st.integers(start + 1, end - 2))
            call(thread, start + 1, cut, depth + 1)
            if draw(st.booleans()):
                call(thread, cut, end - 1, depth + 1)

    for thread in range(draw(st.integers(1, 3))):
        call(thread, 0, draw(st.integers(1, 1000)), 0)
    return draw(st.permutations(rows))


@given(call_trees())
def test_own_times_add_up_to_the_outermost_durations(rows: list[tuple[int, int, int]]) -> None:
    times, depths = own(rows)
    outermost = sum(duration for (_, _, duration), depth in zip(rows, depths, strict=True) if depth == 0)
    assert sum(times) == outermost
