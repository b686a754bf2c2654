from __future__ import annotations

import subprocess
import sys


def test_importing_the_readers_imports_nothing_heavy() -> None:
    """What is heavy is imported by the reading that needs it; a small table never needs pyarrow."""
    program = (
        "import sys, pytest_ascendperf.profiles, pytest_ascendperf.report.profile; "
        "print(sorted({'numpy', 'pyarrow', 'torch', 'scipy', 'tabulate'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
