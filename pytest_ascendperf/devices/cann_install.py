"""Which Ascend software is installed, read without importing torch or torch_npu: neither imports everywhere.

Every version comes with the place that states it. CANN states its own in several places, which can disagree after an
upgrade that went half way, so all of them are read. Only the CANN that the environment leads to is looked at; where it
leads to none, the default locations are.
"""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_ascendperf.devices import torch_install
from pytest_ascendperf.devices.version_files import (
    FoundVersion,
    install_info_version,
    running_version,
    version_info_version,
)
from pytest_ascendperf.model.cann_version import CannVersion

DEFAULT_ROOT = Path("/usr/local/Ascend")
"""Where CANN, the driver and the firmware are installed unless told otherwise."""

HOME_VARIABLES = ("ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME")
"""What CANN's ``set_env.sh`` sets, in order of preference; torch_npu reads the first."""

_DEFAULT_HOMES = ("cann", "ascend-toolkit/latest", "nnae/latest")
"""Below the root: from 8.5 on, up to 8.3, and the package for inference only."""

_TOOLKIT_NAMES = ("toolkit", "nnae", "cann")
"""Packages whose ``ascend_…_install.info`` gives the version of the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannHome:
    """A folder that holds, or should hold, CANN."""

    path: Path
    named_by: str
    """The environment variable, or ``default location``."""

    @property
    def is_from_environment(self) -> bool:
        """Whether the environment leads there, so that libraries are found as well."""
        return self.named_by in HOME_VARIABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class AscendInstall:
    """What is installed on this host."""

    torch: str | None
    """torch's version."""
    torch_npu: FoundVersion | None
    """The full version: the part behind ``.post`` selects the CANN that it is built for."""
    homes: tuple[CannHome, ...]
    """Where CANN is, the folder that torch_npu uses first; several where variables lead to different ones."""
    cann: tuple[FoundVersion, ...]
    """CANN's version from every place that states it, the most trustworthy first."""
    opp_kernel: tuple[FoundVersion, ...]
    """The same for the package of operator kernels."""
    driver: FoundVersion | None
    firmware: FoundVersion | None

    @property
    def cann_version(self) -> CannVersion | None:
        """The version of CANN; None where no place states one."""
        return CannVersion.parse(self.cann[0].value) if self.cann else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing of Ascend was found."""
        return not (self.torch_npu or self.homes or self.cann or self.driver)


def read_install(environ: Mapping[str, str], *, root: Path = DEFAULT_ROOT) -> AscendInstall:
    """What is installed, as ``environ`` and the folders below ``root`` tell."""
    homes = tuple(_homes(environ, root))
    return AscendInstall(
        torch=torch_install.installed_version(),
        torch_npu=_torch_npu(),
        homes=homes,
        cann=tuple(version for home in homes for version in _cann_versions(home.path)),
        opp_kernel=tuple(version for home in homes for version in _opp_kernel_versions(home.path)),
        driver=version_info_version(root / "driver" / "version.info"),
        firmware=version_info_version(root / "firmware" / "version.info"),
    )


def _torch_npu() -> FoundVersion | None:
    try:
        version = importlib.metadata.version("torch_npu")
    except importlib.metadata.PackageNotFoundError:
        return None
    return FoundVersion(value=version, place="metadata of the installed package")


def _homes(environ: Mapping[str, str], root: Path) -> Iterator[CannHome]:
    """Where CANN is, each folder once."""
    seen: set[Path] = set()
    for variable in HOME_VARIABLES:
        value = environ.get(variable)
        if value and Path(value).resolve() not in seen:
            seen.add(Path(value).resolve())
            yield CannHome(path=Path(value), named_by=variable)
    if seen:
        return
    for folder in _DEFAULT_HOMES:
        if (root / folder).is_dir():
            yield CannHome(path=root / folder, named_by="default location")
            return


def _cann_versions(home: Path) -> Iterator[FoundVersion]:
    for architecture in _architectures(home):
        for name in _TOOLKIT_NAMES:
            found = install_info_version(architecture / f"ascend_{name}_install.info")
            if found is not None:
                yield found
    found = running_version(home / "version.cfg", "toolkit") or running_version(home / "version.cfg", "runtime")
    if found is not None:
        yield found


def _opp_kernel_versions(home: Path) -> Iterator[FoundVersion]:
    for architecture in _architectures(home):
        found = install_info_version(architecture / "ascend_ops_install.info")
        if found is not None:
            yield found
    for found in (
        version_info_version(home / "opp_kernel" / "version.info"),
        running_version(home / "version.cfg", "opp_kernel"),
    ):
        if found is not None:
            yield found


def _architectures(home: Path) -> Iterator[Path]:
    """The folder of this machine's architecture; the others where that one is missing, and ``home`` itself last."""
    own = home / f"{platform.machine()}-linux"
    yield from [own] if own.is_dir() else sorted(home.glob("*-linux"))
    yield home
