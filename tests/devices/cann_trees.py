"""CANN as it lies on disk, up to 8.3 and from 8.5 on, laid out below a folder."""

from __future__ import annotations

import platform
from pathlib import Path

ARCHITECTURE = f"{platform.machine()}-linux"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def install_info(package: str, version: str) -> str:
    return f"package_name=Ascend-cann-{package}\nversion={version}\ninnerversion=V100R001C23SPC002B210\nos=linux\n"


def version_cfg(version: str) -> str:
    packages = ("runtime", "compiler", "hccl", "opp", "toolkit", "aoe", "ncs", "opp_kernel")
    return "".join(f"{package}_running_version=[7.7.T20.0.B210:{version}]\n" for package in packages)


def old_cann(root: Path, version: str) -> Path:
    """CANN up to 8.3: a folder per version, a link to the latest, ``set_env.sh`` beside them. Returns the home."""
    versioned = root / "ascend-toolkit" / version
    for folder in ("runtime", "compiler", "opp"):
        (versioned / folder).mkdir(parents=True)
    write(versioned / ARCHITECTURE / "ascend_toolkit_install.info", install_info("toolkit", version))
    write(versioned / "opp_kernel" / "version.info", f"Version=8.3.T5.0.B028\nversion_dir={version}\n")
    write(versioned / "version.cfg", version_cfg(version))
    write(root / "ascend-toolkit" / "set_env.sh", "export ASCEND_HOME_PATH=...\n")
    latest = root / "ascend-toolkit" / "latest"
    latest.symlink_to(versioned, target_is_directory=True)
    return latest


def new_cann(root: Path, version: str) -> Path:
    """CANN from 8.5 on: a folder per version, a link called ``cann``, operators in a package of their own."""
    versioned = root / f"cann-{version}"
    for folder in ("runtime", "compiler", "opp"):
        (versioned / folder).mkdir(parents=True)
    write(versioned / ARCHITECTURE / "ascend_toolkit_install.info", install_info("toolkit", version))
    write(versioned / ARCHITECTURE / "ascend_ops_install.info", install_info("ops", version))
    write(versioned / "set_env.sh", "export ASCEND_HOME_PATH=...\n")
    home = root / "cann"
    home.symlink_to(versioned, target_is_directory=True)
    return home


def driver_and_firmware(root: Path, driver: str = "25.2.0", firmware: str = "7.7.0.6.236") -> None:
    """What the driver's and the firmware's packages leave behind."""
    write(root / "driver" / "version.info", f"Version={driver}\nascendhal_version=7.35.19\n")
    write(root / "firmware" / "version.info", f"Version={firmware}\n")


def sourced(home: Path) -> dict[str, str]:
    """The variables that CANN's ``set_env.sh`` sets, as far as they are looked at."""
    return {"ASCEND_HOME_PATH": str(home), "ASCEND_TOOLKIT_HOME": str(home), "ASCEND_OPP_PATH": str(home / "opp")}
