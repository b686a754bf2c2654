"""The files that hold versions, in the shapes that CANN has given them over the years."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ascendperf.devices.version_files import (
    FoundVersion,
    install_info_version,
    running_version,
    version_info_version,
)


def file_with(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "file"
    path.write_text(text, encoding="utf-8")
    return path


def test_install_info_holds_the_release_among_other_versions(tmp_path: Path) -> None:
    text = """\
package_name=Ascend-cann-toolkit
version=8.3.RC2
innerversion=V100R001C23SPC002B210
compatible_version=[V100R001C15],[V100R001C18]
arch=aarch64
os=linux
path=/usr/local/Ascend/ascend-toolkit/8.3.RC2/aarch64-linux
"""
    path = file_with(tmp_path, text)
    assert install_info_version(path) == FoundVersion(value="8.3.RC2", place=str(path))


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("toolkit_running_version=[7.7.T20.0.B210:8.1.RC1]", "8.1.RC1"),
        ("toolkit_running_version=[7.6.T13.0.B094:8.0.T63]", "8.0.T63"),
        ("toolkit_running_version=[8.3.0.1.200:8.3.RC1],[8.2.0.2.220:8.2.RC2]", "8.3.RC1"),
        ("toolkit_running_version=[9.0.0]", "9.0.0"),
    ],
)
def test_version_cfg_holds_the_release_behind_an_internal_number(tmp_path: Path, line: str, version: str) -> None:
    path = file_with(
        tmp_path, f"# version: 1.0\nruntime_running_version=[1:2]\n{line}\ntoolkit_upgrade_version=[3:4]\n"
    )
    found = running_version(path, "toolkit")
    assert found is not None
    assert found.value == version
    assert str(found) == f"{version} ({path})"
    assert running_version(path, "opp_kernel") is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Version=24.1.rc1\nascendhal_version=7.35.19\nInnerversion=V100R001C19\n", "24.1.rc1"),
        ("Version=7.3.0.1.231\nfirmware_version=1.0\n", "7.3.0.1.231"),
        ("Version=8.3.T5.0.B028\nversion_dir=8.3.RC1.alpha001\ntimestamp=20250807_092944934\n", "8.3.RC1.alpha001"),
        ("Version=9.0.0\nversion_dir=cann-9.0.0\n", "9.0.0"),
        ('Version = "25.2.0"\n', "25.2.0"),
    ],
)
def test_version_info_gives_the_release_before_the_internal_number(tmp_path: Path, text: str, version: str) -> None:
    found = version_info_version(file_with(tmp_path, text))
    assert found is not None
    assert found.value == version


@pytest.mark.parametrize(
    "text", ["", "version=\n", "no equals sign\n", "toolkit_running_version=broken[\n", "\ufffd\x00="]
)
def test_a_file_that_states_no_version_states_none(tmp_path: Path, text: str) -> None:
    path = file_with(tmp_path, text)
    assert install_info_version(path) is None
    assert running_version(path, "toolkit") is None
    assert version_info_version(path) is None


def test_a_file_that_cannot_be_read_states_none(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        assert install_info_version(path) is None
    binary = tmp_path / "binary"
    binary.write_bytes(b"version=8.2.RC1\n\xff\xfe=\n")
    found = install_info_version(binary)
    assert found is not None
    assert found.value == "8.2.RC1"
