"""A case whose time is its host's is labelled, and the host's time is what is judged and said; others are not."""

from __future__ import annotations

import json

from npu_sim.machines import MachineFactory
from npu_sim.suite import OPERATORS, Suite
from simulated_cann.scenario import Scenario

KERNELS = {"Add": 8.0, "Mul": 40.0}

#: Each launch costs the host 200 µs, on the virtual clock and in reality.
SLOW_HOST = Scenario(kernel_us=KERNELS, host_dispatch_us=200.0, host_dispatch_takes_real_time=True)


def test_a_slow_host_is_named_and_compared_on_its_own_clock(suite: Suite, machine: MachineFactory) -> None:
    """The baseline's device was the slower side; now the host is. Host times are compared with stored host times."""
    suite.write(test_operators=OPERATORS.replace("min_change_us=0.1", "min_change_us=1e6"))  # nothing to confirm
    options = ("--ascendperf-sessions=1", "-k", "add")
    recorded = suite.run(machine(Scenario(kernel_us=KERNELS)), *options, "--ascendperf-update-baselines")
    assert recorded.status == 0, recorded.text
    stored = json.loads(next(suite.folder.glob("baselines/*/*/test_operators.json")).read_text("utf-8"))
    (session,) = stored["tests"]["test_add"][""]["sessions"]
    assert (session["clock"], session["device_median_us"]) == ("device", 8.0)

    ended = suite.run(machine(SLOW_HOST), *options)
    case = ended.case("test_add")
    assert case["clock"] == case["measurement"]["session"]["clock"] == "host", ended.text
    assert case["now_us"] >= 200.0
    assert case["screen"]["base_us"] == session["host_median_us"]
    assert "µs host" in ended.text
    assert "Host-bound: the device waits for the host" in ended.text


def test_a_host_that_is_faster_than_the_device_is_not_named(suite: Suite, machine: MachineFactory) -> None:
    """A launch costs 2 µs and a kernel 8 µs or 40 µs: the device never waits, and its time stands.

    Nor is the first launch's way to the device part of the time of a round.
    """
    ended = suite.write(test_operators=OPERATORS).run(machine(Scenario(kernel_us=KERNELS, host_dispatch_us=2.0)))
    assert ended.status == 0, ended.text
    assert {case["test"]: (case["clock"], case["now_us"]) for case in ended.report["cases"]} == {
        "test_add": ("device", 8.0),
        "test_mul": ("device", 40.0),
    }
    assert "Host-bound" not in ended.text
