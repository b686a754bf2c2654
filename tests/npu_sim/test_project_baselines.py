"""The project's own performance gate: its examples on the simulated chip are as fast as recorded, to the digit."""

from __future__ import annotations

from pathlib import Path

import pytest

from npu_sim.machines import MachineFactory
from npu_sim.project_baselines import MACHINES, run_examples


@pytest.mark.parametrize("version", MACHINES)
def test_the_examples_are_as_fast_as_recorded(version: str, machine: MachineFactory, tmp_path: Path) -> None:
    ended = run_examples(machine(MACHINES[version]), tmp_path / "report.json", "--ascendperf-strict")
    assert ended.status == 0, ended.text
    assert ended.statuses() == {
        "test_mlp_block": "pass",
        "test_attention (prefill)": "pass",
        "test_attention (decode)": "pass",
        "test_conv_stack": "pass",
    }
    changes = {case["test"]: case["screen"]["change"] for case in ended.report["cases"]}
    assert changes == pytest.approx(dict.fromkeys(changes, 0.0), abs=1e-3)
    (environment,) = ended.report["environments"].values()
    assert environment["stack_id"] == f"cann-{version}"
    assert environment["chip_id"].endswith("-simulated")
