"""Slow drift: what each night tolerates and all of them together do not."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

import session_values
from pytest_ascendperf.judge.error_rate import CASE_ALPHA
from pytest_ascendperf.judge.exact import ExactEvidence
from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.verdict import judge_confirmed, judge_screen
from pytest_ascendperf.model.anchor import Anchor
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.finding import Finding, FindingKind
from pytest_ascendperf.model.measurement import Clock, Measurement, Session
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status, Verdict

CASE = CaseId(module="tests/test_ffn.py", test="test_step")
HERE = Environment(device="npu", chip="Ascend", chip_id="ascend", stack_id="cann-9.1.0", hard=(), soft=())
RULE = Rule(tolerance=0.05, min_change_us=0.0, confirm_sessions=5, suite_tests=1, cases=1)
ANCHOR_US = (1000.0,) * 5


def session(
    median_us: float,
    *,
    host_us: float | None = None,
    clock: Clock = Clock.DEVICE,
    reference_us: float | None = None,
    core_us: float | None = None,
    started: str = "2025-06-01T03:00:00+00:00",
) -> Session:
    """As there, by default of a day after the anchor's."""
    return session_values.session(
        median_us, host_us=host_us, clock=clock, reference_us=reference_us, core_us=core_us, started=started
    )


def anchored(
    *medians_us: float, anchor_us: tuple[float, ...] = ANCHOR_US, revision: str | None = "1a2b3c4d5e6f"
) -> Baseline:
    """A baseline whose anchor was recorded on 2025-01-31."""
    started = "2025-01-31T03:00:00+00:00"
    anchor = Anchor(sessions=tuple(session(us, started=started) for us in anchor_us), revision=revision)
    sessions = tuple(map(session, medians_us))
    return Baseline(case=CASE, environment=HERE, sessions=sessions, revision="later", anchor=anchor)


def measured(one: Session | float, *, invalid: tuple[str, ...] = ()) -> Measurement:
    one = one if isinstance(one, Session) else session(one)
    return Measurement(case=CASE, environment=HERE, session=one, invalid=invalid, notes=())


def screened(
    now: Session | float, baseline: Baseline, rule: Rule = RULE, exact: ExactEvidence | None = None
) -> Judgement:
    return judge_screen(measured(now), baseline, (), rule, baseline_path="b.json", exact=exact or ExactEvidence())


def judged(now_us: float, baseline: Baseline, *fresh_us: float, rule: Rule = RULE) -> Verdict:
    judgement = screened(now_us, baseline, rule)
    return judge_confirmed(judgement, [measured(us) for us in fresh_us])


CREPT = anchored(*(1045.0,) * 5)
"""The last acceptance lies 4.5 % above the anchor."""


def test_creep_that_the_last_baseline_tolerates_is_found_and_named() -> None:
    judgement = screened(1062.0, CREPT)
    assert judgement.needs_confirmation
    assert not judgement.flagged
    assert judgement.verdict.status is Status.PASS
    verdict = judge_confirmed(judgement, [measured(1062.0)] * 5)
    assert verdict.status is Status.REGRESSED
    assert verdict.reason == (
        "Slow drift: 1.062 ms is 6.2 % above the anchor's 1.000 ms (2025-01-31, 1a2b3c4d5e6f); the limit is 5 %. "
        "Confirmed in 5 fresh processes. The last baseline does not show it: 1.062 ms is 1.6 % above the baseline's "
        "1.045 ms."
    )
    drift = verdict.drifted
    assert drift is not None
    assert drift.fails
    assert drift.status_without is Status.PASS
    assert (drift.recorded, drift.revision) == ("2025-01-31", "1a2b3c4d5e6f")
    assert drift.confirm is not None
    assert verdict.decisive is drift.confirm
    assert drift.confirm.base_us == 1000.0
    assert verdict.confirm is None, "nothing asked for a confirmation against the last baseline"
    assert verdict.attribution is None, "an anchor has no kernels to blame"
    assert (verdict.status_of_times, verdict.timed_status) == (Status.REGRESSED, None)
    assert Verdict.from_dict(verdict.to_dict()) == verdict


def test_an_anchor_of_no_known_revision_is_named_by_its_day() -> None:
    verdict = judged(1062.0, anchored(*(1045.0,) * 5, revision=None), *(1062.0,) * 5)
    assert "above the anchor's 1.000 ms (2025-01-31); the limit" in verdict.reason


def test_what_is_within_the_tolerance_of_the_anchor_is_no_drift() -> None:
    judgement = screened(1048.0, CREPT)
    assert not judgement.needs_confirmation
    assert judgement.verdict.status is Status.PASS
    assert judgement.verdict.drift is not None
    assert judgement.verdict.drift.screen.base_us == 1000.0
    assert not judgement.verdict.drift.fails
    assert judgement.verdict.drifted is None
    assert judgement.verdict.decisive is judgement.verdict.screen


def test_a_suspicion_of_drift_that_fresh_sessions_dismiss_leaves_the_verdict_as_it_was() -> None:
    first = screened(1062.0, CREPT)
    verdict = judge_confirmed(first, [measured(1046.0)] * 5)
    assert (verdict.status, verdict.reason) == (Status.PASS, first.verdict.reason)
    assert verdict.drift is not None
    assert verdict.drift.confirm is not None
    assert not verdict.drift.fails
    assert verdict.drifted is None


def test_only_the_question_that_was_flagged_may_fail() -> None:
    """Fresh sessions are slower than both limits, but the run's own session suspected one of them only."""
    of_anchor = judged(1062.0, CREPT, *(1200.0,) * 5)
    assert of_anchor.confirm is None
    assert of_anchor.drifted is not None
    fast_anchor_us = (900.0, 1100.0) * 3
    of_baseline = screened(1062.0, anchored(*(1000.0,) * 5, anchor_us=fast_anchor_us))
    assert (of_baseline.flagged, of_baseline.drift_flagged) == (True, False)
    verdict = judge_confirmed(of_baseline, [measured(1500.0)] * 5)
    assert verdict.status is Status.REGRESSED
    assert verdict.drift is not None
    assert (verdict.drift.confirm, verdict.drift.fails) == (None, False)


def test_a_night_that_is_slower_than_its_last_baseline_is_no_slow_drift() -> None:
    verdict = judged(1300.0, CREPT, *(1300.0,) * 5)
    assert verdict.status is Status.REGRESSED
    assert verdict.reason == (
        "1.300 ms is 24.4 % above the baseline's 1.045 ms; the limit is 5 %. Confirmed in 5 fresh processes. "
        "Against its anchor (2025-01-31, 1a2b3c4d5e6f) it is +30.0 %."
    )
    assert verdict.drift is not None
    assert verdict.drift.fails
    assert verdict.drifted is None
    assert verdict.decisive is verdict.confirm


def test_drift_is_found_where_the_suspicion_against_the_last_baseline_is_not_confirmed() -> None:
    verdict = judged(1300.0, CREPT, *(1062.0,) * 5)
    assert verdict.status is Status.REGRESSED
    assert verdict.drifted is not None
    assert verdict.drifted.status_without is Status.PASS
    assert verdict.reason.startswith("Slow drift: 1.062 ms is 6.2 % above the anchor's 1.000 ms")


def test_what_is_faster_than_the_last_baseline_and_slower_than_the_anchor_still_fails() -> None:
    """A slower time was accepted without its anchor, and the next night won back a part of it."""
    verdict = judged(1100.0, anchored(*(1300.0,) * 5), *(1100.0,) * 5)
    assert verdict.status is Status.REGRESSED
    assert verdict.drifted is not None
    assert verdict.drifted.status_without is Status.IMPROVED


def test_a_difference_that_does_not_count_is_no_drift() -> None:
    assert not screened(1062.0, CREPT, replace(RULE, min_change_us=62.0)).needs_confirmation
    assert screened(1062.0, CREPT, replace(RULE, min_change_us=61.0)).needs_confirmation


def test_a_drift_that_could_not_be_looked_at_leaves_no_pass() -> None:
    judgement = screened(1062.0, CREPT)
    verdict = judge_confirmed(judgement, [measured(1062.0)], ["fresh process 2 of 5: it crashed"] * 4)
    assert verdict.status is Status.INCONCLUSIVE
    assert verdict.drifted is None
    assert verdict.reason.endswith(
        "Slow drift is suspected: 1.062 ms is 6.2 % above the anchor's 1.000 ms (2025-01-31, 1a2b3c4d5e6f); the limit "
        "is 5 %. It could be neither confirmed nor dismissed: 1 of 5 fresh sessions could be used. "
        "4 of 5 fresh sessions could not be used: fresh process 2 of 5: it crashed"
    )


def test_a_problem_of_the_fresh_sessions_is_told_once() -> None:
    judgement = screened(1300.0, CREPT)
    assert judgement.flagged
    assert judgement.drift_flagged
    verdict = judge_confirmed(judgement, [measured(1300.0)] * 4, ["it crashed"])
    assert verdict.reason.count("it crashed") == 1


def test_findings_come_before_the_drift_and_fail_with_it() -> None:
    finding = Finding(kind=FindingKind.NOT_FUSED, summary="not fused: rope", details=(), fails=True)
    judgement = screened(1062.0, CREPT, exact=ExactEvidence(explicit=(finding,)))
    assert (judgement.verdict.status, judgement.verdict.timed_status) == (Status.REGRESSED, Status.PASS)
    verdict = judge_confirmed(judgement, [measured(1062.0)] * 5)
    assert verdict.reason.startswith("Not fused: rope. Slow drift: ")
    assert (verdict.status, verdict.timed_status) == (Status.REGRESSED, None)
    assert verdict.drifted is not None
    assert verdict.drifted.status_without is Status.PASS
    dismissed = judge_confirmed(judgement, [measured(1046.0)] * 5)
    assert dismissed == replace(judgement.verdict, drift=dismissed.drift)


def test_a_case_with_an_anchor_has_two_questions_to_share_its_error_rate() -> None:
    assert screened(1048.0, CREPT).rule == replace(RULE, questions=2)
    assert screened(1048.0, replace(CREPT, anchor=None)).rule == RULE


def test_the_smallest_change_that_is_seen_knows_of_the_second_question() -> None:
    with_anchor, without = screened(1048.0, CREPT).verdict, screened(1048.0, replace(CREPT, anchor=None)).verdict
    assert with_anchor.detectable_change is not None
    assert without.detectable_change is not None
    assert with_anchor.detectable_change > without.detectable_change


def test_an_anchor_of_a_device_at_another_speed_is_not_compared_and_that_is_noted() -> None:
    """The comparison with the last baseline stands: the device has been at this speed since then."""
    assert CREPT.anchor is not None
    slow = Anchor(sessions=tuple(session(1000.0, reference_us=10.0) for _ in range(5)), revision="abc")
    baseline = replace(CREPT, anchor=slow, sessions=tuple(session(1045.0, reference_us=20.0) for _ in range(5)))
    judgement = screened(session(1062.0, reference_us=20.0), baseline)
    assert judgement.verdict.status is Status.PASS
    assert not judgement.needs_confirmation
    assert judgement.verdict.drift is None
    assert judgement.rule == RULE, "a question that is not asked takes nothing of the other's error rate"
    assert judgement.verdict.notes == (
        "Slow drift was not looked for: the device itself ran at another speed when the anchor was recorded "
        "(2025-06-01, abc).",
    )


def test_an_anchor_of_a_slowed_core_is_not_compared_and_one_at_full_speed_is_whatever_the_session_was() -> None:
    def on_cores(anchor_us: float, now_us: float) -> Judgement:
        anchor = Anchor(sessions=tuple(session(1000.0, core_us=anchor_us) for _ in range(5)), revision="abc")
        return screened(session(1062.0, core_us=now_us), replace(CREPT, anchor=anchor))

    assert on_cores(8.0, 5.0).verdict.drift is None
    assert "ran at another speed when the anchor was recorded" in on_cores(8.0, 5.0).verdict.notes[0]
    assert on_cores(5.0, 8.0).drift_flagged


def test_a_fresh_session_of_a_device_at_another_speed_says_nothing_of_drift() -> None:
    anchor = Anchor(sessions=tuple(session(1000.0, reference_us=10.0) for _ in range(5)), revision="abc")
    sessions = tuple(session(1045.0, reference_us=10.0) for _ in range(5))
    judgement = screened(session(1062.0, reference_us=10.0), replace(CREPT, anchor=anchor, sessions=sessions))
    assert judgement.drift_flagged
    throttled = [measured(session(1062.0, reference_us=12.0))] * 4
    verdict = judge_confirmed(judgement, [measured(session(1062.0, reference_us=10.0)), *throttled])
    assert verdict.status is Status.INCONCLUSIVE
    assert "1 of 5 fresh sessions could be used" in verdict.reason


def test_host_times_are_compared_with_host_times_of_the_anchor() -> None:
    def host_bound(host_us: float) -> Session:
        return session(5000.0, host_us=host_us, clock=Clock.HOST)

    anchor = Anchor(sessions=tuple(session(500.0, host_us=1000.0) for _ in range(5)), revision=None)
    baseline = replace(CREPT, anchor=anchor, sessions=tuple(host_bound(1045.0) for _ in range(5)))
    verdict = judge_confirmed(screened(host_bound(1062.0), baseline), [measured(host_bound(1062.0))] * 5)
    assert verdict.reason.startswith("Slow drift: host time 1.062 ms is 6.2 % above the anchor's 1.000 ms")


def test_an_anchor_without_host_times_is_not_compared_and_that_is_noted() -> None:
    host_bound = session(5000.0, host_us=1045.0, clock=Clock.HOST)
    judgement = screened(host_bound, replace(CREPT, sessions=(host_bound,) * 5))
    assert judgement.verdict.drift is None
    assert judgement.verdict.status is Status.PASS
    assert judgement.verdict.notes == (
        "Slow drift was not looked for: the anchor (2025-01-31, 1a2b3c4d5e6f) holds no time of the host.",
    )


def test_no_drift_is_looked_for_where_nothing_is_compared() -> None:
    elsewhere = replace(CREPT, environment=replace(HERE, hard=(("threads", "8"),)))
    assert screened(2000.0, elsewhere).verdict.drift is None
    invalid = judge_screen(measured(2000.0, invalid=("It drifted.",)), CREPT, (), RULE, baseline_path="b.json")
    assert (invalid.verdict.status, invalid.verdict.drift) == (Status.INVALID, None)


def nights(seed: random.Random, spread: float, rule: Rule, count: int = 10) -> list[Verdict]:
    """Verdicts of ``count`` nights of unchanged code, each accepted, with normal noise between sessions."""

    def drawn(number: int) -> tuple[Session, ...]:
        return tuple(session(1000.0 * seed.lognormvariate(0.0, spread)) for _ in range(number))

    held = Baseline(case=CASE, environment=HERE, sessions=drawn(5), revision=None)
    verdicts = []
    for _ in range(count):
        judgement = judge_screen(measured(drawn(1)[0]), held, (), rule, baseline_path="b.json")
        fresh = [measured(one) for one in drawn(5)] if judgement.needs_confirmation else []
        verdicts.append(judge_confirmed(judgement, fresh))
        held = Baseline(case=CASE, environment=HERE, sessions=drawn(5), revision=None).following(held)
    return verdicts


def test_unchanged_code_fails_by_drift_no_more_often_than_promised() -> None:
    """2,000 suites of ten nights at tolerance 0, which is the worst case: any change at all is beyond it."""
    rule = replace(RULE, tolerance=0.0)
    suites, count = 2000, 10
    seed = random.Random(20250131)
    verdicts = [verdict for _ in range(suites) for verdict in nights(seed, 0.03, rule, count)]
    asked = [verdict for verdict in verdicts if verdict.drift is not None]
    assert len(asked) == suites * (count - 1), "the first night has a baseline and no anchor yet"
    suspected = sum(verdict.drift.confirm is not None for verdict in asked if verdict.drift is not None)
    drifted = sum(verdict.drifted is not None for verdict in asked)
    failed = sum(verdict.status is Status.REGRESSED for verdict in asked)
    assert 0.04 < suspected / len(asked) < 0.06, "screening asks at one in twenty, or this simulates nothing"
    assert 0 < drifted <= CASE_ALPHA / 2 * len(asked)
    assert 0 < failed <= CASE_ALPHA * len(asked)


@pytest.mark.parametrize("seed", range(20))
def test_creep_is_found_before_it_is_twice_the_tolerance(seed: int) -> None:
    """1.5 % a night at 1 % noise between sessions, each night accepted."""
    noise = random.Random(seed)

    def drawn(night: int, number: int) -> tuple[Session, ...]:
        return tuple(session(1000.0 * 1.015**night * noise.lognormvariate(0.0, 0.01)) for _ in range(number))

    held = Baseline(case=CASE, environment=HERE, sessions=drawn(0, 5), revision="first")
    for night in range(1, 8):
        judgement = judge_screen(measured(drawn(night, 1)[0]), held, (), RULE, baseline_path="b.json")
        verdict = judge_confirmed(judgement, [measured(one) for one in drawn(night, 5)])
        if verdict.status is Status.REGRESSED:
            break
        following = Baseline(case=CASE, environment=HERE, sessions=drawn(night, 5), revision="later")
        held = following.following(held)
    assert 4 <= night <= 7, "from 1.015**4 on the total is above 5 %"
    assert verdict.drifted is not None
    assert verdict.drifted.revision == "first"
