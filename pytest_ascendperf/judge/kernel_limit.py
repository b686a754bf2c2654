"""The number of kernels that a test allows one call."""

from __future__ import annotations

from pytest_ascendperf.judge.kernel_wording import left_aligned, short_type
from pytest_ascendperf.model.finding import Finding, FindingKind
from pytest_ascendperf.model.kernel_table import KernelTable

_ROWS = 20


def check_max_kernels(table: KernelTable | None, max_kernels: int) -> Finding | None:
    """The finding that one call runs more kernels than ``max_kernels``; None where it does not.

    Types whose number varies from call to call count with their mean. Without a table the limit cannot be checked, and
    that fails, too: a demand must not hold for want of a profile.
    """
    if table is None:
        return Finding(
            kind=FindingKind.TOO_MANY_KERNELS,
            summary=f"the limit max_kernels={max_kernels} could not be checked: no kernels were recorded",
            details=(),
            fails=True,
        )
    counts = table.counts()
    total = sum(counts.values())
    if total <= max_kernels:
        return None
    most_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = [("type", "count"), *((short_type(name), str(count)) for name, count in most_first[:_ROWS])]
    hidden = sum(count for _, count in most_first[_ROWS:])
    return Finding(
        kind=FindingKind.TOO_MANY_KERNELS,
        summary=f"too many kernels: {total} per call, the test allows {max_kernels} (max_kernels)",
        details=(*left_aligned(rows), *((f"and {hidden} of other types",) if hidden else ())),
        fails=True,
    )
