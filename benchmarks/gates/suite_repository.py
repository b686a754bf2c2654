"""The suite as a git repository with a base revision and one revision per slowdown, each checked out beside the others.

Revisions differ in one line, ``EXTRA_PERCENT``; the A/A revision differs in a comment. The folders have names of equal
length, so that paths are no difference between base and head.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

LOADS = (
    "python_loop",
    "python_json",
    "numpy_sort",
    "torch_matmul",
    "torch_norm_gelu",
    "torch_attention",
    "allocation",
    "memory_copy",
)
"""The works that the suite's ``loads.py`` defines, named here for whoever must not load them."""

FILES = Path(__file__).parent / "suite"
BASE = "base"
_IDENTITY = ("-c", "user.name=gates", "-c", "user.email=gates@localhost")
_EXERCISE = """

@control("base")
def {function}_perf():
    "{name}"
    from work.loads import call_of

    call = call_of("{name}")
    # end warmup
    call()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Where the revisions are."""

    folder: Path
    tests: tuple[str, ...]

    @property
    def repository(self) -> Path:
        """The repository, bare: the remote of every tree."""
        return self.folder / "work.git"

    @property
    def base(self) -> Path:
        """The tree of the base revision."""
        return self.folder / BASE

    def head(self, slowdown: int) -> Path:
        """The tree of a head revision."""
        return self.folder / revision(slowdown)


def revision(slowdown: int) -> str:
    """The branch of a head revision, and the name of its tree."""
    return f"by{slowdown:02}"


def make_suite(folder: Path, slowdowns: tuple[int, ...], copies: int) -> Suite:
    """Write the repository and the trees, replacing those of another run."""
    shutil.rmtree(folder, ignore_errors=True)
    base = folder / BASE
    shutil.copytree(FILES, base, ignore=shutil.ignore_patterns("__pycache__"))
    tests = tuple(f"{name}-{copy}" for copy in range(copies) for name in LOADS)
    exercises = "".join(_EXERCISE.format(function=re.sub(r"\W", "_", name), name=name) for name in tests)
    (base / "exercises.py").write_text(f"from pytest_perf.deco import control\n{exercises}", encoding="utf-8")
    (base / ".gitignore").write_text("__pycache__/\nbuild/\n*.egg-info/\n", encoding="utf-8")
    suite = Suite(folder=folder, tests=tests)
    _git(base, "init", "--quiet", "--initial-branch", BASE)
    _commit(base, "base")
    _git(folder, "clone", "--quiet", "--bare", str(base), str(suite.repository))
    _git(base, "remote", "add", "origin", suite.repository.as_uri())
    for slowdown in slowdowns:
        head = suite.head(slowdown)
        _git(folder, "clone", "--quiet", suite.repository.as_uri(), str(head))
        _git(head, "switch", "--quiet", "--create", revision(slowdown))
        line = head / "work" / "slowdown.py"
        text = line.read_text(encoding="utf-8").replace("EXTRA_PERCENT = 0", f"EXTRA_PERCENT = {slowdown}  # head")
        line.write_text(text, encoding="utf-8")
        _commit(head, f"head, {slowdown} % more work")
        _git(head, "push", "--quiet", "origin", revision(slowdown))
    return suite


def _commit(tree: Path, message: str) -> None:
    _git(tree, "add", "--all")
    _git(tree, *_IDENTITY, "commit", "--quiet", "--message", message)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)
