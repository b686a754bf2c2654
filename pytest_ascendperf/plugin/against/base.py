"""The base: a worktree of its revision, made for this run and removed with it, and the interpreter that runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_ascendperf.errors import AgainstError
from pytest_ascendperf.plugin.against.request import PROTOCOL, AgainstRequest
from pytest_ascendperf.scratch import ScratchFolder

_GIT_TIME_LIMIT_S = 600.0
_PROBE_TIME_LIMIT_S = 120.0

_PROBE = f"""
import sys
if sys.version_info < (3, 10):
    sys.exit(f"it is Python {{sys.version.split()[0]}}, and Python 3.10 or newer is needed")
try:
    import pytest
except ImportError as error:
    sys.exit(f"it has no pytest ({{error}})")
try:
    from pytest_ascendperf.plugin.against.request import PROTOCOL
except ImportError as error:
    sys.exit(f"it has no pytest-ascendperf that can do this ({{error}})")
if PROTOCOL != {PROTOCOL}:
    sys.exit(f"its pytest-ascendperf is another version, which speaks another protocol ({{PROTOCOL}}, not {PROTOCOL})")
"""
"""What another interpreter is asked; it ends with a sentence where it is not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """Head's tree and the base's copy of it."""

    head: Path
    """Top of the working tree that is tested, resolved."""
    base: Path

    def moved(self, path: str | Path) -> Path | None:
        """Where in the base ``path`` of head's tree lies; None for what is no part of that tree."""
        resolved = Path(path).resolve()
        if not resolved.is_relative_to(self.head) or any(map(resolved.is_relative_to, environments_in(self.head))):
            return None
        return self.base / resolved.relative_to(self.head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What head is compared with."""

    name: str
    """In words: ``base main (1a2b3c4d5e6f)``."""
    head_name: str
    """Head's own revision in words; empty outside of git."""
    trees: Trees | None
    """None where base and head share one tree."""
    python: str | None
    """The base's own interpreter; None where both share one."""
    notes: tuple[str, ...]


def environments_in(tree: Path) -> list[Path]:
    """Folders of this interpreter's installed packages that lie in ``tree``, such as ``.venv``: no part of the code."""
    prefixes = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    return [prefix for prefix in prefixes if prefix != tree and prefix.is_relative_to(tree)]


class Repository:
    """The git repository that the root directory lies in."""

    def __init__(self, folder: Path) -> None:
        """Find it. Raises AgainstError where ``folder`` lies in none."""
        self._folder = folder
        done = self._git("rev-parse", "--show-toplevel")
        if done.returncode != 0:
            raise AgainstError(
                f"--ascendperf-against needs a git repository, and {folder} lies in none ({_last_line(done)}). "
                "Compare with a stored baseline instead: --ascendperf-update-baselines"
            )
        self.top = Path(done.stdout.strip()).resolve()

    def commit_of(self, revision: str) -> str:
        """The full hash of ``revision``. Raises AgainstError where there is no such commit."""
        done = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if done.returncode != 0:
            raise AgainstError(
                f"--ascendperf-against={revision}: there is no such commit in {self.top}. In CI, fetch it first: "
                "a shallow clone has only its own (git fetch origin REV)"
            )
        return done.stdout.strip()

    def describe_head(self) -> str:
        """The checked-out commit, with ``+changes`` where tracked files differ from it."""
        head = self._git("rev-parse", "--short=12", "HEAD")
        changes = self._git("status", "--porcelain", "--untracked-files=no")
        return head.stdout.strip() + ("+changes" if changes.stdout.strip() else "")

    def add_worktree(self, commit: str, path: Path) -> None:
        """Check ``commit`` out into ``path``. Raises AgainstError with git's own words."""
        # The hooks of a checkout are for people's own trees.
        done = self._git("-c", f"core.hooksPath={os.devnull}", "worktree", "add", "--detach", str(path), commit)
        if done.returncode != 0:
            raise AgainstError(f"--ascendperf-against: git could not make a worktree of {commit}: {_last_line(done)}")

    def forget_removed_worktrees(self) -> None:
        """Have git look which of its worktrees are still there."""
        self._git("worktree", "prune")

    def _git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Inside a git hook these name that hook's repository and index.
        environment = {name: value for name, value in os.environ.items() if name not in _GIT_PLACES}
        try:
            return subprocess.run(
                ["git", "-C", str(self._folder), *arguments],
                capture_output=True,
                text=True,
                env={**environment, "LC_ALL": "C"},
                timeout=_GIT_TIME_LIMIT_S,
                check=False,
            )
        except FileNotFoundError:
            raise AgainstError("--ascendperf-against needs git, which is not installed or not on PATH") from None
        except subprocess.TimeoutExpired:
            raise AgainstError(
                f"--ascendperf-against: git {arguments[0]} did not end within {_GIT_TIME_LIMIT_S:.0f} s"
            ) from None


_GIT_PLACES = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"})


class BaseCheckout:
    """Checks what was asked for at once, makes the worktree when it is needed, and removes it."""

    def __init__(self, request: AgainstRequest, rootpath: Path) -> None:
        """Raises AgainstError where the revision or the interpreter cannot be used; nothing is made yet."""
        self._request = request
        self._rootpath = rootpath.resolve()
        self._repository = None if request.revision is None else Repository(rootpath)
        self._commit = ""
        if self._repository is not None and request.revision is not None:
            self._commit = self._repository.commit_of(request.revision)
        if request.python is not None:
            _check_python(request.python)
        self._folder: ScratchFolder | None = None
        """Holds the worktree while there is one."""

    def make(self) -> Base:
        """The base, checked out. Raises AgainstError; then nothing is left behind."""
        python = self._request.python
        if self._repository is None:
            return Base(name=f"base under {python}", head_name="", trees=None, python=python, notes=())
        self._folder = ScratchFolder("base")
        worktree = self._folder.path / self._repository.top.name
        try:
            if worktree.is_relative_to(self._repository.top):
                raise AgainstError(
                    f"--ascendperf-against={self._request.revision}: the temporary folder {self._folder.path.parent} "
                    "lies in the repository, where the base would be a part of head. Set TMPDIR to a folder elsewhere"
                )
            self._repository.add_worktree(self._commit, worktree)
            if not (worktree / self._rootpath.relative_to(self._repository.top)).is_dir():
                raise AgainstError(
                    f"--ascendperf-against={self._request.revision}: the root directory {self._rootpath} does not "
                    "exist in that revision, so none of its tests do"
                )
        except BaseException:
            self.remove()
            raise
        under = "" if python is None else f" under {python}"
        return Base(
            name=f"base {self._request.revision} ({self._commit[:12]}){under}",
            head_name=self._repository.describe_head(),
            trees=Trees(head=self._repository.top, base=worktree),
            python=python,
            notes=_tree_notes(worktree),
        )

    def remove(self) -> None:
        """Remove the worktree, if there is one."""
        if self._folder is not None and self._repository is not None:
            self._folder.remove()
            self._repository.forget_removed_worktrees()
            self._folder = None


def _tree_notes(worktree: Path) -> tuple[str, ...]:
    if not (worktree / ".gitmodules").exists():
        return ()
    return ("The base's submodules are not checked out; tests that need them fail in the base.",)


def _check_python(python: str) -> None:
    option = f"--ascendperf-against-python={python}"
    try:
        done = subprocess.run(
            [python, "-c", _PROBE], capture_output=True, text=True, timeout=_PROBE_TIME_LIMIT_S, check=False
        )
    except OSError as error:
        raise AgainstError(f"{option}: cannot be run: {error.strerror or error}") from None
    except subprocess.TimeoutExpired:
        raise AgainstError(f"{option}: did not answer within {_PROBE_TIME_LIMIT_S:.0f} s") from None
    if done.returncode != 0:
        raise AgainstError(
            f"{option}: {_last_line(done)}. Install pytest and this version of pytest-ascendperf there: "
            f"{python} -m pip install pytest-ascendperf"
        )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines: Sequence[str] = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return lines[-1].strip().rstrip(".") if lines else f"exit status {done.returncode}"
