"""Lay out an installed-looking CANN and say which environment variables lead torch_npu to it."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from .scenario import SCENARIO_VARIABLE, Mspti, NpuSmi, Scenario, write_scenario

_HERE = Path(__file__).resolve().parent
#: Where torch_npu's analysis looks for msprof's parts, below the folder that msprof's own path leads to.
_MSPROF = Path("tools/profiler/bin/msprof")
_MSPROF_SCRIPT = Path("tools/profiler/profiler_tool/analysis/msprof/msprof.py")
_NPU_SMI = Path("bin/npu-smi")
_PYTHON_PACKAGES = Path("python/site-packages")
#: The programs of the laid-out CANN and the files they are copies of.
_PROGRAMS = {_MSPROF: "msprof_export.py", _MSPROF_SCRIPT: "msprof_export.py", _NPU_SMI: "npu_smi.py"}


def environment(*, build: Path, scenario: Scenario, home: Path) -> dict[str, str]:
    """Lay out a CANN of ``scenario`` under ``home`` and return the variables that a process needs to use it.

    The variables are to be put over ``os.environ``; the paths among them keep what they had behind.

    Args:
        build: the folder that ``build.build`` returned.
        scenario: the machine; written to ``home/scenario.json``.
        home: becomes ``ASCEND_HOME_PATH``. Made if absent; its path must not contain the word "tools".

    Raises:
        ValueError: ``home`` contains "tools", at which torch_npu cuts msprof's path to find msprof's other parts.

    """
    if "tools" in str(home.resolve()):
        raise ValueError(f"The path of the simulated CANN contains 'tools': {home.resolve()}. Choose another folder.")
    _lay_out(home, scenario)
    path = write_scenario(scenario, home / "scenario.json")
    return {
        SCENARIO_VARIABLE: str(path),
        "ASCEND_HOME_PATH": str(home),
        "ASCEND_TOOLKIT_HOME": str(home),
        "ASCEND_OPP_PATH": str(home / "opp"),
        "LD_LIBRARY_PATH": _prefixed("LD_LIBRARY_PATH", build),
        "PYTHONPATH": _prefixed("PYTHONPATH", home / _PYTHON_PACKAGES),
        "PATH": _prefixed("PATH", (home / _MSPROF).parent, (home / _NPU_SMI).parent),
    }


def _prefixed(variable: str, *folders: Path) -> str:
    before = os.environ.get(variable)
    return os.pathsep.join([*map(str, folders), *([before] if before else [])])


def _lay_out(home: Path, scenario: Scenario) -> None:
    architecture = f"{platform.machine()}-linux"
    for folder in ("runtime", "compiler", "opp", "lib64", "driver", "firmware", architecture):
        (home / folder).mkdir(parents=True, exist_ok=True)
    toolkit = _install_info(scenario, architecture, home)
    (home / architecture / "ascend_toolkit_install.info").write_text(toolkit, encoding="utf-8")
    (home / "version.cfg").write_text(_version_cfg(scenario), encoding="utf-8")
    driver = f"Version={scenario.driver_version}\nInnerversion=simulated\n"
    for part in ("driver", "firmware"):
        (home / part / "version.info").write_text(driver, encoding="utf-8")
    for program, source in _PROGRAMS.items():
        (home / program).parent.mkdir(parents=True, exist_ok=True)
        if program == _NPU_SMI and scenario.npu_smi is NpuSmi.ABSENT:
            continue
        shutil.copyfile(_HERE / source, home / program)
        (home / program).chmod(0o755)
    if scenario.mspti is not Mspti.ABSENT:
        (home / _PYTHON_PACKAGES / "mspti").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_HERE / "mspti_package.py", home / _PYTHON_PACKAGES / "mspti" / "__init__.py")


def _install_info(scenario: Scenario, architecture: str, home: Path) -> str:
    lines = {
        "package_name": "Ascend-cann-toolkit",
        "version": scenario.cann_version,
        "innerversion": "simulated",
        "arch": architecture.removesuffix("-linux"),
        "os": "linux",
        "path": str(home),
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _version_cfg(scenario: Scenario) -> str:
    packages = ("runtime", "compiler", "hccl", "toolkit", "opp", "opp_kernel")
    return "".join(f"{name}_running_version=[simulated:{scenario.cann_version}]\n" for name in packages)
