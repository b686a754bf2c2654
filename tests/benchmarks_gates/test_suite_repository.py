from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from gates.suite_repository import LOADS, make_suite


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_base_and_heads_differ_in_one_line(tmp_path: Path) -> None:
    suite = make_suite(tmp_path / "suite", (0, 5), copies=1)
    for slowdown in (0, 5):
        changed = git(suite.head(slowdown), "diff", "--numstat", "origin/base", "HEAD").split()
        assert changed == ["1", "1", "work/slowdown.py"]
        assert git(suite.head(slowdown), "status", "--porcelain") == ""
    assert len({len(str(tree)) for tree in (suite.base, suite.head(0), suite.head(5))}) == 1


def test_a_slowdown_is_that_many_more_units(tmp_path: Path) -> None:
    """The call of a head does 105 units for the base's 100, counted in the work itself."""
    suite = make_suite(tmp_path / "suite", (0, 5), copies=1)
    program = (
        "from work import loads; counted = [];"
        "loads.LOADS['python_loop'] = lambda: counted.append;"
        "loads.call_of('python_loop-0')(); print(counted[0])"
    )
    units = [
        int(subprocess.run([sys.executable, "-c", program], cwd=tree, check=True, capture_output=True).stdout)
        for tree in (suite.base, suite.head(0), suite.head(5))
    ]
    assert units == [100, 100, 105]


def test_every_work_can_be_called_and_is_a_test(tmp_path: Path) -> None:
    suite = make_suite(tmp_path / "suite", (0,), copies=2)
    program = "from work.loads import LOADS; [LOADS[name]()(2) for name in LOADS]; print(*LOADS)"
    environment = {**os.environ, "TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=suite.base, check=True, capture_output=True, text=True, env=environment
    )
    assert tuple(done.stdout.split()) == LOADS
    assert suite.tests == tuple(f"{name}-{copy}" for copy in (0, 1) for name in LOADS)
    exercises = (suite.base / "exercises.py").read_text("utf-8")
    assert all(f'call_of("{test}")' in exercises for test in suite.tests)
