"""What goes wrong on a device while tests run: one test fails for its own reason, and nothing is lost with it."""

from __future__ import annotations

from npu_sim.machines import MachineFactory
from npu_sim.suite import OPERATORS, Suite
from simulated_cann.scenario import LOST_HEARTBEAT, Scenario

KERNELS = {"Add": 8.0, "Mul": 40.0}

HUNGRY = """
import pytest
import torch


@pytest.mark.npu_perf(warmup=2, rounds=2)
def test_hungry(npu_perf):
    npu_perf(lambda: torch.empty(2**30, dtype=torch.uint8, device=npu_perf.device))
"""

LOST = """
import pytest
import torch

pytestmark = pytest.mark.npu_perf(warmup=2, rounds=2)


@pytest.mark.parametrize("number", range(4))
def test_add(npu_perf, number):
    x = torch.ones(8, device=npu_perf.device)

    npu_perf(lambda: x * x if number == 1 else x + x)
"""


def test_out_of_memory_is_the_tests_own_error_and_the_next_test_is_measured(
    suite: Suite, machine: MachineFactory
) -> None:
    """Also where torch does not import torch_npu on its own: it must be there before a test uses the device."""
    suite.write(test_a_hungry=HUNGRY, test_operators=OPERATORS)
    full = machine(Scenario(kernel_us=KERNELS, memory_bytes=2**29))
    ended = suite.run(full, TORCH_DEVICE_BACKEND_AUTOLOAD="0")
    assert ended.status == 1, ended.text
    assert "NPU out of memory. Tried to allocate 1.00 GiB" in ended.text
    assert ended.statuses() == {"test_add": "no_baseline", "test_mul": "no_baseline"}
    assert ended.case("test_mul")["now_us"] == 40.0
    assert "was lost" not in ended.text


def test_a_lost_device_fails_the_rest_at_once_and_keeps_the_results_so_far(
    suite: Suite, machine: MachineFactory
) -> None:
    breaking = Scenario(kernel_us=KERNELS, lost_at_type="Mul")
    ended = suite.write(test_lost=LOST).run(machine(breaking))
    assert ended.status == 1, ended.text
    assert ended.statuses() == {"test_add[0]": "no_baseline"}
    assert "1 failed, 1 passed, 2 errors" in ended.text
    lost = (
        f"npu:0 was lost earlier in this process (The task scheduler loses the heartbeat, error code {LOST_HEARTBEAT})"
    )
    assert ended.text.count(f"\n{lost}: nothing more is measured on it.") == 2
    assert "1 measured: 1 no baseline; 3 tests failed before" in ended.text
