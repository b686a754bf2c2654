"""Starts the process of one side, in its tree and under its interpreter, and talks to it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_ascendperf.errors import AgainstError, FreshProcessError
from pytest_ascendperf.plugin.against.base import Base, Trees
from pytest_ascendperf.plugin.against.cores import Cores
from pytest_ascendperf.plugin.against.line import LineBroken, new_line
from pytest_ascendperf.plugin.against.request import WorkerRequest
from pytest_ascendperf.plugin.bench import Bench
from pytest_ascendperf.plugin.fresh import end_process, last_words, pickled, session_options
from pytest_ascendperf.plugin.session_request import SessionRequest
from pytest_ascendperf.scratch import ScratchFolder

_MAIN = "from pytest_ascendperf.plugin.against.worker import main; sys.exit(main(sys.argv[1], int(sys.argv[2])))"
_SAME_INTERPRETER = f"import sys; sys.path[:] = sys.argv[3:]; {_MAIN}"
"""Program of a process under this interpreter: it takes over the whole search path."""
_OTHER_INTERPRETER = f"import sys; sys.path[:1] = sys.argv[3:]; {_MAIN}"
"""... and under another one, which has packages of its own and is told only where the tested code lies."""
_PLACES = ("rootdir", "inifilename", "confcutdir")
"""Options that hold a path of the tested tree."""
_STOP_S = 10.0


class SideLost(AgainstError):
    """A process that ended, or hangs, before its time."""

    def __init__(self, side: str, problem: str) -> None:
        self.side = side
        """``base`` or ``head``."""
        super().__init__(f"the {side} process {problem}")

    @property
    def in_one_line(self) -> str:
        """The message for a place that has one line."""
        return " ".join(str(self).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a side found."""

    tests: frozenset[str]
    """Node ids of its marked tests."""
    problems: Mapping[str, str]
    """Why a file could not be collected, by its node id."""
    wrong_import: str | None
    """What the base imported that is not the base's, to follow its name in a sentence."""
    notes: tuple[str, ...]

    def problem_of(self, nodeid: str) -> str | None:
        """Why the file of the test ``nodeid`` could not be collected; None where it could, or is not there."""
        problem = self.problems.get(nodeid.partition("::")[0])
        return None if problem is None else f"its file cannot be collected: {problem}"


class SideProcess:
    """The process of one side, from its start to its end."""

    def __init__(self, config: pytest.Config, side: str, base: Base, targets: Sequence[str], cores: Cores) -> None:
        """Start it. Raises AgainstError where options cannot be handed over."""
        self.side = side
        self._folder = ScratchFolder("side")
        self._output = self._folder.path / "output.txt"
        try:
            self._start(config, base, targets, cores)
        except BaseException:
            self._folder.remove()
            raise

    def _start(self, config: pytest.Config, base: Base, targets: Sequence[str], cores: Cores) -> None:
        is_base = self.side == "base"
        trees = base.trees if is_base else None
        python = base.python if is_base else None
        request_path = self._folder.path / "request.pickle"
        try:
            request_path.write_bytes(_request(config, self.side, trees, python, targets, cores, self._folder.path))
        except FreshProcessError as error:
            raise AgainstError(str(error)) from None
        self._line, descriptor = new_line()
        try:
            with self._output.open("wb") as output:
                self._process = subprocess.Popen(
                    _command(config, request_path, descriptor, trees, python),
                    cwd=_folder_of(config, trees),
                    env=_environment(trees),
                    stdin=subprocess.PIPE,
                    stdout=output.fileno(),
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=(descriptor,),
                )
        finally:
            os.close(descriptor)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def collected(self, within_s: float) -> Collected:
        """Wait for the end of its collection. Raises AgainstError."""
        message = self.receive(within_s, "it collected its tests")
        return Collected(
            tests=frozenset(message["tests"]),
            problems=message["problems"],
            wrong_import=message["wrong_import"],
            notes=tuple(message["notes"]),
        )

    def send(self, **message: object) -> None:
        """Tell it something. Where it is gone, :meth:`receive` will say so."""
        with contextlib.suppress(LineBroken):
            self._line.send(**message)

    def receive(self, within_s: float, doing: str) -> Mapping[str, Any]:
        """Wait for its next message. Raises SideLost where it ended, or was silent, while ``doing``."""
        try:
            return self._line.receive(within_s=within_s)
        except LineBroken as broken:
            if broken.silent_s is not None:
                self.kill()
                raise SideLost(
                    self.side,
                    f"said nothing for {broken.silent_s:g} s while {doing}, and was stopped. "
                    "If it needs longer, give --ascendperf-against-timeout-s",
                ) from None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_S)
        status = self._process.poll()
        raise SideLost(
            self.side, f"ended with status {status} while {doing}. Its last words:\n{last_words(self._output)}"
        )

    def stop(self) -> None:
        """Let it tear its fixtures down, and see that it ends."""
        self.send(kind="stop")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_S)
        self.kill()

    def kill(self) -> None:
        """End it and all that it started."""
        end_process(self._process)
        self._line.close()
        self._folder.remove()


def _request(
    config: pytest.Config,
    side: str,
    trees: Trees | None,
    python: str | None,
    targets: Sequence[str],
    cores: Cores,
    folder: Path,
) -> bytes:
    options = session_options(config, folder / "cache")
    if side == "head":
        options["runxfail"] = config.option.runxfail  # its reports are the run's own
    if trees is not None:
        for name in _PLACES:
            options[name] = _moved_option(trees, options.get(name))
    if python is not None:
        options = {name: value for name, value in options.items() if _is_plain(value)}
    request = WorkerRequest(
        session=SessionRequest(
            options=options,
            tests=tuple(targets),
            results_path="",
            device_is_held=True,
            device=Bench.of(config).choice,
            full_speed_us=None,  # its rounds wait for none
        ),
        side=side,
        cores=cores,
        head_tree=None if trees is None else str(trees.head),
        base_tree=None if trees is None else str(trees.base),
        shares_environment=python is None,
    )
    return pickled(request, options)


def _moved_option(trees: Trees, value: object) -> object:
    """The path in the base; None where the base does not have it, and unchanged where head's tree does not."""
    if not isinstance(value, str):
        return value
    moved = trees.moved(value)
    if moved is None:
        return value
    return str(moved) if moved.exists() else None


def _is_plain(value: object) -> bool:
    """Whether another interpreter, which may lack the plugins of this one, can read it."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def _command(
    config: pytest.Config, request_path: Path, descriptor: int, trees: Trees | None, python: str | None
) -> list[str]:
    arguments = [str(request_path), str(descriptor)]
    if python is not None:
        top = config.rootpath.resolve() if trees is None else trees.head
        own = Trees(head=top, base=top if trees is None else trees.base)
        code = [str(moved) for entry in sys.path if (moved := own.moved(entry)) is not None and moved.exists()]
        return [python, "-c", _OTHER_INTERPRETER, *arguments, *code]
    optimisation = ["-" + "O" * sys.flags.optimize] if sys.flags.optimize else []
    return [sys.executable, *optimisation, "-c", _SAME_INTERPRETER, *arguments, *_search_path(trees, sys.path)]


def _search_path(trees: Trees | None, entries: Sequence[str]) -> list[str]:
    """``entries`` with those of head's tree moved to the base's, or left out where it does not have them."""
    if trees is None:
        return list(entries)
    pairs = [(entry, trees.moved(entry)) for entry in entries]
    return [entry if moved is None else str(moved) for entry, moved in pairs if moved is None or moved.exists()]


def _environment(trees: Trees | None) -> dict[str, str]:
    """This process's, with the search path of what tests start moved like their own."""
    environment = dict(os.environ)
    given = environment.get("PYTHONPATH", "")
    if trees is not None and given:
        environment["PYTHONPATH"] = os.pathsep.join(_search_path(trees, given.split(os.pathsep)))
    return environment


def _folder_of(config: pytest.Config, trees: Trees | None) -> Path:
    folder = config.invocation_params.dir
    if trees is None:
        return folder
    moved = trees.moved(folder)
    return folder if moved is None else moved if moved.is_dir() else trees.base
