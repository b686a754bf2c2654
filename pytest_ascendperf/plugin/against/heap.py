"""Leaves to chance where the objects of a measured call land in memory.

How long a call takes depends on where its objects lie, and that on all that its process has allocated and freed before.
Base and head have different pasts: only the base has an import hook, only head sends reports. So the same code can be
slower on one side in every session, by 1 % for reading and writing JSON, and no number of sessions averages that out
(Mytkowicz et al. 2009, "Producing wrong data without doing anything obviously wrong"). With holes of random sizes in
random places, new ones for each session, it becomes a part of what sessions differ by, which the test over sessions
knows (Curtsinger and Berger 2013, "Stabilizer").
"""

from __future__ import annotations

import random

_POOL_BYTES = 16 * 1024
"""Python's allocator cuts blocks of one size out of a pool of this size, and first fills the pools that have holes."""
_MOST_POOLS = 4
"""Pools of each size that are scattered at most."""
_SMALL_BYTES = range(16, 513, 16)
"""The sizes that have pools."""
_LARGE_BYTES = tuple(2**exponent for exponent in range(10, 17))
"""Sizes that come from the C library's heap, which native code shares."""
_MOST_LARGE = 32


class Heap:
    """The memory of this process."""

    def __init__(self) -> None:
        self._kept: list[bytearray] = []

    def scatter(self, draw: random.Random) -> None:
        """Make random numbers of blocks of all common sizes and free half of them, in random places."""
        blocks: list[bytearray] = []
        for size in (*_SMALL_BYTES, *_LARGE_BYTES):
            most = _MOST_LARGE if size in _LARGE_BYTES else _MOST_POOLS * _POOL_BYTES // size
            blocks += [bytearray(size - 1) for _ in range(draw.randrange(most))]  # a zero byte follows
        draw.shuffle(blocks)
        self._kept = blocks[::2]
