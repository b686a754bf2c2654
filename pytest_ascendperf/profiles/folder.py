"""Profile folders: which of the files in them matter, and where each profiler puts them.

    *_ascend_pt/ASCEND_PROFILER_OUTPUT/kernel_details.csv           torch_npu
    PROF_*/mindstudio_profiler_output/op_summary_*.csv              CANN's msprof
    PROF_*/device_*/summary/op_summary_*.csv                        the same, up to CANN 7
    *.pt.trace.json                                                 PyTorch's profiler

Only files inside the folder are read: a link that leads out of it is an error, not a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.profiles.files import open_binary
from pytest_ascendperf.profiles.kernel_csv import read_kernel_tables
from pytest_ascendperf.profiles.timeline import read_timeline

_SUBFOLDERS = (
    "ASCEND_PROFILER_OUTPUT",
    "mindstudio_profiler_output",
    "PROF_*/mindstudio_profiler_output",
    "PROF_*/device_*/summary",
    "device_*/summary",
    "summary",
)
_KERNEL_DETAILS = "kernel_details.csv"
_SUMMARY = re.compile(r"op_summary_(?:slice_)?[0-9]{1,20}.*\.csv")
_WRITTEN = re.compile(r"([0-9]{14,20})\.csv")
"""When msprof exported, to the second; a profile can be exported again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFiles:
    """The files of one profile; None, or no tables, for what it does not have."""

    kernel_tables: tuple[Path, ...]
    timeline: Path | None
    operator_statistic: Path | None
    step_times: Path | None
    communication: Path | None
    fusion_result: Path | None


def open_profile(path: str | Path) -> KernelTrace:
    """The kernel trace of a profile: any folder that a profiler wrote, or one of its files.

    In a folder, the table of kernels is preferred to the timeline, which knows less. Raises ProfileError where there is
    neither, where there are profiles of several processes, and for files that cannot be read.
    """
    path = Path(path)
    if not _is_folder(path):
        return _open_file(path)
    files = find_profile(path)
    if files.kernel_tables:
        return read_kernel_tables(files.kernel_tables)
    if files.timeline is not None:
        return read_timeline(files.timeline)
    raise ProfileError(
        str(path), f"no {_KERNEL_DETAILS}, op_summary_*.csv or timeline in it. {_what_else(path, files)}"
    )


def find_profile(path: str | Path) -> ProfileFiles:
    """The files of the one profile in a folder. Raises ProfileError where there are several, or links leading out."""
    root = Path(path)
    if not _is_folder(root):
        raise ProfileError(str(root), "is not a folder")
    inner = [folder for folder in _matching(root, "*_ascend_pt") if folder.is_dir()]
    if len(inner) > 1:
        names = ", ".join(folder.name for folder in inner[:4])
        raise ProfileError(str(root), f"holds {len(inner)} profiles; name one of them: {names}")
    folders = [folder for start in (root, *inner) for folder in _output_folders(start)]
    return ProfileFiles(
        kernel_tables=_kernel_tables(root, folders),
        timeline=_timeline(root, folders),
        operator_statistic=_newest(root, folders, "op_statistic*.csv"),
        step_times=_newest(root, folders, "step_trace_time.csv"),
        communication=_newest(root, folders, "communication.json"),
        fusion_result=_newest(root, folders, "fusion_result.json"),
    )


def _open_file(path: Path) -> KernelTrace:
    with open_binary(path) as file:
        beginning = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    # By what is in it and not by its name: files are renamed when they are kept.
    return read_timeline(path) if beginning[:1] in (b"[", b"{") else read_kernel_tables([path])


def _what_else(path: Path, files: ProfileFiles) -> str:
    if files.operator_statistic is not None:
        return "Its op_statistic.csv has totals without single kernels"
    if any(_matching(folder, "*_profiler*.db") for folder in (path, *_output_folders(path))):
        return "Its database is not read: record with export_type=ExportType.Text"
    return "If it was just recorded, analyse it first: torch_npu.profiler.profiler.analyse(folder)"


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError) as error:
        raise ProfileError(str(path), f"cannot be opened: {error}") from error


def _output_folders(start: Path) -> Iterator[Path]:
    yield start
    for pattern in _SUBFOLDERS:
        yield from (folder for folder in _matching(start, pattern) if folder.is_dir())


def _kernel_tables(root: Path, folders: list[Path]) -> tuple[Path, ...]:
    details = _newest(root, folders, _KERNEL_DETAILS)
    if details is not None:
        return (details,)
    tables = [
        path for folder in folders for path in _matching(folder, "op_summary_*.csv") if _SUMMARY.fullmatch(path.name)
    ]
    newest = max(map(_written, tables), default="")
    return tuple(_inside(root, path) for path in tables if _written(path) == newest)


def _timeline(root: Path, folders: list[Path]) -> Path | None:
    view = _newest(root, folders, "trace_view.json")
    if view is not None:
        return view
    exported = [path for folder in folders for path in _matching(folder, "*.pt.trace.json")]
    if len(exported) > 1:
        names = ", ".join(path.name for path in exported[:4])
        raise ProfileError(str(root), f"holds {len(exported)} timelines; name one of them: {names}")
    return _inside(root, exported[0]) if exported else None


def _newest(root: Path, folders: list[Path], pattern: str) -> Path | None:
    """The file of the first folder that has one; of several exports the last."""
    for folder in folders:
        found = _matching(folder, pattern)
        if found:
            return _inside(root, max(found, key=_written))
    return None


def _written(path: Path) -> str:
    stamp = _WRITTEN.search(path.name)
    return stamp[1] if stamp else ""


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except (OSError, ValueError) as error:
        raise ProfileError(str(folder), f"cannot be listed: {error}") from error


def _inside(root: Path, path: Path) -> Path:
    try:
        if path.resolve(strict=True).is_relative_to(root.resolve(strict=True)):
            return path
    except (OSError, RuntimeError) as error:
        raise ProfileError(str(path), f"is a link that leads nowhere: {error}") from error
    raise ProfileError(str(path), f"is a link that leads out of {root}. Only files inside the folder are read")
