"""The host's governors and load."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_ascendperf.devices.host_state import read_host_state


def test_governors_are_counted(tmp_path: Path) -> None:
    for number, governor in enumerate(["performance", "powersave", "performance"]):
        folder = tmp_path / f"cpu{number}" / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_governor").write_text(f"{governor}\n", encoding="ascii")
    (tmp_path / "cpufreq").mkdir()
    assert read_host_state(processors=tmp_path).governors == (("performance", 2), ("powersave", 1))


def test_a_host_that_does_not_tell_its_governor_has_none(tmp_path: Path) -> None:
    assert read_host_state(processors=tmp_path / "missing").governors == ()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs processor affinity")
def test_processors_are_those_of_this_process_and_the_load_is_the_kernels() -> None:
    state = read_host_state()
    assert state.processors == len(os.sched_getaffinity(0))
    assert state.load is not None
    assert state.load >= 0.0
