"""What the machine says of itself for one sample: whether its rounds had the processors and the device to themselves.

Nothing here depends on the times that were measured. What a system does not tell is None and never guessed; a sample of
a system that tells nothing has no conditions at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model import fields

_ABSOLUTE_ZERO_C = -273.15


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConditions:
    """How the host's processors served this process while it sampled; shares are 0 to 1."""

    steal_share: float | None = None
    """Time that a hypervisor took away from the processors this process may use, as a share of what they had to do."""
    waiting_share: float | None = None
    """Time that threads of this process waited for a processor that others used, as a share of the time they wanted
    one."""
    waits: int | None = None
    """How often a thread of this process was given a processor, at most that often after it had waited for one."""
    others_share: float | None = None
    """Share of those processors that others used."""
    limited_share: float | None = None
    """Time for which a limit on processor time (cgroup) stopped this process's threads, as a share of the sampling
    time; above 1 where it stopped several threads at once."""

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types, keys sorted; what is not known is left out."""
        return _known(
            limited_share=self.limited_share,
            others_share=self.others_share,
            steal_share=self.steal_share,
            waiting_share=self.waiting_share,
            waits=self.waits,
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> HostConditions:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        return cls(
            steal_share=_optional_number(data, "steal_share"),
            waiting_share=_optional_number(data, "waiting_share"),
            waits=fields.count(data, "waits") if "waits" in data else None,
            others_share=_optional_number(data, "others_share"),
            limited_share=_optional_number(data, "limited_share"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherProcess:
    """A process that is on the device and does not belong to this test run."""

    pid: int
    name: str | None = None
    memory_mib: float | None = None
    """Memory of the device that it holds."""

    def __str__(self) -> str:
        memory = "" if self.memory_mib is None else f", {self.memory_mib:g} MiB"
        return f"process {self.pid} ({self.name or 'name unknown'}{memory})"

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types, keys sorted; what is not known is left out."""
        return _known(memory_mib=self.memory_mib, name=self.name, pid=self.pid)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> OtherProcess:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        return cls(
            pid=fields.count(data, "pid"),
            name=fields.text(data, "name") if "name" in data else None,
            memory_mib=_optional_number(data, "memory_mib"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConditions:
    """What an accelerator's own tool says of it before and after the rounds."""

    source: str
    """The tool: ``npu-smi``, ``NVML``."""
    clock_mhz: float | None = None
    """Clock of the cores while the device was kept busy: the lowest reading."""
    max_clock_mhz: float | None = None
    """The clock that the chip is rated for."""
    throttling: tuple[str, ...] | None = None
    """Why the clock was held down, in the vendor's words; empty where the tool says that it was not."""
    others: tuple[OtherProcess, ...] | None = None
    """Processes on the device, by their number, but for those of this test run; None where they are not told apart."""
    temperature_c: float | None = None
    power_w: float | None = None
    problem: str | None = None
    """What the tool does not tell although it is there, and why."""

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types, keys sorted; what is not known is left out."""
        return _known(
            clock_mhz=self.clock_mhz,
            max_clock_mhz=self.max_clock_mhz,
            others=None if self.others is None else [other.to_dict() for other in self.others],
            power_w=self.power_w,
            problem=self.problem,
            source=self.source,
            temperature_c=self.temperature_c,
            throttling=None if self.throttling is None else list(self.throttling),
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> DeviceConditions:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        others: tuple[OtherProcess, ...] | None = None
        if "others" in data:
            stored = fields.as_list(data["others"], "others")
            others = tuple(map(_other, stored))
        throttling: tuple[str, ...] | None = None
        if "throttling" in data:
            throttling = tuple(str(reason) for reason in fields.as_list(data["throttling"], "throttling"))
        return cls(
            source=fields.text(data, "source"),
            clock_mhz=_optional_number(data, "clock_mhz", above=0.0),
            max_clock_mhz=_optional_number(data, "max_clock_mhz", above=0.0),
            throttling=throttling,
            others=others,
            temperature_c=_optional_number(data, "temperature_c", at_least=_ABSOLUTE_ZERO_C),
            power_w=_optional_number(data, "power_w"),
            problem=fields.text(data, "problem") if "problem" in data else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What host and device say of one sample."""

    host: HostConditions | None = None
    device: DeviceConditions | None = None

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types, keys sorted; what is not known is left out."""
        return _known(
            device=None if self.device is None else self.device.to_dict(),
            host=None if self.host is None else self.host.to_dict(),
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Conditions:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError naming the field."""
        try:
            host = HostConditions.from_dict(fields.as_object(data["host"])) if "host" in data else None
        except InvalidDataError as error:
            raise error.inside("host") from None
        try:
            device = DeviceConditions.from_dict(fields.as_object(data["device"])) if "device" in data else None
        except InvalidDataError as error:
            raise error.inside("device") from None
        return cls(host=host, device=device)


def _other(data: object) -> OtherProcess:
    try:
        return OtherProcess.from_dict(fields.as_object(data))
    except InvalidDataError as error:
        raise error.inside("others[]") from None


def _known(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _optional_number(
    data: Mapping[str, object], key: str, *, above: float | None = None, at_least: float = 0.0
) -> float | None:
    """The number under ``key``; None where it is left out."""
    return fields.number(data[key], key, above=above, at_least=at_least) if key in data else None
