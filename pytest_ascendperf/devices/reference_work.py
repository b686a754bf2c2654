"""Work that is the same in every process, to see how fast the device itself is: a matrix product, and work of vectors.

Its time changes when the chip's clock is throttled or when another process shares the device, and knows nothing of the
code that is measured. Two measurements between which it changed were not made on the same machine, so to speak. There
are two kinds because each is a kernel as well, which a new version of the software may make slower: where the device is
what changed, both change. The matrix product also keeps the device busy before a measurement, since an idle chip runs
at a lower clock.

Either must be large enough for the device to take longer than the host takes to issue it, or its time would be the
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

_SMALLEST_PRODUCT, _LARGEST = 256, 8192
"""Rows and columns, in half precision: 0.4 MB to 0.4 GB for all three matrices."""
_SMALLEST_VECTORS = 1024
"""The same for work of vectors: 4 MB for input and output, which stay in the last-level cache."""
_CALLS = 8
_INTERVALS = 3
_LEAD_IN_CALLS = 4
_BUSY_S = 0.02
_PATIENCE_S = 0.5
"""Host time spent on work that was too small, beyond which no larger is tried."""

Made = Callable[[int], Callable[[], None]]
"""Makes the work of a size."""


class ReferenceWork:
    """One kind of reference work of one device."""

    def __init__(self, device: EventDevice, made: Made, *, smallest: int) -> None:
        self._device = device
        self._made = made
        self._smallest = smallest

    def keep_busy(self) -> None:
        """Do it for some milliseconds, and at least ``_CALLS`` times."""
        work = self._work or self._made(self._smallest)
        begun_s = time.perf_counter()
        while time.perf_counter() - begun_s < _BUSY_S:
            for _ in range(_CALLS):
                work()
            self._device.synchronize()

    def lead_in(self) -> None:
        """Enqueue a little of it, if there is a size that the device takes longer for than the host."""
        work = self._work
        if work is not None:
            for _ in range(_LEAD_IN_CALLS):
                work()

    def time_us(self) -> float | None:
        """Time of doing it once, in µs; None where the host is slower than the device at every size."""
        work = self._work
        if work is None:
            return None
        intervals = []
        for _ in range(_INTERVALS):
            interval = self._device.start_interval()
            for _ in range(_CALLS):
                work()
            interval.stop()
            intervals.append(interval)
        self._device.synchronize()
        return median(interval.elapsed_us() for interval in intervals) / _CALLS

    @cached_property
    def _work(self) -> Callable[[], None] | None:
        """The smallest that the device takes longer for than the host; None where there is none."""
        size, spent_s = self._smallest, 0.0
        while size <= _LARGEST and spent_s < _PATIENCE_S:
            work = self._made(size)
            work()  # the first one may be compiled
            self._device.synchronize()
            begun_s = time.perf_counter()
            all_but_last = self._device.start_interval()
            for _ in range(_CALLS - 1):
                work()
            all_but_last.stop()
            work()
            self._device.wait_until_issued()
            kept_up = all_but_last.has_ended()
            self._device.synchronize()
            if not kept_up:
                return work
            size, spent_s = 2 * size, spent_s + time.perf_counter() - begun_s
        return None


def matrix_product(device: EventDevice, torch: ModuleType) -> ReferenceWork:
    """A product of square matrices, which the matrix units compute."""

    def made(size: int) -> Callable[[], None]:
        left, right, out = (torch.ones((size, size), dtype=torch.float16, device=device.torch_name) for _ in range(3))

        def product() -> None:
            with torch.no_grad():
                torch.mm(left, right, out=out)

        return product

    return ReferenceWork(device, made, smallest=_SMALLEST_PRODUCT)


def vector_work(device: EventDevice, torch: ModuleType) -> ReferenceWork:
    """The hyperbolic tangent of every element, which the vector units compute: many operations for each byte moved."""

    def made(size: int) -> Callable[[], None]:
        given, out = (torch.ones((size, size), dtype=torch.float16, device=device.torch_name) for _ in range(2))

        def tangents() -> None:
            with torch.no_grad():
                torch.tanh(given, out=out)

        return tangents

    return ReferenceWork(device, made, smallest=_SMALLEST_VECTORS)
