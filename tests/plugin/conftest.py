"""A suite for every test of the plugin."""

from __future__ import annotations

import importlib
import os
import pkgutil

import pytest

import pytest_ascendperf

from .against_suite import GitSuite
from .suite import QUICK, Suite

# Runs inside this process forget what they imported first. What is loaded before is loaded once: numpy cannot be loaded
# twice, and of this project's own modules there must not be two copies, whose values of one enumeration are not equal.
importlib.import_module("scipy.special")
for module in pkgutil.walk_packages(pytest_ascendperf.__path__, "pytest_ascendperf."):
    importlib.import_module(module.name)


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """An empty suite on the scripted device, with device locks of its own."""
    for name in [name for name in os.environ if name.startswith("ASCENDPERF_")]:
        monkeypatch.delenv(name)
    for name, value in QUICK.items():
        monkeypatch.setenv(f"ASCENDPERF_{name}", value)
    monkeypatch.setenv("COLUMNS", "400")  # pytest cuts the lines of its short summary
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")  # whose summary takes half of a short run
    monkeypatch.setenv("ASCENDPERF_LOCK_DIR", str(pytester.path / "locks"))
    return Suite(pytester)


@pytest.fixture
def git_suite(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> GitSuite:
    """A suite in a repository, in which few pairs of processes decide."""
    monkeypatch.setenv("ASCENDPERF_AGAINST_SESSIONS", "3")
    return GitSuite(suite.pytester)
