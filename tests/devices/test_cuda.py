"""CUDA: found without importing torch, measured on its own events where there is one."""

from __future__ import annotations

import os

import pytest

from pytest_ascendperf.devices.cuda import CudaDevice
from pytest_ascendperf.devices.cuda_probe import CudaFound, find_cuda, has_driver, read_answer, why_not_probed
from pytest_ascendperf.devices.diagnosis import Diagnosis
from pytest_ascendperf.devices.torch_install import cuda_version
from pytest_ascendperf.errors import DeviceError
from pytest_ascendperf.measure.call import measure_call
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.protocol import SamplingPlan

IS_LIKELY = why_not_probed(cuda_version(), has_driver=has_driver()) is None

needs_cuda = pytest.mark.skipif(not IS_LIKELY, reason="no NVIDIA driver on this host, or a torch without CUDA")
needs_none = pytest.mark.skipif(IS_LIKELY, reason="this host has an NVIDIA driver and a torch for CUDA")


def test_a_torch_without_cuda_is_never_asked() -> None:
    diagnosis = why_not_probed(None, has_driver=True)
    assert diagnosis is not None
    assert diagnosis.problem == "the installed torch is not built for CUDA"


def test_a_host_without_a_driver_is_never_asked() -> None:
    diagnosis = why_not_probed("12.6", has_driver=False)
    assert diagnosis is not None
    assert diagnosis.problem == "torch is built for CUDA 12.6, but this host has no NVIDIA driver"


def test_both_are_reason_to_ask() -> None:
    assert why_not_probed("12.6", has_driver=True) is None


@needs_none
def test_where_there_can_be_none_no_process_is_started() -> None:
    assert isinstance(find_cuda({}, interpreter="/does/not/exist"), Diagnosis)


def test_noise_before_the_answer_does_no_harm() -> None:
    answer = 'a warning\n{"torch": "2.13.0", "cuda": "12.6", "names": ["NVIDIA H100", "NVIDIA H100"]}\n'
    assert read_answer(0, answer, "") == CudaFound(names=("NVIDIA H100",) * 2, torch="2.13.0", cuda="12.6")


@pytest.mark.parametrize(
    ("status", "output", "errors", "problem"),
    [
        (0, '{"torch": "2.13.0", "cuda": "12.6", "names": []}', "", "torch 2.13.0 finds no CUDA device"),
        (1, "", "Traceback\nRuntimeError: a broken driver\n", "failed with status 1: RuntimeError: a broken driver"),
        (-6, "", "", "failed with status -6: no message"),
    ],
)
def test_what_went_wrong_is_told(status: int, output: str, errors: str, problem: str) -> None:
    diagnosis = read_answer(status, output, errors)
    assert isinstance(diagnosis, Diagnosis)
    assert problem in diagnosis.problem


def test_launch_blocking_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    device = CudaDevice()
    monkeypatch.delenv("CUDA_LAUNCH_BLOCKING", raising=False)
    assert device.refusals() == ()
    monkeypatch.setenv("CUDA_LAUNCH_BLOCKING", "1")
    (refusal,) = device.refusals()
    assert refusal.startswith("CUDA_LAUNCH_BLOCKING is set")


@needs_none
def test_opening_a_device_that_is_not_there_says_so() -> None:
    with pytest.raises(DeviceError, match="finds no CUDA device"):
        CudaDevice().synchronize()


@needs_cuda
def test_a_product_is_timed_on_the_devices_events() -> None:
    found = find_cuda(os.environ)
    assert isinstance(found, CudaFound)
    device = CudaDevice()
    plan = SamplingPlan(
        warmup=None,
        max_warmup_s=2.0,
        max_wait_s=0.0,
        rounds=None,
        budget_s=1.0,
        precision=0.005,
        threads=None,
        cold=False,
        max_spread=0.5,
    )
    matrix = device.torch.ones((4096, 4096), dtype=device.torch.float16, device=device.torch_name)
    _, measurement = measure_call(device, plan, CaseId(module="m.py", test="t"), lambda: matrix @ matrix)
    assert measurement.session is not None
    assert measurement.session.device_median_us > 0.0
    assert measurement.session.reference_us is not None
    assert measurement.environment.chip == found.names[0]
    device.check_alive()
