"""Settings as pytest sees them: command-line options, ini keys, environment variables."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_ascendperf.errors import SettingsError
from pytest_ascendperf.settings import RUN_SETTINGS, Setting, Settings, Sources, default_text, from_text, resolve

if TYPE_CHECKING:
    from pytest_ascendperf.report.next_step import CommandLine

ANCHOR_MODE = "anchor"
"""The update mode that records as ``all`` does, and moves the anchors, too."""
UPDATE_MODES = ("new", "changed", "all", ANCHOR_MODE)
"""What ``--ascendperf-update-baselines`` takes; alone it means ``all``."""

DEFAULT_SELF_CHECK_SESSIONS = 10
FEWEST_SELF_CHECK_SESSIONS = 5
"""That of :mod:`~pytest_ascendperf.judge.self_check`, spelled here so that options load nothing else."""

GIVEN_KEY = pytest.StashKey[Sources]()


def add_options(parser: pytest.Parser) -> None:
    """Register every option and ini key. Reads nothing but the working directory's name, and that only when parsing."""
    group = parser.getgroup("ascendperf", "performance gate (ascendperf)")
    group.addoption(
        "--ascendperf-update-baselines",
        dest="ascendperf_update_baselines",
        nargs="?",
        const="all",
        type=_update_mode,
        metavar="MODE",
        default=None,
        help="record baselines and write them; new: only tests without one, changed: also those that moved, "
        "all (the default): every measured test, anchor: the same, and slow drift is measured from these times on",
    )
    group.addoption(
        "--ascendperf-against",
        dest="ascendperf_against",
        metavar="REV",
        default=None,
        help="compare with this git revision instead of stored baselines: both are measured side by side in this run",
    )
    group.addoption(
        "--ascendperf-against-python",
        dest="ascendperf_against_python",
        type=_absolute_path,
        metavar="PATH",
        default=None,
        help="the interpreter of the base, from an environment with pytest and this plugin; alone: of the same tests",
    )
    group.addoption(
        "--ascendperf-json",
        dest="ascendperf_json",
        type=_absolute_path,
        metavar="FILE",
        default=None,
        help="write all results to FILE as JSON",
    )
    group.addoption(
        "--ascendperf-self-check",
        dest="ascendperf_self_check",
        nargs="?",
        const=DEFAULT_SELF_CHECK_SESSIONS,
        type=_self_check_sessions,
        metavar="N",
        default=None,
        help=f"measure every marked test in N processes (default {DEFAULT_SELF_CHECK_SESSIONS}) of the same code, and "
        "say how much they differ, how often this gate would have failed them, which tolerance suits; judges nothing",
    )
    group.addoption(
        "--ascendperf-self-check-write",
        dest="ascendperf_self_check_write",
        action="store_true",
        default=False,
        help="with --ascendperf-self-check: write the tolerance that it suggests to the configuration file",
    )
    for setting in RUN_SETTINGS:
        places = f"env {setting.variable}, ini {setting.dest}"
        default = default_text(setting)
        help_text = f"{setting.help} ({f'default {default}; ' if default else ''}{places})"
        if setting.ini_type == "bool":
            group.addoption(setting.option, dest=setting.dest, action="store_const", const=True, help=help_text)
        else:
            group.addoption(
                setting.option,
                dest=setting.dest,
                type=_absolute_path if setting.is_path else _converter(setting),
                metavar=setting.metavar,
                default=None,
                help=help_text,
            )
        parser.addini(setting.dest, f"see {setting.option}", type=setting.ini_type, default=None)


def given(config: pytest.Config) -> Sources:
    """What command line, environment and ini file give, gathered once per run; the marker's part is empty."""
    if GIVEN_KEY not in config.stash:
        options = {setting.name: config.getoption(setting.dest, None) for setting in RUN_SETTINGS}
        ini = {setting.name: _ini_value(config, setting) for setting in RUN_SETTINGS}
        config.stash[GIVEN_KEY] = Sources(
            marker={},
            command_line={name: value for name, value in options.items() if value is not None},
            environment=_environment(os.environ),
            ini={name: value for name, value in ini.items() if value is not None},
        )
    return config.stash[GIVEN_KEY]


def _ini_value(config: pytest.Config, setting: Setting) -> object:
    try:
        return config.getini(setting.dest)
    except (pytest.UsageError, ValueError, TypeError) as error:  # which one depends on pytest; none names the key
        raise SettingsError(f"ini value {setting.dest}", str(error)) from None


def settings_of(config: pytest.Config, keywords: Mapping[str, object]) -> Settings:
    """The settings in force for a test whose marker has these keywords. Raises SettingsError."""
    sources = given(config)
    settings = resolve(
        Sources(marker=keywords, command_line=sources.command_line, environment=sources.environment, ini=sources.ini)
    )
    return settings


def failing_statuses(config: pytest.Config, settings: Settings) -> frozenset[str]:
    """The statuses that fail a test of this run.

    Compared with a base, a test without one is new: strictness alone, which asks for a stored baseline, lets it be.
    """
    against = config.getoption("ascendperf_against") or config.getoption("ascendperf_against_python")
    return settings.failing_statuses - {"no_baseline"} if against and settings.strict else settings.failing_statuses


def command_line_of(config: pytest.Config) -> CommandLine:
    """How to start pytest again so that it looks at the same baselines and the same device."""
    from pytest_ascendperf.report.next_step import CommandLine

    repeated = [setting for setting in RUN_SETTINGS if setting.name in ("baselines", "device")]
    values = given(config).command_line
    bases = [(option, config.getoption(option)) for option in ("--ascendperf-against", "--ascendperf-against-python")]
    return CommandLine(
        options=tuple(f"{setting.option}={values[setting.name]}" for setting in repeated if setting.name in values),
        base=tuple(f"{option}={value}" for option, value in bases if value is not None),
    )


def check_given(config: pytest.Config) -> None:
    """Refuse unusable environment and ini values, and options that exclude each other. Raises pytest.UsageError."""
    _check_self_check(config)
    try:
        settings_of(config, {})
    except SettingsError as error:
        raise pytest.UsageError(f"ascendperf: {error}") from None


def _check_self_check(config: pytest.Config) -> None:
    if config.getoption("ascendperf_self_check") is None:
        if config.getoption("ascendperf_self_check_write"):
            raise pytest.UsageError("ascendperf: --ascendperf-self-check-write needs --ascendperf-self-check")
        return
    if config.getoption("ascendperf_update_baselines") is not None:
        raise pytest.UsageError(
            "ascendperf: --ascendperf-self-check stores no baselines, so it cannot be given together with "
            "--ascendperf-update-baselines. Run one after the other"
        )
    if getattr(config.option, "dist", "no") != "no" or getattr(config.option, "tx", None):
        raise pytest.UsageError(
            "ascendperf: --ascendperf-self-check measures in processes of its own, one after the other, and cannot be "
            "distributed by xdist. Add -n0"
        )


def _self_check_sessions(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) >= FEWEST_SELF_CHECK_SESSIONS):
        raise argparse.ArgumentTypeError(
            f"expected a whole number from {FEWEST_SELF_CHECK_SESSIONS}, got {text!r}. If that is what to test, put it "
            f"before the option, or write --ascendperf-self-check={DEFAULT_SELF_CHECK_SESSIONS}"
        )
    return int(text)


def _update_mode(text: str) -> str:
    if text not in UPDATE_MODES:
        raise argparse.ArgumentTypeError(
            f"expected one of {', '.join(UPDATE_MODES)}, got {text!r}. If that is what to test, put it before the "
            "option, or write --ascendperf-update-baselines=all"
        )
    return text


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for setting in RUN_SETTINGS:
        text = variables.get(setting.variable, "")
        if text:
            values[setting.name] = str(Path(text).absolute()) if setting.is_path else text
    return values


def _absolute_path(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a path that is not empty")
    return str(Path(text).absolute())


def _converter(setting: Setting) -> Callable[[str], object]:
    def convert(text: str) -> object:
        try:
            setting.check(from_text(setting, text))
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{error}, got {text!r}") from None
        # The typed text travels on, not the checked value: a frozenset cannot be sent to an xdist worker.
        return from_text(setting, text)

    return convert
