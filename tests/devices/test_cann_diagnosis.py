"""Every way in which an installation is known to be broken gets one sentence: what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ascendperf.devices.cann_diagnosis import diagnose_install
from pytest_ascendperf.devices.cann_install import AscendInstall, read_install
from pytest_ascendperf.devices.version_files import FoundVersion

from .cann_trees import ARCHITECTURE, install_info, new_cann, old_cann, sourced, write

TORCH_NPU = FoundVersion(value="2.9.0.post6", place="metadata of the installed package")


def installed(environ: dict[str, str], root: Path, *, torch_npu: bool = True) -> AscendInstall:
    """What lies below ``root``, with torch 2.9.0 and, if wanted, a torch_npu that fits."""
    return replace(read_install(environ, root=root), torch="2.9.0+cpu", torch_npu=TORCH_NPU if torch_npu else None)


def sentences(environ: dict[str, str], root: Path, *, torch_npu: bool = True) -> list[str]:
    return [str(found) for found in diagnose_install(installed(environ, root, torch_npu=torch_npu), environ)]


@pytest.mark.parametrize("version", ["8.3.RC1", "8.5.0"])
def test_a_complete_installation_has_nothing_wrong(tmp_path: Path, version: str) -> None:
    home = old_cann(tmp_path, version) if version < "8.5" else new_cann(tmp_path, version)
    assert sentences(sourced(home), tmp_path) == []
    assert sentences({**sourced(home), "ASCEND_RT_VISIBLE_DEVICES": "0,2,11"}, tmp_path) == []


def test_nothing_of_ascend_is_not_a_fault(tmp_path: Path) -> None:
    assert sentences({"ASCEND_RT_VISIBLE_DEVICES": "1,0"}, tmp_path, torch_npu=False) == []


def test_torch_npu_without_cann(tmp_path: Path) -> None:
    assert sentences({}, tmp_path) == [
        "torch_npu 2.9.0.post6 is installed, but CANN is not found: ASCEND_HOME_PATH is not set, and the default "
        "location holds none; install CANN and run: source <where it is>/set_env.sh (or set "
        "TORCH_DEVICE_BACKEND_AUTOLOAD=0 to use torch without the NPU)"
    ]


def test_cann_without_torch_npu(tmp_path: Path) -> None:
    home = new_cann(tmp_path, "8.5.0")
    assert sentences(sourced(home), tmp_path, torch_npu=False) == [
        f"CANN 8.5.0 in {home} is installed, but torch_npu is not; run: python -m pip install torch_npu==2.9.0 "
        "(or the .post release of it that is built for this CANN)"
    ]


@pytest.mark.parametrize(
    ("lay_out", "script"), [(old_cann, "ascend-toolkit/set_env.sh"), (new_cann, "cann/set_env.sh")]
)
def test_a_cann_that_was_not_sourced(tmp_path: Path, lay_out: Callable[[Path, str], Path], script: str) -> None:
    home = lay_out(tmp_path, "8.3.RC1")
    assert sentences({}, tmp_path) == [
        f"CANN 8.3.RC1 in {home} is installed, but the environment does not lead to it: ASCEND_HOME_PATH is not set; "
        f"run: source {tmp_path / script}"
    ]


def test_a_home_that_does_not_exist(tmp_path: Path) -> None:
    missing = tmp_path / "gone"
    assert sentences({"ASCEND_HOME_PATH": str(missing)}, tmp_path) == [
        f"ASCEND_HOME_PATH leads to {missing}, which does not exist; run: source <where CANN is>/set_env.sh"
    ]


@pytest.mark.parametrize("folder", ["runtime", "compiler"])
def test_a_home_that_is_half_there(tmp_path: Path, folder: str) -> None:
    home = new_cann(tmp_path, "8.5.0")
    (home / folder).rmdir()
    assert sentences(sourced(home), tmp_path) == [
        f"CANN in {home} is not complete: {home / folder} does not exist, and torch_npu refuses to load without it; "
        f"install CANN's {folder} package there, or lead ASCEND_HOME_PATH to a complete CANN"
    ]


def test_operators_that_the_environment_does_not_lead_to(tmp_path: Path) -> None:
    home = new_cann(tmp_path, "8.5.0")
    environ = sourced(home)
    del environ["ASCEND_OPP_PATH"]
    assert sentences(environ, tmp_path) == [
        f"ASCEND_OPP_PATH is not set, and torch_npu refuses to load without it; run: source {home / 'set_env.sh'}"
    ]


def test_operators_that_are_missing(tmp_path: Path) -> None:
    home = new_cann(tmp_path, "8.5.0")
    (home / "opp").rmdir()
    assert sentences(sourced(home), tmp_path) == [
        f"ASCEND_OPP_PATH leads to {home / 'opp'}, which does not exist; install CANN's operator package, or run: "
        f"source {home / 'set_env.sh'}"
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            "3,1,2",
            "ASCEND_RT_VISIBLE_DEVICES=3,1,2 is not in ascending order, and the runtime then finds no NPU; "
            "set ASCEND_RT_VISIBLE_DEVICES=1,2,3",
        ),
        (
            "1,1",
            "ASCEND_RT_VISIBLE_DEVICES=1,1 is not in ascending order, and the runtime then finds no NPU; "
            "set ASCEND_RT_VISIBLE_DEVICES=1",
        ),
        (
            "0, 1",
            "ASCEND_RT_VISIBLE_DEVICES=0, 1 is not a list of device numbers separated by commas; "
            "give numbers in ascending order, such as ASCEND_RT_VISIBLE_DEVICES=0,1, or unset it",
        ),
        (
            "",
            "ASCEND_RT_VISIBLE_DEVICES is set to nothing, which hides every NPU; "
            "give numbers in ascending order, such as ASCEND_RT_VISIBLE_DEVICES=0,1, or unset it",
        ),
    ],
)
def test_visible_devices_that_hide_every_npu(tmp_path: Path, value: str, expected: str) -> None:
    environ = {**sourced(new_cann(tmp_path, "8.5.0")), "ASCEND_RT_VISIBLE_DEVICES": value}
    assert sentences(environ, tmp_path) == [expected]


def test_places_that_disagree_are_named_and_do_not_prevent_use(tmp_path: Path) -> None:
    """An upgrade that went half way."""
    home = old_cann(tmp_path, "8.2.RC1")
    info = home / ARCHITECTURE / "ascend_toolkit_install.info"
    write(info, install_info("toolkit", "8.3.RC1"))
    environ = sourced(home)
    found = diagnose_install(installed(environ, tmp_path), environ)
    assert [str(diagnosis) for diagnosis in found] == [
        f"two places disagree about the version of CANN: 8.3.RC1 ({info}), 8.2.RC1 ({home / 'version.cfg'}); "
        "install one version completely, so that baselines are filed under what is really there"
    ]
    assert not found[0].prevents_use


def test_different_spellings_of_one_version_are_no_disagreement(tmp_path: Path) -> None:
    home = old_cann(tmp_path, "9.0.0-beta.2")
    write(home / ARCHITECTURE / "ascend_toolkit_install.info", install_info("toolkit", "9.0.0.Beta2"))
    assert sentences(sourced(home), tmp_path) == []


def test_operator_kernels_of_two_versions_are_told(tmp_path: Path) -> None:
    home = old_cann(tmp_path, "8.2.RC1")
    write(home / "opp_kernel" / "version.info", "Version=8.1.T5.0.B028\nversion_dir=8.1.RC1\n")
    (sentence,) = sentences(sourced(home), tmp_path)
    assert sentence.startswith("two places disagree about the version of the OPP kernel package: 8.1.RC1 (")


@pytest.mark.parametrize(
    ("torch", "expected"),
    [
        ("2.13.0+cpu", "torch_npu 2.9.0.post6 is built for torch 2.9.0, but torch 2.13.0+cpu is installed; "),
        (None, "torch_npu 2.9.0.post6 is installed, but torch is not; "),
    ],
)
def test_a_torch_that_torch_npu_is_not_built_for(tmp_path: Path, torch: str | None, expected: str) -> None:
    environ = sourced(new_cann(tmp_path, "8.5.0"))
    (found,) = diagnose_install(replace(installed(environ, tmp_path), torch=torch), environ)
    assert str(found).startswith(expected)
    assert "pip install torch==2.9.0" in found.remedy
    assert found.prevents_use


def test_what_breaks_the_import_comes_before_what_would_break_later(tmp_path: Path) -> None:
    home = new_cann(tmp_path, "8.5.0")
    (home / "runtime").rmdir()
    environ = {**sourced(home), "ASCEND_RT_VISIBLE_DEVICES": "1,0"}
    first, second = sentences(environ, tmp_path)
    assert "runtime does not exist" in first
    assert "ascending order" in second
