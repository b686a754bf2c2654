"""The counts behind a budget, on a clock that only the test moves."""

from __future__ import annotations

import pytest

from pytest_ascendperf.measure.budget import SHORTENED, BudgetOfRun
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Measurement
from pytest_ascendperf.model.protocol import SamplingPlan
from pytest_ascendperf.model.verdict import Status

CASE = CaseId(module="test_x.py", test="test_x")
HERE = Environment(device="scripted", chip="scripted", chip_id="scripted", stack_id="scripted-1", hard=(), soft=())
NOTHING = Measurement(case=CASE, environment=HERE, session=None, invalid=("Nothing was measured.",), notes=())
PLAN = SamplingPlan(
    warmup=None,
    max_warmup_s=2.0,
    max_wait_s=0.0,
    rounds=None,
    budget_s=1.0,
    precision=0.005,
    threads=None,
    cold=False,
    max_spread=0.5,
)


class Wall:
    """A clock."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def wall() -> Wall:
    return Wall()


def run_test(budget: BudgetOfRun, wall: Wall, seconds: float, *, fresh: int = 0) -> SamplingPlan | None:
    """A test that takes ``seconds``, half of them before it measures, and fresh processes of 10 s."""
    budget.test_started()
    wall.now_s += seconds / 2
    granted = budget.granted(PLAN)
    if granted is not None:
        budget.measured(NOTHING, asked=PLAN, granted=granted)
    wall.now_s += seconds / 2
    for _ in range(fresh):
        wall.now_s += 10.0
        budget.fresh_process_took(10.0)
    budget.test_ended()
    return granted


def test_time_between_measured_tests_is_not_counted(wall: Wall) -> None:
    budget = BudgetOfRun(10.0, tests=3, clock=wall)
    assert run_test(budget, wall, 4.0) == PLAN
    wall.now_s += 3600.0
    assert run_test(budget, wall, 4.0) is not None
    assert run_test(budget, wall, 4.0) is None, "half of its 4 s are spent before it measures, and 2 s were left"


def test_the_time_of_fresh_processes_is_not_reserved_for_tests_to_come(wall: Wall) -> None:
    budget = BudgetOfRun(50.0, tests=4, clock=wall)
    run_test(budget, wall, 2.0, fresh=2)
    budget.test_started()
    budget.measured(NOTHING, asked=PLAN, granted=PLAN)
    wall.now_s += 2.0
    assert budget.may_confirm(0), "26 s are left, and the two tests to come took 2 s each so far"
    wall.now_s += 2.1
    assert not budget.may_confirm(0), "23.9 s: they take (2 + 4.1) / 2 s, with two sessions 26 s"


@pytest.mark.parametrize(("budget_s", "may_decide"), [(75.0, False), (130.0, True)])
def test_what_one_session_left_open_waits_for_suspects_to_come(wall: Wall, budget_s: float, may_decide: bool) -> None:
    """After 12 s the 39 tests to come take 39 s, two sessions of this one 20 s, and suspects among those 39 s."""
    budget = BudgetOfRun(budget_s, tests=41, clock=wall)
    run_test(budget, wall, 1.0, fresh=1)
    budget.test_started()
    budget.measured(NOTHING, asked=PLAN, granted=PLAN)
    wall.now_s += 1.0
    assert budget.may_confirm(0)
    assert budget.may_decide(0) is may_decide


def test_what_was_left_out_says_after_how_many_tests(wall: Wall) -> None:
    budget = BudgetOfRun(60.0, tests=3, clock=wall)
    run_test(budget, wall, 100.0)
    budget.test_started()
    verdict = budget.left_out(CASE, tolerance=0.05)
    assert verdict.status is Status.INCONCLUSIVE
    assert verdict.reason == "Not measured: the budget of 1 min was spent after 1 of 3 tests."
    assert verdict.was_left_out
    assert not verdict.was_cut_short


def test_a_worker_has_its_share_of_the_tests(wall: Wall) -> None:
    budget = BudgetOfRun(60.0, tests=5, workers=2, clock=wall)
    assert budget.tests_left == 3
    run_test(budget, wall, 1.0)
    assert budget.tests_left == 2
    for _ in range(3):
        run_test(budget, wall, 1.0)
    assert budget.tests_left == 0, "a fast worker gets more than its share"
    assert "after 4 tests of this worker" in budget.left_out(CASE, tolerance=0.05).reason


def test_a_shortened_session_says_so(wall: Wall) -> None:
    budget = BudgetOfRun(1.0, tests=2, clock=wall)
    budget.test_started()
    granted = budget.granted(PLAN)
    assert granted is not None
    assert granted.budget_s == 0.5
    assert budget.measured(NOTHING, asked=PLAN, granted=granted).notes == (SHORTENED,)
    assert budget.measured(NOTHING, asked=PLAN, granted=PLAN).notes == ()


def test_beside_a_base_first_sessions_are_reserved_whole(wall: Wall) -> None:
    budget = BudgetOfRun(20.0, tests=3, clock=wall)
    budget.test_started()
    wall.now_s += 5.0
    budget.measured_beside_base()
    assert budget.may_go_on()
    wall.now_s += 1.0
    assert not budget.may_go_on(), "14 s are left, 12 s of them for two tests, and a session takes 6 s"
    assert not budget.is_spent
    wall.now_s += 14.0
    assert budget.is_spent
