"""What is wrong with the installed Ascend software: what torch_npu would stumble over, found before it does.

torch_npu's own errors name a missing library or a folder, come in the middle of an import, and differ between its
versions. From torch 2.5 on, a plain ``import torch`` imports torch_npu as well, so they also hit tests for the CPU.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_ascendperf.devices.cann_install import AscendInstall, CannHome
from pytest_ascendperf.devices.diagnosis import Diagnosis
from pytest_ascendperf.devices.version_files import FoundVersion
from pytest_ascendperf.model.cann_version import CannVersion, Order

_NEEDED_FOLDERS = ("runtime", "compiler")
"""Sub-folders of ASCEND_HOME_PATH without which torch_npu refuses to be imported."""

_OPP_VARIABLE = "ASCEND_OPP_PATH"
_VISIBLE_VARIABLE = "ASCEND_RT_VISIBLE_DEVICES"

_RELEASE = re.compile(r"\d+\.\d+\.\d+")


def diagnose_install(install: AscendInstall, environ: Mapping[str, str]) -> tuple[Diagnosis, ...]:
    """Everything that is wrong with ``install`` under ``environ``, what comes first in an import first."""
    found = (
        *_missing_parts(install),
        *_wrong_torch(install),
        *_half_there(environ),
        *_disagreements("CANN", install.cann),
        *_disagreements("the OPP kernel package", install.opp_kernel),
        *_visible_devices(environ.get(_VISIBLE_VARIABLE)),
    )
    return found if not install.is_empty else ()


def _missing_parts(install: AscendInstall) -> Iterator[Diagnosis]:
    home = install.homes[0] if install.homes else None
    if install.torch_npu is None:
        if home is not None:
            yield Diagnosis(
                problem=f"{_cann_in(install, home)} is installed, but torch_npu is not",
                remedy=f"run: python -m pip install torch_npu{_pin(install.torch)} (or the .post release of it that is "
                "built for this CANN)",
            )
    elif home is None:
        yield Diagnosis(
            problem=f"torch_npu {install.torch_npu.value} is installed, but CANN is not found: ASCEND_HOME_PATH is not "
            "set, and the default location holds none",
            remedy="install CANN and run: source <where it is>/set_env.sh (or set TORCH_DEVICE_BACKEND_AUTOLOAD=0 to "
            "use torch without the NPU)",
        )
    elif not home.is_from_environment:
        yield Diagnosis(
            problem=f"{_cann_in(install, home)} is installed, but the environment does not lead to it: "
            "ASCEND_HOME_PATH is not set",
            remedy=f"run: source {_set_env(home.path)}",
        )


def _wrong_torch(install: AscendInstall) -> Iterator[Diagnosis]:
    torch, built = install.torch, install.torch_npu
    if built is None:
        return
    if torch is None:
        yield Diagnosis(
            problem=f"torch_npu {built.value} is installed, but torch is not",
            remedy=f"install it: python -m pip install torch=={_release(built.value)}",
        )
    elif _release(torch) != _release(built.value):
        yield Diagnosis(
            problem=f"torch_npu {built.value} is built for torch {_release(built.value)}, but torch {torch} is "
            "installed",
            remedy=f"install the torch it wants: python -m pip install torch=={_release(built.value)}",
        )


def _half_there(environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    """What torch_npu checks when it is imported with ASCEND_HOME_PATH set."""
    value = environ.get("ASCEND_HOME_PATH")
    if not value:
        return
    home = Path(value)
    if not home.is_dir():
        yield Diagnosis(
            problem=f"ASCEND_HOME_PATH leads to {home}, which does not exist",
            remedy="run: source <where CANN is>/set_env.sh",
        )
        return
    for folder in _NEEDED_FOLDERS:
        if not (home / folder).exists():
            yield Diagnosis(
                problem=f"CANN in {home} is not complete: {home / folder} does not exist, and torch_npu refuses to "
                "load without it",
                remedy=f"install CANN's {folder} package there, or lead ASCEND_HOME_PATH to a complete CANN",
            )
    opp = environ.get(_OPP_VARIABLE)
    if opp is None:
        yield Diagnosis(
            problem=f"{_OPP_VARIABLE} is not set, and torch_npu refuses to load without it",
            remedy=f"run: source {_set_env(home)}",
        )
    elif not Path(opp).exists():
        yield Diagnosis(
            problem=f"{_OPP_VARIABLE} leads to {opp}, which does not exist",
            remedy=f"install CANN's operator package, or run: source {_set_env(home)}",
        )


def _disagreements(what: str, versions: tuple[FoundVersion, ...]) -> Iterator[Diagnosis]:
    if not versions:
        return
    first = versions[0]
    for other in versions[1:]:
        if CannVersion.parse(first.value).order(CannVersion.parse(other.value)) is not Order.SAME:
            yield Diagnosis(
                problem=f"two places disagree about the version of {what}: {first}, {other}",
                remedy="install one version completely, so that baselines are filed under what is really there",
                prevents_use=False,
            )


def _visible_devices(value: str | None) -> Iterator[Diagnosis]:
    """The runtime wants device numbers, separated by commas and in ascending order, and else finds no device."""
    if value is None:
        return
    remedy = f"give numbers in ascending order, such as {_VISIBLE_VARIABLE}=0,1, or unset it"
    if not value:
        yield Diagnosis(problem=f"{_VISIBLE_VARIABLE} is set to nothing, which hides every NPU", remedy=remedy)
        return
    if not re.fullmatch(r"[0-9]+(?:,[0-9]+)*", value):
        yield Diagnosis(
            problem=f"{_VISIBLE_VARIABLE}={value} is not a list of device numbers separated by commas", remedy=remedy
        )
        return
    numbers = [int(number) for number in value.split(",")]
    if any(later <= earlier for earlier, later in itertools.pairwise(numbers)):
        ascending = ",".join(str(number) for number in sorted(set(numbers)))
        yield Diagnosis(
            problem=f"{_VISIBLE_VARIABLE}={value} is not in ascending order, and the runtime then finds no NPU",
            remedy=f"set {_VISIBLE_VARIABLE}={ascending}",
        )


def _cann_in(install: AscendInstall, home: CannHome) -> str:
    version = f"CANN {install.cann[0].value}" if install.cann else "CANN"
    return f"{version} in {home.path}"


def _set_env(home: Path) -> Path:
    """The script of this CANN; up to 8.3 it lies above the folder of the version."""
    above = home.parent / "set_env.sh"
    own = home / "set_env.sh"
    return above if above.is_file() and not own.is_file() else own


def _pin(torch: str | None) -> str:
    return f"=={_release(torch)}" if torch else ""


def _release(version: str) -> str:
    """``2.9.0`` of ``2.9.0.post6`` and of ``2.9.0+cpu``."""
    match = _RELEASE.match(version)
    return match[0] if match else version
