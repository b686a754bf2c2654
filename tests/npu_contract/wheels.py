"""Which wheels of torch_npu the code is held against, and how they are fetched."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

NEWEST = "newest"

VERSIONS = (
    "2.1.0.post17",
    "2.5.1.post1",
    "2.7.1",
    "2.9.0",
    "2.13.0",
    NEWEST,
)
"""The releases, oldest torch first. To hold the code against another one, add it here."""

_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")

_PYTHONS = ("3.11", "3.12", "3.13", "3.10")
"""The Python sources are the same in the wheels for all of them; the first that there is a wheel for is taken."""


def wheel_of(version: str, folder: Path) -> Path:
    """The wheel of ``version``, from ``folder`` or downloaded into it.

    Skips the test where it cannot be had, and fails it on a CI host, where that must not go unnoticed.
    """
    wheel = _fetched(version, folder)
    if isinstance(wheel, Path):
        return wheel
    reason = f"the wheel of torch_npu {version} cannot be downloaded: {wheel}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def _fetched(version: str, folder: Path) -> Path | str:
    """The wheel, or pip's last words about why not."""
    if version != NEWEST:
        kept = sorted(folder.glob(f"torch_npu-{version}-*.whl"))
        if kept:
            return kept[0]
    answer = ""
    for python in _PYTHONS:
        target = folder / f"{version}-{python}"
        done = _download("torch_npu" if version == NEWEST else f"torch_npu=={version}", python, target)
        if done.returncode == 0:
            (wheel,) = target.glob("*.whl")
            kept_wheel = wheel.replace(folder / wheel.name)
            target.rmdir()
            return kept_wheel
        answer = done.stderr.strip()
    return answer.splitlines()[-1] if answer else "pip gives no reason"


def _download(requirement: str, python: str, folder: Path) -> subprocess.CompletedProcess[str]:
    platforms = [f"--platform={platform}" for platform in _PLATFORMS]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--implementation=cp"]
    command += [*platforms, f"--python-version={python}", f"--abi=cp{python.replace('.', '')}", f"--dest={folder}"]
    return subprocess.run([*command, requirement], capture_output=True, text=True, check=False, timeout=600)
