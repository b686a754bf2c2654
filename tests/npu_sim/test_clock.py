"""Time on the simulated device: exact, repeatable, and changed by the scenario in the way it says."""

from __future__ import annotations

import pytest

from npu_sim.machines import MachineFactory
from simulated_cann.scenario import Scenario

#: Six operators whose kernels last from 1 us to 100 ms.
DECADES = {"Add": 1.0, "Mul": 10.0, "Sub": 100.0, "Relu": 1e3, "Exp": 1e4, "Neg": 1e5}

#: Prints the elapsed time in us of: each operator alone, each 200 times in a row.
MEASURE_DECADES = """
import json, torch, torch_npu
x = torch.ones(8).npu()
operators = [lambda: x + x, lambda: x * x, lambda: x - x, lambda: x.relu(), lambda: x.exp(), lambda: -x]

def elapsed_us(operator, times):
    start, end = torch.npu.Event(enable_timing=True), torch.npu.Event(enable_timing=True)
    start.record()
    for _ in range(times):
        operator()
    end.record()
    return start.elapsed_time(end) * 1e3

print(json.dumps([[elapsed_us(operator, times) for operator in operators] for times in (1, 200)]))
"""

#: Prints the elapsed time in us of five additions in turn.
MEASURE_ADDITIONS = """
import json, torch, torch_npu
x = torch.ones(1024, 1024).npu()
events = [torch.npu.Event(enable_timing=True) for _ in range(6)]
for event in events[:-1]:
    event.record()
    x + x
events[-1].record()
print(json.dumps([a.elapsed_time(b) * 1e3 for a, b in zip(events, events[1:])]))
"""

#: An addition of 2**20 floats: it reads two tensors and writes one.
ADDITION_BYTES = 3 * 4 * 2**20


def additions(machine: MachineFactory, scenario: Scenario) -> list[float]:
    result: list[float] = machine(scenario).run(MEASURE_ADDITIONS).json()
    return result


def test_events_measure_what_the_scenario_says(machine: MachineFactory) -> None:
    """Kernels of 1 us to 100 ms, alone and 200 in a row, are measured to 0.1 %."""
    alone, chained = machine(Scenario(kernel_us=DECADES)).run(MEASURE_DECADES).json()
    wanted = list(DECADES.values())
    assert alone == pytest.approx(wanted, rel=1e-3)
    assert chained == pytest.approx([200 * duration for duration in wanted], rel=1e-3)


def test_the_cost_model_is_launch_plus_the_slower_of_computing_and_moving(machine: MachineFactory) -> None:
    """A bandwidth-bound addition and a matrix product bound by the cube unit cost what the formula gives."""
    scenario = Scenario(launch_us=3.0, bandwidth_gb_per_s=1000.0, cube_tflops=100.0)
    program = """
import json, torch, torch_npu
x = torch.ones(1024, 1024, dtype=torch.float16).npu()
y = torch.ones(1024, 1024).npu()
events = [torch.npu.Event(enable_timing=True) for _ in range(4)]
events[0].record(); y + y; events[1].record(); x @ x; events[2].record(); y @ y; events[3].record()
print(json.dumps([a.elapsed_time(b) * 1e3 for a, b in zip(events, events[1:])]))
"""
    operations = 2 * 1024**3
    moving_us = ADDITION_BYTES / 1e6
    expected = [3 + moving_us, 3 + operations / 100e6, 3 + operations / 25e6]
    assert machine(scenario).run(program).json() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("scenario", "expected_us"),
    [
        pytest.param(Scenario(kernel_us={"Add": 8.0}, kernel_factors={"Add": 1.5}), 12.0, id="slower kernel type"),
        pytest.param(Scenario(kernel_us={"Add": 8.0}, neighbour_share=0.25), 10.0, id="neighbour on the device"),
        pytest.param(Scenario(kernel_us={"Add": 8.0}, ai_cpu_types=("Add",), ai_cpu_factor=5.0), 40.0, id="AI CPU"),
        pytest.param(
            Scenario(launch_us=2.0, bandwidth_gb_per_s=ADDITION_BYTES / 1e3 / 10, clock_ratio=0.5),
            22.0,
            id="throttled clock",
        ),
        pytest.param(Scenario(kernel_us={"Add": 8.0}, host_dispatch_us=50.0), 50.0, id="bound by the host"),
        pytest.param(Scenario(kernel_us={"Add": 8.0}, host_dispatch_us=5.0), 8.0, id="not bound by the host"),
    ],
)
def test_the_scenario_changes_the_time(machine: MachineFactory, scenario: Scenario, expected_us: float) -> None:
    """Each disturbance lengthens an addition by exactly its own amount."""
    *first, last = additions(machine, scenario)
    assert [*first[1:], last] == pytest.approx([expected_us] * 4, rel=1e-3)


def test_noise_and_drift_follow_the_seed(machine: MachineFactory) -> None:
    """A seed repeats its noise; processes of one scenario drift apart; each stays near the undisturbed time."""
    noisy = Scenario(kernel_us={"Add": 100.0}, noise=0.02, seed=1)
    first = additions(machine, noisy)
    assert first == additions(machine, noisy)
    assert len(set(first)) == 5
    assert first == pytest.approx([100.0] * 5, rel=0.1)

    drifting = machine(Scenario(kernel_us={"Add": 100.0}, drift=0.05, seed=1))
    processes = [drifting.run(MEASURE_ADDITIONS).json() for _ in range(2)]
    levels = [times[0] for times in processes]
    assert all(times == pytest.approx([level] * 5, rel=1e-6) for times, level in zip(processes, levels, strict=True))
    assert levels[0] != levels[1]
    assert levels == pytest.approx([100.0] * 2, rel=0.25)


def test_streams_run_side_by_side_and_wait_for_events(machine: MachineFactory) -> None:
    """Two streams overlap in time; a stream that waits for an event of the other goes on after it."""
    program = """
import json, torch, torch_npu
x = torch.zeros(4).npu()
one, two = torch.npu.Stream(), torch.npu.Stream()
start, one_done, two_first, two_done = (torch.npu.Event(enable_timing=True) for _ in range(4))
torch.npu.synchronize()
start.record()
one.wait_event(start)
two.wait_event(start)
with torch.npu.stream(one):
    x + 1
    x + 1
    one_done.record()
with torch.npu.stream(two):
    x * 2.0
    two_first.record()
    two.wait_event(one_done)
    x * 2.0
    two_done.record()
torch.npu.synchronize()
print(json.dumps([start.elapsed_time(event) * 1e3 for event in (one_done, two_first, two_done)]))
"""
    times = machine(Scenario(kernel_us={"Adds": 10.0, "Muls": 3.0})).run(program).json()
    assert times == pytest.approx([20.0, 3.0, 23.0], rel=1e-3)


def test_the_host_can_be_made_to_spend_its_time_in_reality(machine: MachineFactory) -> None:
    """A dispatch that takes real time is seen on the host's own clock: 20 issues of 2 ms last at least 40 ms."""
    program = """
import json, time, torch, torch_npu
x = torch.ones(4).npu()
torch.npu.synchronize()
before = time.perf_counter()
for _ in range(20):
    x + x
torch.npu.synchronize()
print(json.dumps(time.perf_counter() - before))
"""
    scenario = Scenario(host_dispatch_us=2000.0, host_dispatch_takes_real_time=True)
    assert machine(scenario).run(program).json() >= 0.040
