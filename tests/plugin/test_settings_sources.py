"""Where settings come from: marker over command line over environment over ini file over built-in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_ascendperf.settings import RUN_SETTINGS, settings_table

from .suite import Suite

README = Path(__file__).parents[2] / "README.md"

ROUNDS = "@pytest.mark.npu_perf({})\ndef test_x(spend): spend()"


def rounds_of(suite: Suite, *arguments: str, **variables: str) -> int:
    _, report = suite.report(*arguments, **variables)
    (case,) = report["cases"]
    rounds = case["measurement"]["session"]["rounds"]
    assert isinstance(rounds, int)
    return rounds


def test_each_source_wins_over_those_below_it(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASCENDPERF_ROUNDS")
    monkeypatch.setenv("ASCENDPERF_BUDGET_S", "0.0001")
    suite.write(test_suite=ROUNDS.format(""), test_marked=ROUNDS.format("rounds=9"))
    command_line, ini = "--ascendperf-rounds=8", "ascendperf_rounds=6"
    assert rounds_of(suite, "test_marked.py", command_line, "-o", ini, ASCENDPERF_ROUNDS="7") == 9
    assert rounds_of(suite, "test_suite.py", command_line, "-o", ini, ASCENDPERF_ROUNDS="7") == 8
    assert rounds_of(suite, "test_suite.py", "-o", ini, ASCENDPERF_ROUNDS="7") == 7
    assert rounds_of(suite, "test_suite.py", "-o", ini) == 6
    assert rounds_of(suite, "test_suite.py") > 9
    assert rounds_of(suite, "test_suite.py", "--ascendperf-rounds=auto", "-o", ini, ASCENDPERF_ROUNDS="7") > 9


def test_an_empty_variable_counts_as_not_given(suite: Suite) -> None:
    """CI systems set variables to nothing where they mean to leave them out."""
    suite.write(test_suite=ROUNDS.format(""))
    assert rounds_of(suite, "-o", "ascendperf_rounds=6", ASCENDPERF_ROUNDS="") == 6


CONFIGURATIONS = {
    "pytest.ini": "[pytest]\nascendperf_rounds = 6\nascendperf_tolerance = 1\nascendperf_strict = true\n",
    "pyproject.toml": (
        '[tool.pytest.ini_options]\nascendperf_rounds = "6"\nascendperf_tolerance = "1"\nascendperf_strict = true\n'
    ),
    "tox.ini": "[pytest]\nascendperf_rounds = 6\nascendperf_tolerance = 1\nascendperf_strict = yes\n",
    "pytest.toml": "[pytest]\nascendperf_rounds = 6\nascendperf_tolerance = 1\nascendperf_strict = true\n",
    "native pyproject.toml": (
        "[tool.pytest]\nascendperf_rounds = 6\nascendperf_tolerance = 1\nascendperf_strict = true\n"
    ),
}


@pytest.mark.parametrize("kind", CONFIGURATIONS)
def test_every_kind_of_configuration_file(suite: Suite, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    if ("native" in kind or kind == "pytest.toml") and pytest.version_tuple < (9,):
        pytest.skip("native TOML came with pytest 9")
    monkeypatch.delenv("ASCENDPERF_ROUNDS")
    suite.write(test_suite=ROUNDS.format(""))
    (suite.path / kind.rpartition(" ")[2]).write_text(CONFIGURATIONS[kind], encoding="utf-8")
    result, report = suite.report("--strict-config")
    result.assert_outcomes(failed=1)  # strict, and no baseline
    (case,) = report["cases"]
    assert case["tolerance"] == 1.0
    assert case["measurement"]["session"]["rounds"] == 6


@pytest.mark.parametrize("value", ["-0.1", "nan", "inf", "text", "10.5", "", "True", "0,1"])
def test_an_unusable_tolerance_is_a_usage_error_wherever_it_is_given(suite: Suite, value: str) -> None:
    suite.write(test_suite=ROUNDS.format(""))
    result = suite.run(f"--ascendperf-tolerance={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"argument --ascendperf-tolerance: expected a number from 0 to 10, got '{value}'" in result.stderr.str()
    if value:
        result = suite.run(ASCENDPERF_TOLERANCE=value)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert "ascendperf: ASCENDPERF_TOLERANCE: expected a number from 0 to 10, got " in result.stderr.str()
    result = suite.run("-o", f"ascendperf_tolerance={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR, result.stdout.str()
    assert "ascendperf: ini value ascendperf_tolerance: " in result.stderr.str()
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--ascendperf-rounds=0", "expected a whole number from 1 or 'auto', got '0'"),
        ("--ascendperf-rounds=1.5", "expected a whole number from 1 or 'auto', got '1.5'"),
        ("--ascendperf-sessions=0", "expected a whole number from 1, got '0'"),
        ("--ascendperf-confirm-sessions=1", "expected a whole number from 2, got '1'"),
        ("--ascendperf-budget-s=0", "expected a number more than 0, got '0'"),
        ("--ascendperf-fail-on=regresed", "expected statuses separated by commas, of pass, regressed,"),
        ("--ascendperf-fail-on=", "expected statuses separated by commas, of pass, regressed,"),
        ("--ascendperf-json=", "expected a path that is not empty"),
        ("--ascendperf-baselines=", "expected a path that is not empty"),
        ("--ascendperf-update-baselines=some", "expected one of new, changed, all, anchor, got 'some'"),
        (
            "--ascendperf-device=npu7",
            "expected one of auto, npu, cuda, cpu, scripted, or one with its number such as npu:1",
        ),
    ],
)
def test_an_option_that_cannot_be_used_is_a_usage_error(suite: Suite, argument: str, message: str) -> None:
    suite.write(test_suite=ROUNDS.format(""))
    result = suite.run(argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_usage_error_is_the_same_under_xdist(suite: Suite) -> None:
    suite.write(test_suite=ROUNDS.format(""))
    result = suite.run_process("-n2", ASCENDPERF_TOLERANCE="-1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ascendperf: ASCENDPERF_TOLERANCE: expected a number from 0 to 10, got -1.0" in result.stderr.str()


def test_help_shows_every_option_once_with_its_other_places(suite: Suite) -> None:
    text = " ".join(suite.run("--help").stdout.str().split())
    for setting in RUN_SETTINGS:
        word = rf"{setting.option}(?:={re.escape(setting.metavar)})? "
        assert len(re.findall(word + re.escape(setting.help.replace("%%", "%")[:20]), text)) == 1, setting.option
        assert f"env {setting.variable}, ini {setting.dest})" in text
        assert re.search(rf"{setting.dest} \(\w+\): see {setting.option}|{setting.dest} \(\w+\)", text), setting.dest
    for option in ("--ascendperf-update-baselines", "--ascendperf-json"):
        assert text.count(f"{option}[") + text.count(f"{option}=") == 1


def test_the_readme_holds_the_table_of_settings() -> None:
    """Each row once, word for word, in order, and no option that does not exist."""
    text = README.read_text("utf-8")
    rows = [f"| {' | '.join(row)} |" for row in settings_table()]
    assert "\n".join(rows) in text
    for row in rows:
        assert text.count(row) == 1
    of_the_command_line = {"update-baselines", "json", "self-check", "self-check-write", "against", "against-python"}
    known = {setting.option for setting in RUN_SETTINGS} | {f"--ascendperf-{name}" for name in of_the_command_line}
    assert set(re.findall(r"--ascendperf-[a-z-]+[a-z]", text)) <= known
    assert set(re.findall(r"ASCENDPERF_[A-Z_]+[A-Z]", text)) <= {setting.variable for setting in RUN_SETTINGS}


def test_relative_paths_count_from_where_they_were_given(suite: Suite) -> None:
    """Options and variables from the working directory, ini values from the root directory."""
    suite.write(**{"sub/test_suite": ROUNDS.format("")})
    (suite.path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(suite.path / "sub")
        suite.record("--ascendperf-baselines=one")
        suite.record(ASCENDPERF_BASELINES="two")
        suite.record("-o", "ascendperf_baselines=three")
        suite.record()
    for folder in ("sub/one", "sub/two", "three", "baselines"):
        assert (suite.path / folder / "scripted/scripted-1/sub/test_suite.json").is_file(), folder


def test_a_tolerance_given_as_a_text_in_native_toml_is_refused(suite: Suite) -> None:
    if pytest.version_tuple < (9,):
        pytest.skip("native TOML came with pytest 9")
    suite.write(test_suite=ROUNDS.format(""))
    (suite.path / "pytest.toml").write_text('[pytest]\nascendperf_tolerance = "0.05"\n', encoding="utf-8")
    result = suite.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ascendperf: ini value ascendperf_tolerance: " in result.stderr.str()
