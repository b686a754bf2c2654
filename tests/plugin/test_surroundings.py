"""Where and how pytest is started: fresh processes see the same tests, options, plugins and configuration."""

from __future__ import annotations

import sys

import pytest

from .suite import Suite, lines_with, search_path

ONE = "@pytest.mark.npu_perf\ndef test_x(spend): spend()"


def records_and_fails(suite: Suite, *options: str, file: str = "test_suite", **variables: str) -> pytest.RunResult:
    """Record with ``options``, then see a regression confirmed with them: fresh processes understood them twice."""
    result = suite.run_process(*options, "--ascendperf-update-baselines", **variables)
    assert result.ret == 0, result.stdout.str() + result.stderr.str()
    assert suite.medians_us(file) == {"test_x": [10.0, 10.0]}
    result = suite.run_process(*options, US="30", **variables)
    result.assert_outcomes(failed=1)
    assert "confirmed in 2 fresh processes" in result.stdout.str()
    return result


@pytest.mark.parametrize(
    "options",
    [
        ["-W", "error"],
        ["-p", "no:cacheprovider", "-W", "error", "--strict-config", "--strict-markers"],
        ["-p", "no:xdist", "-p", "no:junitxml", "-p", "no:logging"],
        ["--import-mode=importlib", "--setup-show", "-s", "-vv"],
        ["--import-mode=append", "--log-cli-level=INFO", "-o", "log_cli=true", "--durations=3"],
        ["--lf", "--ff", "--nf", "--sw", "-x", "--cache-clear"],
        ["-k", "test_x and not nothing", "-m", "npu_perf", "--deselect", "test_suite.py::test_other"],
        ["--junitxml=junit.xml", "--doctest-modules", "--keep-duplicates", "--runxfail"],
        ["--pyargs", "test_suite.py"],
        ["--rootdir=.", "-c", "/dev/null", "--noconftest", "-p", "conftest"],
        ["--color=yes", "--tb=native", "--full-trace", "--showlocals"],
        ["--assert=plain", "--capture=tee-sys", "--no-header", "-q"],
    ],
    ids=" ".join,
)
def test_options_of_pytest(suite: Suite, options: list[str]) -> None:
    suite.write(test_suite=ONE)
    variables = {"PYTHONPATH": search_path(suite.path)} if "--noconftest" in options else {}
    records_and_fails(suite, *options, **variables)


def test_files_that_pytest_writes_are_those_of_the_run(suite: Suite) -> None:
    """A fresh process neither empties the log file nor overwrites the JUnit file nor the cache."""
    suite.write(
        test_suite="""
        import logging
        import conftest

        @pytest.mark.npu_perf
        def test_x(spend):
            logging.warning("of a fresh process" if conftest.is_fresh() else "of the run")
            spend()

        def test_y():
            assert False
        """
    )
    options = ["--log-file=log.txt", "--junitxml=junit.xml", "--basetemp=temporary"]
    suite.run_process(*options, "--ascendperf-update-baselines")
    suite.run_process(*options, US="30").assert_outcomes(failed=2)
    log = (suite.path / "log.txt").read_text("utf-8")
    assert "of the run" in log
    assert "of a fresh process" not in log
    junit = (suite.path / "junit.xml").read_text("utf-8")
    assert 'failures="2"' in junit
    result = suite.run_process("--lf", "--collect-only", "-q")
    assert lines_with(result, "test_suite.py::test_y")


def test_temporary_folders_of_the_run_survive_its_fresh_processes(suite: Suite) -> None:
    suite.write(
        test_suite="""
        @pytest.fixture(scope="session")
        def kept(tmp_path_factory):
            folder = tmp_path_factory.mktemp("kept")
            (folder / "file").touch()
            return folder

        @pytest.mark.npu_perf
        def test_x(kept, spend):
            spend()

        def test_y(kept):
            assert (kept / "file").exists()
        """
    )
    suite.record("--basetemp=temporary")
    suite.run_process("--basetemp=temporary", US="30").assert_outcomes(passed=1, failed=1)


def test_a_module_below_a_package_and_a_conftest_in_a_sub_folder(suite: Suite) -> None:
    suite.write(**{"tests/perf/test_suite": ONE, "tests/perf/__init__": "", "tests/__init__": ""})
    (suite.path / "conftest.py").rename(suite.path / "tests/perf/conftest.py")
    (suite.path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        records_and_fails(suite, file="tests/perf/test_suite")
        patch.chdir(suite.path / "tests")
        result = suite.run_process("perf/test_suite.py", US="30")
        result.assert_outcomes(failed=1)
        assert lines_with(result, "REGRESSED perf/test_suite.py::test_x") or lines_with(result, "REGRESSED ")
        assert "in baselines/scripted/scripted-1/tests/perf/test_suite.json" in result.stdout.str()


def test_a_root_directory_elsewhere(suite: Suite) -> None:
    suite.write(**{"project/tests/test_suite": ONE})
    (suite.path / "conftest.py").rename(suite.path / "project/conftest.py")
    options = ["--rootdir=project", "project/tests", "-p", "no:cacheprovider"]
    result = suite.run_process(*options, "--ascendperf-update-baselines")
    # --ascendperf-baselines was not given, so the folder lies below the root directory
    file = suite.path / "project/baselines/scripted/scripted-1/tests/test_suite.json"
    assert result.ret == 0, result.stdout.str()
    assert file.is_file()
    result = suite.run_process(*options, US="30")
    result.assert_outcomes(failed=1)
    assert "confirmed in 2 fresh processes" in result.stdout.str()


def test_a_test_outside_of_the_root_directory_is_refused_or_has_a_place(suite: Suite) -> None:
    """Such tests get ids without their file from pytest, so two of them could share one baseline."""
    suite.write(**{"one/test_suite": ONE, "two/test_suite": ONE, "project/test_inside": "def test_inside(): pass"})
    (suite.path / "project/pytest.ini").write_text("[pytest]\n", "utf-8")
    tests = ["--import-mode=importlib", "--confcutdir=..", "../one/test_suite.py", "../two/test_suite.py"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(suite.path / "project")
        result = suite.run_process("--rootdir=.", *tests)
        if lines_with(result, "lies outside of the root directory"):
            result.assert_outcomes(errors=2)
            assert lines_with(result, "Give --rootdir=DIR with a folder above both.")
        else:
            assert len(set(lines_with(result, "NO BASELINE  "))) == 2
        result = suite.run_process("--rootdir=..", *tests, "--ascendperf-update-baselines")
        assert result.ret == 0, result.stdout.str()
    for folder in ("one", "two"):
        assert (suite.path / f"baselines/scripted/scripted-1/{folder}/test_suite.json").is_file()


def test_a_users_own_options_reach_fresh_processes(suite: Suite) -> None:
    suite.extend_conftest(
        """
        def pytest_addoption(parser):
            parser.addoption("--model-size", type=int, default=1)
            parser.addoption("--layers", action="append", default=[])
            parser.addini("precision", "of the model", default="fp32")

        @pytest.fixture
        def seen(request):
            config = request.config
            return f"{config.getoption('model_size')} {config.getoption('layers')} {config.getini('precision')}"
        """
    )
    suite.write(
        test_suite="""
        @pytest.mark.npu_perf
        def test_x(seen, spend):
            with open("seen.txt", "a") as file:
                print(os.getpid(), seen, file=file)
            spend()
        """
    )
    (suite.path / "pytest.ini").write_text("[pytest]\naddopts = --layers=first\n", "utf-8")
    options = ["--model-size=7", "--layers=second", "-o", "precision=fp16"]
    records_and_fails(suite, *options)
    lines = [line.partition(" ") for line in (suite.path / "seen.txt").read_text("utf-8").splitlines()]
    assert len({pid for pid, _, _ in lines}) == 5, "two sessions, one run, two confirmations"
    assert {seen for _, _, seen in lines} == {"7 ['first', 'second'] fp16"}


def test_a_plugin_given_by_name_reaches_fresh_processes(suite: Suite) -> None:
    suite.write(
        helper="def pytest_addoption(parser):\n    parser.addoption('--helper', default='no')\n\n"
        "@pytest.fixture\ndef helped(request):\n    return request.config.getoption('helper')",
        test_suite="@pytest.mark.npu_perf\ndef test_x(helped, spend):\n    assert helped == 'yes'\n    spend()",
    )
    records_and_fails(suite, "-p", "helper", "--helper=yes", PYTHONPATH=search_path(suite.path))


def test_an_option_that_cannot_be_sent_is_named(suite: Suite) -> None:
    suite.extend_conftest(
        """
        def pytest_sessionstart(session):
            session.config.option.handle = lambda: None
        """
    )
    suite.write(test_suite=ONE)
    result = suite.run_process("--ascendperf-update-baselines")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "INTERNALERROR" not in result.stdout.str()
    assert lines_with(result, "option 'handle' of this run holds a function, which cannot be handed to a fresh process")


def test_the_interpreters_flags_and_paths_reach_fresh_processes(suite: Suite) -> None:
    suite.write(
        test_suite="""
        import sys
        import beside

        @pytest.mark.npu_perf
        def test_x(spend):
            assert sys.flags.optimize == 1
            spend()
        """
    )
    (suite.path / "lib").mkdir()
    (suite.path / "lib/beside.py").touch()
    (suite.path / "pytest.ini").write_text("[pytest]\npythonpath = lib\naddopts = --assert=plain\n", "utf-8")
    command = [sys.executable, "-O", "-m", "pytest", "--ascendperf-update-baselines"]
    result = suite.pytester.run(*command)
    assert result.ret == 0, result.stdout.str()
    assert suite.medians_us() == {"test_x": [10.0, 10.0]}


def test_the_terminal_of_a_fresh_process_is_not_that_of_the_run(suite: Suite) -> None:
    """There is one, since conftest files and pytest's own assertions use it, and what it says goes to a file."""
    suite.extend_conftest(
        """
        def pytest_sessionfinish(session):
            session.config.pluginmanager.get_plugin("terminalreporter").write_line("by the conftest")

        def pytest_terminal_summary(terminalreporter):
            terminalreporter.write_line("summary by the conftest")
        """
    )
    suite.write(test_suite=ONE)
    result = records_and_fails(suite)
    assert len(lines_with(result, "summary by the conftest")) == 1
    assert len(lines_with(result, "by the conftest")) == 2


def test_what_a_fresh_process_could_not_collect_is_shown(suite: Suite) -> None:
    suite.extend_conftest(
        """
        def pytest_collection_modifyitems():
            assert not is_fresh(), "no room for two"
        """
    )
    suite.write(test_suite=ONE)
    result = suite.run("--ascendperf-update-baselines")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (line,) = lines_with(result, "test_suite.py::test_x: session 2 of 2: ")
    assert "and measured nothing. Its last words:" in line
    assert "no room for two" in line
