"""Settings without pytest: checks, conversion of texts, precedence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_ascendperf import settings
from pytest_ascendperf.errors import SettingsError
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.settings import (
    MARKER_SETTINGS,
    RUN_SETTINGS,
    SETTINGS,
    STATUS_NAMES,
    Setting,
    Settings,
    Sources,
    check_keywords,
    default_text,
    from_text,
    resolve,
    settings_table,
)

BY_NAME = {setting.name: setting for setting in SETTINGS}
NONE_GIVEN = Sources(marker={}, command_line={}, environment={}, ini={})


def given(**sources: Mapping[str, Any]) -> Sources:
    parts: dict[str, Mapping[str, Any]] = {"marker": {}, "command_line": {}, "environment": {}, "ini": {}}
    return Sources(**{**parts, **sources})


def test_the_built_in_values_are_those_of_the_table() -> None:
    resolved = resolve(NONE_GIVEN)
    for setting in SETTINGS:
        assert getattr(resolved, setting.name) == setting.default


def test_every_built_in_value_passes_its_own_check() -> None:
    """Given as the text that the documentation shows, or as it is."""
    for setting in SETTINGS:
        if setting.test_only:
            assert setting.check(setting.default) == setting.default, setting.name
        elif setting.default is not None:
            assert setting.check(from_text(setting, default_text(setting))) == setting.default, setting.name


def test_settings_and_their_fields_are_the_same() -> None:
    assert Settings._fields == tuple(BY_NAME)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20m", 1200.0),
        ("90s", 90.0),
        ("1h30m", 5400.0),
        ("1h 30m 5s", 5405.0),
        ("1.5m", 90.0),
        ("2H", 7200.0),
        ("45", 45.0),
        ("1m30", 90.0),
        ("0.5", 0.5),
        ("none", None),
    ],
)
def test_a_time_span_is_read_as_people_write_it(text: str, seconds: float | None) -> None:
    assert resolve(given(command_line={"budget": text})).budget == seconds


@pytest.mark.parametrize("value", ["", " ", "m", "-5", "0", "0s", "20x", "30m1h", "1e3", "nan", "inf", "٢٠", 20, None])
def test_what_is_no_time_span_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="such as 20m"):
        BY_NAME["budget"].check(value)


def test_names_are_spelled_alike_everywhere() -> None:
    setting = BY_NAME["min_change_us"]
    assert setting.option == "--ascendperf-min-change-us"
    assert setting.dest == "ascendperf_min_change_us"
    assert setting.variable == "ASCENDPERF_MIN_CHANGE_US"


def test_status_names_are_those_of_the_statuses() -> None:
    assert STATUS_NAMES == tuple(status.value for status in Status)
    assert settings.STRICT_PASSES == {Status.PASS.value, Status.IMPROVED.value}


def test_marker_wins_over_command_line_over_environment_over_ini() -> None:
    sources: dict[str, Any] = {
        "ini": {"rounds": 1},
        "environment": {"rounds": "2"},
        "command_line": {"rounds": 3},
        "marker": {"rounds": 4},
    }
    for expected in (4, 3, 2, 1):
        assert resolve(given(**sources)).rounds == expected
        del sources[list(sources)[-1]]
    assert resolve(given()).rounds is None


def test_each_setting_is_resolved_on_its_own() -> None:
    resolved = resolve(given(marker={"rounds": 4}, ini={"rounds": 1, "tolerance": 0.5}))
    assert (resolved.rounds, resolved.tolerance) == (4, 0.5)


def test_auto_gives_the_decision_back() -> None:
    assert resolve(given(marker={"rounds": "auto"}, ini={"rounds": 7})).rounds is None
    assert resolve(given(command_line={"warmup": "auto"}, ini={"warmup": 7})).warmup is None


def test_an_error_names_the_source_that_won() -> None:
    for sources, name in (
        (given(marker={"tolerance": -1}), "npu_perf(tolerance=)"),
        (given(command_line={"tolerance": -1}), "--ascendperf-tolerance"),
        (given(environment={"tolerance": "x"}), "ASCENDPERF_TOLERANCE"),
        (given(ini={"tolerance": -1}), "ini value ascendperf_tolerance"),
    ):
        with pytest.raises(SettingsError) as caught:
            resolve(sources)
        assert caught.value.source == name
    assert resolve(given(marker={"tolerance": 1}, ini={"tolerance": -1})).tolerance == 1.0, "not the one that lost"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tolerance", 0),
        ("tolerance", 10),
        ("tolerance", 0.05),
        ("min_change_us", 0),
        ("budget_s", 1e-9),
        ("precision", 1),
        ("warmup", 0),
        ("rounds", 1),
        ("threads", 1),
        ("sessions", 1),
        ("confirm_sessions", 2),
        ("lock_timeout_s", 0),
        ("device", "cpu"),
        ("strict", True),
        ("fail_on", "REGRESSED, Not-Comparable,,no_baseline"),
    ],
)
def test_values_at_the_edge_that_are_fine(name: str, value: object) -> None:
    BY_NAME[name].read(value, "here")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tolerance", -1e-9),
        ("tolerance", 10.0000001),
        ("tolerance", math.nan),
        ("tolerance", math.inf),
        ("tolerance", "0.05"),
        ("tolerance", True),
        ("tolerance", None),
        ("tolerance", [0.05]),
        ("min_change_us", -1),
        ("budget_s", 0),
        ("budget_s", math.inf),
        ("precision", 1.01),
        ("warmup", -1),
        ("warmup", 1.0),
        ("rounds", 0),
        ("rounds", True),
        ("rounds", "many"),
        ("threads", 0),
        ("sessions", 0),
        ("sessions", "auto"),
        ("confirm_sessions", 1),
        ("device", ""),
        ("device", "  "),
        ("baselines", "a\0b"),
        ("strict", 1),
        ("strict", "maybe"),
        ("fail_on", ""),
        ("fail_on", ","),
        ("fail_on", "regresed"),
        ("fail_on", ["regressed"]),
    ],
)
def test_values_that_cannot_be_used(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match="expected"):
        BY_NAME[name].read(value, "here")


def test_statuses_become_a_set() -> None:
    assert BY_NAME["fail_on"].read("REGRESSED, Not-Comparable,,no_baseline", "here") == frozenset(
        {"regressed", "not_comparable", "no_baseline"}
    )


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("tolerance", "0.05", 0.05),
        ("tolerance", "five", "five"),
        ("rounds", "7", 7),
        ("rounds", "auto", "auto"),
        ("sessions", "auto", "auto"),
        ("rounds", "7.5", "7.5"),
        ("strict", "Yes", True),
        ("strict", "1", True),
        ("strict", "no", False),
        ("strict", "2", "2"),
        ("device", "7", "7"),
    ],
)
def test_texts_become_what_the_check_expects(name: str, text: str, value: object) -> None:
    converted = from_text(BY_NAME[name], text)
    assert converted == value
    assert type(converted) is type(value)


def test_strict_outdoes_fail_on() -> None:
    assert resolve(given(ini={"fail_on": "invalid"})).failing_statuses == {"invalid"}
    strict = resolve(given(ini={"fail_on": "invalid", "strict": True})).failing_statuses
    assert strict == set(STATUS_NAMES) - {"pass", "improved"}


@pytest.mark.parametrize(
    ("fail_on", "strict", "undecided", "improvement"),
    [
        ("regressed", False, False, False),
        ("regressed,improved", False, False, True),
        ("inconclusive", False, True, False),
        ("regressed,improved", True, True, False),
    ],
)
def test_what_fails_says_what_is_worth_further_sessions(
    fail_on: str, strict: bool, undecided: bool, improvement: bool
) -> None:
    settings = resolve(given(ini={"fail_on": fail_on, "strict": strict}))
    assert (settings.undecided_fails, settings.improvement_fails) == (undecided, improvement)
    assert resolve(NONE_GIVEN).failing_statuses == {"regressed"}


def test_keywords_of_a_marker() -> None:
    check_keywords({"tolerance": 0.1, "rounds": "auto"}, "npu_perf")
    for keywords, words in (
        ({"tolerence": 0.1}, "npu_perf(tolerence=): unknown keyword 'tolerence'; did you mean 'tolerance'?"),
        ({"zzz": 0.1}, "npu_perf(zzz=): unknown keyword 'zzz'. Valid are: "),
        ({"strict": True}, "npu_perf(strict=): 'strict' is a setting of the whole run; give it as --ascendperf-strict"),
        ({"tolerance": 11}, "npu_perf(tolerance=): expected a number from 0 to 10, got 11"),
    ):
        with pytest.raises(SettingsError) as caught:
            check_keywords(keywords, "npu_perf")
        assert str(caught.value).startswith(words)


def test_the_table_shows_each_setting_once_with_all_its_places() -> None:
    rows = settings_table()
    assert [row[0] for row in rows] == [
        "(a test's own)" if setting.test_only else f"`{setting.option}`" for setting in SETTINGS
    ]
    for setting, (_, places, default, meaning) in zip(SETTINGS, rows, strict=True):
        assert (f"`{setting.variable}`" in places) is (setting in RUN_SETTINGS)
        assert (f"ini `{setting.dest}`" in places) is (setting in RUN_SETTINGS)
        assert (f"marker `{setting.name}=`" in places) is (setting.name in MARKER_SETTINGS)
        assert default == default_text(setting)
        assert meaning
        assert "%%" not in meaning
        assert "|" not in meaning


def test_defaults_as_a_user_would_write_them() -> None:
    shown = {setting.name: default_text(setting) for setting in SETTINGS}
    assert shown["tolerance"] == "0.05"
    assert shown["rounds"] == "auto"
    assert shown["fail_on"] == "regressed"
    assert shown["strict"] == "no"
    assert shown["lock_dir"] == ""
    assert isinstance(BY_NAME["tolerance"], Setting)
