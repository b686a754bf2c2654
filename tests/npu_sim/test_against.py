"""A run with a base on the simulated NPU: two processes with the real torch_npu that take turns on one device."""

from __future__ import annotations

import subprocess

import pytest

from npu_sim.machines import MachineFactory
from npu_sim.suite import Ended, Suite
from simulated_cann.scenario import Scenario

KERNELS = {"Add": 40.0, "Mul": 50.0}

OPERATION = """
def operation(x):
    return {operation}
"""

SUITE = """
import pytest
import torch
from operation import operation


@pytest.mark.npu_perf(warmup=3, rounds=8, min_change_us=0.1)
def test_operation(npu_perf):
    x = torch.ones(8, device=npu_perf.device)
    assert npu_perf(operation, x).cpu().numel() == 8


@pytest.mark.npu_perf(warmup=3, rounds=8, min_change_us=0.1)
def test_unchanged(npu_perf):
    npu_perf(torch.tanh, torch.ones(8, device=npu_perf.device))
"""


@pytest.fixture
def committed(suite: Suite) -> Suite:
    """A repository in which the measured operation is one addition."""
    suite.write(operation=OPERATION.format(operation="x + x"), test_operation=SUITE)
    for arguments in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("-c", "user.email=nobody@example.org", "-c", "user.name=nobody", "commit", "--quiet", "--message=a state"),
    ):
        subprocess.run(["git", *arguments], cwd=suite.folder, check=True)
    return suite


def against_main(suite: Suite, machine: MachineFactory, scenario: Scenario, *options: str) -> Ended:
    """Few sessions, since the exact clock needs no more, and each costs the starts of two processes."""
    return suite.run(machine(scenario), "--ascendperf-against=main", "--ascendperf-against-sessions=3", *options)


def test_a_slower_operation_fails_by_its_time_and_names_its_kernel(committed: Suite, machine: MachineFactory) -> None:
    committed.write(operation=OPERATION.format(operation="x * x"))
    ended = against_main(committed, machine, Scenario(kernel_us={**KERNELS, "Tanh": 30.0}))
    assert ended.status == 1, ended.text
    case = ended.case("test_operation")
    assert (case["status"], case["timed_status"], case["clock"]) == ("regressed", None, "device")
    assert (case["confirm"]["base_us"], case["confirm"]["head_us"]) == (40.0, 50.0)
    assert case["base"].startswith("base main (")
    assert "Mul" in ended.text
    case = ended.case("test_unchanged")
    assert (case["status"], case["clock"], case["findings"]) == ("pass", "device", [])
    assert (case["screen"]["base_us"], case["screen"]["head_us"]) == (30.0, 30.0)


def test_a_slow_host_is_compared_on_its_own_clock(committed: Suite, machine: MachineFactory) -> None:
    """Each launch costs the host 200 µs in reality, so what the times come to is for no test to say; kernels are."""
    slow_host = Scenario(kernel_us=KERNELS, host_dispatch_us=200.0, host_dispatch_takes_real_time=True)
    committed.write(operation=OPERATION.format(operation="x + x + x"))
    ended = against_main(committed, machine, slow_host, "-k", "not unchanged")
    assert ended.status == 1, ended.text
    (case,) = ended.report["cases"]
    assert (case["status"], case["clock"]) == ("regressed", "host")
    assert case["screen"]["head_us"] > 200.0
    assert [finding["kind"] for finding in case["findings"]] == ["kernels_added"]
