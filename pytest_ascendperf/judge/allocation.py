"""Where the budget of a run goes: to first sessions before all, then to the fresh sessions of suspects.

A test that was not looked at decides nothing, so the first sessions of all tests to come are reserved before a suspect
is measured again. They are reserved at a quarter of their sampling: sessions differ by more than the rounds inside them
tell, and with a quarter of the rounds a median is only twice as uncertain. So sampling shrinks first, and its time goes
to sessions.

What is left is spent as it is asked for, the first two fresh sessions of a suspect before any third one: two clear a
false suspicion, and a suspect with one is as undecided as with none. So a third session must also leave what two
sessions of each false suspect to come will take. To deal the rest out evenly would leave every suspect undecided.

Nothing here reads a clock: the seconds are told.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ascendperf.judge.error_rate import FEWEST_SESSIONS, SCREEN_ALPHA

LEAST_SHARE = 0.25
"""Share of its sampling time that a first session keeps while there is anything else to spend the budget on."""
LEAST_SAMPLING_S = 0.1
"""Below this a session says too little to be worth its warm-up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestMean:
    """What measured tests took on average, in seconds."""

    __test__ = False  # not a class of tests

    own_s: float
    """All but fresh processes: fixtures, waiting for the device, warm-up, sampling, kernels."""
    asked_s: float
    """Sampling as their settings ask for it, at most."""
    sampled_s: float
    """Sampling as it was: precision may end it early."""

    @property
    def overhead_s(self) -> float:
        """What no shorter sampling saves."""
        return max(self.own_s - self.sampled_s, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The budget at one moment, in seconds of wall time."""

    budget_s: float
    spent_s: float
    """By all tests so far, the running one included."""
    tests_left: int
    """Tests to come after the running one."""
    mean: TestMean | None
    """Of the tests measured so far; None before the first."""
    fresh_s: float | None
    """What a fresh process took on average; None before the first."""

    @property
    def left_s(self) -> float:
        """What is not spent; below 0 where more was."""
        return self.budget_s - self.spent_s


def sampling_s(account: Account, asked_s: float) -> float | None:
    """For how long the next measured call may sample, ``asked_s`` being what it asks for; None where all is spent.

    Less than asked for where the tests to come could not be reached otherwise, but never less than what is worth it:
    the budget may then be spent before the last test.
    """
    if account.left_s <= 0.0:
        return None
    tests = account.tests_left + 1
    mean = account.mean or TestMean(own_s=0.0, asked_s=asked_s, sampled_s=0.0)
    share = (account.left_s / tests - mean.overhead_s) / mean.asked_s
    with_suspects = ((account.left_s - _false_suspects_s(account, tests)) / tests - mean.overhead_s) / mean.asked_s
    share = max(with_suspects, min(share, LEAST_SHARE))
    return min(asked_s, max(share * asked_s, LEAST_SAMPLING_S))


def may_confirm(account: Account, sessions: int) -> bool:
    """Whether a suspect that has this many fresh sessions may have another one now. ``account.mean`` must be known."""
    suspects_s = _false_suspects_s(account, account.tests_left) if sessions >= FEWEST_SESSIONS else 0.0
    return _has_time(account, sessions, suspects_s)


def may_decide(account: Account, sessions: int) -> bool:
    """The same for a test that is no suspect, and that one session left open: suspects to come go first."""
    return _has_time(account, sessions, _false_suspects_s(account, account.tests_left))


def _has_time(account: Account, sessions: int, suspects_s: float) -> bool:
    mean = account.mean
    if mean is None:
        return False
    first_s = account.tests_left * (mean.overhead_s + min(LEAST_SHARE * mean.asked_s, mean.sampled_s))
    return account.left_s - first_s - suspects_s >= max(FEWEST_SESSIONS - sessions, 1) * _fresh_s(account)


def may_go_on(account: Account) -> bool:
    """Whether a test with a base may have another session: what first sessions to come leave, as it is asked for.

    There most tests want three, so dealing them out evenly would decide none.
    """
    reserved_s = 0.0 if account.mean is None else account.tests_left * account.mean.own_s
    return account.left_s - reserved_s >= _fresh_s(account)


def _false_suspects_s(account: Account, tests: int) -> float:
    """What two fresh sessions of each suspect among so many unchanged tests take."""
    return SCREEN_ALPHA * tests * FEWEST_SESSIONS * _fresh_s(account)


def _fresh_s(account: Account) -> float:
    """What the next fresh process will take: before the first, as much as a test in this one."""
    if account.fresh_s is not None:
        return account.fresh_s
    return 0.0 if account.mean is None else account.mean.own_s
