"""What NVML says, through the real nvidia-ml-py over a simulated library of the driver; and what is said without it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_ascendperf.devices.nvml import Nvml, find_nvml
from pytest_ascendperf.model.conditions import DeviceConditions

SOURCE = Path(__file__).parents[1] / "simulated_nvml" / "nvml.c"
UUID = "51a7ed00-0000-0000-0000-000000000001"
COMPILER = shutil.which("cc") or shutil.which("gcc")
PROGRAM = """
import json, sys
from pytest_ascendperf.devices.nvml import Nvml, find_nvml

busy = []
found = Nvml(find_nvml(), sys.argv[1]).conditions(lambda: busy.append(1))
print(json.dumps({**found.to_dict(), "busy": len(busy)}))
"""
HEALTHY = "sm 1755\nmax 1980\nreasons 4\ntemperature 61\nmilliwatts 652500\nprocess 0 1048576\n"

Asked = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module", params=["", "-DOLD_DRIVER"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a simulated library."""
    if COMPILER is None:
        pytest.skip("no C compiler to build the simulated NVML with")
    if find_nvml() is None:
        pytest.skip("nvidia-ml-py is not installed")
    folder = tmp_path_factory.mktemp("nvml")
    options = [option for option in (request.param, "-shared", "-fPIC", "-o") if option]
    subprocess.run([COMPILER, *options, str(folder / "libnvidia-ml.so.1"), str(SOURCE)], check=True)
    return folder


@pytest.fixture
def ask(library: Path, tmp_path: Path) -> Asked:
    """Asks, in a process of its own, for a device in the given state; None is a driver that is not loaded."""

    def asked(state: str | None, uuid: str = UUID) -> dict[str, Any]:
        variables = {**os.environ, "LD_LIBRARY_PATH": str(library)}
        if state is not None:
            (tmp_path / "state").write_text(state, encoding="utf-8")
            variables["SIMULATED_NVML"] = str(tmp_path / "state")
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, uuid], env=variables, capture_output=True, text=True, check=True
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return asked


def test_a_healthy_device_under_its_cap_on_power_is_not_held_down(ask: Asked) -> None:
    assert ask(HEALTHY) == {
        "busy": 1,
        "clock_mhz": 1755,
        "max_clock_mhz": 1980,
        "others": [],
        "power_w": 652.5,
        "source": "NVML",
        "temperature_c": 61,
        "throttling": [],
    }


def test_reasons_are_named(ask: Asked) -> None:
    assert ask(HEALTHY.replace("reasons 4", f"reasons {0x08 | 0x40 | 0x01}"))["throttling"] == [
        "hardware slowdown",
        "hardware thermal slowdown",
    ]
    assert ask(HEALTHY.replace("reasons 4", f"reasons {0x20 | 0x80}"))["throttling"] == [
        "software thermal slowdown",
        "hardware power brake slowdown",
    ]


def test_other_processes_are_named_where_their_names_are_known(ask: Asked) -> None:
    assert ask(HEALTHY + "process 4242 536870912\nprocess 1 0\n")["others"] == [
        {"memory_mib": 512.0, "name": "/opt/train", "pid": 4242},
        {"memory_mib": 0.0, "pid": 1},
    ]


def test_processes_that_are_numbered_otherwise_are_not_told_apart(ask: Asked) -> None:
    answer = ask(HEALTHY.replace("process 0", "process 999999999"))
    assert "others" not in answer
    assert answer["problem"] == "it tells no process of this run among those on the device"


def test_what_a_device_does_not_support_is_not_known(ask: Asked) -> None:
    assert ask("process 0 1\n") == {"busy": 1, "others": [], "problem": "it tells no clock", "source": "NVML"}


@pytest.mark.parametrize(
    ("uuid", "state", "words"), [("other", HEALTHY, "Not Found"), (UUID, None, "Driver Not Loaded")]
)
def test_a_device_that_nvml_does_not_know_is_told(ask: Asked, uuid: str, state: str | None, words: str) -> None:
    assert ask(state, uuid) == {"busy": 0, "problem": f"it does not know the device: {words}", "source": "NVML"}


def test_without_the_drivers_library_the_package_says_so(tmp_path: Path) -> None:
    package = find_nvml()
    if package is None:
        pytest.skip("nvidia-ml-py is not installed")
    if shutil.which("nvidia-smi"):
        pytest.skip("this host has an NVIDIA driver")
    found = Nvml(package, UUID).conditions(lambda: None)
    assert found.problem == "it does not know the device: NVML Shared Library Not Found"


def test_without_the_package_there_is_nothing_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert find_nvml() is None


def test_a_torch_that_tells_no_uuid_is_told() -> None:
    found = Nvml(ModuleType("pynvml"), None).conditions(lambda: None)
    assert found == DeviceConditions(source="NVML", problem="this torch does not tell the UUID of the device")
