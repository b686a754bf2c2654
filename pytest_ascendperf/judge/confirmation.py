"""How many fresh sessions a case takes that is measured again: as many as it needs to be decided, and no more.

Asked after each session. At an early look a case ends as REGRESSED, or as IMPROVED where that fails, at the look's
share of the level; at other ones, or the same, as a PASS that is shown more strictly than at the end, or because
nothing can be expected any more. A stop that does not fail a case cannot add a false alarm. Between the looks nothing
is decided.

A case that is suspected against its baseline and against its anchor ends when one of the two shows it, since either
fails it, or when both are settled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pytest_ascendperf.judge import error_rate
from pytest_ascendperf.judge.contrast import contrast
from pytest_ascendperf.judge.judgement import Judgement
from pytest_ascendperf.judge.latency import are_times, is_faster, is_slower, is_within, looks_faster
from pytest_ascendperf.judge.session_medians import fresh_sessions

if TYPE_CHECKING:
    from pytest_ascendperf.judge.contrast import Contrast
    from pytest_ascendperf.model.anchor import Anchor
    from pytest_ascendperf.model.baseline import Baseline
    from pytest_ascendperf.model.measurement import Measurement
    from pytest_ascendperf.model.protocol import Rule


def wants_session(judgement: Judgement, fresh: Sequence[Measurement], problems: Sequence[str] = ()) -> bool:
    """Whether a case should be measured in another fresh process.

    ``fresh`` and ``problems`` are what the processes so far brought, as for
    :func:`~pytest_ascendperf.judge.verdict.judge_confirmed`. False where the judgement asks for no confirmation.
    """
    rule, baseline = judgement.rule, judgement.baseline
    if not judgement.needs_confirmation or baseline is None:
        return False
    left = rule.confirm_sessions - len(fresh) - len(problems)
    questions = [_question(judgement, base, fresh) for base in _open(judgement, baseline)]
    if left <= 0 or all(len(usable_us) + left < error_rate.FEWEST_SESSIONS for _, usable_us, _ in questions):
        return False
    resolution_us = judgement.resolution_us
    if any(is_shown(*question, resolution_us=resolution_us) for question in questions):
        return False
    return not all(is_settled(*question, resolution_us=resolution_us) for question in questions)


def _open(judgement: Judgement, baseline: Baseline) -> list[Baseline | Anchor]:
    """What the case has to be compared with."""
    compared: list[Baseline | Anchor] = [baseline] if judgement.asks_the_baseline else []
    if judgement.drift_flagged and baseline.anchor is not None:
        compared.append(baseline.anchor)
    return compared


def _question(
    judgement: Judgement, base: Baseline | Anchor, fresh: Sequence[Measurement]
) -> tuple[tuple[float, ...], tuple[float, ...], Rule]:
    """The medians of both sides, and the rule for them."""
    clock = judgement.verdict.clock
    rule = judgement.rule if base is judgement.baseline else judgement.rule.of_anchor
    usable = fresh_sessions(judgement.environment, fresh, base.sessions, clock, rule)
    return base.medians_on(clock) or (), usable.medians_us, usable.rule


def sessions_taken(judgement: Judgement, sessions: Iterable[Measurement]) -> list[Measurement]:
    """Those of ``sessions``, in their order, that a run would have measured to confirm ``judgement``."""
    taken: list[Measurement] = []
    for session in sessions:
        if not wants_session(judgement, taken):
            break
        taken.append(session)
    return taken


def is_settled(
    baseline_medians_us: Sequence[float], fresh_medians_us: Sequence[float], rule: Rule, *, resolution_us: float = 0.0
) -> bool:
    """Whether these fresh sessions, fewer than all, are at a look and need no more; arguments as for ``confirm``."""
    if is_shown(baseline_medians_us, fresh_medians_us, rule, resolution_us=resolution_us):
        return True
    if len(fresh_medians_us) not in error_rate.pass_looks(rule):
        return False
    if not are_times((*baseline_medians_us, *fresh_medians_us)):
        return True  # no further session makes it valid
    numbers = contrast(baseline_medians_us, fresh_medians_us, resolution_us=resolution_us)
    if rule.improvement_fails and looks_faster(numbers, rule):
        return False  # within its limit, surely; whether it is faster than allowed is what is asked
    return is_within(numbers, rule, error_rate.EARLY_PASS_ALPHA) or _is_hopeless(numbers, rule)


def is_shown(
    baseline_medians_us: Sequence[float], fresh_medians_us: Sequence[float], rule: Rule, *, resolution_us: float = 0.0
) -> bool:
    """Whether these fresh sessions, fewer than all, are at a look at which they show a change that fails."""
    alpha = error_rate.early_looks(rule, len(baseline_medians_us)).get(len(fresh_medians_us))
    if alpha is None or not are_times((*baseline_medians_us, *fresh_medians_us)):
        return False
    numbers = contrast(baseline_medians_us, fresh_medians_us, resolution_us=resolution_us)
    return is_slower(numbers, rule, alpha) or (rule.improvement_fails and is_faster(numbers, rule, alpha))


def _is_hopeless(numbers: Contrast, rule: Rule) -> bool:
    """Whether the case does not look slower, and further sessions like these would not show that it is not."""
    if numbers.change > rule.limit and numbers.head_us - numbers.base_us > rule.min_change_us:
        return False
    if numbers.base_sessions == 1:
        return True  # PROVISIONAL, whatever comes
    in_the_end = dataclasses.replace(numbers, head_sessions=rule.confirm_sessions)
    return not is_within(in_the_end, rule, error_rate.PASS_ALPHA)
