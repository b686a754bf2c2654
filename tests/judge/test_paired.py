from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student_t
from scipy.stats import trim_mean
from scipy.stats.mstats import trimmed_stde

from pytest_ascendperf.judge.error_rate import confirm_alpha, saved_alpha
from pytest_ascendperf.judge.paired import (
    MOST_SCREENING_SESSIONS,
    Next,
    PairedOutcome,
    confirm_paired,
    looks,
    screen_paired,
    screening_looks,
)
from pytest_ascendperf.judge.paired_contrast import PairedSession, paired_session
from pytest_ascendperf.judge.paired_reasons import shown
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.stage import Stage
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.power import paired_effect

BASE_US = 1000.0


def rule(
    *,
    tolerance: float = 0.02,
    min_change_us: float = 0.0,
    sessions: int = 20,
    suite_tests: int = 1,
    must_decide: bool = False,
    improvement_fails: bool = False,
) -> Rule:
    return Rule(
        tolerance=tolerance,
        min_change_us=min_change_us,
        confirm_sessions=sessions,
        suite_tests=suite_tests,
        cases=1,
        must_decide=must_decide,
        improvement_fails=improvement_fails,
    )


def sessions_of(*changes: float) -> list[PairedSession]:
    return [
        PairedSession(log_ratio=math.log1p(change), base_us=BASE_US, head_us=BASE_US * (1.0 + change))
        for change in changes
    ]


def outcome(found: PairedOutcome) -> tuple[Next, Status]:
    return found.next, found.status


def test_a_session_is_the_median_of_its_pairs() -> None:
    session = paired_session((10.0, 20.0, 10.0), (11.0, 21.0, 13.0))
    assert session.log_ratio == pytest.approx(math.log(1.1))
    assert (session.base_us, session.head_us) == (10.0, 13.0)


def test_what_moves_both_sides_alike_leaves_no_trace() -> None:
    moods = (1.0, 1.0, 3.7, 0.6, 2.0)
    session = paired_session([10.0 * mood for mood in moods], [10.7 * mood for mood in moods])
    assert session.log_ratio == pytest.approx(math.log(1.07), abs=1e-12)


def test_nothing_is_shown_before_the_third_session() -> None:
    for number in (1, 2):
        assert outcome(screen_paired(sessions_of(*[0.0] * number), rule())) == (Next.MORE, Status.INCONCLUSIVE)
    found = screen_paired(sessions_of(0.0, 0.0, 0.0), rule())
    assert outcome(found) == (Next.NOTHING, Status.PASS)
    assert found.comparison.stage is Stage.SCREEN
    # Sessions that agree by chance are not taken to agree better than 0.2 %: t(.95, 2 df) is 2.92.
    assert found.comparison.high == pytest.approx(math.expm1(2.91999 * 0.002 / math.sqrt(3)), rel=1e-4)


def test_a_look_beyond_the_limit_calls_for_new_sessions_at_once() -> None:
    assert outcome(screen_paired(sessions_of(0.021), rule())) == (Next.CONFIRM, Status.INCONCLUSIVE)
    assert outcome(screen_paired(sessions_of(0.019), rule())) == (Next.MORE, Status.INCONCLUSIVE)
    assert screen_paired(sessions_of(0.0, 0.05), rule()).next is Next.CONFIRM
    assert screen_paired(sessions_of(0.05), rule(tolerance=0.06)).next is Next.MORE


def test_screening_ends_though_nothing_is_shown() -> None:
    wide = [0.05, -0.06] * MOST_SCREENING_SESSIONS
    seen = [
        outcome(screen_paired(sessions_of(*wide[1 : 1 + n]), rule())) for n in range(1, MOST_SCREENING_SESSIONS + 1)
    ]
    assert seen == [(Next.MORE, Status.INCONCLUSIVE)] * (MOST_SCREENING_SESSIONS - 1) + [
        (Next.NOTHING, Status.INCONCLUSIVE)
    ]
    found = screen_paired(sessions_of(*wide[1 : 1 + MOST_SCREENING_SESSIONS]), rule())
    assert found.needed is not None
    assert found.needed > MOST_SCREENING_SESSIONS


def test_where_an_open_case_fails_screening_goes_on_while_that_many_sessions_can_show_it() -> None:
    """Sessions that differ by 2.8 % mostly show 2 % in 15, and these after 8; those that differ by 6.6 % in no 20."""
    close, wide = [-0.026, 0.026] * 10, [-0.06, 0.06] * 10
    must_decide = rule(must_decide=True)
    assert outcome(screen_paired(sessions_of(*close[:5]), rule())) == (Next.MORE, Status.INCONCLUSIVE)
    assert outcome(screen_paired(sessions_of(*close[:6]), rule())) == (Next.NOTHING, Status.INCONCLUSIVE)
    assert outcome(screen_paired(sessions_of(*close[:6]), must_decide)) == (Next.MORE, Status.INCONCLUSIVE)
    assert outcome(screen_paired(sessions_of(*close[:7]), must_decide)) == (Next.MORE, Status.INCONCLUSIVE)
    assert outcome(screen_paired(sessions_of(*close[:8]), must_decide)) == (Next.NOTHING, Status.PASS)
    assert outcome(screen_paired(sessions_of(*wide[:5]), must_decide)) == (Next.MORE, Status.INCONCLUSIVE)
    assert outcome(screen_paired(sessions_of(*wide[:6]), must_decide)) == (Next.NOTHING, Status.INCONCLUSIVE)
    few = rule(must_decide=True, sessions=12)
    assert outcome(screen_paired(sessions_of(*close[:6]), few)) == (Next.NOTHING, Status.INCONCLUSIVE)


def test_where_an_open_case_fails_screening_ends_with_as_many_sessions_as_a_suspect_may_have() -> None:
    almost = [0.0198] * 20
    must_decide = rule(must_decide=True)
    assert outcome(screen_paired(sessions_of(*almost[:19]), must_decide)) == (Next.MORE, Status.INCONCLUSIVE)
    assert outcome(screen_paired(sessions_of(*almost), must_decide)) == (Next.NOTHING, Status.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("judge", "must_decide", "needed", "names_it"),
    [(screen_paired, False, 15, True), (screen_paired, True, 15, False), (confirm_paired, False, 24, False)],
)
def test_strictness_is_advised_where_it_would_measure_more(
    judge: Callable[..., PairedOutcome], must_decide: bool, needed: int, names_it: bool
) -> None:
    """Not where it is in force or the case was a suspect, whose sessions a budget may have cut short."""
    limits = rule(must_decide=must_decide)
    found = judge(sessions_of(*[-0.026, 0.026] * 3), limits)
    reason = shown(found.status, found.comparison, limits, clock=Clock.DEVICE, needed=found.needed)
    assert f"{needed} pairs of processes would show it; there were 6. Quieten the machine, or " in reason
    assert reason.endswith("--ascendperf-strict") is names_it


def test_a_difference_below_the_absolute_limit_passes() -> None:
    assert screen_paired(sessions_of(*[0.05] * 3), rule(min_change_us=60.0)).status is Status.PASS
    assert screen_paired(sessions_of(0.05), rule(min_change_us=49.0)).next is Next.CONFIRM
    assert confirm_paired(sessions_of(*[0.05] * 5), rule(min_change_us=60.0)).status is Status.PASS


def test_a_faster_head_is_an_improvement() -> None:
    assert outcome(screen_paired(sessions_of(*[-0.1] * 3), rule())) == (Next.NOTHING, Status.IMPROVED)
    assert screen_paired(sessions_of(*[-0.1] * 3), rule(min_change_us=200.0)).status is Status.PASS


def test_where_being_faster_fails_what_looks_faster_is_a_suspect() -> None:
    both_ways = rule(improvement_fails=True)
    assert outcome(screen_paired(sessions_of(-0.021), both_ways)) == (Next.CONFIRM, Status.INCONCLUSIVE)
    assert outcome(screen_paired(sessions_of(-0.019), both_ways)) == (Next.MORE, Status.INCONCLUSIVE)
    assert screen_paired(sessions_of(-0.05), rule(improvement_fails=True, min_change_us=60.0)).next is Next.MORE
    assert outcome(confirm_paired(sessions_of(*[-0.1] * 4), both_ways)) == (Next.MORE, Status.INCONCLUSIVE)
    found = confirm_paired(sessions_of(*[-0.1] * 5), both_ways)
    assert outcome(found) == (Next.NOTHING, Status.IMPROVED)
    reason = shown(found.status, found.comparison, both_ways, clock=Clock.DEVICE, needed=found.needed)
    assert reason == (
        "900.0 µs is 10.0 % below the base's 1.000 ms; the limit is 2 %. "
        "Confirmed in 5 pairs of processes that were not part of the suspicion."
    )


def test_such_a_suspect_passes_at_the_last_look_or_when_it_no_longer_looks_faster() -> None:
    both_ways = rule(improvement_fails=True)
    close = [-0.026, -0.022, -0.03, -0.012, -0.034] * 4
    for number in (5, 8, 13):
        assert outcome(confirm_paired(sessions_of(*close[:number]), both_ways)) == (Next.MORE, Status.INCONCLUSIVE)
    assert outcome(confirm_paired(sessions_of(*close), both_ways)) == (Next.NOTHING, Status.PASS)
    assert outcome(confirm_paired(sessions_of(*[0.0] * 5), both_ways)) == (Next.NOTHING, Status.PASS)
    assert confirm_paired(sessions_of(*[0.1] * 5), both_ways).status is Status.REGRESSED


@pytest.mark.parametrize("spread", [0.004, 0.013, 0.04])
def test_improvements_that_fail_are_as_true_as_slowdowns(spread: float) -> None:
    draw = random.Random(12)
    both_ways = rule(improvement_fails=True)
    unchanged = Counter(decide(0.0, spread, both_ways, draw) for _ in range(800))
    assert unchanged[Status.IMPROVED] + unchanged[Status.REGRESSED] <= 2
    at_the_limit = Counter(decide(-0.02, spread, both_ways, draw) for _ in range(800))
    assert at_the_limit[Status.IMPROVED] <= 11  # 0.5 % are 4; more than 11 have a chance of 0.1 %


def test_improvements_that_fail_are_found_as_slowdowns_are() -> None:
    draw = random.Random(13)
    found = Counter(decide(-0.05, 0.01, rule(suite_tests=50, improvement_fails=True), draw) for _ in range(400))
    assert found[Status.IMPROVED] >= 0.9 * 400


def test_the_question_that_fails_a_case_has_used_none_of_the_level() -> None:
    both_ways = rule(suite_tests=50, improvement_fails=True)
    assert 2.0 * confirm_alpha(both_ways) == confirm_alpha(rule(suite_tests=50))
    level = confirm_alpha(both_ways)
    for change, used in ((0.0, 2.0), (0.1, 1.0), (-0.1, 1.0)):
        found = confirm_paired(sessions_of(*[change] * 5), both_ways)
        assert found.next is Next.NOTHING
        assert found.used_alpha == pytest.approx(0.15 * level * used)


def test_a_suspect_is_called_slower_at_a_look_and_not_before() -> None:
    assert list(looks(20)) == [5, 8, 13, 20]
    for number in (1, 2, 3, 4):
        assert outcome(confirm_paired(sessions_of(*[0.1] * number), rule())) == (Next.MORE, Status.INCONCLUSIVE)
    found = confirm_paired(sessions_of(*[0.1] * 5), rule())
    assert outcome(found) == (Next.NOTHING, Status.REGRESSED)
    assert found.comparison.stage is Stage.CONFIRM
    assert found.comparison.change == pytest.approx(0.1)
    assert confirm_paired(sessions_of(*[0.1] * 6), rule()).status is Status.INCONCLUSIVE


@pytest.mark.parametrize("most", [3, 4, 5, 6, 8, 12, 20, 30])
def test_the_looks_spend_all_of_alpha_and_the_last_session_is_one(most: int) -> None:
    shares = looks(most)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert max(shares) == most
    assert min(shares) >= 3


ODD = [0.05 + 0.01 * math.sin(number) for number in range(18)]


@pytest.mark.parametrize("odd", [(-0.7, -0.6), (-0.7, 0.06), (2.0, 3.0)])
def test_odd_sessions_do_not_hide_at_the_last_look_what_all_others_show(odd: tuple[float, float]) -> None:
    found = confirm_paired(sessions_of(*ODD, *odd), rule())
    assert outcome(found) == (Next.NOTHING, Status.REGRESSED)
    assert found.left_out == 2
    assert found.comparison.head_sessions == 16
    assert found.comparison.change == pytest.approx(0.05, abs=0.003)
    assert found.comparison.head_us == pytest.approx(1_050.0, abs=3.0)
    assert outcome(confirm_paired(sessions_of(*ODD[:11], *odd), rule())) == (Next.MORE, Status.INCONCLUSIVE)


def test_sessions_are_left_out_where_that_shows_more_and_of_ten_sessions_on() -> None:
    plain = confirm_paired(sessions_of(*ODD, 0.05, 0.05), rule())
    assert (plain.status, plain.left_out, plain.comparison.head_sessions) == (Status.REGRESSED, 0, 20)
    for most, left_out in ((9, 0), (10, 1)):
        found = confirm_paired(sessions_of(*ODD[: most - 1], -0.5), rule(sessions=most, tolerance=0.01))
        assert found.left_out == left_out
        assert (found.status is Status.REGRESSED) == (left_out > 0)


def test_what_is_left_is_judged_by_the_trimmed_t() -> None:
    logs = np.array([math.log1p(change) for change in (*ODD, -0.7, 2.0)])
    found = confirm_paired(sessions_of(*np.expm1(logs)), rule()).comparison
    error = float(trimmed_stde(logs, limits=(0.1, 0.1))) * math.sqrt(19 / 20 * 16 / 15)  # Yuen's divisors
    t = (trim_mean(logs, 0.1) - math.log1p(0.02)) / error
    assert found.change == pytest.approx(math.expm1(trim_mean(logs, 0.1)), rel=1e-9)
    assert found.p_value == pytest.approx(student_t.sf(t, 15), rel=1e-6)


def test_the_last_looks_two_questions_share_its_level() -> None:
    """Each is asked at .01 × .4 / 2: Student's quantile with 19 degrees of freedom is 3.2731."""
    for extra, expected in ((1e-5, Status.REGRESSED), (-1e-5, Status.INCONCLUSIVE)):
        centre = math.log1p(0.02) + 3.27315 * 0.01 / math.sqrt(20) + extra
        logs = [centre + sign * 0.01 * math.sqrt(19 / 20) for sign in (-1, 1) for _ in range(10)]
        assert confirm_paired(sessions_of(*map(math.expm1, logs)), rule()).status is expected


def test_a_suspicion_that_is_not_confirmed_ends_at_the_first_look() -> None:
    assert outcome(confirm_paired(sessions_of(*[0.0] * 4), rule())) == (Next.MORE, Status.INCONCLUSIVE)
    assert outcome(confirm_paired(sessions_of(*[0.0] * 5), rule())) == (Next.NOTHING, Status.PASS)


def test_screening_looks_often_at_first() -> None:
    assert screening_looks(6) == (3, 4, 5, 6)
    assert screening_looks(20) == (3, 4, 5, 6, 8, 13, 20)


@pytest.mark.parametrize(
    ("judge", "deviations", "quantile", "otherwise"),
    [
        (screen_paired, (-1, 0, 0, 1), 2.35336, Next.MORE),
        (screen_paired, (-1, *[0] * 4, 1), 2.01505, Next.NOTHING),
        (confirm_paired, (-1, 0, 0, 0, 1), 3.74695, Next.MORE),
        (confirm_paired, (-1, *[0] * 18, 1), 2.53948, Next.NOTHING),
    ],
    ids=["screening, early", "screening, last", "confirmation, early", "confirmation, last"],
)
def test_a_pass_is_shown_at_five_per_cent_and_that_of_a_suspect_at_one(
    judge: Callable[..., PairedOutcome], deviations: tuple[int, ...], quantile: float, otherwise: Next
) -> None:
    """A little more or less than Student's quantile decides."""
    count = len(deviations)
    scale = 0.01 * math.sqrt((count - 1) / 2)
    for extra, expected in ((-1e-5, (Next.NOTHING, Status.PASS)), (1e-5, (otherwise, Status.INCONCLUSIVE))):
        centre = math.log1p(0.02) - quantile * 0.01 / math.sqrt(count) + extra
        found = [
            PairedSession(log_ratio=centre + scale * deviation, base_us=BASE_US, head_us=BASE_US)
            for deviation in deviations
        ]
        assert outcome(judge(found, rule())) == expected


def test_the_last_session_leaves_open_what_is_not_shown() -> None:
    changes = [0.1, -0.03] * 10
    assert outcome(confirm_paired(sessions_of(*changes[:19]), rule())) == (Next.MORE, Status.INCONCLUSIVE)
    assert outcome(confirm_paired(sessions_of(*changes), rule())) == (Next.NOTHING, Status.INCONCLUSIVE)


def test_the_level_is_that_of_students_t_divided_over_tests_and_looks() -> None:
    """One session more or less beyond the exact bound decides: the t quantile at α₁ = .15 · min(.01, .05 / 50)."""
    level = 0.15 * confirm_alpha(rule(suite_tests=50))
    assert level == pytest.approx(0.00015)
    reach = 11.75134 * 0.01 / math.sqrt(5)  # where the closed form of t with 4 df leaves .00015 above
    deviations = [-1.0, 0.0, 0.0, 0.0, 1.0]
    scale = 0.01 / math.sqrt(0.5)
    for extra, status in ((1e-4, Status.REGRESSED), (-1e-4, Status.INCONCLUSIVE)):
        centre = math.log1p(0.02) + reach + extra
        found = [
            PairedSession(log_ratio=centre + scale * deviation, base_us=BASE_US, head_us=BASE_US)
            for deviation in deviations
        ]
        assert confirm_paired(found, rule(suite_tests=50)).status is status


def test_more_tests_ask_for_more_evidence() -> None:
    changes = [0.04, 0.05, 0.06, 0.05, 0.045]
    assert confirm_paired(sessions_of(*changes), rule()).status is Status.REGRESSED
    assert confirm_paired(sessions_of(*changes), rule(suite_tests=500)).status is Status.INCONCLUSIVE


def test_the_detectable_change_is_found_four_times_in_five() -> None:
    draw = random.Random(7)
    spread = 0.01
    limits = rule(suite_tests=50)
    change = screen_paired(sessions_of(*[spread, -spread] * 3), limits).detectable_change
    assert change is not None
    scale = spread * math.sqrt(6 / 5) / spread  # the spread of those six sessions, against the one that is drawn
    found = Counter(decide(change, spread * scale, limits, draw) for _ in range(400))
    assert 0.72 <= found[Status.REGRESSED] / 400 <= 0.93  # earlier looks find some more


def test_the_detectable_change_is_what_one_question_of_the_last_look_finds() -> None:
    found = screen_paired(sessions_of(*[0.01, -0.01] * 3), rule())
    assert found.comparison.spread is not None
    effect = paired_effect(sessions=20, alpha=0.01 * 0.4 / 2) * found.comparison.spread
    assert found.detectable_change == pytest.approx(math.expm1(math.log1p(0.02) + effect), rel=1e-12)


def decide(change: float, spread: float, limits: Rule, draw: random.Random, *, odd: float = 0.0) -> Status:
    return decided(change, spread, limits, draw, odd=odd).status


def decide_run(changes: Sequence[float], spread: float, draw: random.Random) -> list[Status]:
    """Decide tests one after the other, each with what those before it have left of the run's level."""
    statuses: list[Status] = []
    used: list[float] = []
    for change in changes:
        saved = saved_alpha(len(changes), used)
        found = decided(change, spread, replace(rule(suite_tests=len(changes)), saved_alpha=saved), draw)
        used.append(found.used_alpha)
        statuses.append(found.status)
    return statuses


def decided(change: float, spread: float, limits: Rule, draw: random.Random, *, odd: float = 0.0) -> PairedOutcome:
    """Decide a case; a share ``odd`` of its sessions deviates ten times as far as the others."""

    def session() -> PairedSession:
        log_ratio = math.log1p(change) + draw.gauss(0.0, spread) * (10.0 if draw.random() < odd else 1.0)
        return PairedSession(log_ratio=log_ratio, base_us=BASE_US, head_us=BASE_US * math.exp(log_ratio))

    screening: list[PairedSession] = []
    for _ in count():
        screening.append(session())
        screened = screen_paired(screening, limits)
        if screened.next is Next.NOTHING:
            return screened
        if screened.next is Next.CONFIRM:
            break
    confirming: list[PairedSession] = []
    for _ in count():
        confirming.append(session())
        confirmed = confirm_paired(confirming, limits)
        if confirmed.next is Next.NOTHING:
            return confirmed
    raise AssertionError


@pytest.mark.parametrize("spread", [0.004, 0.013, 0.04])
def test_unchanged_code_fails_less_often_than_promised(spread: float) -> None:
    """α is .01 for one test. At a true change of just the tolerance the confirmation alone must hold it."""
    draw = random.Random(3)
    unchanged = Counter(decide(0.0, spread, rule(), draw) for _ in range(800))
    assert unchanged[Status.REGRESSED] <= 2
    at_the_limit = Counter(decide(0.02, spread, rule(), draw) for _ in range(800))
    assert at_the_limit[Status.REGRESSED] <= 16  # 1 % are 8; twice that has a chance of 0.6 %


def test_odd_sessions_make_no_false_alarms_and_hide_few_slowdowns() -> None:
    """One session in 20 is odd. By all sessions alone 92 % of the slowdowns would be found."""
    draw = random.Random(6)
    at_the_limit = Counter(decide(0.02, 0.013, rule(), draw, odd=0.05) for _ in range(800))
    assert at_the_limit[Status.REGRESSED] <= 16
    found = Counter(decide(0.05, 0.013, rule(), draw, odd=0.05) for _ in range(400))
    assert found[Status.REGRESSED] >= 0.95 * 400


def test_looks_use_their_shares_of_the_level_unless_they_call_the_case_slower() -> None:
    level = confirm_alpha(rule(suite_tests=50))
    open_case = [0.1, -0.03] * 10
    for sessions, share in ((1, 0.0), (4, 0.0), (5, 0.15), (8, 0.35), (13, 0.6), (19, 0.6), (20, 1.0)):
        found = confirm_paired(sessions_of(*open_case[:sessions]), rule(suite_tests=50))
        assert found.status is Status.INCONCLUSIVE
        assert found.used_alpha == pytest.approx(share * level)
    passed = confirm_paired(sessions_of(*[0.0] * 5), rule(suite_tests=50))
    assert passed.status is Status.PASS
    assert passed.used_alpha == pytest.approx(0.15 * level)
    slower = confirm_paired(sessions_of(*[0.1] * 5), rule(suite_tests=50))
    assert (slower.status, slower.used_alpha) == (Status.REGRESSED, 0.0)
    assert screen_paired(sessions_of(*[0.1] * 5), rule(suite_tests=50)).used_alpha == 0.0


def test_runs_of_tests_at_the_limit_fail_less_often_than_promised() -> None:
    """5 % of runs at most. All of these tests are suspects, so all levels are used."""
    draw = random.Random(8)
    runs = [decide_run([0.02] * 12, 0.013, draw) for _ in range(200)]
    assert sum(Status.REGRESSED in statuses for statuses in runs) <= 20  # twice as many have a chance of 0.3 %


def test_what_earlier_tests_left_of_the_level_finds_more_in_later_ones() -> None:
    """At this spread an even share of the level finds 82 % of the slowdowns."""
    draw = random.Random(9)
    found = Counter(status for _ in range(10) for status in decide_run([0.05] * 50, 0.025, draw))
    assert found[Status.REGRESSED] >= 0.93 * 500


@pytest.mark.parametrize("must_decide", [False, True])
@pytest.mark.parametrize("spread", [0.004, 0.013, 0.04])
def test_what_is_slower_by_the_tolerance_rarely_passes(spread: float, must_decide: bool) -> None:
    """8 to 16 % of it in all; if suspects passed as the others do, whenever they are measured, a quarter would."""
    draw = random.Random(4)
    found = Counter(decide(0.02, spread, rule(must_decide=must_decide), draw) for _ in range(800))
    assert found[Status.PASS] <= 0.18 * 800


@pytest.mark.parametrize(("spread", "tests"), [(0.004, 50), (0.01, 50), (0.013, 50), (0.02, 1)])
def test_a_slowdown_of_five_per_cent_is_found(spread: float, tests: int) -> None:
    draw = random.Random(5)
    found = Counter(decide(0.05, spread, rule(suite_tests=tests), draw) for _ in range(400))
    assert found[Status.REGRESSED] >= 0.9 * 400
    found = Counter(decide(0.10, spread, rule(suite_tests=tests), draw) for _ in range(400))
    assert found[Status.REGRESSED] >= 0.98 * 400


@settings(deadline=None)
@given(
    st.lists(st.floats(-0.3, 0.3), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_the_order_of_sessions_is_irrelevant(changes: list[float], shuffler: random.Random) -> None:
    shuffled = list(changes)
    shuffler.shuffle(shuffled)
    for judge in (screen_paired, confirm_paired):
        first, second = judge(sessions_of(*changes), rule()), judge(sessions_of(*shuffled), rule())
        assert outcome(first) == outcome(second)
        assert first.comparison.change == pytest.approx(second.comparison.change, abs=1e-12)
