"""Times of kernels by mspti, which disturbs them less than the profiler does; it comes with CANN, not with torch_npu.

mspti raises nothing. A monitor that may not record, because another tool does, says so in a code, and the next one that
is started says that all is well and records nothing. Records that do not fit into its buffer are dropped in silence. So
what it gives is only a list, to be used where it agrees with a profile of the same call
(:func:`~pytest_ascendperf.model.kernel_times.with_kernel_times`).
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from pytest_ascendperf.model.kernel_times import KernelTime


def kernel_times(torch: ModuleType, run: Callable[[], None]) -> tuple[KernelTime, ...] | None:
    """The kernels of ``run`` in the order of their start; None where mspti cannot be imported.

    ``torch`` is the module, with torch_npu imported. Waits for the device.
    """
    try:
        from mspti import KernelMonitor
    except (ImportError, OSError):  # not installed, or without the library below it
        return None
    seen: list[tuple[int, KernelTime]] = []

    def keep(record: Any) -> None:  # noqa: ANN401  # mspti's KernelData, reused for the next record
        time = KernelTime(name=str(record.name), duration_ns=int(record.end) - int(record.start))
        seen.append((int(record.start), time))

    torch.npu.synchronize()
    monitor = KernelMonitor()
    monitor.start(keep)
    try:
        run()
        torch.npu.synchronize()
    finally:
        monitor.stop()  # hands out what it still holds
    return tuple(time for _, time in sorted(seen, key=lambda item: item[0]))
