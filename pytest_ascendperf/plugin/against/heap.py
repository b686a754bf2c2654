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

_FOUR_POOLS_BYTES = 4 * 16 * 1024
"""Python's allocator cuts small blocks of one size out of a pool of 16 KiB, and first fills the pools with holes."""
_MOST_BLOCKS = {
    **{size: _FOUR_POOLS_BYTES // size for size in range(16, 513, 16)},
    **{2**exponent: 32 for exponent in range(10, 17)},  # of the C library's heap, which native code shares
}
"""How many blocks are made at most, by their size in bytes."""


class Heap:
    """The memory of this process."""

    def __init__(self) -> None:
        self._kept: list[bytearray] = []

    def scatter(self, draw: random.Random) -> None:
        """Make random numbers of blocks of all common sizes and free half of them, in random places."""
        blocks: list[bytearray] = []
        for size, most in _MOST_BLOCKS.items():
            blocks += [bytearray(size - 1) for _ in range(draw.randrange(most))]  # a zero byte follows
        draw.shuffle(blocks)
        self._kept = blocks[::2]
