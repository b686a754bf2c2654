"""Work that is the same in every process, to see how fast the device itself is: a matrix product.

Its time changes when the chip's clock is throttled or when another process shares the device, and knows nothing of the
code that is measured. Two measurements between which it changed were not made on the same machine, so to speak. It also
keeps the device busy before a measurement, since an idle chip runs at a lower clock.

The product must be large enough for the device to take longer than the host takes to issue it, or its time would be the
host's. How large that is depends on the chip, so it is found by doubling.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING

from pytest_ascendperf.statistics.order import median

if TYPE_CHECKING:
    from pytest_ascendperf.devices.torch_events import EventDevice

_SMALLEST, _LARGEST = 256, 8192
"""Rows and columns, in half precision: 0.4 MB to 0.4 GB for all three matrices."""
_CALLS = 8
_INTERVALS = 3
_LEAD_IN_CALLS = 4
_BUSY_S = 0.02
_PATIENCE_S = 0.5
"""Host time spent on products that were too small, beyond which no larger ones are tried."""


class ReferenceWork:
    """The matrix product of one device."""

    def __init__(self, device: EventDevice, torch: ModuleType) -> None:
        self._device = device
        self._torch = torch

    def keep_busy(self) -> None:
        """Multiply for some milliseconds, and at least ``_CALLS`` times."""
        product = self._product or self._made(_SMALLEST)
        begun_s = time.perf_counter()
        while time.perf_counter() - begun_s < _BUSY_S:
            for _ in range(_CALLS):
                product()
            self._device.synchronize()

    def lead_in(self) -> None:
        """Enqueue a few products, if there is one that the device takes longer for than the host."""
        product = self._product
        if product is not None:
            for _ in range(_LEAD_IN_CALLS):
                product()

    def time_us(self) -> float | None:
        """Time of one product, in µs; None where the host is slower than the device at every size."""
        product = self._product
        if product is None:
            return None
        intervals = []
        for _ in range(_INTERVALS):
            interval = self._device.start_interval()
            for _ in range(_CALLS):
                product()
            interval.stop()
            intervals.append(interval)
        self._device.synchronize()
        return median(interval.elapsed_us() for interval in intervals) / _CALLS

    @cached_property
    def _product(self) -> Callable[[], None] | None:
        """The smallest product that the device takes longer for than the host; None where there is none."""
        size, spent_s = _SMALLEST, 0.0
        while size <= _LARGEST and spent_s < _PATIENCE_S:
            product = self._made(size)
            product()  # the first one may be compiled
            self._device.synchronize()
            begun_s = time.perf_counter()
            all_but_last = self._device.start_interval()
            for _ in range(_CALLS - 1):
                product()
            all_but_last.stop()
            product()
            self._device.wait_until_issued()
            kept_up = all_but_last.has_ended()
            self._device.synchronize()
            if not kept_up:
                return product
            size, spent_s = 2 * size, spent_s + time.perf_counter() - begun_s
        return None

    def _made(self, size: int) -> Callable[[], None]:
        torch = self._torch
        left, right, out = (
            torch.ones((size, size), dtype=torch.float16, device=self._device.torch_name) for _ in range(3)
        )

        def product() -> None:
            with torch.no_grad():
                torch.mm(left, right, out=out)

        return product
