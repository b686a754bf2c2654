"""Which of a thread's operators were called from within others, and what each took without those."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]


def nested_order(threads: Integers, start_ns: Integers, duration_ns: Integers) -> Integers:
    """Row numbers so that each thread's rows stand together and each operator before those it called."""
    import numpy as np

    return np.lexsort((-duration_ns, start_ns, threads)).astype(np.int64)


def own_times(threads: Integers, start_ns: Integers, duration_ns: Integers) -> tuple[Integers, Integers]:
    """Own time (ns) and depth of each operator. The arrays are equally long, in any order.

    An operator lies within another one of its thread where its start does. Its time is taken off the one directly
    around it, at most to 0: clocks are read before and after, and a reading may be late.
    """
    import numpy as np

    own = duration_ns.tolist()
    depth = [0] * len(own)
    thread, start, duration = threads.tolist(), start_ns.tolist(), duration_ns.tolist()
    open_rows: list[int] = []
    for row in nested_order(threads, start_ns, duration_ns).tolist():
        while open_rows and not (
            thread[open_rows[-1]] == thread[row] and start[row] < start[open_rows[-1]] + duration[open_rows[-1]]
        ):
            open_rows.pop()
        if open_rows:
            own[open_rows[-1]] -= duration[row]
            depth[row] = len(open_rows)
        open_rows.append(row)
    return np.maximum(np.array(own, dtype=np.int64), 0), np.array(depth, dtype=np.int64)
