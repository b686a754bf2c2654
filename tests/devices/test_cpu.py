"""The CPU device: structure and keys only, as no test may depend on how fast this host is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import FrameType

import pytest
import torch

from pytest_ascendperf.devices.cpu import CpuDevice
from pytest_ascendperf.devices.torch_install import stack_id
from pytest_ascendperf.errors import DeviceError

REPOSITORY = Path(__file__).parents[2]

HARD_KEYS = {
    "cpu_capability",
    "deterministic",
    "float32_matmul_precision",
    "interop_threads",
    "machine",
    "python",
    "python_optimisation",
    "system",
    "threads",
    "tracing",
    "usable_cores",
}


def hard_key(name: str) -> str:
    return dict(CpuDevice().environment().hard)[name]


def environment_in_fresh_process(before: str = "", *options: str) -> dict[str, dict[str, str]]:
    """The environment inside ``controlled`` of a fresh interpreter, after the statements ``before``."""
    code = f"""
import json
{before}
from pytest_ascendperf.devices.cpu import CpuDevice
device = CpuDevice()
with device.controlled(None):
    print(json.dumps(device.environment().to_dict()))
"""
    command = [sys.executable, *options, "-c", code]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=120)
    decoded: dict[str, dict[str, str]] = json.loads(done.stdout)
    return decoded


def test_intervals_run_forward() -> None:
    device = CpuDevice()
    interval = device.start_interval()
    for _ in range(1000):
        pass
    interval.stop()
    device.synchronize()
    assert interval.elapsed_us() > 0.0
    assert interval.elapsed_us() == interval.elapsed_us()


def test_the_timer_resolution_is_a_step_that_the_clock_takes() -> None:
    resolution_us = CpuDevice().timer_resolution_us
    assert resolution_us > 0.0
    assert resolution_us * 1000 == pytest.approx(round(resolution_us * 1000), abs=1e-9)  # whole nanoseconds


def test_the_host_clock_does_not_run_back() -> None:
    device = CpuDevice()
    assert device.host_time_s() <= device.host_time_s()


def test_the_environment_says_where_it_is() -> None:
    environment = CpuDevice().environment()
    assert environment.device == "cpu"
    assert environment.chip_id.startswith("cpu-")
    assert environment.stack_id == stack_id(torch.__version__)
    assert dict(environment.hard).keys() - {"cpu_revision"} == HARD_KEYS
    assert environment.hard == tuple(sorted(environment.hard))
    assert environment.soft == tuple(sorted(environment.soft))
    assert all(value for _, value in environment.hard + environment.soft)
    assert environment.fingerprint == CpuDevice().environment().fingerprint


def test_keys_do_not_depend_on_what_was_imported_before() -> None:
    """A test measured alone and the same test measured after others must be comparable."""
    assert environment_in_fresh_process() == environment_in_fresh_process(
        "import torch; torch.ones(64, 64) @ torch.ones(64, 64)"
    )


def test_threads_are_held_and_restored() -> None:
    before = torch.get_num_threads()
    device = CpuDevice()
    with device.controlled(before + 1):
        assert torch.get_num_threads() == before + 1
        assert dict(device.environment().hard)["threads"] == str(before + 1)
    assert torch.get_num_threads() == before


def test_threads_are_restored_after_an_exception_and_after_the_measured_code_changed_them() -> None:
    before = torch.get_num_threads()
    with pytest.raises(KeyError), CpuDevice().controlled(before + 1):
        raise KeyError
    assert torch.get_num_threads() == before
    with CpuDevice().controlled(None):
        torch.set_num_threads(before + 2)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("threads", [0, -1])
def test_a_thread_count_that_is_none_is_refused(threads: int) -> None:
    before = torch.get_num_threads()
    with (
        pytest.raises(DeviceError, match=f"at least 1 compute thread, got threads={threads}"),
        CpuDevice().controlled(threads),
    ):
        raise AssertionError("entered")
    assert torch.get_num_threads() == before


def test_deterministic_algorithms_are_a_hard_key() -> None:
    try:
        assert hard_key("deterministic") == "off"
        torch.use_deterministic_algorithms(True)
        assert hard_key("deterministic") == "on"
        torch.use_deterministic_algorithms(True, warn_only=True)
        assert hard_key("deterministic") == "warn only"
    finally:
        torch.use_deterministic_algorithms(False)


def test_matmul_precision_is_a_hard_key_however_it_was_set() -> None:
    """The precision set per backend, which torch's global getter refuses to report, is read as well."""
    assert environment_in_fresh_process()["hard"]["float32_matmul_precision"] == "highest"
    medium = environment_in_fresh_process("import torch; torch.set_float32_matmul_precision('medium')")
    assert medium["hard"]["float32_matmul_precision"] == "medium"
    if hasattr(torch.backends, "fp32_precision"):
        backend = environment_in_fresh_process("import torch; torch.backends.fp32_precision = 'tf32'")
        assert backend["hard"]["float32_matmul_precision"] == "tf32"


def test_tracing_is_a_hard_key() -> None:
    """Coverage and debuggers slow Python code several times over."""

    def trace(frame: FrameType, event: str, argument: object) -> None:
        return None

    tracer = sys.gettrace()
    try:
        sys.settrace(None)
        untraced = hard_key("tracing")
        sys.settrace(trace)
        traced = hard_key("tracing")
    finally:
        sys.settrace(tracer)
    assert traced == "on"
    assert untraced == "off" or sys.version_info >= (3, 12)  # where coverage may watch through sys.monitoring


def test_optimised_python_is_a_hard_key() -> None:
    assert environment_in_fresh_process("", "-O")["hard"]["python_optimisation"] == "1"


def test_variables_of_thread_pools_are_soft_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMP_AFFINITY", "granularity=fine")
    monkeypatch.setenv("LD_PRELOAD", "/opt/lib/libjemalloc.so.2:/x/libother.so")
    monkeypatch.setenv("HOME_OF_SECRETS", "s3cret")
    soft = dict(CpuDevice().environment().soft)
    assert soft["KMP_AFFINITY"] == "granularity=fine"
    assert soft["LD_PRELOAD"] == "libjemalloc.so.2 libother.so"
    assert "HOME_OF_SECRETS" not in soft
    assert {"kernel", "numpy", "pytest_ascendperf", "python_version"} <= soft.keys()
