"""The command, run as its users run it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch_npu") is not None,
    reason="torch_npu is installed here; these tests are about its absence",
)


def ascendperf(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command in an environment that leads to no CANN but for ``variables``."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ASCEND")}
    command = [sys.executable, "-m", "pytest_ascendperf.cli", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env={**environ, **variables}, capture_output=True, text=True, check=False, timeout=120
    )


def write_profile(folder: Path) -> Path:
    output = folder / "host_1_20250131040000000_ascend_pt" / "ASCEND_PROFILER_OUTPUT"
    output.mkdir(parents=True)
    rows = [
        "Device_id,Name,Type,Accelerator Core,Start Time(us),Duration(us),Wait Time(us),Block Dim",
        "0,aclnnMatmul_MatMulV3,MatMulV3,AI_CORE,1720000000000000.100\t,1500.25,0,24",
        "0,aclnnAdd_Add,Add,AI_VECTOR_CORE,1720000000002000.000\t,2.5,0,40",
    ]
    (output / "kernel_details.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return output.parent


def test_show_prints_what_ran_in_a_profile(tmp_path: Path) -> None:
    done = ascendperf("show", str(write_profile(tmp_path)))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2 kernels, 1.503 ms of computation")
    (matmul,) = [line for line in done.stdout.splitlines() if line.endswith("  MatMulV3")]
    assert matmul.split()[:5] == ["1.500", "ms", "99.8", "%", "1"]
    assert "1 event longer than 1 ms" in done.stdout


def test_show_of_something_else_says_what_is_missing(tmp_path: Path) -> None:
    done = ascendperf("show", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"ascendperf show: profile {tmp_path}: no kernel_details.csv")


def test_show_ends_quietly_when_its_reader_has_seen_enough(tmp_path: Path) -> None:
    command = f"{sys.executable} -m pytest_ascendperf.cli show {write_profile(tmp_path)} | true"
    done = subprocess.run(command, shell=True, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("number", ["0", "-1", "ten"])
def test_show_lists_at_least_one_operator(tmp_path: Path, number: str) -> None:
    done = ascendperf("show", str(tmp_path), f"--slowest={number}")
    assert done.returncode == 2
    assert f"expected a whole number from 1, got '{number}'" in done.stderr


def test_on_a_host_without_ascend_the_doctor_examines_the_cpu(tmp_path: Path) -> None:
    done = ascendperf("doctor", "--ascend-root", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ascendperf doctor: the cpu can be measured on\n")
    assert "torch_npu is not installed, nor is CANN found" in done.stdout
    assert f"  torch         {importlib.metadata.version('torch').split('+')[0]}" in done.stdout
    assert done.stderr == ""


def test_asked_for_the_npu_on_such_a_host_it_fails(tmp_path: Path) -> None:
    done = ascendperf("doctor", "--device", "npu", "--ascend-root", str(tmp_path))
    assert done.returncode == 1
    assert done.stdout.startswith("ascendperf doctor: the npu cannot be measured on\n")
    assert "\n! npu           torch_npu is not installed" in done.stdout


def test_where_cann_is_there_the_npu_is_meant(tmp_path: Path) -> None:
    """And every file with a version is quoted."""
    home = tmp_path / "cann"
    for folder in ("runtime", "compiler", "opp"):
        (home / folder).mkdir(parents=True)
    (home / "version.cfg").write_text("toolkit_running_version=[7.7:8.1.RC1]\n", encoding="utf-8")
    (tmp_path / "driver").mkdir()
    (tmp_path / "driver" / "version.info").write_text("Version=24.1.rc1\n", encoding="utf-8")
    done = ascendperf(
        "doctor",
        "--ascend-root",
        str(tmp_path),
        ASCEND_HOME_PATH=str(home),
        ASCEND_OPP_PATH=str(home / "opp"),
        ASCEND_LAUNCH_BLOCKING="1",
    )
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "ascendperf doctor: the npu cannot be measured on"
    assert f"  CANN          8.1.RC1 ({home}/version.cfg)" in lines
    assert f"  driver        24.1.rc1 ({tmp_path}/driver/version.info)" in lines
    assert [line.split()[1] for line in lines if line.startswith("!")] == ["npu", "environment"]
    assert f"CANN 8.1.RC1 in {home} is installed, but torch_npu is not" in done.stdout


def test_without_a_command_it_says_which_there_are() -> None:
    done = ascendperf()
    assert done.returncode == 2
    assert "COMMAND" in done.stderr
    helped = ascendperf("--help")
    assert helped.returncode == 0
    assert "doctor" in helped.stdout
