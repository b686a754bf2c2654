"""How fast memory is now, told by the time of copies that do not fit into the core's own caches.

The last cache and the memory behind it are shared with other virtual machines on the host. Code that needs them takes
a tenth longer in one minute than in another, in which the core itself is as fast as ever and no counter of the kernel
tells of anything. A fixed copy follows that as such code does.
"""

from __future__ import annotations

import time
from functools import cached_property

_BYTES = 16 * 2**20
"""Both buffers together are larger than the caches of a core, and as large as the last cache of some processors or
larger. Copies of 1 MiB tell less, and so do those of 32 MiB."""
_COPIES = 5
"""At one look. The first brings the buffers back into the caches, from which the measured code has driven them."""


def written_buffers(size_bytes: int) -> tuple[memoryview, memoryview]:
    """Target and source. Both are written: pages that never were are all the same one, which stays in the caches."""
    return memoryview(bytearray(b"\1" * size_bytes)), memoryview(bytearray(b"\2" * size_bytes))


class MemorySpeed:
    """Two buffers, made at the first look and kept, so that no later one takes memory."""

    def __init__(self, size_bytes: int = _BYTES) -> None:
        """``size_bytes`` is that of each buffer."""
        self._size_bytes = size_bytes

    def look_us(self) -> tuple[float, ...]:
        """Times of copies from one buffer to the other, in µs, in the order made: about 2 ms each."""
        return tuple(self._copy_us() for _ in range(_COPIES))[1:]

    def _copy_us(self) -> float:
        target, source = self._buffers
        begun_ns = time.perf_counter_ns()
        target[:] = source
        return (time.perf_counter_ns() - begun_ns) / 1e3

    @cached_property
    def _buffers(self) -> tuple[memoryview, memoryview]:
        return written_buffers(self._size_bytes)
