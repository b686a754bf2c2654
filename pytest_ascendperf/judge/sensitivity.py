"""What a comparison could have seen: the smallest change it would have failed, and the sessions that would tell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ascendperf.judge import error_rate
from pytest_ascendperf.judge.contrast import relative
from pytest_ascendperf.statistics.power import (
    head_sessions_to_show,
    sessions_on_both_sides_to_show,
    two_stage_effect,
)

if TYPE_CHECKING:
    from pytest_ascendperf.model.protocol import Rule

MOST_HEAD_SESSIONS = 50
"""Advice to measure more head sessions than this would help nobody."""
MOST_SESSIONS_EACH_SIDE = 1000
"""More sessions than anyone records."""
_STEP = 1.05
"""Ratio of neighbours among the spreads that effects are computed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededSessions:
    """Sessions that would show, with 80 % power, that a case which did not change is within its limits."""

    head: int | None
    """Against the base sessions there are; None above ``MOST_HEAD_SESSIONS``."""
    each_side: int | None
    """With as many base sessions as head sessions; None above ``MOST_SESSIONS_EACH_SIDE``."""


def detectable_change(*, base_us: float, base_sessions: int, noise: float | None, rule: Rule) -> float | None:
    """Smallest true relative change that both stages together fail with 80 % power; None where that is not known.

    The confirmation is taken at its last look: what the earlier ones find besides, and what they end in vain, comes to
    less than one change in a hundred at this size.

    ``noise`` is the standard deviation of a base session's ln(median), itself an estimate, and a rough one from few
    sessions. Both clauses count: the change must be significantly beyond the tolerance, and at both stages lie beyond
    ``rule.min_change_us``, which asks for no significance. The confirmation allows for a slower host, as told by fixed
    work whose time differs between sessions, too (``rule.host_spread``): what it allows for by chance hides as much.
    """
    if noise is None or base_sessions < 2:
        return None
    significant = two_stage_effect(
        base_sessions=base_sessions,
        confirm_sessions=rule.confirm_sessions,
        screen_alpha=error_rate.SCREEN_ALPHA,
        confirm_alpha=error_rate.last_look_alpha(rule, base_sessions),
        margin_spread=_in_steps(rule.host_spread / noise),
    )
    beyond = two_stage_effect(
        base_sessions=base_sessions, confirm_sessions=rule.confirm_sessions, screen_alpha=0.5, confirm_alpha=0.5
    )
    return relative(
        max(math.log1p(rule.tolerance) + significant * noise, math.log1p(rule.min_change_us / base_us) + beyond * noise)
    )


def _in_steps(ratio: float) -> float:
    """The power of ``_STEP`` nearest to ``ratio``: a run computes few effects, each within 2.5 % of the exact one."""
    return _STEP ** round(math.log(ratio, _STEP)) if ratio > 0.0 else 0.0


def needed_sessions(*, base_us: float, base_sessions: int, noise: float, rule: Rule) -> NeededSessions:
    """What it would take to pass a case that did not change; arguments as for :func:`detectable_change`."""
    margin = math.log1p(max(rule.tolerance, rule.min_change_us / base_us))
    return NeededSessions(
        head=head_sessions_to_show(
            margin,
            spread=noise,
            base_sessions=base_sessions,
            alpha=error_rate.PASS_ALPHA,
            at_most=MOST_HEAD_SESSIONS,
        ),
        each_side=sessions_on_both_sides_to_show(
            margin, spread=noise, alpha=error_rate.PASS_ALPHA, at_most=MOST_SESSIONS_EACH_SIDE
        ),
    )
