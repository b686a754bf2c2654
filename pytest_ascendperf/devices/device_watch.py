"""A watch over an accelerator and its host: what the device's tool says at both ends, what the host did in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytest_ascendperf.devices.host_watch import HostWatch
from pytest_ascendperf.model.conditions import Conditions, DeviceConditions


class DeviceWatch:
    """Asks ``look`` when it is made and once more at its end; the host is watched in between."""

    def __init__(self, look: Callable[[], DeviceConditions]) -> None:
        self._look = look
        self._before = look()
        self._host = HostWatch()

    def conditions(self) -> Conditions:
        """What was seen at both ends, as one."""
        host = self._host.conditions()
        device = combined(self._before, self._look())
        return Conditions(host=None if host is None else host.host, device=device)


def combined(before: DeviceConditions, after: DeviceConditions) -> DeviceConditions:
    """Two readings of one device as one: the lower clock, every reason and process that either saw, the later rest."""
    others = {other.pid: other for each in (before, after) if each.others is not None for other in each.others}
    reasons = [reason for each in (before, after) if each.throttling is not None for reason in each.throttling]
    unknown_others = before.others is None and after.others is None
    unknown_reasons = before.throttling is None and after.throttling is None
    return DeviceConditions(
        source=after.source,
        clock_mhz=_lower((before.clock_mhz, after.clock_mhz)),
        max_clock_mhz=before.max_clock_mhz if after.max_clock_mhz is None else after.max_clock_mhz,
        throttling=None if unknown_reasons else tuple(dict.fromkeys(reasons)),
        others=None if unknown_others else tuple(others[pid] for pid in sorted(others)),
        temperature_c=after.temperature_c,
        power_w=after.power_w,
        problem=before.problem if after.problem is None else after.problem,
    )


def _lower(clocks_mhz: Iterable[float | None]) -> float | None:
    return min((clock for clock in clocks_mhz if clock is not None), default=None)
