"""What the plugin prints is what the scenario says: the whole way from the device's event to the terminal."""

from __future__ import annotations

import re

import pytest

from npu_sim.machines import MachineFactory
from npu_sim.suite import Ended, Suite
from simulated_cann.scenario import Scenario

#: Kernel types by their operators, with durations from 1 µs to 100 ms.
DECADES = {"Add": 1.0, "Mul": 10.0, "Sub": 100.0, "Relu": 1e3, "Exp": 1e4, "Neg": 1e5}

CHAIN = 200

#: Each operator alone and as a chain, on the fixture and as a whole test body.
SUITE = f"""
import pytest
import torch

pytestmark = pytest.mark.npu_perf(warmup=2, rounds=2)

OPERATORS = {{
    "Add": lambda x: x + x, "Mul": lambda x: x * x, "Sub": lambda x: x - x,
    "Relu": torch.relu, "Exp": torch.exp, "Neg": torch.neg,
}}


@pytest.mark.parametrize("name", OPERATORS)
def test_alone(npu_perf, name):
    x = torch.ones(8, device=npu_perf.device)
    npu_perf(OPERATORS[name], x)


def chained(operator, x):
    for _ in range({CHAIN}):
        operator(x)


@pytest.mark.parametrize("name", OPERATORS)
def test_chain(npu_perf, name):
    x = torch.ones(8, device=npu_perf.device)
    npu_perf(chained, OPERATORS[name], x)


@pytest.fixture(scope="module")
def y(npu_perf_device):
    return torch.ones(8, device=npu_perf_device.torch_name)


def test_body(y):
    y * y
"""

#: µs in each unit that the table uses.
UNITS = {"ns": 1e-3, "µs": 1.0, "ms": 1e3, "s": 1e6}


@pytest.fixture
def ended(suite: Suite, machine: MachineFactory) -> Ended:
    return suite.write(test_kernels=SUITE).run(machine(Scenario(kernel_us=DECADES)), "--ascendperf-device=npu:1")


def test_every_printed_time_is_the_scenarios(ended: Ended) -> None:
    """Kernels of 1 µs to 100 ms, alone and in chains of 200: within 0.1 % in the table and in the JSON report."""
    assert ended.status == 0, ended.text
    assert "ascendperf: npu:1, Ascend910B3 (simulated)" in ended.text
    wanted = {f"test_alone[{name}]": duration for name, duration in DECADES.items()}
    wanted |= {f"test_chain[{name}]": CHAIN * duration for name, duration in DECADES.items()}
    wanted |= {"test_body": DECADES["Mul"]}
    assert {case["test"]: case["now_us"] for case in ended.report["cases"]} == pytest.approx(wanted, rel=1e-3)
    assert {case["clock"] for case in ended.report["cases"]} == {"device"}
    assert printed_us(ended.text) == pytest.approx(wanted, rel=1e-3)


def printed_us(text: str) -> dict[str, float]:
    """The column of present times in the table, in µs, by test."""
    rows = re.findall(r"^NO BASELINE +(\S+) (ns|µs|ms|s) .* test_kernels\.py::(\S+)$", text, re.MULTILINE)
    return {test: float(number) * UNITS[unit] for number, unit, test in rows}
