"""What is installed is read from real trees, each laid out as one CANN or another leaves it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ascendperf.devices.cann_install import read_install
from pytest_ascendperf.model.cann_version import CannVersion

from .cann_trees import ARCHITECTURE, driver_and_firmware, install_info, new_cann, old_cann, sourced, write

REPOSITORY = Path(__file__).parents[2]


def test_an_old_cann_is_read_from_each_place_that_states_its_version(tmp_path: Path) -> None:
    home = old_cann(tmp_path, "8.2.RC1")
    install = read_install(sourced(home), root=tmp_path)
    assert install.cann_version == CannVersion.parse("8.2.RC1")
    assert [(found.value, Path(found.place).relative_to(home).as_posix()) for found in install.cann] == [
        ("8.2.RC1", f"{ARCHITECTURE}/ascend_toolkit_install.info"),
        ("8.2.RC1", "version.cfg"),
    ]
    assert [(found.value, Path(found.place).relative_to(home).as_posix()) for found in install.opp_kernel] == [
        ("8.2.RC1", "opp_kernel/version.info"),
        ("8.2.RC1", "version.cfg"),
    ]
    assert [(where.path, where.named_by) for where in install.homes] == [(home, "ASCEND_HOME_PATH")]


def test_a_new_cann_is_read_from_where_it_lies_since_8_5(tmp_path: Path) -> None:
    home = new_cann(tmp_path, "9.0.0-beta.2")
    install = read_install(sourced(home), root=tmp_path)
    assert install.cann_version == CannVersion.parse("9.0.0.beta2")
    assert [(found.value, Path(found.place).relative_to(home).as_posix()) for found in install.opp_kernel] == [
        ("9.0.0-beta.2", f"{ARCHITECTURE}/ascend_ops_install.info"),
    ]


@pytest.mark.parametrize("lay_out", [old_cann, new_cann])
def test_without_variables_the_default_locations_are_looked_at(
    tmp_path: Path, lay_out: Callable[[Path, str], Path]
) -> None:
    home = lay_out(tmp_path, "8.5.0")
    install = read_install({}, root=tmp_path)
    assert [(where.path, where.is_from_environment) for where in install.homes] == [(home, False)]
    assert install.cann_version == CannVersion.parse("8.5.0")


def test_of_two_default_locations_the_newer_layout_is_taken(tmp_path: Path) -> None:
    old_cann(tmp_path, "8.3.RC1")
    new_cann(tmp_path, "9.0.0")
    assert read_install({}, root=tmp_path).cann_version == CannVersion.parse("9.0.0")


def test_where_the_environment_leads_elsewhere_the_default_location_does_not_matter(tmp_path: Path) -> None:
    new_cann(tmp_path, "9.0.0")
    other = old_cann(tmp_path / "mine", "8.1.RC1")
    install = read_install(sourced(other), root=tmp_path)
    assert {found.value for found in install.cann} == {"8.1.RC1"}


def test_two_variables_that_lead_to_different_canns_are_both_followed(tmp_path: Path) -> None:
    one, other = old_cann(tmp_path, "8.2.RC1"), new_cann(tmp_path, "8.5.0")
    environ = {"ASCEND_HOME_PATH": str(one), "ASCEND_TOOLKIT_HOME": str(other)}
    install = read_install(environ, root=tmp_path)
    assert [where.named_by for where in install.homes] == ["ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"]
    assert {found.value for found in install.cann} == {"8.2.RC1", "8.5.0"}
    assert install.cann_version == CannVersion.parse("8.2.RC1")  # the one that torch_npu reads


def test_only_the_toolkits_variable_is_enough_to_find_it(tmp_path: Path) -> None:
    home = old_cann(tmp_path, "8.2.RC1")
    install = read_install({"ASCEND_TOOLKIT_HOME": str(home)}, root=tmp_path)
    assert install.homes[0].named_by == "ASCEND_TOOLKIT_HOME"
    assert install.cann_version == CannVersion.parse("8.2.RC1")


def test_the_version_of_the_inference_package_is_found(tmp_path: Path) -> None:
    home = tmp_path / "nnae" / "latest"
    write(home / ARCHITECTURE / "ascend_nnae_install.info", install_info("nnae", "8.0.0"))
    assert read_install({}, root=tmp_path).cann_version == CannVersion.parse("8.0.0")


def test_a_toolkit_that_the_summary_does_not_name_is_known_by_its_runtime(tmp_path: Path) -> None:
    write(tmp_path / "home" / "version.cfg", "runtime_running_version=[7.3.0.1.231:8.0.RC2]\n")
    install = read_install({"ASCEND_HOME_PATH": str(tmp_path / "home")}, root=tmp_path)
    assert install.cann_version == CannVersion.parse("8.0.RC2")


def test_the_folder_of_another_architecture_counts_only_where_there_is_none_of_this_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write(home / "other-linux" / "ascend_toolkit_install.info", install_info("toolkit", "8.1.RC1"))
    environ = {"ASCEND_HOME_PATH": str(home)}
    assert read_install(environ, root=tmp_path).cann_version == CannVersion.parse("8.1.RC1")
    write(home / ARCHITECTURE / "ascend_toolkit_install.info", install_info("toolkit", "8.2.RC1"))
    assert {found.value for found in read_install(environ, root=tmp_path).cann} == {"8.2.RC1"}


def test_driver_and_firmware_are_read_with_their_places(tmp_path: Path) -> None:
    driver_and_firmware(tmp_path, driver="24.1.rc1", firmware="7.3.0.1.231")
    install = read_install({}, root=tmp_path)
    assert (str(install.driver), str(install.firmware)) == (
        f"24.1.rc1 ({tmp_path}/driver/version.info)",
        f"7.3.0.1.231 ({tmp_path}/firmware/version.info)",
    )


def test_a_host_without_ascend_has_nothing(tmp_path: Path) -> None:
    install = read_install({"ASCEND_HOME_PATH": ""}, root=tmp_path / "missing")
    assert (install.homes, install.cann, install.opp_kernel, install.driver, install.firmware) == (
        (),
        (),
        (),
        None,
        None,
    )
    assert install.cann_version is None
    assert install.is_empty == (install.torch_npu is None)


def test_a_folder_that_states_no_version_is_still_where_cann_should_be(tmp_path: Path) -> None:
    write(tmp_path / "home" / "version.cfg", "nothing\n")
    install = read_install({"ASCEND_HOME_PATH": str(tmp_path / "home")}, root=tmp_path)
    assert install.cann_version is None
    assert not install.is_empty


def test_torch_npu_is_known_in_full_by_its_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the part behind .post, which selects the CANN that it is built for."""
    metadata = tmp_path / "torch_npu-2.9.0.post6.dist-info"
    write(metadata / "METADATA", "Metadata-Version: 2.1\nName: torch_npu\nVersion: 2.9.0.post6\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = read_install({}, root=tmp_path).torch_npu
    assert found is not None
    assert found.value == "2.9.0.post6"


def test_reading_imports_neither_torch_nor_torch_npu() -> None:
    code = """
import sys
from pytest_ascendperf.devices.cann_diagnosis import diagnose_install
from pytest_ascendperf.devices.cann_install import read_install
diagnose_install(read_install({}), {})
print(sorted({"torch", "torch_npu", "numpy"} & sys.modules.keys()))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
