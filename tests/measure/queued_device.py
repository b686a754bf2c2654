"""A scripted accelerator: a device that works off a queue on its own clock while the host issues on another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from pytest_ascendperf.devices.base import Recording
from pytest_ascendperf.devices.immediate import ImmediateDevice
from pytest_ascendperf.devices.scripted import ScriptedWatch
from pytest_ascendperf.model.conditions import Conditions
from pytest_ascendperf.model.environment import Environment

_PS_PER_US = 1_000_000
_FLUSH_PS = 1_000 * _PS_PER_US


class QueuedInterval:
    """Two points of the queue."""

    def __init__(self, device: QueuedDevice) -> None:
        self._device = device
        self._start_ps = device.reached_ps()
        self._stop_ps = self._start_ps

    def stop(self) -> None:
        self._stop_ps = self._device.reached_ps()

    def has_ended(self) -> bool:
        return self._stop_ps <= self._device.now_ps

    def elapsed_us(self) -> float:
        return (self._stop_ps - self._start_ps) / _PS_PER_US


class QueuedDevice(ImmediateDevice):
    """``now_ps`` is the host's clock; the device is free from ``free_ps`` on."""

    kind = torch_name = lock_name = "queued"
    timer_resolution_us = 1 / _PS_PER_US
    min_round_us = 1_000.0
    has_own_clock = True

    def __init__(
        self, *, reference_us: float | None = None, refusals: tuple[str, ...] = (), lead_in_us: float = 100.0
    ) -> None:
        self.now_ps = 0
        self.free_ps = 0
        self.flushes = 0
        self.raised = 0
        self.conditions: Conditions | None = None
        self._reference_us = reference_us
        self._refusals = refusals
        self._lead_in_us = lead_in_us

    def launch(self, *, host_us: float, kernel_us: float) -> None:
        """The host spends ``host_us`` on issuing a kernel that runs for ``kernel_us``."""
        self.now_ps += round(host_us * _PS_PER_US)
        self.free_ps = self.reached_ps() + round(kernel_us * _PS_PER_US)

    def record_profile(self, folder: Path, run: Callable[[], None], *, full: bool = False) -> Recording | None:
        return None

    def reached_ps(self) -> int:
        """When the device gets to what is enqueued now."""
        return max(self.free_ps, self.now_ps)

    def start_interval(self) -> QueuedInterval:
        return QueuedInterval(self)

    def host_time_s(self) -> float:
        return self.now_ps / 1e12

    def controlled(self, threads: int | None) -> AbstractContextManager[None]:
        return nullcontext()

    def environment(self) -> Environment:
        return Environment(device="queued", chip="queued", chip_id="queued", stack_id="queued-1", hard=(), soft=())

    def synchronize(self) -> None:
        self.now_ps = self.reached_ps()

    def lead_in(self) -> None:
        self.free_ps = self.reached_ps() + round(self._lead_in_us * _PS_PER_US)

    def flush_caches(self) -> None:
        self.flushes += 1
        self.free_ps = self.reached_ps() + _FLUSH_PS

    def watch(self) -> ScriptedWatch:
        return ScriptedWatch(self.conditions)

    def raise_clock(self) -> None:
        self.raised += 1

    def refusals(self) -> tuple[str, ...]:
        return self._refusals

    def reference_us(self) -> float | None:
        return self._reference_us
