"""What the tests of measuring share: a case, plans, and scripted work that counts its calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_ascendperf.devices.scripted import ScriptedDevice
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.protocol import SamplingPlan


class Work:
    """A call that takes ``duration_us(n)`` µs of scripted time the nth time, n from 0, and returns n."""

    def __init__(self, device: ScriptedDevice, duration_us: Callable[[int], float]) -> None:
        self.device = device
        self.duration_us = duration_us
        self.calls = 0

    def __call__(self) -> int:
        number = self.calls
        self.calls += 1
        self.device.spend(self.duration_us(number))
        return number


@pytest.fixture
def device() -> ScriptedDevice:
    return ScriptedDevice()


@pytest.fixture
def make_work(device: ScriptedDevice) -> Callable[[Callable[[int], float] | float], Work]:
    """Makes work on ``device`` of the same duration each time, or of one that depends on the call's number."""

    def make(duration_us: Callable[[int], float] | float) -> Work:
        return Work(device, duration_us if callable(duration_us) else lambda number: duration_us)

    return make


@pytest.fixture
def make_plan() -> Callable[..., SamplingPlan]:
    """Makes the plan of the built-in defaults, with what a test changes."""

    def make(**changes: object) -> SamplingPlan:
        settings: dict[str, Any] = {
            "warmup": None,
            "max_warmup_s": 2.0,
            "max_wait_s": 5.0,
            "rounds": None,
            "budget_s": 1.0,
            "precision": 0.005,
            "threads": None,
            "cold": False,
            "max_spread": 0.5,
        }
        settings.update(changes)
        return SamplingPlan(**settings)

    return make


@pytest.fixture
def case() -> CaseId:
    return CaseId(module="tests/test_ffn.py", test="test_ffn")
