"""What torch_npu's profiler left on disk, made into tables of kernels by programs of CANN and torch_npu.

Two routes lead there. The fast one asks CANN's ``msprof.py`` for the summary of operators alone. The full one is
torch_npu's own analysis, which writes a timeline and more and takes many times as long. Both run in processes of their
own within a time. Their exit status says little, so the table itself is looked at: there, and with a row in it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_ascendperf.devices import npu_analysis_program
from pytest_ascendperf.devices.cann_install import HOME_VARIABLES
from pytest_ascendperf.devices.child_process import described_end, last_line, run_to_end, shortened
from pytest_ascendperf.errors import InvalidDataError, ProfileError
from pytest_ascendperf.model import fields

_MSPROF_SCRIPT = Path("tools/profiler/profiler_tool/analysis/msprof/msprof.py")

_ERROR_LINE = re.compile(r"\[ERROR\] \[\d+\] profiler\.py: (.+)")
"""What torch_npu's profiler prints where it would raise; lines of codes may follow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """How long each route may take. A profile of a few calls takes seconds; a gigabyte takes half an hour."""

    summary_s: float = 300.0
    analysis_s: float = 1800.0


DEFAULT_LIMITS = TimeLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedProfile:
    """A profile with a table of kernels in it."""

    path: Path
    """The folder that the table is in or below."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """A route that led to no table."""

    reason: str
    """What was tried and what it said."""
    remedy: str
    """What to do next."""


def export_profile(
    session: Path, environ: Mapping[str, str], *, full: bool = False, limits: TimeLimits = DEFAULT_LIMITS
) -> ExportedProfile:
    """The table of kernels of ``session``, a ``*_ascend_pt`` folder as the profiler left it.

    ``full`` asks for torch_npu's own analysis; it is also made where the fast route fails, which is noted. Raises
    ProfileError where no table came out, or one without kernels.
    """
    failures: list[_Failure] = []
    if not full:
        summary = _export_summary(session, environ, limits.summary_s)
        if isinstance(summary, Path):
            return ExportedProfile(path=summary)
        failures.append(summary)
    analysis = _analyse(session, environ, limits.analysis_s)
    if isinstance(analysis, Path):
        notes = (f"The kernels come from torch_npu's own analysis: {failure.reason}." for failure in failures)
        return ExportedProfile(path=analysis, notes=tuple(notes))
    failures.append(analysis)
    reasons = "; ".join(failure.reason for failure in failures)
    raise ProfileError(str(session), f"no table of kernels came out of it: {reasons}. {failures[0].remedy}")


def find_msprof_script(environ: Mapping[str, str]) -> Path | None:
    """CANN's ``msprof.py``, by the ``msprof`` on PATH and then by CANN's own variables; None where neither leads to it.

    The program is often reached through a link, and lies in the same tree as the script.
    """
    program = shutil.which("msprof", path=environ.get("PATH"))
    roots = list(Path(os.path.realpath(program)).parents) if program else []
    roots += [Path(environ[variable]) for variable in HOME_VARIABLES if environ.get(variable)]
    return next((root / _MSPROF_SCRIPT for root in roots if (root / _MSPROF_SCRIPT).is_file()), None)


def effective_settings(session: Path) -> tuple[str, str] | None:
    """Level and metrics that the profiler of ``session`` took, as it wrote them: ``Level1``, ``ACL_AICORE_NONE``.

    They may differ from what was asked for. None where the profiler wrote none, as one that was ended early.
    """
    for path in sorted(session.glob("profiler_info*.json")):
        with suppress(OSError, ValueError, InvalidDataError):
            document = fields.as_object(json.loads(path.read_text(encoding="utf-8")))
            config = fields.as_object(fields.required(document, "config"), "config")
            experimental = fields.as_object(fields.required(config, "experimental_config"), "experimental_config")
            return fields.text(experimental, "_profiler_level"), fields.text(experimental, "_aic_metrics")
    return None


def last_error(said: str) -> str:
    """The last error that torch_npu's profiler printed, on one line; empty where there is none."""
    errors = _ERROR_LINE.findall(said)
    return shortened(errors[-1].strip()) if errors else ""


def _export_summary(session: Path, environ: Mapping[str, str], timeout_s: float) -> Path | _Failure:
    """The ``PROF_*`` folder with a summary of operators in it. Raises ProfileError where that has no row."""
    recorded = next(iter(sorted(session.glob("PROF_*"))), None)
    if recorded is None:
        return _Failure(reason="there is no PROF_* folder in it", remedy="Run: ascendperf doctor")
    script = find_msprof_script(environ)
    if script is None:
        where = "on PATH and below " + " and ".join(HOME_VARIABLES)
        return _Failure(
            reason=f"msprof.py was not found ({where})", remedy="Run: source <where CANN is>/set_env.sh, then try again"
        )
    command = [sys.executable, str(script), "export", "summary", "-dir", str(recorded)]
    output = session / "export.log"
    status = run_to_end(command, environ, output, timeout_s, cwd=session)
    tables = sorted((recorded / "mindstudio_profiler_output").glob("op_summary_*.csv"))
    if status == 0 and tables:
        _require_rows(session, tables)
        return recorded
    return _Failure(
        reason=_outcome("msprof.py export summary", status, timeout_s, output),
        remedy=f"See all that it says: {shlex.join(command)}",
    )


def _analyse(session: Path, environ: Mapping[str, str], timeout_s: float) -> Path | _Failure:
    """``session`` with ``kernel_details.csv`` in it. Raises ProfileError where that has no row."""
    command = [sys.executable, "-m", npu_analysis_program.__name__, str(session)]
    output = session / "analysis.log"
    status = run_to_end(command, environ, output, timeout_s, cwd=session)
    table = session / "ASCEND_PROFILER_OUTPUT" / "kernel_details.csv"
    if status is not None and table.is_file():
        _require_rows(session, [table])
        return session
    return _Failure(
        reason=_outcome("torch_npu's analysis", status, timeout_s, output),
        remedy=f"See all that it says: {shlex.join(command)}",
    )


def _require_rows(session: Path, tables: Sequence[Path]) -> None:
    if not any(_has_row(table) for table in tables):
        raise ProfileError(
            str(session),
            f"{tables[0].name} has a header and no kernel. Either nothing ran on this device while it was recorded, or "
            "CANN does not record here: see whether another profile of this machine has kernels",
        )


def _has_row(table: Path) -> bool:
    with table.open("rb") as file:
        return bool(file.readline().strip() and file.readline().strip())


def _outcome(what: str, status: int | None, timeout_s: float, output: Path) -> str:
    """How a route ended that wrote no table, with its last words."""
    if status is None:
        return f"{what} did not end within {timeout_s:g} s"
    ended = f"{what} wrote no table" if status == 0 else f"{what} {described_end(status)}"
    words = _last_words(output)
    return f"{ended} ({words})" if words else ended


def _last_words(output: Path) -> str:
    """The last error that a program told, or its last line."""
    return last_error(output.read_text(encoding="utf-8", errors="replace")) or last_line(output)
