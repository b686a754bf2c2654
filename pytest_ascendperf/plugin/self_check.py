"""``--ascendperf-self-check``: the run itself is the first session, fresh processes are the others; none is judged."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from pytest_ascendperf.errors import SettingsError
from pytest_ascendperf.judge.self_check import CheckedCase, check_case, suite_tolerance
from pytest_ascendperf.model.baseline import NotRecorded
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.plugin.bench import Bench
from pytest_ascendperf.plugin.further_sessions import FurtherSessions
from pytest_ascendperf.plugin.paths import short_path
from pytest_ascendperf.plugin.results import Results
from pytest_ascendperf.report.self_check import SelfCheck
from pytest_ascendperf.settings import Settings

RULES_KEY = pytest.StashKey[dict[CaseId, Rule]]()
"""The rules in force, left by the tests of this process, which is the only one."""


def self_check(config: pytest.Config, settings: Settings, results: Results) -> SelfCheck:
    """Measure the sessions that are missing, and say what all of them tell. KeyboardInterrupt ends in a value."""
    count: int = config.getoption("ascendperf_self_check")
    tests = results.to_record()
    further = FurtherSessions(
        config,
        settings,
        tests,
        doing="self-check,",
        first_session_s=sum(results.seconds[nodeid] for nodeid in tests),
    )
    try:
        further.measure_up_to(count)
    except KeyboardInterrupt:
        return interrupted_self_check(count, settings, f"in session {len(further.sessions) + 1} of {count}")
    checked: list[CheckedCase] = []
    not_checked = [
        NotRecorded(case=CaseId.from_nodeid(nodeid, name), reason="the test failed")
        for nodeid, outcome in results.refused().items()
        for name in outcome.accepted
    ]
    for case in further.cases:
        made = check_case(
            case,
            further.of(case),
            config.stash[RULES_KEY][case],
            baseline_sessions=settings.sessions,
            timer_resolution_us=Bench.of(config).device.timer_resolution_us,
        )
        if isinstance(made, CheckedCase):
            checked.append(made)
        else:
            not_checked.append(made)
    written, not_written = _write(config, settings, checked)
    return SelfCheck(
        sessions=count,
        baseline_sessions=settings.sessions,
        cases=tuple(checked),
        not_checked=tuple(not_checked),
        written=written,
        not_written=not_written,
    )


def interrupted_self_check(count: int, settings: Settings, where: str) -> SelfCheck:
    """What comes of a self-check that was interrupted."""
    return SelfCheck(sessions=count, baseline_sessions=settings.sessions, cases=(), not_checked=(), interrupted=where)


def _write(config: pytest.Config, settings: Settings, checked: list[CheckedCase]) -> tuple[tuple[str, ...], str | None]:
    """The file's name and the lines that were written to it; or why nothing was, where that was asked for."""
    if not config.getoption("ascendperf_self_check_write"):
        return (), None
    if not checked:
        return (), "nothing was checked, so there is nothing to write"
    from pytest_ascendperf.settings.ini_edit import with_keys

    tolerance = suite_tolerance(checked)
    if tolerance is None:
        return (), "no tolerance is suggested, so there is nothing to write"
    values: dict[str, float] = {"ascendperf_tolerance": tolerance}
    if config.getini("ascendperf_sessions") is None:
        values["ascendperf_sessions"] = settings.sessions
    if config.inipath is None:
        lines = ", ".join(f"{key} = {value:g}" for key, value in values.items())
        return (), f"this run has no configuration file. Write a pytest.ini with [pytest] and below it: {lines}"
    path = config.inipath
    name = short_path(path, config.rootpath)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read()
        changed = with_keys(path.name, text, values)
        _replace(path.resolve(), changed)
    except (OSError, UnicodeDecodeError) as error:
        return (), f"{name}: {getattr(error, 'strerror', None) or error}"
    except SettingsError as error:
        return (), str(error)
    added = [line for line in changed.splitlines() if line not in text.splitlines()]
    return (name, *added), None


def _replace(path: Path, text: str) -> None:
    """Put ``text`` at ``path``, whole or not at all, with the permissions that it had."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        shutil.copymode(path, temporary)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
