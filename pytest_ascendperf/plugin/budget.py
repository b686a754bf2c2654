"""``--ascendperf-budget``: to which processes of which runs it applies."""

from __future__ import annotations

import time

import pytest

from pytest_ascendperf.measure.budget import BudgetOfRun
from pytest_ascendperf.plugin.session_request import is_fresh_session
from pytest_ascendperf.settings import Settings


def budget_of_run(config: pytest.Config, settings: Settings, *, tests: int) -> BudgetOfRun | None:
    """The budget of this process; None where none was given, or where it does not apply."""
    if settings.budget is None or is_fresh_session(config) or why_not_applied(config) is not None:
        return None
    workerinput = getattr(config, "workerinput", None)
    workers = None if workerinput is None else int(workerinput["workercount"])
    return BudgetOfRun(settings.budget, tests=tests, workers=workers, clock=time.monotonic)


def why_not_applied(config: pytest.Config) -> str | None:
    """Why a budget says nothing in such a run, as a sentence; None where it applies."""
    if config.getoption("ascendperf_update_baselines") is not None:
        return (
            "the budget does not apply to a recording: a baseline of fewer sessions would be worse in every later run. "
            "Record fewer tests at a time, or give --ascendperf-sessions"
        )
    if config.getoption("ascendperf_self_check") is not None:
        return (
            "the budget does not apply to a self-check, which needs all of its sessions. Check fewer tests at a time, "
            "or give --ascendperf-self-check=N"
        )
    return None
