"""Times from a second source take the place of a profile's exactly where both saw the same kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_ascendperf.model.kernel_columns import ABSENT, KernelColumns, Labels
from pytest_ascendperf.model.kernel_times import KernelTime, with_kernel_times
from pytest_ascendperf.model.kernels import COMMUNICATION, KernelTrace


def trace(*names: str) -> KernelTrace:
    """Kernels of 10 µs each; one named ``hcom`` is communication."""
    count = len(names)
    numbers = ("wait_ns", "block_count", "step", "stream", "device", "task_id", "model_id")
    tensors = [f"{side}_{what}" for side in ("input", "output") for what in ("shapes", "types", "formats")]
    columns: dict[str, Any] = {
        **dict.fromkeys(numbers, np.full(count, ABSENT)),
        **dict.fromkeys(("type", *tensors), Labels.constant(None, count)),
        "name": Labels(values=names, codes=np.arange(count, dtype=np.int32)),
        "core": Labels(
            values=("AI_CORE", COMMUNICATION), codes=np.array([name == "hcom" for name in names], dtype=np.int32)
        ),
        "start_ns": np.arange(count, dtype=np.int64) * 20_000,
        "duration_ns": np.full(count, 10_000),
        "own_ns": np.full(count, 10_000),
        "depth": np.zeros(count, dtype=np.int64),
    }
    return KernelTrace.in_time_order(KernelColumns(**columns), activity="device", notes=("first",))


def times(**durations_ns: int) -> list[KernelTime]:
    return [KernelTime(name=name.rstrip("_"), duration_ns=duration) for name, duration in durations_ns.items()]


def test_each_kernel_gets_the_time_of_its_name_in_order() -> None:
    """Kernels of two streams may have started in another order; communication has no part in it."""
    profile = trace("a", "b", "hcom", "a")
    joined = with_kernel_times(profile, times(b=2, a=1, a_=3), "mspti")
    assert [(row.name, row.duration_ns, row.own_ns) for row in joined] == [
        ("a", 1, 1),
        ("b", 2, 2),
        ("hcom", 10_000, 10_000),
        ("a", 3, 3),
    ]
    assert joined.notes == ("first",)
    assert [row.duration_ns for row in profile] == [10_000] * 4


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([], "mspti recorded 0 and the profile 2 kernels"),
        (times(a=1), "mspti recorded 1 and the profile 2 kernels"),
        (times(a=1, c=1), "mspti recorded kernels of other names than the profile"),
        (times(a=1, a_=1), "mspti recorded kernels of other names than the profile"),
    ],
)
def test_times_that_do_not_agree_are_not_used(given: list[KernelTime], found: str) -> None:
    profile = trace("a", "b")
    joined = with_kernel_times(profile, given, "mspti")
    assert joined.columns == profile.columns
    assert joined.notes == ("first", f"{found}, so the times are the profile's own.")
