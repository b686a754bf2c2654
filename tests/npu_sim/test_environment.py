"""The laid-out CANN, the variables that lead to it, and the scenario file in it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from simulated_cann.environment import environment
from simulated_cann.scenario import ProfilerOutput, Scenario, write_scenario


def test_variables_lead_to_the_tree_and_keep_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every folder that torch_npu asks for exists, and PATH keeps its former entries behind the new ones."""
    monkeypatch.setenv("PATH", "/before/bin")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    home = tmp_path / "cann"
    variables = environment(build=Path("/the/build"), scenario=Scenario(), home=home)
    assert variables["ASCEND_HOME_PATH"] == str(home)
    assert variables["LD_LIBRARY_PATH"] == "/the/build"
    *programs, before = variables["PATH"].split(os.pathsep)
    assert before == "/before/bin"
    assert {path.name for folder in programs for path in Path(folder).iterdir()} == {"msprof", "npu-smi"}
    for folder in ("runtime", "compiler", "opp"):
        assert (home / folder).is_dir()


def test_a_home_that_torch_npu_would_cut_is_refused(tmp_path: Path) -> None:
    """torch_npu finds msprof's parts before the word "tools" in its path, so the word must not come earlier."""
    with pytest.raises(ValueError, match="contains 'tools'"):
        environment(build=tmp_path, scenario=Scenario(), home=tmp_path / "my tools" / "cann")


def test_a_scenario_is_written_whole(tmp_path: Path) -> None:
    """Every field is in the file, enumerations by their value, and processes are counted from zero again."""
    scenario = Scenario(unfused={"aclnnAddmm": ("MatMulV3", "Add")}, profiler_output=ProfilerOutput.EMPTY)
    (tmp_path / "scenario.json.processes").write_text("7")
    written = json.loads(write_scenario(scenario, tmp_path / "scenario.json").read_text())
    assert set(written) == set(Scenario.__dataclass_fields__)
    assert written["unfused"] == {"aclnnAddmm": ["MatMulV3", "Add"]}
    assert written["profiler_output"] == "empty"
    assert not (tmp_path / "scenario.json.processes").exists()


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        (Scenario(device_count=1), "No running processes found in NPU 0"),
        (Scenario(neighbour_memory_bytes=2**30), "| 1       0                 | 4242          | neighbour"),
    ],
)
def test_npu_smi_shows_the_neighbour(tmp_path: Path, scenario: Scenario, expected: str) -> None:
    """The devices and the process that shares them are read from the scenario."""
    variables = environment(build=tmp_path, scenario=scenario, home=tmp_path / "cann")
    done = subprocess.run(
        ["npu-smi", "info"],
        env={**os.environ, **variables},
        executable=tmp_path / "cann/bin/npu-smi",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "(simulated)" in done.stdout
    assert expected in done.stdout
