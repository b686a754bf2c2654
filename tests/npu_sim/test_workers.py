"""Which device is taken: under xdist each worker measures on one of its own, and what is not there is said."""

from __future__ import annotations

import re
from pathlib import Path

from npu_sim.machines import MachineFactory
from npu_sim.suite import Suite
from simulated_cann.scenario import Scenario

TWO_DEVICES = Scenario(kernel_us={"Add": 8.0}, device_count=2)

#: Each test notes its worker and its device.
WORKERS = """
import os
import time
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER")


@pytest.mark.npu_perf(warmup=2, rounds=2)
@pytest.mark.parametrize("name", os.environ.get("NAMES", "a b c d").split())
def test_add(npu_perf, name):
    x = torch.ones(8, device=npu_perf.device)
    if name == "dies":
        os._exit(1)
    npu_perf(lambda: x + x)
    with (HERE / "notes.txt").open("a", encoding="utf-8") as file:
        file.write(f"{WORKER} {x.device}\\n")
    deadline = time.monotonic() + 60
    while name == "waits" and not (HERE / "gw2").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
"""

#: Leaves a file named as the worker once that is ready to run tests.
CONFTEST = """
import os
from pathlib import Path

import pytest


@pytest.hookimpl(tryfirst=True)  # xdist's own does not return before the end
def pytest_runtestloop():
    Path(__file__).with_name(os.environ.get("PYTEST_XDIST_WORKER", "main")).touch()
"""


def devices_by_worker(folder: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in (folder / "notes.txt").read_text("utf-8").splitlines():
        worker, device = line.split()
        found.setdefault(worker, set()).add(device)
    return found


def test_a_third_worker_is_refused_and_the_others_measure(suite: Suite, machine: MachineFactory) -> None:
    ended = suite.write(test_workers=WORKERS).run(machine(TWO_DEVICES), "-n", "3", NAMES="a b c d e f")
    assert ended.status == 1, ended.text
    assert devices_by_worker(suite.folder) == {"gw0": {"npu:0"}, "gw1": {"npu:1"}}
    refusal = "worker gw2 has no npu device of its own: 2 are there, and each worker measures on one. Start at most 2: "
    assert f"{refusal}-n 2" in ended.text
    assert set(ended.statuses().values()) == {"no_baseline"}


def test_two_workers_measure_on_one_device_each_also_after_a_crash(suite: Suite, machine: MachineFactory) -> None:
    """The survivor waits for the worker in place of the crashed one, so that tests are left for it."""
    suite.write(test_workers=WORKERS, conftest=CONFTEST)
    ended = suite.run(machine(TWO_DEVICES), "-n", "2", NAMES="a dies waits b c d e f")
    (crashed,) = set(re.findall(r"worker '(gw[01])' crashed", ended.text))  # whichever came to the test that dies
    devices = devices_by_worker(suite.folder)
    assert {worker: devices[worker] for worker in ("gw0", "gw1")} == {"gw0": {"npu:0"}, "gw1": {"npu:1"}}
    assert devices["gw2"] == devices[crashed]
    assert [case["now_us"] for case in ended.report["cases"]] == [8.0] * 7
    assert "Ascend910B3 (simulated), CANN 9.1.0" in ended.text


def test_a_device_that_was_asked_for_and_is_not_there_is_an_error(suite: Suite, machine: MachineFactory) -> None:
    """One sentence in the header, and the same for every measured test."""
    ended = suite.write(test_workers=WORKERS).run(machine(TWO_DEVICES), ASCEND_RT_VISIBLE_DEVICES="1,0")
    text = (
        "npu was asked for and cannot be used: ASCEND_RT_VISIBLE_DEVICES=1,0 is not in ascending order, and the "
        "runtime then finds no NPU; set ASCEND_RT_VISIBLE_DEVICES=0,1"
    )
    assert ended.status == 1, ended.text
    assert f"ascendperf: {text}" in ended.text
    assert ended.text.count(f"\n{text}") == 4
    assert "4 errors" in ended.text
