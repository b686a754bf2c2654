"""Which medians of sessions may stand side by side: on which clock, and of which fresh sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_ascendperf.judge.core_speed import slowed_session_reasons
from pytest_ascendperf.judge.validity import device_reasons
from pytest_ascendperf.model.measurement import Clock

if TYPE_CHECKING:
    from pytest_ascendperf.model.baseline import Baseline
    from pytest_ascendperf.model.environment import Environment
    from pytest_ascendperf.model.measurement import Measurement, Session


def on_one_clock(session: Session, baseline: Baseline) -> tuple[Clock, tuple[float, ...], float]:
    """The clock to compare on, with the baseline's medians and the session's on it, in µs.

    Host times are compared with host times: every session of a device with a clock of its own has both.
    """
    base_us = baseline.medians_on(session.clock)
    if base_us is not None:
        return session.clock, base_us, session.median_us
    # The baseline was recorded without warm-up, which leaves the host's time unknown; device times are always known.
    return Clock.DEVICE, baseline.medians_on(Clock.DEVICE) or (), session.device_median_us


def usable_medians(
    here: Environment, fresh: Sequence[Measurement], base: Sequence[Session], clock: Clock
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """The medians on ``clock`` of the fresh sessions that count, and one sentence for each that does not."""
    medians: list[float] = []
    problems: list[str] = []
    for measurement in fresh:
        differences = measurement.environment.hard_differences(here)
        session = measurement.session
        if measurement.invalid or session is None:
            problems.append(measurement.invalid[0] if measurement.invalid else "No session was measured.")
        elif differences:
            keys = ", ".join(str(difference) for difference in differences)
            problems.append(f"It ran in another environment than the first session: {keys}.")
        elif slowed := (*device_reasons(session, base), *slowed_session_reasons(session, base)):
            problems.append(slowed[0])
        elif (median_us := session.median_on(clock)) is None:
            problems.append("It did not measure the host's time.")
        else:
            medians.append(median_us)
    return tuple(medians), tuple(problems)
