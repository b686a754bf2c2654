"""Where a budget goes, with made-up seconds: first sessions first, then two sessions for each suspect, then more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ascendperf.judge.allocation import (
    LEAST_SAMPLING_S,
    LEAST_SHARE,
    Account,
    TestMean,
    may_confirm,
    may_decide,
    may_go_on,
    sampling_s,
)

MEAN = TestMean(own_s=3.0, asked_s=1.0, sampled_s=1.0)
"""Two seconds of overhead and one of sampling."""
PLENTY = Account(budget_s=1200.0, spent_s=0.0, tests_left=99, mean=MEAN, fresh_s=10.0)
SECONDS = st.floats(0.0, 1e5)


def with_left(left_s: float, *, tests_left: int = 9, fresh_s: float | None = 10.0) -> Account:
    return Account(budget_s=1000.0, spent_s=1000.0 - left_s, tests_left=tests_left, mean=MEAN, fresh_s=fresh_s)


def test_calls_sample_as_long_as_they_ask_where_there_is_time() -> None:
    assert sampling_s(PLENTY, 1.0) == 1.0
    assert sampling_s(PLENTY, 20.0) == 20.0, "one call's own budget is its author's affair"
    assert sampling_s(replace(PLENTY, mean=None, fresh_s=None), 1.0) == 1.0


@pytest.mark.parametrize(
    ("left_s", "sampling"),
    [
        (40.0, 1.0),  # 10 tests, 2 s each besides sampling, 10 s for one false suspect: 1 s each is left
        (35.0, 0.5),
        (32.5, 0.25),
        (25.0, 0.25),  # a suspect may take sampling down to a quarter, and no further
        (22.5, 0.25),
        (21.5, 0.15),  # first sessions themselves may
        (20.0, LEAST_SAMPLING_S),
        (1.0, LEAST_SAMPLING_S),
        (0.0, None),
        (-5.0, None),
    ],
)
def test_sampling_shrinks_so_that_the_last_test_is_reached(left_s: float, sampling: float | None) -> None:
    found = sampling_s(with_left(left_s), 1.0)
    assert found == (None if sampling is None else pytest.approx(sampling))


def test_a_call_that_asks_for_less_than_the_least_gets_what_it_asks_for() -> None:
    assert sampling_s(with_left(1.0), 0.02) == 0.02


def test_the_first_test_shares_what_there_is_by_what_it_asks_for() -> None:
    first = Account(budget_s=50.0, spent_s=0.0, tests_left=99, mean=None, fresh_s=None)
    assert sampling_s(first, 1.0) == 0.5


@pytest.mark.parametrize(
    ("left_s", "sessions", "allowed"),
    [
        (42.6, 0, True),  # 9 tests at 2.25 s are 20.25 s, two sessions 20 s
        (40.2, 0, False),
        (30.3, 1, True),
        (30.2, 1, False),
        (39.3, 2, True),  # a third one leaves two sessions of .05 * 9 suspects, too: 9 s
        (39.2, 2, False),
        (39.2, 1, True),
    ],
)
def test_suspects_get_what_first_sessions_leave_and_two_sessions_before_any_third(
    left_s: float, sessions: int, allowed: bool
) -> None:
    assert may_confirm(with_left(left_s), sessions) is allowed


@pytest.mark.parametrize(
    ("left_s", "sessions", "allowed"),
    [
        (49.3, 0, True),  # as for a third session of a suspect, and two sessions of its own: 20 s
        (49.2, 0, False),
        (39.3, 1, True),
        (39.2, 1, False),
        (39.3, 2, True),
    ],
)
def test_a_test_that_one_session_left_open_leaves_suspects_to_come_their_two(
    left_s: float, sessions: int, allowed: bool
) -> None:
    assert may_decide(with_left(left_s), sessions) is allowed


def test_before_the_first_fresh_process_it_counts_as_much_as_a_test() -> None:
    assert may_confirm(with_left(26.3, fresh_s=None), 0)
    assert not may_confirm(with_left(26.2, fresh_s=None), 0)


def test_nothing_is_confirmed_before_anything_is_known() -> None:
    assert not may_confirm(replace(PLENTY, mean=None), 0)


def test_with_a_base_first_sessions_are_reserved_whole_and_the_rest_goes_as_it_is_asked_for() -> None:
    assert may_go_on(with_left(37.0))
    assert not may_go_on(with_left(36.9))
    assert may_go_on(with_left(10.0, tests_left=0))


@given(
    budget_s=st.floats(0.001, 1e5),
    spent=st.floats(0.0, 1.5),
    tests_left=st.integers(0, 1000),
    own_s=st.floats(0.0, 100.0),
    sampled=st.floats(0.0, 1.0),
    fresh_s=st.none() | st.floats(0.0, 100.0),
    asked_s=st.floats(0.001, 60.0),
)
def test_sampling_is_never_more_than_asked_for_nor_less_than_is_worth_it(
    budget_s: float,
    spent: float,
    tests_left: int,
    own_s: float,
    sampled: float,
    fresh_s: float | None,
    asked_s: float,
) -> None:
    account = Account(
        budget_s=budget_s,
        spent_s=budget_s * spent,
        tests_left=tests_left,
        mean=TestMean(own_s=own_s, asked_s=asked_s, sampled_s=sampled * asked_s),
        fresh_s=fresh_s,
    )
    found = sampling_s(account, asked_s)
    if account.left_s <= 0.0:
        assert found is None
    else:
        assert found is not None
        assert min(asked_s, LEAST_SAMPLING_S) <= found <= asked_s
        assert sampling_s(replace(account, budget_s=budget_s * 2.0), asked_s) or 0.0 >= found


@given(left_s=SECONDS, tests_left=st.integers(0, 1000), fresh_s=st.floats(0.01, 100.0), sessions=st.integers(0, 20))
def test_a_session_that_is_allowed_leaves_the_first_sessions_of_all_tests_to_come(
    left_s: float, tests_left: int, fresh_s: float, sessions: int
) -> None:
    account = Account(budget_s=left_s, spent_s=0.0, tests_left=tests_left, mean=MEAN, fresh_s=fresh_s)
    if may_confirm(account, sessions):
        assert left_s - fresh_s >= tests_left * (MEAN.overhead_s + LEAST_SHARE) - 1e-6
        assert may_confirm(replace(account, budget_s=left_s + 1.0), sessions)
        assert may_confirm(replace(account, tests_left=max(tests_left - 1, 0)), sessions)


@given(
    tests=st.integers(1, 60),
    budget_s=st.floats(1.0, 400.0),
    suspects=st.lists(st.integers(0, 5), min_size=60, max_size=60),
)
def test_a_run_reaches_all_tests_where_that_is_possible_and_overruns_by_one_session_at_most(
    tests: int, budget_s: float, suspects: list[int]
) -> None:
    """Every test takes 2 s besides at most 1 s of sampling, and wants some fresh processes of 10 s each."""
    spent_s = own_s = sampled_s = fresh_s = 0.0
    reached = fresh = 0
    longest_s = 0.0
    for number in range(tests):
        mean = TestMean(own_s=own_s / reached, asked_s=1.0, sampled_s=sampled_s / reached) if reached else None
        account = Account(
            budget_s=budget_s,
            spent_s=spent_s,
            tests_left=tests - number - 1,
            mean=mean,
            fresh_s=fresh_s / fresh if fresh else None,
        )
        sampling = sampling_s(account, 1.0)
        if sampling is None:
            continue
        reached, sampled_s, own_s = reached + 1, sampled_s + sampling, own_s + 2.0 + sampling
        spent_s, longest_s = spent_s + 2.0 + sampling, 3.0
        for session in range(suspects[number]):
            mean = TestMean(own_s=own_s / reached, asked_s=1.0, sampled_s=sampled_s / reached)
            account = replace(account, spent_s=spent_s, mean=mean, fresh_s=fresh_s / fresh if fresh else None)
            if not may_confirm(account, session):
                break
            fresh, fresh_s, spent_s, longest_s = fresh + 1, fresh_s + 10.0, spent_s + 10.0, 10.0
    assert spent_s <= budget_s + longest_s
    if budget_s >= tests * 3.0 + 10.0:  # the first fresh process of a run takes longer than a test: that is learnt
        assert reached == tests
