"""Runs that measure nothing notice nothing of the plugin."""

from __future__ import annotations

import json

import pytest

from .suite import Suite, lines_with

HEAVY = ("torch", "numpy", "scipy", "filelock", "tabulate")

PRINTS_MODULES = """
def pytest_unconfigure(config):
    import sys
    print("LOADED", sorted(name for name in sys.modules if name in {heavy} or name.startswith("pytest_ascendperf.")))
"""


def loaded(result: pytest.RunResult) -> str:
    (line,) = lines_with(result, "LOADED ")
    return line


def test_nothing_is_printed_and_nothing_heavy_is_loaded(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASCENDPERF_DEVICE")
    suite.extend_conftest(PRINTS_MODULES.format(heavy=HEAVY))
    suite.write(test_suite="def test_x(): pass")
    for options in ([], ["-n2"], ["--collect-only"], ["--fixtures"]):
        result = suite.run_process(*options)
        assert result.ret == 0
        assert not [line for line in result.outlines if line.startswith(("ascendperf", "=")) and "ascendperf:" in line]
        modules = loaded(result)
        for name in (
            *HEAVY,
            "pytest_ascendperf.plugin.gate",
            "pytest_ascendperf.devices.cpu",
            "pytest_ascendperf.judge",
        ):
            assert f"'{name}'" not in modules, options
    assert not (suite.path / "baselines").exists()


def test_a_run_that_measures_on_the_scripted_clock_needs_no_torch(suite: Suite) -> None:
    suite.extend_conftest(PRINTS_MODULES.format(heavy=HEAVY))
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    modules = loaded(suite.run_process())
    assert "'torch'" not in modules
    assert "'pytest_ascendperf.plugin.gate'" in modules


def test_collecting_opens_no_baseline_and_no_device(suite: Suite) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    suite.extend_conftest(PRINTS_MODULES.format(heavy=HEAVY))
    folder = suite.path / "baselines"
    folder.write_text("not a folder", "utf-8")
    result = suite.run_process("--collect-only", "-q")
    assert result.ret == 0
    assert "test_suite.py::test_x" in result.stdout.str()
    assert "pytest_ascendperf.plugin.gate" not in loaded(result)
    assert not lines_with(result, "ascendperf: scripted")


def test_without_the_plugin_its_options_are_unknown(suite: Suite) -> None:
    suite.write(test_suite="def test_x(): pass")
    suite.run_process("-p", "no:ascendperf").assert_outcomes(passed=1)
    result = suite.run_process("-p", "no:ascendperf", "--ascendperf-strict")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_the_plugin_can_be_named_where_nothing_is_loaded_by_itself(suite: Suite) -> None:
    """Fresh processes get it in the same way."""
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    off = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    result = suite.run_process("-p", "ascendperf", "--ascendperf-update-baselines", **off)
    assert result.ret == 0, result.stdout.str()
    result = suite.run_process("-p", "ascendperf", US="30", **off)
    result.assert_outcomes(failed=1)
    assert lines_with(result, "REGRESSED test_suite.py::test_x - ")
    by_variable = suite.run_process(US="30", PYTEST_PLUGINS="pytest_ascendperf.plugin", **off)
    by_variable.assert_outcomes(failed=1)
    assert lines_with(by_variable, "REGRESSED test_suite.py::test_x - ")


def test_a_report_is_written_though_nothing_was_measured(suite: Suite) -> None:
    """Else the file of an earlier run would be taken for this one's."""
    suite.write(test_suite="def test_x(): pass")
    (suite.path / "report.json").write_text("from an earlier run", "utf-8")
    result = suite.run("--ascendperf-json=report.json")
    assert result.ret == 0
    report = json.loads((suite.path / "report.json").read_text("utf-8"))
    assert report["cases"] == []
    assert report["tests"]["selected"] == 0


def test_deselected_tests_are_not_counted(suite: Suite) -> None:
    suite.write(
        test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()\n\n"
        "@pytest.mark.npu_perf\ndef test_y(spend): spend()\n\ndef test_z(): pass"
    )
    result = suite.run("-k", "test_x")
    assert lines_with(result, "1 measured: 1 no baseline")
    result = suite.run("-k", "test_z")
    assert not lines_with(result, "measured")
    result = suite.run("-m", "npu_perf")
    result.assert_outcomes(passed=2, deselected=1)


def test_a_setup_only_run_measures_nothing(suite: Suite) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    for option in ("--setup-only", "--setup-plan"):
        result = suite.run(option)
        assert result.ret == 0
        assert "INTERNALERROR" not in result.stdout.str()
        assert not lines_with(result, "NO BASELINE")
