"""When a change counts with ``--ascendperf-against``: the settings of the run, with a tolerance of its own."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.plugin.options import given, settings_of

TOLERANCE = 0.02
"""Slowdown allowed unless the user gives a tolerance, anywhere. Side by side 2 % can be told; hours apart it cannot."""


def rule_of(config: pytest.Config, keywords: Mapping[str, object], *, cases: int) -> Rule:
    """The rule of a case whose marker has these keywords, in a run of one test. Raises SettingsError."""
    sources = given(config)
    settings = settings_of(config, keywords)
    chosen = any("tolerance" in source for source in (keywords, sources.command_line, sources.environment, sources.ini))
    return Rule(
        tolerance=settings.tolerance if chosen else TOLERANCE,
        min_change_us=settings.min_change_us,
        confirm_sessions=settings.against_sessions,
        suite_tests=1,
        cases=max(cases, 1),
        must_decide=settings.undecided_fails,
        improvement_fails=settings.improvement_fails,
    )
