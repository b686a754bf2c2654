"""Keys are added to every kind of configuration file that pytest reads, and all else stays byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ascendperf.errors import SettingsError
from pytest_ascendperf.settings.ini_edit import with_keys

VALUES = {"ascendperf_tolerance": 0.02, "ascendperf_sessions": 10}
INI_LINES = "ascendperf_tolerance = 0.02\nascendperf_sessions = 10\n"
TEXT_LINES = 'ascendperf_tolerance = "0.02"\nascendperf_sessions = "10"\n'


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("pytest.ini", "# ours\n[pytest]  # here\n|addopts = -ra\n    --strict\n; end\n[other]\na = 1\n", INI_LINES),
        ("tox.ini", "[tox]\nenv_list = py\n\n[pytest]\n|\n[testenv]\ndeps =\n    pytest\n", INI_LINES),
        ("setup.cfg", "[metadata]\nname = x\n[tool:pytest]\n|testpaths = tests\n", INI_LINES),
        ("pytest.ini", "[pytest]\r\n|addopts = -ra\r\n", INI_LINES.replace("\n", "\r\n")),
        ("pytest.ini", "|", "[pytest]\n" + INI_LINES),
        ("pytest.ini", "# nothing yet\n|", "\n[pytest]\n" + INI_LINES),
        ("pytest.ini", "[pytest]|", "\n" + INI_LINES),
        ("pytest.ini", "[other]\na = 1|", "\n\n[pytest]\n" + INI_LINES),
        ("pyproject.toml", '[project]\nname = "x" # ö\n[tool.pytest.ini_options]\n|addopts = ["-ra"]\n', TEXT_LINES),
        ("pyproject.toml", "[ tool . 'pytest' . \"ini_options\" ] # odd\n|[tool.ruff]\n", TEXT_LINES),
        (
            "pyproject.toml",
            'x = """\n[tool.pytest.ini_options]\n"""\n[tool.pytest.ini_options]\n|a = "1"\n',
            TEXT_LINES,
        ),
        ("pyproject.toml", '[tool.pytest]\n|addopts = ["-ra"]\n[tool.pytest.more]\n', INI_LINES),
        ("pyproject.toml", '[project]\nname = "x"\n|', "\n[tool.pytest.ini_options]\n" + TEXT_LINES),
        ("pytest.toml", "# typed\n[pytest]\n|minversion = '9'\n", INI_LINES),
        (".pytest.toml", "|", "[pytest]\n" + INI_LINES),
        ("custom.toml", "[pytest]\n|", INI_LINES),
    ],
)
def test_keys_are_added_where_the_mark_is(name: str, text: str, lines: str) -> None:
    assert with_keys(name, text.replace("|", ""), VALUES) == text.replace("|", lines)


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("pyproject.toml", '[tool]\npytest = { ini_options = { addopts = "-ra" } }\n', TEXT_LINES),
        ("pyproject.toml", '[tool.pytest]\nini_options.addopts = "-ra"\n', TEXT_LINES),
    ],
)
def test_where_no_place_is_found_nothing_is_changed_and_the_lines_are_named(name: str, text: str, lines: str) -> None:
    with pytest.raises(SettingsError) as caught:
        with_keys(name, text, VALUES)
    assert str(caught.value) == (
        f"{name}: no place was found for keys of [tool.pytest.ini_options], so nothing was written. Add there: "
        + ", ".join(lines.splitlines())
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\nascendperf_tolerance = 0.1\n"),
        ("pyproject.toml", "[tool.pytest]\nascendperf_tolerance = 0.1\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\nascendperf_tolerance = "0.1"\n'),
    ],
)
def test_a_key_that_is_there_is_not_touched(name: str, text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"ascendperf_tolerance is there already \(0.1\), so nothing was written. It "
    ):
        with_keys(name, text, VALUES)


def test_what_cannot_be_read_is_not_touched() -> None:
    with pytest.raises(SettingsError, match=r"pyproject.toml: cannot be read: "):
        with_keys("pyproject.toml", "[tool", VALUES)
    with pytest.raises(SettingsError, match=r"pytest.ini: cannot be read: "):
        with_keys("pytest.ini", "[pytest\n", VALUES)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\naddopts = -q\n"),
        ("tox.ini", "[pytest]\naddopts =\n    -q\n"),
        ("setup.cfg", "[tool:pytest]\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\n"),
        ("pyproject.toml", "[project]\n"),
    ],
)
def test_pytest_itself_reads_what_was_written(pytester: pytest.Pytester, name: str, text: str) -> None:
    Path(name).write_text(with_keys(name, text, VALUES), encoding="utf-8")
    config = pytester.parseconfig()
    assert config.inipath == pytester.path / name
    assert (config.getini("ascendperf_tolerance"), config.getini("ascendperf_sessions")) == (0.02, 10)
