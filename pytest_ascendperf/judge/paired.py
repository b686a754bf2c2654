"""Base and head measured side by side: sessions of pairs in, and whether they decide.

A session is one pair of processes, base and head, which take turns on one device. Whatever moves both alike cancels in
the ratio of neighbouring rounds, so a session's estimate is the median of ln(head round / base round) over its pairs.
The pair of processes is the replicate: sessions are compared with the limit by Student's one-sample t,

    t = (mean D - ln(1 + tolerance)) / (s / √n),   n - 1 degrees of freedom.

Two stages, as with stored baselines. Screening goes on until the sessions show that the case is within its limit, or
look slower than it; that a session looks slow costs nothing but time. A suspect is then decided on new sessions alone,
at a few looks that share the level α between them (Bonferroni), so the decision may come early and is never wrong more
often than α. A suspect passes at these looks only, and more strictly than in the screening, since each look is one more
chance to pass what is slower. Where being faster fails, too, a case that looks faster is a suspect alike. See
:mod:`.error_rate` for the levels.

One session that something else ran into can hide what all others show, as it widens s more than it moves the mean. So
the last look asks twice, each time at half of its level: with all sessions, and with the trimmed t (Yuen 1974), for
which the lowest and the highest sessions are left out of the mean and moved to their neighbours for s.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_ascendperf.judge import error_rate
from pytest_ascendperf.judge.contrast import relative
from pytest_ascendperf.judge.paired_contrast import PairedContrast, PairedSession
from pytest_ascendperf.model.stage import Comparison, Stage
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.power import paired_effect

if TYPE_CHECKING:
    from pytest_ascendperf.model.protocol import Rule

FEWEST_SESSIONS = 3
"""Sessions before anything is shown: two agree by chance too often for their spread to mean much."""
MOST_SCREENING_SESSIONS = 6
"""A case that these leave open is INCONCLUSIVE: it does not look slower than its limit, and more would cost minutes.
Where that fails it (``Rule.must_decide``), more are worth it: as many as a suspect may have, while they can tell."""
_LOOKS = ((0.25, 0.15), (0.4, 0.2), (0.65, 0.25), (1.0, 0.4))
"""When a suspect may be decided: the share of all sessions that are there, and the share of α spent then."""
_TRIMMED_SHARE = 0.1
"""Share of the sessions that the second question of the last look leaves out at each end, rounded down."""


class Next(enum.Enum):
    """What the sessions so far call for."""

    MORE = "more"
    """Another session."""
    CONFIRM = "confirm"
    """The case looks slower than its limit, or faster where that fails: new sessions must decide."""
    NOTHING = "nothing"
    """The status is final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedOutcome:
    """What the sessions of one stage say."""

    next: Next
    status: Status
    """PASS, IMPROVED, REGRESSED or, as long as nothing is shown at a look, INCONCLUSIVE."""
    comparison: Comparison
    detectable_change: float | None
    """Smallest true relative change that the confirmation fails with 80 % power; None where no spread is known."""
    needed: int | None
    """Sessions that would show that an unchanged case is within its limit; None where more than anyone measures."""
    left_out: int
    """Sessions that these numbers leave out at each end."""
    used_alpha: float = 0.0
    """Part of the run's level that the looks have used; a question whose answer fails the case has used nothing."""


def screen_paired(sessions: Sequence[PairedSession], rule: Rule, *, resolution_us: float = 0.0) -> PairedOutcome:
    """Judge the first sessions of a case, at least one; ``resolution_us`` is the step of the clock per call.

    Call it after each session, and measure another one for as long as ``next`` is MORE. Never REGRESSED, nor IMPROVED
    where that fails.
    """
    numbers = PairedContrast(sessions, resolution_us, error_rate.PASS_ALPHA)
    most = _most_screening_sessions(numbers, rule)
    status = numbers.shown(rule) if numbers.count in screening_looks(most) else Status.INCONCLUSIVE
    if numbers.looks_slower(rule) or (rule.improvement_fails and numbers.looks_faster(rule)):
        return _outcome(numbers, Next.CONFIRM, Status.INCONCLUSIVE, Stage.SCREEN, rule)
    return _outcome(numbers, _following(status, numbers.count, most), status, Stage.SCREEN, rule)


def confirm_paired(sessions: Sequence[PairedSession], rule: Rule, *, resolution_us: float = 0.0) -> PairedOutcome:
    """Judge the new sessions of a suspect, at least one, of ``rule.confirm_sessions`` at most.

    Call it after each session, as :func:`screen_paired`, with all sessions that were measured since the screening.
    """
    numbers = PairedContrast(sessions, resolution_us, error_rate.SUSPECT_PASS_ALPHA)
    most = rule.confirm_sessions
    status = Status.INCONCLUSIVE
    if (share := looks(most).get(len(sessions))) is not None:
        questions = _questions(len(sessions), most)
        alpha = error_rate.confirm_alpha(rule) * share / len(questions)
        status = numbers.left_at_a_look(rule, is_last=len(sessions) == most)
        for left_out in questions:
            asked = PairedContrast(sessions, resolution_us, error_rate.SUSPECT_PASS_ALPHA, left_out=left_out)
            if (failing := asked.failing(rule, alpha)) is not None:
                numbers, status = asked, failing
                break
    outcome = _outcome(numbers, _following(status, len(sessions), most), status, Stage.CONFIRM, rule)
    return replace(outcome, used_alpha=_used_alpha(len(sessions), status, rule))


def _used_alpha(count: int, status: Status, rule: Rule) -> float:
    """What the looks at up to ``count`` sessions had of the level, less the part of the question ``status`` answers."""
    is_answered = status is Status.REGRESSED or (status is Status.IMPROVED and rule.improvement_fails)
    shares = (share for when, share in looks(rule.confirm_sessions).items() if when <= count)
    return error_rate.confirm_alpha(rule) * sum(shares) * (rule.ways_to_fail - is_answered)


def _questions(count: int, most: int) -> tuple[int, ...]:
    """What is asked at the look at ``count`` sessions of ``most``: for each question, how many each end leaves out."""
    left_out = int(_TRIMMED_SHARE * most)
    return (0, left_out) if count == most and left_out else (0,)


def _following(status: Status, count: int, most: int) -> Next:
    return Next.MORE if status is Status.INCONCLUSIVE and count < most else Next.NOTHING


def screening_looks(most: int) -> tuple[int, ...]:
    """The numbers of sessions, of ``most``, at which a case that does not look slower may pass."""
    often = range(FEWEST_SESSIONS, MOST_SCREENING_SESSIONS + 1)
    return (*often, *(count for count in looks(most) if count > MOST_SCREENING_SESSIONS))


def looks(most: int) -> dict[int, float]:
    """The numbers of sessions, of ``most``, at which a suspect may be decided, each with its share of α."""
    shares: dict[int, float] = {}
    for when, share in _LOOKS:
        count = max(math.ceil(when * most), min(FEWEST_SESSIONS, most))
        shares[count] = shares.get(count, 0.0) + share
    return shares


def _most_screening_sessions(numbers: PairedContrast, rule: Rule) -> int:
    """When the screening ends though nothing is shown."""
    if not rule.must_decide or (needed := numbers.needed(rule)) is None or needed > rule.confirm_sessions:
        return MOST_SCREENING_SESSIONS
    return max(MOST_SCREENING_SESSIONS, rule.confirm_sessions)


def _outcome(numbers: PairedContrast, following: Next, status: Status, stage: Stage, rule: Rule) -> PairedOutcome:
    return PairedOutcome(
        next=following,
        status=status,
        comparison=numbers.comparison(stage, rule),
        detectable_change=None if numbers.noise is None else _detectable(numbers.base_us, numbers.noise, rule),
        needed=numbers.needed(rule),
        left_out=numbers.left_out,
    )


def _detectable(base_us: float, noise: float, rule: Rule) -> float:
    """Taken at the last look alone: the earlier ones find large changes sooner and add little to small ones."""
    most = rule.confirm_sessions
    last = error_rate.confirm_alpha(rule) * looks(most)[most] / len(_questions(most, most))
    significant = paired_effect(sessions=most, alpha=last)
    beyond = paired_effect(sessions=most, alpha=0.5)
    return relative(
        max(
            math.log1p(rule.tolerance) + significant * noise,
            math.log1p(rule.min_change_us / base_us) + beyond * noise,
        )
    )
