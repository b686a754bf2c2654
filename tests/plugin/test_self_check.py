"""``--ascendperf-self-check``: sessions of the same code, each a process; nothing is judged, and little is written."""

from __future__ import annotations

import os
import stat

import pytest

from .suite import Suite, lines_with

SUITE = """
import random
from pathlib import Path

def session():
    \"\"\"The number of this process among those of the run, from 0, told by their order.\"\"\"
    path = Path("pids.txt")
    pids = path.read_text("utf-8").split() if path.exists() else []
    if str(os.getpid()) not in pids:
        pids.append(str(os.getpid()))
        path.write_text(" ".join(pids), "utf-8")
    return pids.index(str(os.getpid()))

def noisy_us(spread):
    return 1000.0 * random.Random(session()).lognormvariate(0.0, spread)

@pytest.mark.npu_perf
def test_steady(npu_perf_device):
    npu_perf_device.spend(1000.0)

@pytest.mark.npu_perf
def test_noisy(npu_perf_device):
    npu_perf_device.spend(noisy_us(0.02))

def test_cases(npu_perf, npu_perf_device):
    npu_perf.case("a", tolerance=0.01)(npu_perf_device.spend, 1000.0)

def test_plain():
    pass
"""


def processes(suite: Suite) -> list[str]:
    return (suite.path / "pids.txt").read_text("utf-8").split()


def test_every_session_is_a_process_and_nothing_is_judged_or_stored(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    result, report = suite.report("--ascendperf-self-check=7", SESSIONS="2")
    result.assert_outcomes(passed=4)
    assert result.ret == 0
    assert len(processes(suite)) == 7
    assert processes(suite)[0] == str(os.getpid()), "the run itself is the first session"
    assert not suite.baseline_file().exists()
    assert report["cases"] == []
    check = report["self_check"]
    assert (check["sessions"], check["baseline_sessions"], check["interrupted"]) == (7, 2, False)
    cases = {case["nodeid"].partition("::")[2]: case for case in check["cases"]}
    assert set(cases) == {"test_steady", "test_noisy", "test_cases"}
    assert (cases["test_steady"]["median_us"], cases["test_steady"]["spread"]) == (pytest.approx(1000.0), 0.0)
    assert cases["test_noisy"]["spread"] == pytest.approx(0.02, rel=0.6)
    assert cases["test_cases"]["case"] == "a"
    assert cases["test_cases"]["detectable_change"] < cases["test_steady"]["detectable_change"], "tolerance=0.01 counts"
    assert {case["false_alarms"]["splits"] for case in check["cases"]} == {500}
    assert (check["false_alarms"]["base_sessions"], check["false_alarms"]["confirm_sessions"]) == (2, 2)
    assert cases["test_steady"]["tolerance"] < cases["test_noisy"]["tolerance"]
    assert check["tolerance"] == cases["test_noisy"]["tolerance"], "three quarters of three tests are all of them"
    assert (check["written"], check["not_written"], check["not_checked"]) == ([], None, [])
    assert lines_with(result, "self-check: 7 sessions of unchanged code, each a process of its own")
    assert len(lines_with(result, "ascendperf: self-check, session ")) == 6
    assert lines_with(result, f"suggested: ascendperf_tolerance = {check['tolerance']:g}, enough for 3 of 3 cases ")
    assert lines_with(result, "run this again with --ascendperf-self-check-write")
    assert not lines_with(result, "measured:")


def test_a_run_that_a_baseline_would_fail_is_not_failed(suite: Suite) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    suite.record()
    before = suite.baseline_file().read_bytes()
    result = suite.run("--ascendperf-self-check=5", US="90")
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    assert suite.baseline_file().read_bytes() == before


def test_comparisons_do_not_fail_in_it(suite: Suite) -> None:
    suite.write(
        test_suite="""
        def test_x(npu_perf, spend):
            npu_perf(spend)
            npu_perf.compare(spend, spend).assert_faster(by=2)
        """
    )
    suite.run("--ascendperf-self-check=5").assert_outcomes(passed=1)
    suite.run().assert_outcomes(failed=1)


def test_tests_that_fail_are_named_and_set_the_exit_status(suite: Suite) -> None:
    suite.write(
        test_suite="""
        @pytest.mark.npu_perf
        def test_fine(spend): spend()

        def test_fails(npu_perf, spend):
            npu_perf(spend)
            assert False, "for another reason"

        @pytest.mark.npu_perf
        def test_fails_elsewhere(spend):
            assert os.environ["SUITE_PID"] == str(os.getpid()), "elsewhere"
            spend()
        """
    )
    result, report = suite.report("--ascendperf-self-check=5")
    result.assert_outcomes(passed=2, failed=1)
    assert result.ret == 1
    assert [case["nodeid"] for case in report["self_check"]["cases"]] == ["test_suite.py::test_fine"]
    (missing,) = report["self_check"]["not_checked"]
    assert missing["nodeid"] == "test_suite.py::test_fails_elsewhere"
    assert missing["reason"].startswith("session 2 of 5: call failed: AssertionError: elsewhere")
    assert lines_with(result, "1 case not checked:")
    assert report["tests"]["failed_before_judging"] == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--ascendperf-self-check", "--ascendperf-update-baselines"], "cannot be given together with"),
        (["--ascendperf-self-check", "-n2"], "cannot be distributed by xdist. Add -n0"),
        (["--ascendperf-self-check-write"], "--ascendperf-self-check-write needs --ascendperf-self-check"),
        (["--ascendperf-self-check=4"], "expected a whole number from 5, got '4'"),
        (["--ascendperf-self-check=many"], "expected a whole number from 5, got 'many'"),
    ],
)
def test_what_does_not_go_together_is_refused_at_start(suite: Suite, arguments: list[str], reason: str) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    result = suite.run_process(*arguments)
    assert result.ret == 4
    assert [line for line in result.errlines if reason in line]


def test_no_processes_of_xdist_are_no_distribution(suite: Suite) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    assert suite.run("--ascendperf-self-check=5", "-n0").ret == 0


def test_without_a_marked_test_it_says_so(suite: Suite) -> None:
    suite.write(test_suite="def test_plain(): pass")
    result, report = suite.report("--ascendperf-self-check")
    assert lines_with(result, "--ascendperf-self-check: nothing was checked, no marked test was selected")
    assert report["self_check"] is None


AS_INSTALLED = {"ASCENDPERF_SESSIONS": "5", "ASCENDPERF_CONFIRM_SESSIONS": "5"}
"""The built-in numbers of sessions, whose smallest suggestion differs from the built-in tolerance."""

QUICK_SUITE = """
@pytest.mark.npu_perf
def test_x(spend): spend(default=1000.0)
"""


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "pytest.ini",
            "# ours\n[pytest]\naddopts = -q\n",
            "# ours\n[pytest]\nascendperf_tolerance = 0.01\n+addopts = -q\n",
        ),
        ("setup.cfg", "[tool:pytest]\r\n", "[tool:pytest]\r\nascendperf_tolerance = 0.01\r\n+"),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options] # ö\n",
            '[tool.pytest.ini_options] # ö\nascendperf_tolerance = "0.01"\n+',
        ),
    ],
)
def test_what_it_suggests_is_written_and_then_in_force(suite: Suite, name: str, before: str, after: str) -> None:
    suite.write(test_suite=QUICK_SUITE)
    path = suite.path / name
    path.write_bytes(before.encode())
    path.chmod(0o640)
    result = suite.run("--ascendperf-self-check=5", "--ascendperf-self-check-write", **AS_INSTALLED)
    assert result.ret == 0
    sessions = 'ascendperf_sessions = "5"' if name.endswith(".toml") else "ascendperf_sessions = 5"
    end = "\r\n" if "\r\n" in before else "\n"
    assert path.read_bytes().decode() == after.replace("+", sessions + end)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert lines_with(result, f"written to {name}:")
    assert [file.name for file in suite.path.iterdir() if file.name.startswith(f".{name}")] == []
    _, report = suite.report()
    assert [case["tolerance"] for case in report["cases"]] == [0.01]


def test_sessions_that_are_set_stay_as_they_are_and_a_set_tolerance_refuses(suite: Suite) -> None:
    suite.write(test_suite=QUICK_SUITE)
    (suite.path / "tox.ini").write_text("[pytest]\nascendperf_sessions = 3\n", "utf-8")
    written = "[pytest]\nascendperf_tolerance = 0.01\nascendperf_sessions = 3\n"
    for _ in range(2):
        result = suite.run("--ascendperf-self-check=5", "--ascendperf-self-check-write", **AS_INSTALLED)
        assert result.ret == 0
        assert (suite.path / "tox.ini").read_text("utf-8") == written
    assert lines_with(
        result,
        "NOT WRITTEN: tox.ini: ascendperf_tolerance is there already (0.01), so nothing was written. "
        "It would have been: ascendperf_tolerance = 0.01",
    )


def test_without_a_configuration_file_it_says_what_to_write(suite: Suite) -> None:
    suite.write(test_suite=QUICK_SUITE)
    result = suite.run("--ascendperf-self-check=5", "--ascendperf-self-check-write", **AS_INSTALLED)
    assert result.ret == 0
    assert lines_with(
        result, "NOT WRITTEN: this run has no configuration file. Write a pytest.ini with [pytest] and below"
    )
    assert lines_with(result, "ascendperf_tolerance = 0.01, ascendperf_sessions = 5")
    assert not (suite.path / "pytest.ini").exists()


def test_a_file_that_cannot_be_replaced_is_left_and_named(suite: Suite) -> None:
    suite.write(test_suite=QUICK_SUITE)
    text = '[tool]\npytest = { ini_options = { addopts = "-q" } }\n'
    (suite.path / "pyproject.toml").write_text(text, "utf-8")
    result, report = suite.report("--ascendperf-self-check=5", "--ascendperf-self-check-write", **AS_INSTALLED)
    assert lines_with(result, "NOT WRITTEN: pyproject.toml: no place was found for keys of [tool.pytest.ini_options]")
    assert report["self_check"]["written"] == []
    assert report["self_check"]["not_written"].startswith("pyproject.toml: no place")
    assert (suite.path / "pyproject.toml").read_text("utf-8") == text


def test_an_interrupted_self_check_concludes_nothing(suite: Suite) -> None:
    suite.write(test_suite=QUICK_SUITE)
    suite.extend_conftest(
        """
        import pytest_ascendperf.plugin.further_sessions as sessions

        def interrupted(*arguments, **keywords):
            raise KeyboardInterrupt

        sessions.run_session = interrupted
        """
    )
    result = suite.run_process("--ascendperf-self-check=5")
    assert result.ret == 2
    assert lines_with(result, "the self-check was interrupted in session 2 of 5: nothing was concluded")


def test_a_runner_too_noisy_for_any_tolerance_gets_none_written(suite: Suite) -> None:
    noisy = SUITE.replace("noisy_us(0.02)", "noisy_us(1.0)")
    suite.write(test_suite=noisy)
    (suite.path / "tox.ini").write_text("[pytest]\n", "utf-8")
    result, report = suite.report("--ascendperf-self-check=5", "--ascendperf-self-check-write", "-ktest_noisy")
    assert report["self_check"]["tolerance"] is None
    assert lines_with(result, "no tolerance is suggested: as this runner is now, 1 of 1 case would need one above 50 %")
    assert lines_with(result, "NOT WRITTEN: no tolerance is suggested, so there is nothing to write")
    assert (suite.path / "tox.ini").read_text("utf-8") == "[pytest]\n"
