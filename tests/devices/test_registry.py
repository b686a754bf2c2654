"""Devices by choice: the right one is opened, and no module of another is loaded for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ascendperf.devices.choice import DeviceChoice, choose_device
from pytest_ascendperf.devices.registry import open_device
from pytest_ascendperf.settings import DEVICE_KINDS

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", DEVICE_KINDS)
def test_every_kind_opens_under_its_name_and_number(kind: str) -> None:
    choice = DeviceChoice(kind=kind, index=1, count=2, chip="c", stack="s", passed_over=())
    device = open_device(choice)
    assert device.kind == kind
    assert device.torch_name == {"npu": "npu:1", "cuda": "cuda:1"}.get(kind, "cpu")


def test_the_cpu_is_told_what_full_speed_is_and_the_others_know_none() -> None:
    for kind in DEVICE_KINDS:
        choice = DeviceChoice(kind=kind, index=0, count=None, chip="c", stack="s", passed_over=())
        assert open_device(choice).full_speed_us() is None
        assert open_device(choice, full_speed_us=1e-3).full_speed_us() == (1e-3 if kind == "cpu" else None)


@pytest.mark.parametrize("name", ["cpu", "scripted"])
def test_what_is_said_of_a_device_is_what_it_says_of_itself(name: str) -> None:
    choice = choose_device(name)
    device = open_device(choice)
    with device.controlled(None):
        assert choice.chip == device.environment().chip
    assert choice.stack


def test_choosing_and_opening_costs_no_heavy_import() -> None:
    """Neither torch nor numpy, scipy or filelock, nor the modules of other devices."""
    code = """
import sys
from pytest_ascendperf.devices import base, choice, registry
for name in ("cpu", "scripted"):
    registry.open_device(choice.choose_device(name))
print(sorted({"torch", "numpy", "scipy", "filelock"} & sys.modules.keys()))
print([name for name in sys.modules if name.startswith("pytest_ascendperf.devices.") and "npu" in name])
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["[]", "[]"]
