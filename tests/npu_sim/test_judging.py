"""Record, pass, regress, upgrade CANN, throttle: one suite on machines that differ in one thing each."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from npu_sim.machines import MachineFactory
from npu_sim.suite import OPERATORS, Ended, Suite
from simulated_cann.scenario import NpuSmi, Scenario

KERNELS = {"Add": 8.0, "Mul": 40.0}
FEW = ("--ascendperf-sessions=2", "--ascendperf-confirm-sessions=2")


@pytest.fixture(scope="module")
def recorded(machine: MachineFactory, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """A suite whose baselines were recorded on CANN 9.1.0, and the run that recorded them."""
    suite = Suite(folder=tmp_path_factory.mktemp("recorded")).write(test_operators=OPERATORS)
    ended = suite.run(machine(Scenario(kernel_us=KERNELS)), *FEW, "--ascendperf-update-baselines")
    assert ended.status == 0, ended.text
    return suite.folder, ended


@pytest.fixture
def copy(recorded: tuple[Path, Ended], suite: Suite) -> Suite:
    """The recorded suite, for one test."""
    shutil.copytree(recorded[0], suite.folder, dirs_exist_ok=True)
    return suite


def test_recording_files_the_baseline_under_chip_and_cann(recorded: tuple[Path, Ended]) -> None:
    folder, ended = recorded
    assert "ascendperf: npu:0, Ascend910B3 (simulated), CANN 9.1.0, torch_npu 2.13.0" in ended.text
    document = json.loads(
        (folder / "baselines/ascend910b3-simulated/cann-9.1.0/test_operators.json").read_text("utf-8")
    )
    (environment,) = document["environments"].values()
    assert environment["chip"] == "Ascend910B3 (simulated)"
    for key in ("torch", "torch_npu", "cann", "opp_kernel", "driver", "jit_compile", "task_queue"):
        assert environment["hard"][key] not in ("", "unknown")
    sessions = document["tests"]["test_add"][""]["sessions"]
    assert [session["device_median_us"] for session in sessions] == [8.0, 8.0]
    assert all(session["clock"] == "device" and session["host_median_us"] > 0.0 for session in sessions)
    assert all(session["reference_us"] > 0.0 and session["vector_reference_us"] > 0.0 for session in sessions)


def test_unchanged_code_passes(copy: Suite, machine: MachineFactory) -> None:
    """``auto`` takes the NPU, and says so."""
    ended = copy.run(machine(Scenario(kernel_us=KERNELS)), *FEW, "--ascendperf-device=auto")
    assert ended.status == 0, ended.text
    assert "ascendperf: npu:0, Ascend910B3 (simulated), CANN 9.1.0" in ended.text
    assert ended.statuses() == {"test_add": "pass", "test_mul": "pass"}


def test_one_slower_kernel_type_fails_its_test_and_no_other(copy: Suite, machine: MachineFactory) -> None:
    ended = copy.run(machine(Scenario(kernel_us=KERNELS, kernel_factors={"Mul": 1.2})), *FEW)
    assert ended.status == 1, ended.text
    assert ended.statuses() == {"test_add": "pass", "test_mul": "regressed"}
    case = ended.case("test_mul")
    assert (case["confirm"]["base_us"], case["confirm"]["head_us"]) == (40.0, pytest.approx(48.0, rel=1e-6))
    assert "latency 48.00 µs > 42.000 µs (baseline 40.00 µs + 5 %)" in ended.text


def test_another_cann_has_no_baseline_and_the_older_one_is_told_not_used(copy: Suite, machine: MachineFactory) -> None:
    upgraded = Scenario(kernel_us={"Add": 8.0, "Mul": 60.0}, cann_version="9.2.0")
    ended = copy.run(machine(upgraded), *FEW)
    assert ended.status == 0, ended.text
    assert ended.statuses() == {"test_add": "not_comparable", "test_mul": "not_comparable"}
    case = ended.case("test_mul")
    assert case["screen"] is None
    assert {"stack", "cann"} <= {difference["key"] for difference in case["hard_differences"]}
    told = "On Ascend910B3 (simulated), cann-9.1.0 it took 40.00 µs (2 sessions), now it takes 60.00 µs (+50.0 %)."
    assert told in ended.text
    assert "--ascendperf-update-baselines=new" in ended.text


def test_a_throttled_device_gives_no_verdict(copy: Suite, machine: MachineFactory) -> None:
    """All reference work takes longer, too: INVALID, and not a regression of the code."""
    throttled = Scenario(kernel_us=KERNELS, clock_ratio=0.5, npu_smi=NpuSmi.ABSENT)
    ended = copy.run(machine(throttled), *FEW, "--ascendperf-strict")
    assert ended.status == 1, ended.text
    assert ended.statuses() == {"test_add": "invalid", "test_mul": "invalid"}
    assert "The device itself ran at another speed" in ended.text
    assert "Its reference work of vectors changed by +" in ended.text


def test_a_shared_device_gives_no_verdict(copy: Suite, machine: MachineFactory) -> None:
    shared = Scenario(kernel_us=KERNELS, neighbour_share=0.25, npu_smi=NpuSmi.ABSENT)
    ended = copy.run(machine(shared), *FEW)
    assert ended.statuses() == {"test_add": "invalid", "test_mul": "invalid"}
    assert "The device itself ran at another speed" in ended.text


def test_a_clock_that_npu_smi_tells_is_kept_and_compared(copy: Suite, machine: MachineFactory) -> None:
    document = json.loads(
        (copy.folder / "baselines/ascend910b3-simulated/cann-9.1.0/test_operators.json").read_text("utf-8")
    )
    for session in document["tests"]["test_add"][""]["sessions"]:
        assert session["conditions"]["device"] == {
            "clock_mhz": 1800.0,
            "max_clock_mhz": 1800.0,
            "others": [],
            "power_w": 130.4,
            "source": "npu-smi",
            "temperature_c": 46.0,
        }
    ended = copy.run(machine(Scenario(kernel_us=KERNELS, clock_ratio=0.85)), *FEW)
    assert ended.statuses() == {"test_add": "invalid", "test_mul": "invalid"}
    assert "clock is 1530 MHz and was 1800 MHz when the baseline was recorded" in ended.text


def test_a_process_that_npu_smi_lists_gives_no_verdict(copy: Suite, machine: MachineFactory) -> None:
    """It may do nothing at the moment: whether it did meanwhile, nobody can tell."""
    ended = copy.run(machine(Scenario(kernel_us=KERNELS, neighbour_memory_bytes=2**30)), *FEW)
    assert ended.statuses() == {"test_add": "invalid", "test_mul": "invalid"}
    assert "Another process was on the device while it was measured: process 4242 (neighbour, 1024 MiB)" in ended.text
    assert ended.case("test_add")["notes"][1].startswith("Sample 2 of 3 was discarded: Another process")


@pytest.mark.parametrize(
    ("npu_smi", "words"),
    [
        (NpuSmi.FAILING, "npu-smi info -m ended with status 1: dcmi module initialize failed. ret is -8005"),
        (NpuSmi.GARBAGE, "npu-smi info -m lists no chip of logic id 0"),
        (NpuSmi.OUTSIDE, "it tells no process of this run among those on the chip"),
    ],
)
def test_what_npu_smi_does_not_tell_is_told_once_and_judged(
    copy: Suite, machine: MachineFactory, npu_smi: NpuSmi, words: str
) -> None:
    ended = copy.run(machine(Scenario(kernel_us=KERNELS, npu_smi=npu_smi)), *FEW)
    assert ended.statuses() == {"test_add": "pass", "test_mul": "pass"}
    assert " ".join(ended.text.split()).count(words) == 1


LINEAR = """
import pytest
import torch


@pytest.mark.npu_perf(warmup=3, rounds=3, min_change_us=0.1)
def test_linear(npu_perf):
    layer = torch.nn.Linear(512, 512).to(npu_perf.device)
    npu_perf(layer, torch.ones(256, 512, device=npu_perf.device))


@pytest.mark.npu_perf(warmup=3, rounds=3, min_change_us=0.1)
def test_tanh(npu_perf):
    npu_perf(torch.tanh, torch.ones(1024, 1024, device=npu_perf.device))
"""


@pytest.mark.parametrize(
    ("kernel", "slow", "other", "reference"),
    [
        ("MatMulV3", "test_linear", "test_tanh", "matrix product"),
        ("Tanh", "test_tanh", "test_linear", "work of vectors"),
    ],
)
def test_the_very_kernel_of_the_reference_regresses_like_any_other(
    suite: Suite, machine: MachineFactory, kernel: str, slow: str, other: str, reference: str
) -> None:
    suite.write(test_reference_kernels=LINEAR)
    assert suite.run(machine(Scenario()), *FEW, "--ascendperf-update-baselines").status == 0
    ended = suite.run(machine(Scenario(kernel_factors={kernel: 1.2})), *FEW)
    assert ended.statuses() == {slow: "regressed", other: "pass"}
    assert f"The reference {reference} takes " in ended.text
    assert ended.text.count("its kernel changed, not the device") >= 1
