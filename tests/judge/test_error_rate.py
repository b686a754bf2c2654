"""How the chance of a false failure is divided."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ascendperf.judge.error_rate import confirm_alpha, early_looks, last_look_alpha, pass_looks, saved_alpha
from pytest_ascendperf.model.protocol import Rule


def rule(suite_tests: int, cases: int, questions: int = 1) -> Rule:
    return Rule(
        tolerance=0.05,
        min_change_us=1.0,
        confirm_sessions=5,
        suite_tests=suite_tests,
        cases=cases,
        questions=questions,
    )


@pytest.mark.parametrize(
    ("suite_tests", "cases", "alpha"),
    [(1, 1, 0.01), (5, 1, 0.01), (6, 1, 0.05 / 6), (50, 1, 0.001), (50, 2, 0.0005), (10_000, 1, 5e-6)],
)
def test_each_case_gets_its_share_but_never_more_than_one_per_cent(suite_tests: int, cases: int, alpha: float) -> None:
    assert confirm_alpha(rule(suite_tests, cases)) == pytest.approx(alpha)


def test_the_shares_of_a_mixed_suite_add_up_to_at_most_five_per_cent() -> None:
    """Tests with different numbers of cases: each test spends one share, divided among its cases."""
    cases = [1, 1, 2, 7, 40, 3, 1, 1, 1, 12]
    spent = sum(count * confirm_alpha(rule(len(cases), count)) for count in cases)
    assert spent <= 0.05 + 1e-12


@pytest.mark.parametrize(
    ("used", "saved"),
    [
        ([], 0.0),
        ([0.0], 0.001),
        ([0.001], 0.0),
        ([0.0] * 30, 0.03),
        ([0.0] * 28 + [0.0025, 0.01], 0.0175),
        ([0.0] * 49, 0.049),
    ],
)
def test_what_earlier_tests_did_not_use_is_left_to_later_ones(used: list[float], saved: float) -> None:
    found = saved_alpha(50, used)
    assert found == pytest.approx(saved, abs=1e-15)
    assert confirm_alpha(replace(rule(50, 1), saved_alpha=found)) == pytest.approx(min(0.01, 0.001 + saved))
    assert confirm_alpha(replace(rule(50, 4), saved_alpha=found)) == pytest.approx(min(0.01, (0.001 + saved) / 4))


def test_no_more_is_saved_than_the_tests_of_the_run_have() -> None:
    """Where a test is decided again, say."""
    assert saved_alpha(50, [0.0] * 70) == pytest.approx(0.049)


@pytest.mark.parametrize(("suite_tests", "cases"), [(1, 1), (50, 1), (50, 7)])
def test_two_questions_about_a_case_share_what_one_would_have(suite_tests: int, cases: int) -> None:
    """One per cent is the limit of the case, not of each question."""
    assert 2 * confirm_alpha(rule(suite_tests, cases, questions=2)) == confirm_alpha(rule(suite_tests, cases))


@pytest.mark.parametrize(
    ("base", "sessions", "looks"),
    [
        (5, 4, []),
        (5, 5, [3]),
        (8, 5, [3]),
        (9, 5, [2]),
        (20, 5, [2]),
        (20, 3, []),
        (4, 5, []),
        (1, 5, []),
        (5, 9, [3]),
        (5, 10, [3, 6]),
        (10, 20, [2, 4, 8]),
        (2, 20, [9]),
    ],
)
def test_a_slowdown_may_be_shown_early_once_chance_would_seldom_order_the_sessions_so(
    base: int, sessions: int, looks: list[int]
) -> None:
    """All fresh sessions above all base ones: 1 in C(8, 3) = 56 orders, and 1 in C(11, 2) = 55."""
    assert list(early_looks(replace(rule(50, 1), confirm_sessions=sessions), base)) == looks


@pytest.mark.parametrize(("sessions", "looks"), [(2, ()), (3, ()), (4, (2,)), (5, (2,)), (7, (2, 4)), (20, (2, 4, 8))])
def test_a_pass_may_end_it_after_two_sessions_whatever_the_baseline(sessions: int, looks: tuple[int, ...]) -> None:
    assert pass_looks(replace(rule(50, 1), confirm_sessions=sessions)) == looks


@given(base=st.integers(1, 50), sessions=st.integers(2, 500), tests=st.integers(1, 10_000), cases=st.integers(1, 50))
def test_all_looks_of_a_case_together_spend_its_level_and_each_early_one_less_than_the_last(
    base: int, sessions: int, tests: int, cases: int
) -> None:
    limits = replace(rule(tests, cases), confirm_sessions=sessions)
    early, last = early_looks(limits, base), last_look_alpha(limits, base)
    assert sum(early.values()) + last == pytest.approx(confirm_alpha(limits))
    assert all(alpha < last for alpha in early.values())
    assert all(2 <= count < sessions for count in early)
