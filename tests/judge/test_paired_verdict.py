"""What base and head run, beside their times: which of it fails, and how many sessions the times are then worth."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from judge.test_exact import APART, FUSED, LOSS, NOT_FUSED
from judge.test_verdict import measured
from pytest_ascendperf.judge.paired import Next
from pytest_ascendperf.judge.paired_contrast import PairedSession
from pytest_ascendperf.judge.paired_verdict import PairedEvidence, next_step, paired_verdict
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status

STRICT = Rule(tolerance=0.02, min_change_us=0.0, confirm_sessions=20, suite_tests=1, cases=1, must_decide=True)


def sessions_of(*changes: float) -> list[PairedSession]:
    return [
        PairedSession(log_ratio=math.log1p(change), base_us=12.5, head_us=12.5 * (1.0 + change)) for change in changes
    ]


def left_open(rule: Rule, sessions: int = 6) -> PairedEvidence:
    """Sessions that differ by 2.8 %: six of them show nothing, and twenty might."""
    changes = [-0.026, 0.026] * 10
    return PairedEvidence(
        head=replace(measured(12.5), kernels=FUSED),
        base=replace(measured(12.5), kernels=FUSED),
        rule=rule,
        base_name="base main (1a2b3c4d5e6f)",
        screening=sessions_of(*changes[:sessions]),
    )


def test_an_open_case_that_must_be_decided_is_measured_on() -> None:
    assert next_step(left_open(replace(STRICT, must_decide=False))) is Next.NOTHING
    assert next_step(left_open(STRICT)) is Next.MORE


def test_a_case_that_fails_for_its_kernels_is_not_measured_on_to_decide_its_time() -> None:
    lost = left_open(STRICT)
    lost.head, lost.losses = replace(lost.head, kernels=APART), (LOSS,)
    assert next_step(lost) is Next.NOTHING
    verdict = paired_verdict(lost)
    assert (verdict.status, verdict.timed_status) == (Status.REGRESSED, Status.INCONCLUSIVE)
    assert "Quieten the machine, or allow a larger tolerance." in verdict.reason
    asked_for = left_open(STRICT)
    asked_for.demands = (NOT_FUSED,)
    assert next_step(asked_for) is Next.NOTHING


def test_kernels_that_are_not_compared_fail_nothing() -> None:
    lost = left_open(STRICT)
    lost.head, lost.losses, lost.compares_kernels = replace(lost.head, kernels=APART), (LOSS,), False
    assert next_step(lost) is Next.MORE
    assert paired_verdict(lost).findings == ()


@pytest.mark.parametrize("sessions", [1, 2, 5])
def test_it_is_measured_as_often_as_any_other_case_before(sessions: int) -> None:
    lost = left_open(STRICT, sessions)
    lost.head, lost.losses = replace(lost.head, kernels=APART), (LOSS,)
    assert next_step(lost) is Next.MORE


def test_what_the_numbers_leave_out_is_told() -> None:
    evidence = left_open(STRICT, sessions=0)
    evidence.screening += sessions_of(0.05)
    evidence.confirming += sessions_of(*[0.05 + 0.001 * number for number in range(18)], -0.7, 2.0)
    assert next_step(evidence) is Next.NOTHING
    verdict = paired_verdict(evidence)
    assert verdict.status is Status.REGRESSED
    assert verdict.confirm is not None
    assert verdict.confirm.head_sessions == 16
    assert verdict.notes[-1] == (
        "The 2 lowest and the 2 highest of the confirming sessions are left out of these numbers, as a few odd ones "
        "hid the others."
    )
