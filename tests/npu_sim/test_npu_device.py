"""The NPU device by itself: what it says where its software is not as it should be, and the doctor's view of it."""

from __future__ import annotations

from npu_sim.machines import MachineFactory
from simulated_cann.scenario import Scenario

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


def test_a_device_that_computes_wrongly_is_lost_and_a_full_one_is_not(machine: MachineFactory) -> None:
    """A value is looked at, since a faulty queue may drop its work in silence."""
    program = (
        OPEN
        + """
device = NpuDevice()
torch = device.torch
device.check_alive()
torch.npu.empty_cache()
torch.npu.set_per_process_memory_fraction(0.0)
try:
    torch.ones(2**20, device=device.torch_name)
except torch.OutOfMemoryError:
    device.check_alive()
    print(json.dumps("alive"))
"""
    )
    assert machine(Scenario()).run(program).json() == "alive"


def test_without_a_device_that_outlasts_its_host_there_is_no_reference(machine: MachineFactory) -> None:
    slow_host = Scenario(host_dispatch_us=50_000.0, host_dispatch_takes_real_time=True)
    program = OPEN + "device = NpuDevice(); device.raise_clock(); print(json.dumps(device.reference_us()))"
    assert machine(slow_host).run(program).json() is None


def test_a_larger_product_is_taken_where_a_small_one_waits_for_the_host(machine: MachineFactory) -> None:
    """Issuing takes 3 µs and the smallest product 2.25 µs; the next one takes 3.1 µs at this rate."""
    scenario = Scenario(host_dispatch_us=3.0, cube_tflops=250.0)
    program = OPEN + "print(json.dumps(NpuDevice().reference_us()))"
    assert 3.0 < machine(scenario).run(program).json() < 4.0


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
