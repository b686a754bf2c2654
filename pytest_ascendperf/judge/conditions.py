"""What the machine says of itself, judged: which samples must not be used whatever their times look like.

A rule is here if what it looks at does not depend on the measured code: who else used the processors or the device, and
at which clock it ran. Each reason says what was seen, the limit, and who says so. Limits are generous. What stays below
them is left to the statistics, which see it as a spread between sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_ascendperf.statistics.order import median
from pytest_ascendperf.units import format_change, format_share, format_tolerance

if TYPE_CHECKING:
    from pytest_ascendperf.model.conditions import Conditions, DeviceConditions, HostConditions
    from pytest_ascendperf.model.measurement import Session

STEAL_SHARE = 0.1
"""Of the time that the processors had work, a hypervisor may have taken this share: times are then longer by as much,
which is twice the usual tolerance."""

WAITING_SHARE = 0.1
"""Of the time that threads of this process wanted a processor, they may have waited this share for others ..."""
HELD_UP_ROUNDS = 0.2
"""... unless no more than this share of the rounds can have been held up. However late those are, the median of all
rounds is then at most the 62.5th percentile of the others, so none of them needs to be dropped."""

LIMITED_SHARE = 0.1
"""From this share of the sampling time on, what a limit on processor time stopped is told. It is the measured code's
own use that meets the limit, in every run of this container alike, so it does not forbid to judge."""

CLOCK_SHARE = 0.9
"""A clock may be this share of the other side's. The clocks of idle and of busy chips differ by more, those of two busy
chips of one kind by less unless one is held down."""

_SCHEDSTAT = "/proc/self/task/*/schedstat"


def condition_reasons(conditions: Conditions | None, *, rounds: int, on_host: bool) -> tuple[str, ...]:
    """Why a sample of ``rounds`` rounds must not be judged, each a sentence; empty where nothing is known against it.

    ``on_host`` says that the rounds are the host's time: what the host did then matters.
    """
    if conditions is None:
        return ()
    host = conditions.host if on_host else None
    return (
        *(() if host is None else (*_steal(host), *_waiting(host, rounds))),
        *(() if conditions.device is None else (*_throttling(conditions.device), *_others(conditions.device))),
    )


def condition_notes(conditions: Conditions | None, *, rounds: int, on_host: bool) -> tuple[str, ...]:
    """What a reader should know of the conditions of a sample although they do not forbid to judge it."""
    if conditions is None:
        return ()
    host = conditions.host if on_host else None
    return (
        *(() if host is None else (*_held_up(host, rounds), *_limited(host))),
        *(() if conditions.device is None else _silence(conditions.device)),
    )


def clock_reasons(session: Session, base: Sequence[Session]) -> tuple[str, ...]:
    """Why ``session`` must not be compared with the sessions of ``base``: the clock was another one."""
    now = None if session.conditions is None else session.conditions.device
    before_mhz = [
        known.clock_mhz
        for other in base
        if other.conditions is not None and (known := other.conditions.device) is not None
        if known.clock_mhz is not None
    ]
    if now is None or now.clock_mhz is None or not before_mhz:
        return ()
    base_mhz = median(before_mhz)
    lower, higher = sorted((now.clock_mhz, base_mhz))
    if round(lower / higher, 9) >= CLOCK_SHARE:
        return ()
    held_down = "now" if now.clock_mhz < base_mhz else "when the baseline was recorded"
    rated = "" if now.max_clock_mhz is None else f" The chip is rated for {now.max_clock_mhz:g} MHz."
    return (
        f"The device's clock is {now.clock_mhz:g} MHz and was {base_mhz:g} MHz when the baseline was recorded "
        f"({format_change(now.clock_mhz / base_mhz - 1.0)}; the lower one must be at least {CLOCK_SHARE:g} of the "
        f"other; {now.source}).{rated} It was held down {held_down}: too hot, short of power, or set so.",
    )


def _steal(host: HostConditions) -> tuple[str, ...]:
    if host.steal_share is None or host.steal_share <= STEAL_SHARE:
        return ()
    return (
        f"Other virtual machines took {format_share(host.steal_share)} of the processors' time while it was measured "
        f"(steal in /proc/stat); the limit is {format_tolerance(STEAL_SHARE)}.",
    )


def _waiting(host: HostConditions, rounds: int) -> tuple[str, ...]:
    held_up = _held_up_rounds(host, rounds)
    if not _is_held_up(host) or held_up <= HELD_UP_ROUNDS * rounds:
        return ()
    return (
        "Other processes had the processors: its threads waited for them "
        f"{format_share(host.waiting_share or 0.0)} of the time "
        f"(limit {format_tolerance(WAITING_SHARE)}; {_SCHEDSTAT}), "
        f"in up to {held_up} of {rounds} rounds (limit {format_tolerance(HELD_UP_ROUNDS)}).{_use_of_others(host)}",
    )


def _held_up(host: HostConditions, rounds: int) -> tuple[str, ...]:
    held_up = _held_up_rounds(host, rounds)
    if not _is_held_up(host) or held_up > HELD_UP_ROUNDS * rounds:
        return ()
    return (
        f"Up to {held_up} of {rounds} rounds were held up by other processes ({_SCHEDSTAT}). No round is dropped: the "
        f"median hardly moves up to {format_tolerance(HELD_UP_ROUNDS)} of them.",
    )


def _is_held_up(host: HostConditions) -> bool:
    return host.waiting_share is not None and host.waiting_share > WAITING_SHARE


def _held_up_rounds(host: HostConditions, rounds: int) -> int:
    """Rounds that may have been held up: each time that a thread was given a processor it may have waited before."""
    return rounds if host.waits is None else min(host.waits, rounds)


def _use_of_others(host: HostConditions) -> str:
    if host.others_share is None:
        return ""
    return f" Others used {format_share(host.others_share)} of the processors (/proc/stat): end what else runs there."


def _limited(host: HostConditions) -> tuple[str, ...]:
    if host.limited_share is None or host.limited_share <= LIMITED_SHARE:
        return ()
    return (
        f"A limit on processor time stopped this process's threads for {format_share(host.limited_share)} of the "
        "sampling time (cpu.stat of its control group): times are partly the limit's. Give the container more "
        "processors, or measure with fewer threads: --ascendperf-threads=1",
    )


def _throttling(device: DeviceConditions) -> tuple[str, ...]:
    if not device.throttling:
        return ()
    clock = "" if device.clock_mhz is None else f" at {device.clock_mhz:g} MHz"
    rated = "" if device.max_clock_mhz is None else f" of {device.max_clock_mhz:g} MHz"
    return (
        f"The device held its clock down{clock}{rated} while it was measured: {', '.join(device.throttling)} "
        f"({device.source}). No such reason is allowed.",
    )


def _others(device: DeviceConditions) -> tuple[str, ...]:
    if not device.others:
        return ()
    who = ", ".join(map(str, device.others))
    return (
        f"Another process was on the device while it was measured: {who} ({device.source}). None is allowed: end "
        "it, or choose a free device.",
    )


def _silence(device: DeviceConditions) -> tuple[str, ...]:
    if device.problem is None:
        return ()
    return (f"The device's clock, or who else is on it, is not known ({device.source}): {device.problem}.",)
