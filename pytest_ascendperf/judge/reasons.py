"""The outcome in words: one to three plain sentences with the number, the limit, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ascendperf.judge.latency import SINGLE_SESSION_LIMIT
from pytest_ascendperf.judge.sensitivity import MOST_HEAD_SESSIONS, MOST_SESSIONS_EACH_SIDE, NeededSessions
from pytest_ascendperf.model.anchor import Anchor
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.environment import KeyDifference
from pytest_ascendperf.model.host_change import PASS_SHARE, HostChange
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.stage import Comparison
from pytest_ascendperf.model.verdict import Drift, Status
from pytest_ascendperf.statistics.order import median
from pytest_ascendperf.units import format_change, format_duration, format_share, format_tolerance

UPDATE_OPTION = "--ascendperf-update-baselines"
"""The option that records what was measured as the new baseline."""
_SMALLEST_SHARE = 0.0001


def invalid(problems: Sequence[str]) -> str:
    """The measurement, or the data it is compared with, cannot be trusted."""
    return " ".join(("Not judged.", *problems))


def no_baseline(baseline_path: str | None) -> str:
    """Nothing is stored."""
    where = f" in {baseline_path}" if baseline_path else ""
    return f"No baseline is stored for this case{where}. Record one with {UPDATE_OPTION}."


def not_comparable(differences: Sequence[KeyDifference], elsewhere: Sequence[Baseline]) -> str:
    """What is stored, here or (``elsewhere``) for other chips and stacks, is of another environment."""
    keys = ", ".join(str(difference) for difference in differences)
    if not elsewhere:
        fact = f"The stored baseline was measured in another environment: {keys}."
    elif len(elsewhere) == 1:
        fact = f"The only baseline was measured in another environment: {keys}."
    else:
        fact = f"All {len(elsewhere)} baselines were measured in other environments; the nearest differs in {keys}."
    return f"{fact} Record one for this environment with {UPDATE_OPTION}."


def elsewhere(nearest: Baseline, now_us: float | None, clock: Clock) -> tuple[str, ...]:
    """What the case takes in the environment of ``nearest``, for orientation; empty where there is no such number."""
    medians_us = nearest.medians_on(clock)
    if now_us is None or medians_us is None:
        return ()
    before_us = median(medians_us)
    there = f"{nearest.environment.chip}, {nearest.environment.stack_id}"
    return (
        f"On {there} it took {format_duration(before_us)} ({_count(len(medians_us), 'session', 'sessions')}), now it "
        f"takes {format_duration(now_us)} ({format_change(now_us / before_us - 1.0)}). This is told, not judged.",
    )


def screened(
    status: Status,
    comparison: Comparison,
    rule: Rule,
    *,
    clock: Clock,
    flagged: bool,
    needed: NeededSessions | None,
) -> str:
    """The outcome of the run's own session."""
    position = position_of(comparison, clock)
    if flagged:
        return f"{position}; {_limit(comparison, rule)}. {_pending(rule)}"
    if status is Status.PROVISIONAL:
        return f"{position}. {_one_base_session()}"
    return _shown(status, comparison, rule, position, needed)


def confirmed(
    status: Status,
    comparison: Comparison,
    rule: Rule,
    *,
    clock: Clock,
    why: str,
    needed: NeededSessions | None,
) -> str:
    """The outcome of the fresh sessions; ``why`` is :func:`dismissed` or :func:`measured_again`."""
    position = position_of(comparison, clock)
    if status is Status.REGRESSED:
        return f"{position}; {_raised_limit(comparison, rule)}. Confirmed in {_processes(comparison.head_sessions)}."
    if status is Status.IMPROVED and rule.improvement_fails:
        return _shown(status, comparison, rule, position, needed)
    if status is Status.PROVISIONAL:
        return f"{why}: {position}; {_limit(comparison, rule)}. {_one_base_session()}"
    return f"{why}: {_shown(status, comparison, rule, position, needed)}"


def dismissed(screen: Comparison, sessions: int) -> str:
    """The session of ``screen`` was flagged, and so many fresh ones did not confirm it."""
    return f"The first session's {format_duration(screen.head_us)} was not confirmed in {_processes(sessions)}"


def measured_again(sessions: int) -> str:
    """One session left open what must be decided, so there were so many fresh ones."""
    return f"Measured again in {_processes(sessions)}, as one session left it open"


def unconfirmed(screen: Comparison, rule: Rule, usable: int, *, clock: Clock) -> str:
    """Too few fresh sessions could be used to confirm the flagged session of ``screen``."""
    return (
        f"{position_of(screen, clock)}; {_limit(screen, rule)}. It could be neither confirmed nor dismissed: "
        f"{usable} of {_count(rule.confirm_sessions, 'fresh session', 'fresh sessions')} could be used."
    )


def missing_sessions(problems: Sequence[str], started: int) -> str:
    """Of the ``started`` fresh processes, one per entry of ``problems`` gave no session that counts."""
    return f"{len(problems)} of {_count(started, 'fresh session', 'fresh sessions')} could not be used: {problems[0]}"


def drifted(drift: Drift, against_baseline: Comparison, rule: Rule, *, clock: Clock) -> str:
    """Fresh sessions confirmed that the case is slower than its anchor, which its last baseline does not show."""
    return (
        f"Slow drift: {position_of(drift.decisive, clock, 'the anchor')} ({origin_of(drift)}); "
        f"{_raised_limit(drift.decisive, rule)}. Confirmed in {_processes(drift.decisive.head_sessions)}. "
        f"The last baseline does not show it: {position_of(against_baseline, clock)}."
    )


def also_drifted(drift: Drift) -> str:
    """The case is slower than its anchor, as it is slower than its last baseline."""
    return f"Against its anchor ({origin_of(drift)}) it is {format_change(drift.decisive.change)}."


def drift_unconfirmed(drift: Drift, rule: Rule, usable: int, *, clock: Clock) -> str:
    """Too few fresh sessions could be used to say whether the case is slower than its anchor."""
    return (
        f"Slow drift is suspected: {position_of(drift.screen, clock, 'the anchor')} ({origin_of(drift)}); "
        f"{_limit(drift.screen, rule)}. It could be neither confirmed nor dismissed: "
        f"{usable} of {_count(rule.confirm_sessions, 'fresh session', 'fresh sessions')} could be used."
    )


def anchor_at_another_speed(anchor: Anchor) -> str:
    """The device itself takes another time than it did for the anchor."""
    return (
        f"Slow drift was not looked for: the device itself ran at another speed when the anchor was recorded "
        f"({origin_of(anchor)})."
    )


def anchor_on_another_clock(anchor: Anchor) -> str:
    """The anchor does not hold the time that is judged."""
    return f"Slow drift was not looked for: the anchor ({origin_of(anchor)}) holds no time of the host."


def origin_of(source: Anchor | Drift) -> str:
    """When, and of which revision, an anchor was recorded."""
    return source.recorded if source.revision is None else f"{source.recorded}, {source.revision}"


def _shown(status: Status, comparison: Comparison, rule: Rule, position: str, needed: NeededSessions | None) -> str:
    if status is Status.IMPROVED:
        position += _faster_host(comparison.host)
        if rule.improvement_fails:  # no one session says so then
            position += f", confirmed in {_processes(comparison.head_sessions)}"
        return f"{position}: the baseline is stale. Accept the new time with {UPDATE_OPTION}."
    if comparison.low is None or comparison.high is None:
        return f"{position}; {_limit(comparison, rule)}."
    if status is Status.PASS:
        why = _pass_limit(comparison, rule) if comparison.high <= rule.pass_limit else _least(rule)
        return f"{position} and {_at_most(comparison, comparison.high)}; {why}."
    extent = f"{format_change(comparison.low)} to {format_change(comparison.high)}"
    if comparison.high <= rule.tolerance:
        part = "memory" if comparison.host.is_faster_in_memory else "the core"
        advice = f" Run it again. Where {part} stays as fast, record the baseline again with {UPDATE_OPTION}."
    else:
        advice = "" if needed is None else f" {_advice(needed, comparison, rule)}"
    limit = _pass_limit(comparison, rule) if comparison.host.faster < 0.0 else _raised_limit(comparison, rule)
    limit = _with_least(limit, comparison, rule)
    return f"{position}, and the true change may be anything from {extent}; {limit}.{advice}"


def position_of(comparison: Comparison, clock: Clock, base_name: str = "the baseline") -> str:
    """Where head stands to its base, in words."""
    now = format_duration(comparison.head_us)
    if clock is Clock.HOST:
        now = f"host time {now}"
    base = f"{base_name}'s {format_duration(comparison.base_us)}"
    change = comparison.change
    if round(change, 3) >= 1.0:  # the size from which format_change gives a factor, too
        return f"{now} is {1.0 + change:.2f} times {base}"
    if change == 0.0:
        return f"{now} equals {base}"
    if abs(change) < _SMALLEST_SHARE:
        return f"{now} is within {format_share(_SMALLEST_SHARE)} of {base}"
    return f"{now} is {format_share(abs(change))} {'above' if change > 0.0 else 'below'} {base}"


def _at_most(comparison: Comparison, high: float) -> str:
    share = f"{comparison.confidence + (1.0 - comparison.confidence) / 2.0:.0%}".replace("%", " %")
    side = "at most" if high >= 0.0 else "at least"
    return f"{side} {format_share(abs(high))} {'above' if high >= 0.0 else 'below'} it with {share} confidence"


def _pass_limit(comparison: Comparison, rule: Rule) -> str:
    limit = f"the limit is {format_tolerance(rule.tolerance)}"
    if comparison.host.faster >= 0.0:
        return limit
    part = "memory" if comparison.host.is_faster_in_memory else "a core"
    return f"{limit}, less {format_share(-PASS_SHARE * comparison.host.faster)} for {part} that was faster"


def _faster_host(host: HostChange) -> str:
    if host.is_faster_in_memory:
        return f", of which faster memory may account for {format_share(-host.memory)}"
    return f", on a core that was {format_share(-host.core)} faster" if host.faster < 0.0 else ""


def _limit(comparison: Comparison, rule: Rule) -> str:
    return _with_least(_raised_limit(comparison, rule), comparison, rule)


def _with_least(limit: str, comparison: Comparison, rule: Rule) -> str:
    return f"{limit}, and {_least(rule)}" if rule.min_change_us > rule.tolerance * comparison.base_us else limit


def _least(rule: Rule) -> str:
    return f"differences below {format_duration(rule.min_change_us, digits=1)} do not count"


def _raised_limit(comparison: Comparison, rule: Rule) -> str:
    limit = f"the limit is {format_tolerance(rule.tolerance)}"
    host = comparison.host
    if host.is_slower_in_memory:
        return f"{limit}, and {format_share(host.memory)} that slower memory may account for"
    return f"{limit}, and {format_share(host.core)} by which the core was slower" if host.slower > 0.0 else limit


def _pending(rule: Rule) -> str:
    return f"One session cannot show it: up to {rule.confirm_sessions} fresh processes have to confirm it."


def _one_base_session() -> str:
    return (
        "The baseline holds one session, so how much sessions differ is not known, and only a change above "
        f"{format_tolerance(SINGLE_SESSION_LIMIT)} is checked. Record more sessions with {UPDATE_OPTION}."
    )


def _advice(needed: NeededSessions, comparison: Comparison, rule: Rule) -> str:
    if rule.tolerance == 0.0 and rule.min_change_us == 0.0:
        return "No number of sessions can show a change of exactly zero: allow a tolerance."
    if needed.head is not None and needed.head <= comparison.head_sessions:
        return "If nothing changed, as many sessions show it in at least 80 % of runs: run it again."
    base = _count(comparison.base_sessions, "baseline session", "baseline sessions")
    if needed.head is not None:
        there_were = "there was 1" if comparison.head_sessions == 1 else f"there were {comparison.head_sessions}"
        sessions = _count(needed.head, "session", "sessions")
        return f"If nothing changed, {sessions} of this code against {base} would show it; {there_were}."
    if needed.each_side is None:
        both = f"more than {MOST_SESSIONS_EACH_SIDE} sessions on each side"
        return f"If nothing changed, it would take {both} to show it: quieten the machine or allow a larger tolerance."
    return (
        f"If nothing changed, it would take more than {MOST_HEAD_SESSIONS} sessions of this code against {base} to "
        f"show it, or {needed.each_side} sessions on each side: record a longer baseline with {UPDATE_OPTION}."
    )


def _processes(number: int) -> str:
    return _count(number, "fresh process", "fresh processes")


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"
