"""Devices that fail: out of memory, and lost in the middle of the work."""

from __future__ import annotations

from npu_sim.machines import MachineFactory
from simulated_cann.scenario import LOST_HEARTBEAT, Scenario


def test_an_allocation_beyond_the_device_is_out_of_memory_and_no_more(machine: MachineFactory) -> None:
    """Torch raises its OutOfMemoryError, and the process goes on with what fits."""
    program = """
import json, torch, torch_npu
kept = torch.ones(1000).npu()
try:
    torch.empty(2**28, device="npu")
    raised = "nothing"
except torch.OutOfMemoryError as error:
    raised = str(error)
print(json.dumps([raised, (kept + 1).sum().item()]))
"""
    raised, total = machine(Scenario(memory_bytes=2**29)).run(program).json()
    assert "NPU out of memory. Tried to allocate 1.00 GiB" in raised
    assert total == 2000


def test_a_lost_device_ends_the_work_with_its_error_code(machine: MachineFactory) -> None:
    """After the scenario's number of kernels every call fails with its code, and the reason can be read."""
    program = """
import json, torch, torch_npu
x = torch.ones(4).npu()
done = 0
try:
    while done < 100:
        x = x * x if done == 29 else x + 1
        torch.npu.synchronize()
        done += 1
    raised = "nothing"
except RuntimeError as error:
    raised = str(error)
print(json.dumps([done, raised]))
"""
    done, raised = machine(Scenario(lost_at_type="Mul")).run(program).json()
    assert done == 29
    assert f"error code is {LOST_HEARTBEAT}" in raised
    assert "simulated CANN: the scenario loses the device at a kernel of type Mul" in raised
