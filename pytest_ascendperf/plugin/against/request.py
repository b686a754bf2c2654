"""What ``--ascendperf-against`` and ``--ascendperf-against-python`` ask for, and what they cannot be combined with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from pytest_ascendperf.plugin.against.cores import Cores
    from pytest_ascendperf.plugin.against.gate import AgainstGate
    from pytest_ascendperf.plugin.session_request import SessionRequest

AGAINST_KEY: pytest.StashKey[AgainstGate] = pytest.StashKey()
"""On the config of a run with a base: its gate."""

PROTOCOL = 2
"""Version of what is said between the processes; another environment's plugin must speak the same."""


class AgainstRequest(NamedTuple):
    """The base that was asked for; at least one of both is given."""

    revision: str | None
    python: str | None


class WorkerRequest(NamedTuple):
    """The message to a process that measures one side."""

    session: SessionRequest
    side: str
    """``base`` or ``head``."""
    cores: Cores
    head_tree: str | None
    """The tree that the base must import nothing from; None where base and head share one."""
    base_tree: str | None
    """Where the base's own copy of that tree lies."""
    shares_environment: bool
    """Whether both sides run under one interpreter, with the same installed packages."""


def against_request(config: pytest.Config) -> AgainstRequest | None:
    """What was asked for; None in an ordinary run."""
    revision: str | None = config.getoption("ascendperf_against", None)
    python: str | None = config.getoption("ascendperf_against_python", None)
    return None if revision is None and python is None else AgainstRequest(revision, python)


def check_combination(config: pytest.Config) -> None:
    """Refuse options that do not go together. Raises pytest.UsageError."""
    if against_request(config) is None:
        return
    option = _spelled(config)
    if os.name != "posix":
        raise pytest.UsageError(f"ascendperf: {option} needs a POSIX system: its processes talk over inherited sockets")
    if config.getoption("numprocesses", None) or config.getoption("tx", None):
        raise pytest.UsageError(
            f"ascendperf: {option} cannot run under xdist: base and head take turns on one device, and other workers "
            "would disturb both. Leave -n out, or give -n 0"
        )
    if config.getoption("ascendperf_update_baselines") is not None:
        raise pytest.UsageError(
            f"ascendperf: {option} and --ascendperf-update-baselines do not go together: the base is measured anew in "
            "each such run, and nothing is stored. Give one of them"
        )
    if config.getoption("usepdb", False) or config.getoption("trace", False):
        raise pytest.UsageError(
            f"ascendperf: {option} runs the marked tests in processes of their own, which --pdb and --trace cannot "
            "reach. Leave one of them out"
        )


def _spelled(config: pytest.Config) -> str:
    given = config.getoption("ascendperf_against") is not None
    return "--ascendperf-against" if given else "--ascendperf-against-python"
