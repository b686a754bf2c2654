"""The rows of a trace stream by stream, and which row comes next on the stream of another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ascendperf.model.kernels import COMMUNICATION, KernelTrace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lanes:
    """Rows in the order of their lanes, and in the order of their start within each."""

    rows: Rows
    lane: Rows
    """Per place in ``rows``, the number of its lane."""

    @classmethod
    def of_streams(cls, trace: KernelTrace) -> Lanes:
        """A lane for each stream of each device. Communication, which mostly has no stream, is in none."""
        import numpy as np

        columns = trace.columns
        _, device = np.unique(columns.device, return_inverse=True)
        streams, stream = np.unique(columns.stream, return_inverse=True)
        return cls._in_order(np.flatnonzero(~columns.core.equals(COMMUNICATION)), device * len(streams) + stream)

    @classmethod
    def of_devices(cls, trace: KernelTrace) -> Lanes:
        """A lane for each device, communication and all streams in it."""
        import numpy as np

        return cls._in_order(np.arange(len(trace)), trace.columns.device)

    @classmethod
    def _in_order(cls, rows: Rows, lane_of_row: Rows) -> Lanes:
        import numpy as np

        rows = rows[np.argsort(lane_of_row[rows], kind="stable")]
        return cls(rows=rows, lane=lane_of_row[rows])

    def next_stop(self, current: Rows, *, stops: Mask, wanted: Mask, foreign: int) -> Rows:
        """For each place of ``current``, the wanted place that comes after it on its lane; -1 for none.

        At most ``foreign`` other places of ``stops`` may come before it.
        """
        import numpy as np

        length = len(stops)
        following = np.where(stops, np.arange(length), length)
        following = np.minimum.accumulate(following[::-1])[::-1]
        following = np.append(following, length)  # beyond the last place
        at = current
        result = np.full(len(current), -1, dtype=np.int64)
        for _ in range(foreign + 1):
            at = following[np.minimum(at + 1, length)]
            inside = np.minimum(at, length - 1)
            hit = (result < 0) & (at < length) & wanted[inside] & (self.lane[inside] == self.lane[current])
            result[hit] = at[hit]
        return result
