"""What of the NPU device can be seen without torch_npu; all else is in tests/npu_sim."""

from __future__ import annotations

import pytest

from pytest_ascendperf.devices.npu import NpuDevice
from pytest_ascendperf.devices.torch_events import first_line


@pytest.mark.parametrize(
    ("visible", "index", "lock_name"),
    [
        (None, 0, "npu-0"),
        (None, 3, "npu-3"),
        ("", 1, "npu-1"),
        ("4,6", 0, "npu-4"),
        ("4,6", 1, "npu-6"),
        (" 4 , 6 ", 1, "npu-6"),
        ("4,6", 2, "npu-2"),
    ],
)
def test_the_lock_is_named_after_the_hosts_device(
    visible: str | None, index: int, lock_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs that see different devices as number 0 do not wait for each other; two that see the same one do."""
    if visible is None:
        monkeypatch.delenv("ASCEND_RT_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("ASCEND_RT_VISIBLE_DEVICES", visible)
    assert NpuDevice(index).lock_name == lock_name


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "operator():LocalScalarDenseNpu.cpp:24 NPU function error: Aclrt, error code is 507010\n"
            "[ERROR] 2026-01-01 ERR00100 PTA call acl api failed\n"
            "[Error]: The task scheduler loses the heartbeat. \n        Rectify the fault.",
            "The task scheduler loses the heartbeat, error code 507010",
        ),
        ("\n  something else\nand more", "something else"),
        ("", "RuntimeError"),
    ],
)
def test_the_cause_of_an_error_is_one_line(text: str, cause: str) -> None:
    assert NpuDevice().cause_of(RuntimeError(text)) == cause


def test_variables_that_spoil_times_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ASCEND_LAUNCH_BLOCKING", "PROFILER_SAMPLECONFIG"):
        monkeypatch.delenv(variable, raising=False)
    assert NpuDevice().refusals() == ()
    monkeypatch.setenv("PROFILER_SAMPLECONFIG", "{}")
    (refusal,) = NpuDevice().refusals()
    assert refusal.startswith("PROFILER_SAMPLECONFIG={}: ")
    assert refusal.endswith("unset PROFILER_SAMPLECONFIG.")


def test_the_first_line_is_the_first_that_says_something() -> None:
    assert first_line(ValueError("\n\n a \nb")) == "a"
