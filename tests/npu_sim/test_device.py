"""What a process learns about the simulated machine through torch_npu."""

from __future__ import annotations

from typing import Any

import pytest

from npu_sim.machines import Machine, MachineFactory
from simulated_cann.scenario import Scenario

GIB = 2**30

REPORT = """
import json, torch, torch_npu
from torch_npu.npu.utils import get_cann_version
properties = torch.npu.get_device_properties(0)
print(json.dumps({
    "available": torch.npu.is_available(),
    "devices": torch.npu.device_count(),
    "name": torch.npu.get_device_name(0),
    "properties_name": properties.name,
    "total_memory": properties.total_memory,
    "uuid": str(properties.uuid),
    "bfloat16": torch.npu.is_bf16_supported(),
    "versions": {module: get_cann_version(module) for module in ("CANN", "RUNTIME", "OPP_KERNEL", "DRIVER")},
    "from_files": torch.version.cann,
    "free_and_total": torch.npu.mem_get_info(),
}))
"""


@pytest.fixture(scope="module")
def small(machine: MachineFactory) -> Machine:
    return machine(
        Scenario(
            soc_name="Ascend910_9391",
            cann_version="8.5.1",
            driver_version="25.2.0",
            device_count=3,
            memory_bytes=4 * GIB,
            neighbour_memory_bytes=GIB,
        )
    )


@pytest.fixture(scope="module")
def report(small: Machine) -> dict[str, Any]:
    result: dict[str, Any] = small.run(REPORT).json()
    return result


def test_the_device_says_that_it_is_simulated(report: dict[str, Any]) -> None:
    """Its name, in both places, and its UUID carry the mark; torch_npu still knows the chip."""
    assert report["available"]
    assert report["name"] == report["properties_name"] == "Ascend910_9391 (simulated)"
    assert bytes.fromhex(report["uuid"].replace("-", ""))[:13] == b"SIMULATED-NPU"
    assert report["bfloat16"]


def test_asking_for_the_name_first_does_no_harm(small: Machine) -> None:
    """Before torch_npu has settled the chip it gets the bare name, and works with it; then the mark is there."""
    program = """
import json, torch, torch_npu
before = torch.npu.get_device_name(0)
torch.ones(1).npu()
print(json.dumps([before, torch.npu.get_device_name(0)]))
"""
    assert small.run(program).json() == ["Ascend910_9391", "Ascend910_9391 (simulated)"]


def test_versions_come_through_every_route(report: dict[str, Any]) -> None:
    """The CANN and driver versions of the scenario are read back from the library and from the files."""
    assert report["versions"] == {"CANN": "8.5.1", "RUNTIME": "8.5.1", "OPP_KERNEL": "8.5.1", "DRIVER": "25.2.0"}
    assert report["from_files"] == "8.5.1"


def test_version_files_lie_where_a_cann_has_them(small: Machine) -> None:
    """version.cfg and the driver's and firmware's version.info are under ASCEND_HOME_PATH, and say "simulated"."""
    assert "toolkit_running_version=[simulated:8.5.1]" in (small.home / "version.cfg").read_text()
    for part in ("driver", "firmware"):
        assert "Version=25.2.0\nInnerversion=simulated" in (small.home / part / "version.info").read_text()
    infos = list(small.home.glob("*-linux/ascend_toolkit_install.info"))
    assert ["innerversion=simulated" in info.read_text() for info in infos] == [True]


def test_memory_is_the_scenarios(report: dict[str, Any]) -> None:
    """A neighbour's memory is not free; the total is the device's."""
    assert report["devices"] == 3
    assert report["total_memory"] == 4 * GIB
    free, total = report["free_and_total"]
    assert total == 4 * GIB
    assert 3 * GIB - 64 * 2**20 <= free <= 3 * GIB


def test_two_devices_hold_and_exchange_tensors(small: Machine) -> None:
    """Each device counts its own memory, and a tensor goes from one to the other through the host's hands or not."""
    program = """
import json, torch, torch_npu
first, second = torch.arange(1000.0).to("npu:0"), torch.arange(1000.0).to("npu:1")
moved = (second * 2).to("npu:0")
print(json.dumps({
    "devices": [first.device.index, second.device.index, moved.device.index],
    "sum": (first + moved).sum().item(),
    "peaks": [torch.npu.max_memory_allocated(device) for device in (0, 1)],
    "requested": torch.npu.memory_stats(1)["requested_bytes.all.peak"],
}))
"""
    result = small.run(program).json()
    assert result["devices"] == [0, 1, 0]
    assert result["sum"] == 3 * 999 * 1000 / 2
    assert all(peak >= 4000 for peak in result["peaks"])
    assert result["requested"] == 8000


def test_visible_devices_are_those_listed(small: Machine) -> None:
    """ASCEND_RT_VISIBLE_DEVICES hides the other devices from torch_npu and from the runtime below it."""
    program = """
import json, torch, torch_npu
try:
    torch.ones(1).to("npu:2")
    raised = "nothing"
except RuntimeError as error:
    raised = str(error)
print(json.dumps([torch.npu.device_count(), torch.ones(1).to("npu:1").device.index, raised]))
"""
    variables = {**small.variables, "ASCEND_RT_VISIBLE_DEVICES": "0,2"}
    count, index, raised = Machine(home=small.home, variables=variables).run(program).json()
    assert (count, index) == (2, 1)
    assert "nothing" not in raised


def test_a_process_without_a_scenario_is_told_so(small: Machine) -> None:
    """The simulated CANN does not run on defaults of its own."""
    variables = {**small.variables, "ASCENDPERF_SIM_SCENARIO": "/nowhere/scenario.json"}
    lost = Machine(home=small.home, variables=variables)
    finished = lost.run("import torch, torch_npu; torch.npu.device_count()")
    assert finished.status == 2
    assert "simulated CANN: cannot read the scenario file /nowhere/scenario.json" in finished.errors
