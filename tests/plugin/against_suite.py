"""A suite in a git repository: a base that is committed, and head, which is the working tree."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from .suite import Suite

if TYPE_CHECKING:
    import pytest

AGAINST = ("--ascendperf-against=main", "-p", "no:cacheprovider")

SPEND = """
US = {us}

@pytest.fixture
def spend(npu_perf_device):
    return lambda us=US: npu_perf_device.spend(us)
"""


class GitSuite(Suite):
    """A suite whose folder is a repository with the branch ``main``."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        super().__init__(pytester)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.email", "nobody@example.org")
        self.git("config", "user.name", "nobody")

    def git(self, *arguments: str) -> str:
        """Run git in the repository; it must succeed."""
        done = subprocess.run(["git", *arguments], cwd=self.path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, **files: str) -> None:
        """Write files as :meth:`write` does, and commit all there is."""
        self.write(**files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=a state")

    def worktrees(self) -> list[str]:
        """The repository's worktrees besides its own tree."""
        return [line for line in self.git("worktree", "list").splitlines() if str(self.path) not in line.split()[0]]


def scripted_test(us: float, body: str = "") -> str:
    """A test module whose one test spends ``us`` µs."""
    return SPEND.format(us=us) + (body or "\n@pytest.mark.npu_perf(min_change_us=0)\ndef test_x(spend): spend()\n")


def other_python(folder: Path, *, without: str = "") -> str:
    """An interpreter of another environment that sees the packages of this one, less the one named ``without``."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    (packages,) = (folder / "lib").glob("python*/site-packages")
    places = [Path(place) for place in sys.path if place and Path(place).is_dir()]
    blocked = f"import sys; sys.modules[{without!r}] = None\n" if without else ""
    (packages / "this_environment.pth").write_text("\n".join([*map(str, places), blocked]), "utf-8")
    return str(python)
