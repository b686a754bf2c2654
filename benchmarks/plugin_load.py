"""What the plugin costs a pytest run that measures nothing. Bar: at most 1.05 × a run without it.

Usage: python benchmarks/plugin_load.py [repeats]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from side_by_side import costs, report


def main() -> None:
    """Print the ratios."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (folder / "test_one.py").write_text("def test_one(): pass\n", encoding="utf-8")
        commands = {
            "without the plugin": [*pytest, "-p", "no:ascendperf"],
            "without the plugin, once more": [*pytest, "-p", "no:ascendperf"],
            "with the plugin": pytest,
        }
        print("\n".join(report(costs(commands, folder, repeats=repeats), "without the plugin")))


if __name__ == "__main__":
    main()
