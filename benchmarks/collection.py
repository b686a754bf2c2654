"""What the marker costs collection: 10,000 marked tests against the same tests unmarked. Bar: at most 1.15 ×.

Usage: python benchmarks/collection.py [repeats]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from side_by_side import costs, report

MODULES, FUNCTIONS, PARAMETERS = 10, 100, 10


def write_suite(folder: Path, *, marked: bool) -> None:
    """Write 10,000 tests, half of the functions with a keyword in their marker."""
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for module in range(MODULES):
        lines = ["import pytest"]
        for function in range(FUNCTIONS):
            if marked:
                lines.append("@pytest.mark.npu_perf" + ("(tolerance=0.1)" if function % 2 else ""))
            lines.append(f"@pytest.mark.parametrize('n', range({PARAMETERS}))")
            lines.append(f"def test_{function}(n): pass")
        (folder / f"test_module_{module}.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Print the ratios."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    collect = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", "-c"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for suite in ("unmarked", "marked"):
            write_suite(folder / suite, marked=suite == "marked")
        tests = ["--rootdir", "unmarked", "unmarked"]
        commands = {
            "unmarked, without the plugin": [*collect, "unmarked/pytest.ini", "-p", "no:ascendperf", *tests],
            "unmarked": [*collect, "unmarked/pytest.ini", *tests],
            "marked": [*collect, "marked/pytest.ini", "--rootdir", "marked", "marked"],
        }
        print("\n".join(report(costs(commands, folder, repeats=repeats), "unmarked")))


if __name__ == "__main__":
    main()
