"""What torch's own profiler records on the CPU, through the device."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from pytest_ascendperf.devices.cpu import CpuDevice
from pytest_ascendperf.devices.torch_profiler import count_warned_synchronizations
from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.profiles import open_profile

LAYER = torch.nn.Linear(8, 16)
X = torch.ones(4, 8)


def test_the_operators_of_a_call_are_recorded_with_their_shapes(tmp_path: Path) -> None:
    recording = CpuDevice().record_profile(tmp_path, lambda: torch.relu(LAYER(X)))
    trace = open_profile(recording.path).computing()
    assert [(record.name, record.input_shapes) for record in trace] == [
        ("aten::addmm", "16;4,8;8,16;;"),
        ("aten::clamp_min", "4,16;"),
    ]
    assert recording.source == "torch.profiler CPU"


def test_an_error_of_the_call_goes_through_and_leaves_the_profiler_off(tmp_path: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        CpuDevice().record_profile(tmp_path, fail)
    CpuDevice().record_profile(tmp_path, lambda: None)


def test_what_kineto_prints_for_tracing_tools_stays_off_stderr(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    CpuDevice().record_profile(tmp_path, lambda: print("of the call", file=sys.stderr))
    assert capfd.readouterr().err == "of the call\n"


def test_a_second_profiler_is_refused_in_words_and_the_first_one_goes_on(tmp_path: Path) -> None:
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities) as outer:
        with pytest.raises(ProfileError, match="is active already"):
            CpuDevice().record_profile(tmp_path, lambda: None)
        LAYER(X)
    assert "aten::addmm" in {event.key for event in outer.key_averages()}


def test_a_torch_without_the_debug_mode_counts_nothing() -> None:
    assert count_warned_synchronizations(torch.cpu, lambda: None) is None
