"""Which medians of sessions may stand side by side, and by which rule: on which clock, and of which fresh sessions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ascendperf.judge.core_speed import slowed_session_reasons
from pytest_ascendperf.judge.host_speed import host_change, host_spread
from pytest_ascendperf.judge.validity import device_reasons
from pytest_ascendperf.model.host_change import HostChange
from pytest_ascendperf.model.measurement import Clock

if TYPE_CHECKING:
    from pytest_ascendperf.model.baseline import Baseline
    from pytest_ascendperf.model.environment import Environment
    from pytest_ascendperf.model.measurement import Measurement, Session
    from pytest_ascendperf.model.protocol import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshSessions:
    """What the sessions of fresh processes bring to a comparison."""

    medians_us: tuple[float, ...]
    """Of those that count."""
    rule: Rule
    """What they are judged by: its limits allow for what the host was slower or faster for them than for the base."""
    left_out: tuple[str, ...]
    """Why each of the others does not count, in a sentence."""


def on_one_clock(session: Session, baseline: Baseline) -> tuple[Clock, tuple[float, ...], float]:
    """The clock to compare on, with the baseline's medians and the session's on it, in µs.

    Host times are compared with host times: every session of a device with a clock of its own has both.
    """
    base_us = baseline.medians_on(session.clock)
    if base_us is not None:
        return session.clock, base_us, session.median_us
    # The baseline was recorded without warm-up, which leaves the host's time unknown; device times are always known.
    return Clock.DEVICE, baseline.medians_on(Clock.DEVICE) or (), session.device_median_us


def own_rule(session: Session, base: Sequence[Session], rule: Rule) -> Rule:
    """What the run's own ``session`` is judged by: ``rule``, with limits that allow for a faster host.

    A faster host is no improvement, and not all of a pass. A slower one may raise a suspicion in vain. The rule also
    knows how far the allowance may be off in the fresh sessions of a suspect.
    """
    change = host_change((session,), base)
    faster = HostChange(core=min(0.0, change.core), memory=min(0.0, change.memory))
    return dataclasses.replace(rule, host=faster, host_spread=host_spread(base))


def fresh_sessions(
    here: Environment, fresh: Sequence[Measurement], base: Sequence[Session], clock: Clock, rule: Rule
) -> FreshSessions:
    """Those sessions of ``fresh`` that may be compared with the sessions of ``base`` on ``clock``, by ``rule``."""
    medians_us: list[float] = []
    usable: list[Session] = []
    left_out: list[str] = []
    for measurement in fresh:
        differences = measurement.environment.hard_differences(here)
        session = measurement.session
        if measurement.invalid or session is None:
            left_out.append(measurement.invalid[0] if measurement.invalid else "No session was measured.")
        elif differences:
            keys = ", ".join(str(difference) for difference in differences)
            left_out.append(
                f"It ran in another environment than the first session: {keys}. A fresh process runs this test alone: "
                "have the test itself set what earlier tests leave behind."
            )
        elif slowed := (*device_reasons(session, base), *slowed_session_reasons(session, base)):
            left_out.append(slowed[0])
        elif (median_us := session.median_on(clock)) is None:
            left_out.append("It did not measure the host's time.")
        else:
            medians_us.append(median_us)
            usable.append(session)
    return FreshSessions(
        medians_us=tuple(medians_us),
        rule=dataclasses.replace(rule, host=host_change(usable, base)),
        left_out=tuple(left_out),
    )
