"""Base and head measured side by side: sessions of pairs in, and whether they decide.

A session is one pair of processes, base and head, which take turns on one device. Whatever moves both alike cancels in
the ratio of neighbouring rounds, so a session's estimate is the median of ln(head round / base round) over its pairs.
The pair of processes is the replicate: sessions are compared with the limit by Student's one-sample t,

    t = (mean D - ln(1 + tolerance)) / (s / √n),   n - 1 degrees of freedom.

Two stages, as with stored baselines. Screening goes on until the sessions show that the case is within its limit, or
look slower than it; that a session looks slow costs nothing but time. A suspect is then decided on new sessions alone,
at a few looks that share the level α between them (Bonferroni), so the decision may come early and is never wrong more
often than α. A suspect passes at these looks only, and more strictly than in the screening, since each look is one more
chance to pass what is slower. See :mod:`.error_rate` for the levels.

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
from pytest_ascendperf.judge.contrast import SPREAD_FLOOR, relative
from pytest_ascendperf.model.host_change import SAME_HOST
from pytest_ascendperf.model.stage import Comparison, Stage
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.order import median
from pytest_ascendperf.statistics.power import paired_effect, paired_sessions_to_show
from pytest_ascendperf.statistics.series import mean, standard_deviation
from pytest_ascendperf.statistics.student import upper_quantile, upper_tail

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
_MOST_ADVISED = 200


class Next(enum.Enum):
    """What the sessions so far call for."""

    MORE = "more"
    """Another session."""
    CONFIRM = "confirm"
    """The case looks slower than its limit: new sessions must decide."""
    NOTHING = "nothing"
    """The status is final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedSession:
    """One pair of processes that measured one case in turns."""

    log_ratio: float
    """Median over pairs of rounds of ln(head / base)."""
    base_us: float
    """Median of the base's rounds, in µs per call."""
    head_us: float
    """Median of head's rounds, in µs per call."""


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
    """Part of the run's level that the looks have used; nothing where they call the case slower."""


def paired_session(base_us: Sequence[float], head_us: Sequence[float]) -> PairedSession:
    """The session of rounds in pairs, in µs per call, all finite and above 0; at least one pair."""
    return PairedSession(
        log_ratio=median(math.log(head) - math.log(base) for base, head in zip(base_us, head_us, strict=True)),
        base_us=median(base_us),
        head_us=median(head_us),
    )


def screen_paired(sessions: Sequence[PairedSession], rule: Rule, *, resolution_us: float = 0.0) -> PairedOutcome:
    """Judge the first sessions of a case, at least one; ``resolution_us`` is the step of the clock per call.

    Call it after each session, and measure another one for as long as ``next`` is MORE. Never REGRESSED.
    """
    numbers = _Numbers(sessions, resolution_us, error_rate.PASS_ALPHA)
    if numbers.is_beyond(rule):
        return numbers.outcome(Next.CONFIRM, Status.INCONCLUSIVE, Stage.SCREEN, rule)
    most = numbers.most_screening_sessions(rule)
    status = numbers.shown(rule) if numbers.count in screening_looks(most) else Status.INCONCLUSIVE
    return numbers.outcome(_following(status, numbers.count, most), status, Stage.SCREEN, rule)


def confirm_paired(sessions: Sequence[PairedSession], rule: Rule, *, resolution_us: float = 0.0) -> PairedOutcome:
    """Judge the new sessions of a suspect, at least one, of ``rule.confirm_sessions`` at most.

    Call it after each session, as :func:`screen_paired`, with all sessions that were measured since the screening.
    """
    numbers = _Numbers(sessions, resolution_us, error_rate.SUSPECT_PASS_ALPHA)
    most = rule.confirm_sessions
    status = Status.INCONCLUSIVE
    if (share := looks(most).get(len(sessions))) is not None:
        questions = _questions(len(sessions), most)
        alpha = error_rate.confirm_alpha(rule) * share / len(questions)
        status = numbers.shown(rule)
        for left_out in questions:
            asked = _Numbers(sessions, resolution_us, error_rate.SUSPECT_PASS_ALPHA, left_out=left_out)
            if asked.is_slower(rule, alpha):
                numbers, status = asked, Status.REGRESSED
                break
    outcome = numbers.outcome(_following(status, len(sessions), most), status, Stage.CONFIRM, rule)
    return outcome if status is Status.REGRESSED else replace(outcome, used_alpha=_used_alpha(len(sessions), rule))


def _used_alpha(count: int, rule: Rule) -> float:
    """What the looks at up to ``count`` sessions had of the level."""
    shares = (share for when, share in looks(rule.confirm_sessions).items() if when <= count)
    return error_rate.confirm_alpha(rule) * sum(shares)


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


class _Numbers:
    """Student's one-sample t over the sessions of one stage, on the logarithmic scale.

    ``pass_alpha`` is the stage's one-sided level of the bound that must lie within tolerance for a pass. With
    ``left_out`` sessions left out at each end it is the trimmed t: as if the others were all there are, with a spread
    that makes up for it.
    """

    def __init__(
        self, sessions: Sequence[PairedSession], resolution_us: float, pass_alpha: float, *, left_out: int = 0
    ) -> None:
        ordered = sorted(sessions, key=lambda session: session.log_ratio)
        kept = ordered[left_out : len(ordered) - left_out]
        logs = [session.log_ratio for session in kept]
        self.count = len(kept)
        self.log_ratio = mean(logs)
        self.base_us = _geometric_mean([session.base_us for session in kept])
        self.head_us = _geometric_mean([session.head_us for session in kept])
        self.spread = _spread_of_kept(logs, left_out) if self.count > 1 else None
        self._left_out = left_out
        self._pass_alpha = pass_alpha
        self._noise = None if self.spread is None else max(self.spread, SPREAD_FLOOR, resolution_us / self.base_us)

    def is_beyond(self, rule: Rule) -> bool:
        """Whether the estimate itself is beyond the limit, relatively and in µs."""
        change = relative(self.log_ratio)
        return change > rule.tolerance and change * self.base_us > rule.min_change_us

    def is_slower(self, rule: Rule, alpha: float) -> bool:
        """Whether the true change is shown to be beyond the limit, at the one-sided level ``alpha``."""
        return self.is_beyond(rule) and self.bound(-1.0, alpha) > rule.tolerance

    def shown(self, rule: Rule) -> Status:
        """IMPROVED or PASS where the upper bounds of the true change show it, else INCONCLUSIVE."""
        gained_us = -relative(self.log_ratio) * self.base_us
        if self.bound(1.0, error_rate.IMPROVED_ALPHA) < -rule.tolerance and gained_us > rule.min_change_us:
            return Status.IMPROVED
        at_most = self.bound(1.0, self._pass_alpha)
        if at_most <= rule.tolerance or at_most * self.base_us < rule.min_change_us:
            return Status.PASS
        return Status.INCONCLUSIVE

    def bound(self, side: float, alpha: float) -> float:
        """The one-sided bound of the true relative change at level ``alpha``: above with ``side`` 1, below with -1."""
        if self._noise is None:
            return side * math.inf
        return relative(self.log_ratio + side * upper_quantile(alpha, self.count - 1) * self._error(self._noise))

    def needed(self, rule: Rule) -> int | None:
        """Sessions that would show that an unchanged case is within its limit; None where no reasonable number does."""
        if self._noise is None:
            return None
        margin = math.log1p(max(rule.tolerance, rule.min_change_us / self.base_us))
        return paired_sessions_to_show(margin, spread=self._noise, alpha=self._pass_alpha, at_most=_MOST_ADVISED)

    def most_screening_sessions(self, rule: Rule) -> int:
        """When the screening ends though nothing is shown."""
        if not rule.must_decide or (needed := self.needed(rule)) is None or needed > rule.confirm_sessions:
            return MOST_SCREENING_SESSIONS
        return max(MOST_SCREENING_SESSIONS, rule.confirm_sessions)

    def outcome(self, following: Next, status: Status, stage: Stage, rule: Rule) -> PairedOutcome:
        low, high, p_value, detectable = None, None, None, None
        if self._noise is not None:
            low, high = self.bound(-1.0, self._pass_alpha), self.bound(1.0, self._pass_alpha)
            t = (self.log_ratio - math.log1p(rule.tolerance)) / self._error(self._noise)
            p_value = upper_tail(t, self.count - 1)
            detectable = self._detectable(self._noise, rule)
        comparison = Comparison(
            stage=stage,
            base_us=self.base_us,
            head_us=self.head_us,
            base_sessions=self.count,
            head_sessions=self.count,
            change=relative(self.log_ratio),
            low=low,
            high=high,
            confidence=1.0 - 2.0 * self._pass_alpha,
            spread=self.spread,
            p_value=p_value,
            rank_p_value=None,
            host=SAME_HOST,  # both sides share it, and their moment
        )
        return PairedOutcome(
            next=following,
            status=status,
            comparison=comparison,
            detectable_change=detectable,
            needed=self.needed(rule),
            left_out=self._left_out,
        )

    def _detectable(self, noise: float, rule: Rule) -> float:
        """Taken at the last look alone: the earlier ones find large changes sooner and add little to small ones."""
        most = rule.confirm_sessions
        last = error_rate.confirm_alpha(rule) * looks(most)[most] / len(_questions(most, most))
        significant = paired_effect(sessions=most, alpha=last)
        beyond = paired_effect(sessions=most, alpha=0.5)
        return relative(
            max(
                math.log1p(rule.tolerance) + significant * noise,
                math.log1p(rule.min_change_us / self.base_us) + beyond * noise,
            )
        )

    def _error(self, noise: float) -> float:
        return noise / math.sqrt(self.count)


def _spread_of_kept(ordered: Sequence[float], left_out: int) -> float:
    """The standard deviation of which √(number kept) is the error of the mean of what is kept of all values."""
    all_values = [*[ordered[0]] * left_out, *ordered, *[ordered[-1]] * left_out]
    return standard_deviation(all_values) * math.sqrt((len(all_values) - 1) / (len(ordered) - 1))


def _geometric_mean(values_us: Sequence[float]) -> float:
    """Never outside the values, so that equal ones come back to the last digit."""
    lowest, highest = min(values_us), max(values_us)
    return lowest if lowest == highest else max(lowest, min(math.exp(mean([*map(math.log, values_us)])), highest))
