"""Python's cyclic garbage collector, held still while times are taken.

A collection takes milliseconds and falls into whichever round it likes. It is switched off for the measurement; what
the measured calls leave behind is collected between batches, or a model whose calls make cycles would fill the memory.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Collect everything now, then keep the collector off; restored as it was on exit, however that comes."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
        else:
            gc.disable()


def collect_young() -> None:
    """Collect what was made since the last collection: with the collector off, all of it is in the first generation."""
    gc.collect(0)
