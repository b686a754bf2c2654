"""Two calls in turns on the simulated NPU: on the device's clock, or on the host's where either waits for it."""

from __future__ import annotations

from npu_sim.machines import MachineFactory
from npu_sim.suite import Suite
from simulated_cann.scenario import Scenario

COMPARISON = """
import torch


def test_fused_is_faster(npu_perf):
    x = torch.ones(8, device=npu_perf.device)
    compared = npu_perf.compare(lambda: x + x, lambda: x * x)
    compared.assert_faster(by=1.2)
"""


def test_the_ratio_of_two_kernels_is_exact(suite: Suite, machine: MachineFactory) -> None:
    scenario = Scenario(kernel_us={"Add": 40.0, "Mul": 50.0}, host_dispatch_us=2.0)
    ended = suite.write(test_compare=COMPARISON).run(machine(scenario))
    assert ended.status == 0, ended.text
    (compared,) = ended.report["comparisons"]
    assert (compared["clock"], compared["first_us"], compared["second_us"]) == ("device", 40.0, 50.0)
    assert (compared["ratio"], compared["low"], compared["high"]) == (1.25, 1.25, 1.25)


def test_a_slow_host_is_compared_on_its_own_clock_and_refutes_the_claim(suite: Suite, machine: MachineFactory) -> None:
    """Each launch costs the host 200 µs, on the virtual clock and in reality, so the kernels do not show."""
    scenario = Scenario(
        kernel_us={"Add": 40.0, "Mul": 50.0}, host_dispatch_us=200.0, host_dispatch_takes_real_time=True
    )
    ended = suite.write(test_compare=COMPARISON).run(machine(scenario))
    assert ended.status == 1, ended.text
    (compared,) = ended.report["comparisons"]
    assert compared["clock"] == "host"
    assert compared["claims"][0]["decision"] == "refuted"
    assert min(compared["first_us"], compared["second_us"]) >= 200.0
    assert "Host-bound: the device waits for the host in at least one of the two calls" in ended.text
