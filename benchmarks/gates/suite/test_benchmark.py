"""The suite for pytest-benchmark and for pytest-codspeed, which share a fixture."""

from collections.abc import Callable

import pytest
from work.loads import call_of
from work.suite import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_load(benchmark: Callable[..., object], name: str) -> None:
    """One work of the suite."""
    benchmark(call_of(name))
