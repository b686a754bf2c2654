"""The NPU device by itself: what it says where its software is not as it should be, and the doctor's view of it."""

from __future__ import annotations

import pytest

from npu_sim.machines import MachineFactory
from simulated_cann.scenario import LOST_HEARTBEAT, NpuSmi, Scenario

OPEN = """
import json
from pytest_ascendperf.devices.npu import NpuDevice
from pytest_ascendperf.errors import DeviceError
"""


def test_a_cann_without_a_version_is_unknown_and_not_an_error(machine: MachineFactory) -> None:
    program = OPEN + "print(json.dumps(NpuDevice().environment().to_dict()))"
    environment = machine(Scenario(cann_version="", driver_version="")).run(program).json()
    assert environment["stack_id"] == "cann-unknown"
    assert {environment["hard"][key] for key in ("cann", "opp_kernel", "driver")} == {"unknown"}
    assert environment["chip_id"] == "ascend910b3-simulated"


def test_a_torch_npu_that_does_not_load_is_one_sentence(machine: MachineFactory) -> None:
    program = (
        OPEN
        + """
try:
    NpuDevice().torch
except DeviceError as error:
    print(json.dumps(str(error)))
"""
    )
    variables = {"ASCEND_OPP_PATH": "/does/not/exist", "TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}
    told = machine(Scenario()).run(program, variables=variables).json()
    assert told.startswith("torch_npu cannot be imported: ")
    assert "ASCEND_OPP_PATH" in told
    assert told.endswith("Run: ascendperf doctor")


def test_memory_that_is_kept_for_later_can_be_given_back(machine: MachineFactory) -> None:
    program = (
        OPEN
        + """
device = NpuDevice(1)
torch = device.torch
kept = torch.ones(2**20, device=device.torch_name)
del kept
before = torch.npu.memory_reserved()
device.release_memory()
print(json.dumps([before, torch.npu.memory_reserved(), torch.npu.current_device()]))
"""
    )
    before, after, current = machine(Scenario()).run(program).json()
    assert before >= 2**22
    assert after == 0
    assert current == 1


def test_a_full_device_is_alive_and_one_that_computes_wrongly_is_not(machine: MachineFactory) -> None:
    """A value is looked at, since a faulty queue may drop its work in silence; here, its numbers come out as 0."""
    program = (
        OPEN
        + """
device = NpuDevice()
torch = device.torch
device.check_alive()
kept = []
for size in (2**20, 2**9):
    try:
        while True:
            kept.append(torch.empty(size, dtype=torch.uint8, device=device.torch_name))
    except torch.OutOfMemoryError:
        pass
device.check_alive()
del kept
right = torch.full
torch.full = lambda *args, **options: 0 * right(*args, **options)
try:
    device.check_alive()
except DeviceError as error:
    print(json.dumps(str(error)))
"""
    )
    told = machine(Scenario(memory_bytes=2**26)).run(program).json()
    assert told.startswith("npu:0 was lost earlier in this process (4 × 3 gives 0): nothing more is measured on it.")


def test_a_lost_device_is_told_with_the_runtimes_own_words(machine: MachineFactory) -> None:
    program = (
        OPEN
        + """
device = NpuDevice()
torch = device.torch
x = torch.ones(8, device=device.torch_name)
try:
    x * x
    x + x
    device.synchronize()
except RuntimeError:
    pass
try:
    device.check_alive()
except DeviceError as error:
    print(json.dumps([str(error), device.cause_of(RuntimeError("something else"))]))
"""
    )
    told, other = machine(Scenario(lost_at_type="Mul")).run(program).json()
    assert "npu:0 was lost earlier" in told
    assert f"error code {LOST_HEARTBEAT}" in told
    assert other == "something else"


MEASURE = (
    OPEN
    + """
from pytest_ascendperf.measure.call import measure_call
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.protocol import SamplingPlan

device = NpuDevice(1)
device.prepare()
x = device.torch.ones(8, device=device.torch_name)


def measured(cold):
    plan = SamplingPlan(
        warmup=1, max_warmup_s=2.0, max_wait_s=0.0, rounds=1, budget_s=1.0, precision=0.005, threads=None, cold=cold,
        max_spread=0.5,
    )
    return measure_call(device, plan, CaseId(module="m", test="t"), lambda: x + x)[1].to_dict()
"""
)


WATCH = """
import json
from pytest_ascendperf.devices.npu import NpuDevice

device = NpuDevice({index})
device.prepare()
watch = device.watch()
conditions = watch.conditions()
print(json.dumps(conditions.to_dict()))
"""


def test_a_watch_asks_for_the_chip_that_the_host_numbers_so(machine: MachineFactory) -> None:
    """Device 0 of those that are visible is the host's second one, at the scenario's clock."""
    second = {"ASCEND_RT_VISIBLE_DEVICES": "1"}
    conditions = machine(Scenario(clock_ratio=0.75)).run(WATCH.format(index=0), variables=second).json()
    assert conditions["device"]["clock_mhz"] == 1350.0
    assert conditions["device"]["others"] == []
    assert conditions["host"]["steal_share"] >= 0.0
    conditions = machine(Scenario(npu_smi=NpuSmi.GARBAGE)).run(WATCH.format(index=0), variables=second).json()
    assert conditions["device"]["problem"] == "npu-smi info -m lists no chip of logic id 1"


def test_without_npu_smi_only_the_host_is_watched(machine: MachineFactory) -> None:
    conditions = machine(Scenario(npu_smi=NpuSmi.ABSENT)).run(WATCH.format(index=0)).json()
    assert set(conditions) == {"host"}


def test_an_npu_smi_that_hangs_is_given_up_once(machine: MachineFactory) -> None:
    program = "from pytest_ascendperf.devices import npu_smi\n" + WATCH.format(index=0)
    program = program.replace("device = Npu", "npu_smi.NpuSmi.__init__.__kwdefaults__['timeout_s'] = 0.5\ndevice = Npu")
    conditions = machine(Scenario(npu_smi=NpuSmi.HANGING)).run(program).json()
    assert conditions["device"] == {"problem": "npu-smi info -m did not end within 0.5 s", "source": "npu-smi"}


def test_a_call_is_measured_warm_and_cold(machine: MachineFactory) -> None:
    """The flush is no part of the time; cold and warm times are not comparable."""
    program = MEASURE + "print(json.dumps([measured(False), measured(True), device.lock_name]))"
    warm, cold, lock_name = machine(Scenario(kernel_us={"Add": 8.0})).run(program).json()
    assert warm["session"]["device_median_us"] == cold["session"]["device_median_us"] == 8.0
    assert (warm["session"]["clock"], cold["session"]["calls_per_round"]) == ("device", 1)
    assert warm["session"]["host_median_us"] > 0.0
    assert cold["environment"]["hard"] == {**warm["environment"]["hard"], "cache": "cold"}
    assert (warm["invalid"], lock_name) == ([], "npu-1")


def test_a_variable_under_which_times_mean_nothing_is_named(machine: MachineFactory) -> None:
    program = MEASURE + "print(json.dumps(measured(False)))"
    measured = machine(Scenario()).run(program, variables={"ASCEND_LAUNCH_BLOCKING": "1"}).json()
    assert measured["session"] is None
    (reason,) = measured["invalid"]
    assert reason.startswith("ASCEND_LAUNCH_BLOCKING=1: ")


def test_another_process_on_the_device_shows_in_the_reference(machine: MachineFactory) -> None:
    program = OPEN + "print(json.dumps(NpuDevice().reference_us()))"
    alone, shared = (machine(Scenario(neighbour_share=share)).run(program).json() for share in (0.0, 0.25))
    assert shared == pytest.approx(1.25 * alone, rel=1e-3)


def test_without_a_device_that_outlasts_its_host_there_is_no_reference(machine: MachineFactory) -> None:
    slow_host = Scenario(host_dispatch_us=50_000.0, host_dispatch_takes_real_time=True)
    program = (
        OPEN + "device = NpuDevice(); device.raise_clock(); device.lead_in(); print(json.dumps(device.reference_us()))"
    )
    assert machine(slow_host).run(program).json() is None


def test_a_larger_product_is_taken_where_a_small_one_waits_for_the_host(machine: MachineFactory) -> None:
    """Issuing takes 3 µs, the smallest product 2.25 µs, and the next one 4 µs."""
    scenario = Scenario(host_dispatch_us=3.0, cube_tflops=134.0)
    program = OPEN + "print(json.dumps(NpuDevice().reference_us()))"
    assert machine(scenario).run(program).json() == pytest.approx(4.0, rel=0.02)


def test_a_number_beyond_the_devices_is_named(machine: MachineFactory) -> None:
    program = (
        OPEN
        + """
from pytest_ascendperf.devices.choice import choose_device
try:
    choose_device("npu:7")
except DeviceError as error:
    print(json.dumps(str(error)))
"""
    )
    told = machine(Scenario(device_count=2)).run(program).json()
    assert told == "npu:7 was asked for, and the numbers of the npu devices here end at 1"


def test_the_doctor_finds_the_simulated_npu(machine: MachineFactory) -> None:
    program = "import sys; from pytest_ascendperf.cli import main; sys.exit(main(['doctor']))"
    done = machine(Scenario()).run(program)
    assert done.status == 0, done.output + done.errors
    for fact in ("Ascend910B3 (simulated)", "9.1.0", "26.1.0", "torch_npu"):
        assert fact in done.output
