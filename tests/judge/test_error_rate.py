"""How the chance of a false failure is divided."""

from __future__ import annotations

import pytest

from pytest_ascendperf.judge.error_rate import confirm_alpha
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


@pytest.mark.parametrize(("suite_tests", "cases"), [(1, 1), (50, 1), (50, 7)])
def test_two_questions_about_a_case_share_what_one_would_have(suite_tests: int, cases: int) -> None:
    """One per cent is the limit of the case, not of each question."""
    assert 2 * confirm_alpha(rule(suite_tests, cases, questions=2)) == confirm_alpha(rule(suite_tests, cases))
