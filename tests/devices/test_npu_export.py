"""From what the profiler left to a table, with programs that take the place of CANN's; torch_npu is not needed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from pytest_ascendperf.devices.npu_export import (
    TimeLimits,
    effective_settings,
    export_profile,
    find_msprof_script,
    last_error,
)
from pytest_ascendperf.errors import ProfileError

SCRIPT = Path("tools/profiler/profiler_tool/analysis/msprof/msprof.py")

WRITES = """
import sys
from pathlib import Path
assert sys.argv[1:4] == ["export", "summary", "-dir"]
output = Path(sys.argv[4]) / "mindstudio_profiler_output"
output.mkdir()
(output / "op_summary_slice_0_20260101000000.csv").write_text("Op Name\\n")
(output / "op_summary_slice_1_20260101000000.csv").write_text("Op Name\\nAdd\\n")
"""


def cann(root: Path, script: str = WRITES) -> Path:
    """A CANN in ``root`` with nothing but ``msprof`` and its script; the folder of a link to the program."""
    (root / SCRIPT).parent.mkdir(parents=True)
    (root / SCRIPT).write_text(script)
    program = root / "tools/profiler/bin/msprof"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    linked = root.with_name(f"{root.name}-links")
    linked.mkdir()
    (linked / "msprof").symlink_to(program)
    return linked


def session(tmp_path: Path) -> Path:
    folder = tmp_path / "host_1_20260101000000000_ascend_pt"
    (folder / "PROF_000001_20260101000000000_ABC").mkdir(parents=True)
    return folder


def test_the_script_is_found_by_the_program_on_the_path_first(tmp_path: Path) -> None:
    """Also below a folder whose name holds the word "tools"."""
    first, second = tmp_path / "my tools" / "cann", tmp_path / "other"
    environ = {"PATH": str(cann(first)), "ASCEND_HOME_PATH": str(second)}
    cann(second)
    assert find_msprof_script(environ) == first / SCRIPT
    assert find_msprof_script({**environ, "PATH": ""}) == second / SCRIPT
    assert find_msprof_script({"PATH": "", "ASCEND_TOOLKIT_HOME": str(second)}) == second / SCRIPT
    assert find_msprof_script({"PATH": "", "ASCEND_HOME_PATH": str(tmp_path)}) is None


def test_the_fast_route_needs_nothing_but_msprof(tmp_path: Path) -> None:
    """Tables may come in slices, of which some may be empty; the output of the program is kept beside them."""
    folder = session(tmp_path)
    exported = export_profile(folder, {**os.environ, "PATH": str(cann(tmp_path / "cann"))})
    assert exported.path == folder / "PROF_000001_20260101000000000_ABC"
    assert exported.notes == ()
    assert (folder / "export.log").is_file()


def test_a_table_that_is_cut_before_its_first_row_is_an_error(tmp_path: Path) -> None:
    path = str(cann(tmp_path / "cann", WRITES.replace("Op Name\\nAdd\\n", "")))
    with pytest.raises(ProfileError, match=r"op_summary_slice_0_20260101000000\.csv has a header and no kernel"):
        export_profile(session(tmp_path), {**os.environ, "PATH": path})


def test_both_routes_are_told_where_neither_leads_anywhere(tmp_path: Path) -> None:
    """The script dies of a signal; the analysis cannot start, since its interpreter finds no package."""
    dies = "import os, signal; print('as it goes'); os.sys.stdout.flush(); os.kill(os.getpid(), signal.SIGABRT)"
    folder = session(tmp_path)
    environ = {**os.environ, "PATH": str(cann(tmp_path / "cann", dies)), "PYTHONHOME": str(tmp_path)}
    with pytest.raises(ProfileError) as raised:
        export_profile(folder, environ, limits=TimeLimits(summary_s=60, analysis_s=60))
    text = str(raised.value)
    assert text.startswith(f"profile {folder}: no table of kernels came out of it: msprof.py export summary ")
    assert "; torch_npu's analysis ended with status 1 (" in text
    assert f"See all that it says: {sys.executable} " in text


@pytest.mark.parametrize(
    ("config", "settings"),
    [
        ({"_profiler_level": "Level1", "_aic_metrics": "ACL_AICORE_NONE"}, ("Level1", "ACL_AICORE_NONE")),
        ({"_profiler_level": "Level1"}, None),
    ],
)
@pytest.mark.parametrize("name", ["profiler_info.json", "profiler_info_3.json"])
def test_the_settings_are_read_from_what_the_profiler_wrote(
    tmp_path: Path, name: str, config: dict[str, str], settings: tuple[str, str] | None
) -> None:
    """A rank has its number in the name of the file."""
    (tmp_path / name).write_text(json.dumps({"config": {"experimental_config": config}}))
    assert effective_settings(tmp_path) == settings


def test_the_last_error_that_is_printed_is_told_without_time_and_codes() -> None:
    said = (
        "[2026-01-01 00:00:00] [ERROR] [7] profiler.py: Call init failed.\n"
        "[2026-01-01 00:00:00] [ERROR] [7] profiler.py: Call start failed. Exception: no folder\n"
        "[ERROR] 2026-01-01-00:00:00 (PID:7, Device:0, RankID:-1) ERR00001 PTA invalid parameter\n"
        "[2026-01-01 00:00:00] [INFO] [7] profiler.py: done\n"
    )
    assert last_error(said) == "Call start failed. Exception: no folder"
    assert last_error("done\n") == ""
