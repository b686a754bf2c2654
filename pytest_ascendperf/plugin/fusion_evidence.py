"""What the graph compiler fused while one test ran: ``fusion_result.json`` of a process that ran no other test.

CANN's graph compiler counts what each of its fusion passes did and writes the counts when the process ends: into the
working directory, where processes overwrite one another's, or below ``ASCEND_WORK_PATH``. So every fresh process gets a
folder of its own there, which also keeps such files out of the user's tree, and the parent reads it afterwards.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

WORK_PATH = "ASCEND_WORK_PATH"
"""The environment variable that says where CANN puts what belongs to one process."""


def own_work_path(folder: Path) -> dict[str, str]:
    """The environment of a fresh process whose files of CANN are to lie in ``folder``."""
    return {**os.environ, WORK_PATH: str(folder)}


def fusion_passes(folder: Path) -> tuple[tuple[str, int], ...] | None:
    """How often each pass took effect in the processes that wrote to ``folder``, sorted; None where none compiled.

    Raises ProfileError where a file cannot be read.
    """
    files = sorted(folder.glob("FE/*/fusion_result.json"))
    if not files:
        return None
    from pytest_ascendperf.profiles.fusion_result import read_fusion_result

    effects: Counter[str] = Counter()
    for file in files:
        effects.update(read_fusion_result(file).effects())
    return tuple(sorted(effects.items()))
