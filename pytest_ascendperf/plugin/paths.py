"""Where baselines lie for this run, and how paths are told to people."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ascendperf.settings import Settings


def baselines_root(config: pytest.Config, settings: Settings) -> Path:
    """The folder of the baselines. Command line and environment give absolute paths; others count from the root."""
    return config.rootpath / settings.baselines


def short_path(path: Path, rootpath: Path) -> str:
    """``path`` from the root directory where it lies below it, else in full."""
    try:
        return str(path.relative_to(rootpath))
    except ValueError:
        return str(path)
