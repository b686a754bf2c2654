"""The suite for pytest-ascendperf."""

from collections.abc import Callable

import pytest
from work.loads import call_of
from work.suite import NAMES


@pytest.mark.npu_perf
@pytest.mark.parametrize("name", NAMES)
def test_load(npu_perf: Callable[..., object], name: str) -> None:
    """One work of the suite."""
    npu_perf(call_of(name))
