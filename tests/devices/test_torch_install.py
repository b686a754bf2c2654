"""The installed torch is known without importing it, and its absence is told with the remedy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ascendperf.devices.torch_install import import_torch, installed_version, stack_id
from pytest_ascendperf.errors import DeviceError

REPOSITORY = Path(__file__).parents[2]


def run_python(code: str, *options: str) -> str:
    """What a fresh interpreter prints for ``code`` run in the repository."""
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_version_is_torchs_own_and_read_without_importing_it() -> None:
    code = """
import sys
from pytest_ascendperf.devices.torch_install import installed_version
before = installed_version()
assert "torch" not in sys.modules
import torch
print(before == torch.__version__ == installed_version())
"""
    assert run_python(code).strip() == "True"


def test_without_torch_there_is_no_version_and_measuring_says_what_to_install() -> None:
    """An interpreter without site-packages has no torch."""
    code = f"""
import sys
sys.path.insert(0, {str(REPOSITORY)!r})
from pytest_ascendperf.devices import torch_install
from pytest_ascendperf.devices.cpu import CpuDevice, describe_cpu
from pytest_ascendperf.errors import DeviceError
print(torch_install.installed_version(), "|", describe_cpu()[1])
device = CpuDevice()
for step in (lambda: device.controlled(None), device.environment):
    try:
        step()
    except DeviceError as error:
        print(error)
"""
    first, *errors = run_python(code, "-I", "-S").splitlines()
    assert first == "None | torch is not installed"
    assert len(errors) == 2
    assert all("torch is not installed" in line and "pip install torch" in line for line in errors)


def test_a_torch_that_does_not_load_is_told_from_one_that_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("import a_library_that_is_not_there\n", encoding="utf-8")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DeviceError, match=r"installed but cannot be imported: .*a_library_that_is_not_there"):
        import_torch("cpu")


def test_a_torch_without_a_version_file_is_known_by_its_metadata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("", encoding="utf-8")
    (tmp_path / "version.py").write_text("not python(", encoding="utf-8")
    metadata = tmp_path / "torch-9.8.7.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 9.8.7\n", encoding="utf-8")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_version() == "9.8.7"


@pytest.mark.parametrize(
    ("version", "folder"),
    [
        ("2.13.0", "torch-2.13.0"),
        ("2.13.0+cpu", "torch-2.13.0+cpu"),
        ("2.14.0.dev20261101+cu130", "torch-2.14.0.dev20261101+cu130"),
        ("2.13.0a0+git/..\\x", "torch-2.13.0a0+git-..-x"),
    ],
)
def test_the_stack_is_a_folder_name_that_keeps_the_build(version: str, folder: str) -> None:
    assert stack_id(version) == folder
