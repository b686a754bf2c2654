"""Fixtures for tests on the simulated NPU."""

from __future__ import annotations

from pathlib import Path

import pytest

from npu_sim.machines import Machine, MachineFactory
from npu_sim.suite import Suite
from simulated_cann.build import build, missing_part
from simulated_cann.environment import environment
from simulated_cann.scenario import Scenario


@pytest.fixture(scope="session")
def simulated_cann(pytestconfig: pytest.Config) -> Path:
    """The folder of the compiled simulated CANN, below ``build`` of the repository and kept between runs."""
    missing = missing_part()
    if missing is not None:
        pytest.fail(missing, pytrace=False)
    return build(pytestconfig.rootpath / "build" / "simulated-cann")


@pytest.fixture(scope="session")
def machine(simulated_cann: Path, tmp_path_factory: pytest.TempPathFactory) -> MachineFactory:
    """Makes machines: ``machine(Scenario(...)).run("import torch_npu; ...")``."""

    def make(scenario: Scenario) -> Machine:
        home = tmp_path_factory.mktemp("cann")
        return Machine(home=home, variables=environment(build=simulated_cann, scenario=scenario, home=home))

    return make


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """An empty suite."""
    return Suite(folder=tmp_path)
