"""The version-control revision that was measured, for the record in the baseline."""

from __future__ import annotations

import subprocess
from pathlib import Path

_TIME_LIMIT_S = 10.0


def revision_of(folder: Path) -> str | None:
    """The git revision of ``folder``, with ``+changes`` when tracked files differ from it; None outside of git."""
    head = _git(folder, "rev-parse", "--short=12", "HEAD")
    if head is None:
        return None
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return f"{head}+changes" if changes else head


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        result = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=_TIME_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
