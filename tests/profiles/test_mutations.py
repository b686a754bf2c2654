from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_damaged_profiles_are_read_or_refused_and_never_end_in_a_traceback() -> None:
    """300 mutations of every format. ``benchmarks/fuzz_profiles.py`` makes them; by hand it makes 20,000."""
    command = [sys.executable, "-m", "benchmarks.fuzz_profiles", "--mutations", "300", "--seed", "2025"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "300 mutations, 0 went wrong" in done.stdout
