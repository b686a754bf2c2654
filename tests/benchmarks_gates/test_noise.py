from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from gates.noise import MOST

PROJECT = Path(__file__).parents[2]
SEED = "1"


def test_background_load_ends_with_whoever_asked_for_it() -> None:
    """Output ends when the last process that could write to it has: the busy ones inherit it."""
    assert random.Random(SEED).randint(0, MOST) > 0
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.gates.noise", SEED],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.communicate(timeout=60)
    assert process.returncode == 0
