"""What memory may account for: all, none or a part of what a copy took longer, by what the sessions leave possible."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from pytest_ascendperf.judge.host_speed import host_change, host_spread
from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.memory_speed import memory_change, memory_spread
from pytest_ascendperf.judge.verdict import judge_confirmed, judge_screen
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.host_change import HostChange
from pytest_ascendperf.model.measurement import Measurement, Session
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status
from session_values import session

CASE = CaseId(module="test_ffn.py", test="test_step")
HERE = Environment(device="cpu", chip="EPYC", chip_id="epyc", stack_id="torch-2.13.0", hard=(), soft=())
RULE = Rule(tolerance=0.05, min_change_us=0.0, confirm_sessions=4, suite_tests=1, cases=1)
COPIES_US = (980.0, 1000.0, 1020.0, 990.0, 1010.0)
"""What the copy takes in the sessions of one minute."""


def sessions(share: float, *, copies: float = 1.0, code: float = 1.0, jitter: float = 0.0) -> list[Session]:
    """Sessions of code that follows the copy by ``share``, in a minute in which copies take ``copies`` times as long.

    ``code`` is what the code itself takes longer, and every other session takes ``jitter`` longer by chance.
    """
    return [
        session(100.0 * code * (us * copies / 1000.0) ** share * (1.0 + jitter * (at % 2)), memory_us=us * copies)
        for at, us in enumerate(COPIES_US)
    ]


def judged(base: Sequence[Session], fresh: Sequence[Session]) -> Judgement:
    baseline = Baseline(case=CASE, environment=HERE, sessions=tuple(base), revision=None, anchor=None)
    return judge_screen(measured(fresh[0]), baseline, (), RULE, baseline_path="b.json")


def measured(one: Session) -> Measurement:
    return Measurement(case=CASE, environment=HERE, session=one, invalid=(), notes=())


@pytest.mark.parametrize(
    ("share", "copies", "change"),
    [
        pytest.param(1.0, 1.2, 0.2, id="all of it"),
        pytest.param(0.5, 1.21, 0.1, id="half of it, on the scale of logarithms"),
        pytest.param(0.0, 1.2, 0.0, id="none of it"),
        pytest.param(2.0, 1.2, 0.2, id="no more than all"),
        pytest.param(-1.0, 1.2, 0.0, id="no less than none"),
        pytest.param(1.0, 0.9, -0.1, id="memory became faster"),
        pytest.param(1.0, 1.0, 0.0, id="memory is as fast"),
    ],
)
def test_memory_accounts_for_the_share_by_which_the_times_follow_the_copy(
    share: float, copies: float, change: float
) -> None:
    assert memory_change(sessions(share, copies=copies), sessions(share)) == pytest.approx(change, abs=1e-9)


def test_what_the_code_itself_became_slower_by_is_none_of_the_share() -> None:
    before, now = sessions(0.0), sessions(0.0, copies=1.2, code=1.2)
    assert memory_change(now, before) == pytest.approx(0.0, abs=1e-9)


def test_the_largest_share_counts_that_chance_leaves_possible() -> None:
    quiet, noisy = (
        memory_change(sessions(0.0, copies=1.2, jitter=jitter), sessions(0.0, jitter=jitter)) for jitter in (0.001, 0.3)
    )
    assert 0.0 < quiet < 0.03
    assert noisy > 0.1


@pytest.mark.parametrize(
    ("base", "now", "change"),
    [
        pytest.param(
            sessions(0.0)[:2], sessions(0.0, copies=1.2)[:1], 1.2 * 980.0 / math.sqrt(9.8e5) - 1.0, id="three"
        ),
        pytest.param(
            [session(100.0, memory_us=1000.0)] * 5, [session(100.0, memory_us=1100.0)] * 5, 0.1, id="copies agree"
        ),
        pytest.param([session(100.0)] * 5, sessions(0.0), 0.0, id="then none told"),
        pytest.param(sessions(0.0), [session(100.0)], 0.0, id="now none tells"),
        pytest.param(sessions(0.0), [], 0.0, id="no session"),
        pytest.param([*sessions(1.0), session(500.0)], sessions(1.0, copies=1.2), 0.2, id="one that does not tell"),
    ],
)
def test_where_sessions_tell_no_share_memory_may_account_for_all_and_where_none_tells_for_nothing(
    base: list[Session], now: list[Session], change: float
) -> None:
    assert memory_change(now, base) == pytest.approx(change, abs=1e-9)


def test_memory_spreads_times_by_the_share_of_what_the_copy_differs() -> None:
    copy_spread = float(np.std(np.log(COPIES_US), ddof=1))
    assert memory_spread(sessions(0.5)) == pytest.approx(0.5 * copy_spread)
    assert memory_spread(sessions(0.0)) == pytest.approx(0.0, abs=1e-12)
    assert memory_spread([session(100.0)] * 5) == 0.0
    assert memory_spread(sessions(1.0)[:1]) == 0.0


def test_of_the_core_and_of_memory_the_larger_spread_counts() -> None:
    slower_core = [replace(each, core_work_us=us) for each, us in zip(sessions(0.5), COPIES_US, strict=True)]
    assert host_spread(slower_core) == pytest.approx(2.0 * host_spread(sessions(0.5)))
    change = host_change([replace(each, core_work_us=1.1e3) for each in sessions(1.0, copies=1.2)], slower_core)
    assert (change.core > 0.0, change.memory > 0.0) == (True, True)


@pytest.mark.parametrize(
    ("host", "slower", "faster"),
    [
        (HostChange(), 0.0, 0.0),
        (HostChange(core=0.03, memory=0.02), 0.03, 0.0),
        (HostChange(core=0.02, memory=0.03), 0.03, 0.0),
        (HostChange(core=-0.02, memory=0.03), 0.03, -0.02),
        (HostChange(core=0.02, memory=-0.03), 0.02, -0.03),
        (HostChange(core=-0.02, memory=-0.03), 0.0, -0.03),
    ],
)
def test_the_larger_of_both_moves_the_limits(host: HostChange, slower: float, faster: float) -> None:
    assert (host.slower, host.faster) == (slower, faster)
    assert host.limit(0.05) == pytest.approx(1.05 * (1.0 + slower) - 1.0)
    assert host.pass_limit(0.05) == pytest.approx(1.05 * (1.0 + faster / 2.0) - 1.0)
    assert host.improvement_limit(0.05) == pytest.approx(0.95 * (1.0 + faster) - 1.0)
    assert host.is_slower_in_memory is (slower == host.memory > 0.0)
    assert host.is_faster_in_memory is (faster == host.memory < 0.0)


@pytest.mark.parametrize(
    ("share", "status"),
    [
        pytest.param(1.0, Status.INCONCLUSIVE, id="it follows memory"),
        pytest.param(0.0, Status.REGRESSED, id="it does not"),
    ],
)
def test_what_memory_may_account_for_is_no_evidence_against_the_code(share: float, status: Status) -> None:
    """Times are up by 15 % and copies by 20 %: the code's own doing or not, by what the sessions show."""
    base = sessions(share)
    fresh = sessions(share, copies=1.2, code=1.15 / 1.2**share)
    judgement = judged(base, fresh[1:])
    assert judgement.needs_confirmation
    verdict = judge_confirmed(judgement, [measured(one) for one in fresh])
    assert verdict.status is status
    told = "; the limit is 5 %, and 20.0 % that slower memory may account for." in verdict.reason
    assert told is (status is Status.INCONCLUSIVE)


def test_more_than_memory_accounts_for_is_a_slowdown_and_says_both() -> None:
    fresh = sessions(1.0, copies=1.2, code=1.3)
    verdict = judge_confirmed(judged(sessions(1.0), fresh[1:]), [measured(one) for one in fresh])
    assert verdict.status is Status.REGRESSED
    assert "the limit is 5 %, and 20.0 % that slower memory may account for. Confirmed in" in verdict.reason


@pytest.mark.parametrize(
    ("code", "copies", "words"),
    [
        pytest.param(0.5, 0.9, ", of which faster memory may account for", id="improved"),
        pytest.param(1.0, 0.9, "the limit is 5 %, less 5.0 % for memory that was faster", id="passes"),
    ],
)
def test_what_memory_became_faster_by_is_told(code: float, copies: float, words: str) -> None:
    fresh = sessions(1.0, copies=copies, code=code)
    now = judged(sessions(1.0), [replace(fresh[1], memory_work_us=900.0)])
    assert words in now.verdict.reason
