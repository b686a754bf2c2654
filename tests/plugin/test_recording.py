"""Recording: sessions are processes, and what is written is exactly what was asked for."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from .suite import Suite, lines_with

SUITE = """
@pytest.mark.npu_perf
def test_a(spend):
    with open("pids.txt", "a") as file:
        print(os.getpid(), file=file)
    spend("A")

@pytest.mark.npu_perf
def test_b(spend):
    spend("B")

def test_plain():
    with open("plain.txt", "a") as file:
        print("ran", file=file)
"""


def entry(suite: Suite, test: str) -> str:
    """The bytes of one entry as a text."""
    text = suite.baseline_file().read_text("utf-8")
    start = text.index(f'"{test}"')
    end = text.find('\n    "test_', start)
    return text[start : end if end >= 0 else len(text)].rstrip(" ,}\n")


def test_every_session_is_a_process_of_its_own(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    result = suite.run("--ascendperf-update-baselines", "--ascendperf-sessions=4")
    assert result.ret == 0
    pids = (suite.path / "pids.txt").read_text("utf-8").split()
    assert len(set(pids)) == 4
    assert set(pids) & {str(os.getpid())}, "the run itself is the first session"
    assert {len(medians) for medians in suite.medians_us().values()} == {4}
    assert (suite.path / "plain.txt").read_text("utf-8") == "ran\n", "fresh processes run marked tests only"
    progress = lines_with(result, "ascendperf: recording session ")
    assert [line.partition(", about ")[0] for line in progress] == [
        f"ascendperf: recording session {number} of 4: 2 tests" for number in (2, 3, 4)
    ]
    assert all(line.endswith(" left") for line in progress)


def test_the_table_says_old_new_and_change(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    result = suite.record()
    assert lines_with(result, "2 baselines written to 1 file:")
    assert lines_with(result, "  baselines/scripted/scripted-1/test_suite.json")
    result = suite.record(A="15")
    (line,) = lines_with(result, "  test_suite.py::test_a")
    assert " ".join(line.split()) == "10.00 µs 15.00 µs +50.0 % 2 → 2 0.00 % +50.0 % test_suite.py::test_a"


def test_new_records_only_what_is_missing(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    suite.record("-k", "test_a")
    before = entry(suite, "test_a")
    result = suite.run("--ascendperf-update-baselines=new", A="9", B="20")
    assert result.ret == 0
    assert entry(suite, "test_a") == before
    assert suite.medians_us() == {"test_a": [10.0, 10.0], "test_b": [20.0, 20.0]}
    assert lines_with(result, "1 baseline kept")
    result = suite.run("--ascendperf-update-baselines=new")
    assert lines_with(result, "no baseline was written")


def test_new_still_judges_the_others(suite: Suite) -> None:
    """A regression does not pass because a baseline of another test was to be recorded."""
    suite.write(test_suite=SUITE)
    suite.record("-k", "test_a")
    result = suite.run("--ascendperf-update-baselines=new", A="30")
    result.assert_outcomes(passed=2, failed=1)
    assert suite.medians_us() == {"test_a": [10.0, 10.0], "test_b": [10.0, 10.0]}


def test_changed_records_what_moved_and_nothing_else(suite: Suite) -> None:
    suite.write(test_suite=SUITE + "\n@pytest.mark.npu_perf\ndef test_c(spend): spend('C')")
    suite.record("-k", "test_a or test_b")
    before = entry(suite, "test_a")
    result = suite.run("--ascendperf-update-baselines=changed", A="10.01", B="30")
    result.assert_outcomes(passed=4)
    assert result.ret == 0
    assert entry(suite, "test_a") == before
    assert suite.medians_us() == {"test_a": [10.0] * 2, "test_b": [30.0] * 2, "test_c": [10.0] * 2}
    suite.run("--ascendperf-update-baselines=changed", A="5")
    assert suite.medians_us()["test_a"] == [5.0, 5.0]


def test_changed_does_not_accept_what_fresh_processes_do_not_confirm(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    suite.record()
    suite.run("--ascendperf-update-baselines=changed", A="50", FRESH_A="10")
    assert suite.medians_us()["test_a"] == [10.0, 10.0]


def test_updating_a_selection_leaves_all_other_bytes(suite: Suite) -> None:
    suite.write(test_suite=SUITE, test_other=SUITE)
    suite.record()
    other = suite.baseline_file("test_other").read_bytes()
    before = entry(suite, "test_b")
    suite.record("test_suite.py::test_a", A="20")
    assert suite.medians_us() == {"test_a": [20.0, 20.0], "test_b": [10.0, 10.0]}
    assert entry(suite, "test_b") == before
    assert suite.baseline_file("test_other").read_bytes() == other


def test_a_second_recording_changes_only_the_times_of_day(suite: Suite) -> None:
    suite.write(test_suite=SUITE)

    def without_start(text: str) -> list[str]:
        return [line for line in text.splitlines() if '"started"' not in line]

    suite.record()
    first = suite.baseline_file().read_text("utf-8")
    assert suite.run("--ascendperf-update-baselines=anchor").ret == 0
    second = suite.baseline_file().read_text("utf-8")
    assert without_start(first) == without_start(second)


def test_a_word_after_the_option_that_is_no_mode_is_explained(suite: Suite) -> None:
    suite.write(**{"tests/test_suite": SUITE})
    result = suite.run("--ascendperf-update-baselines", "tests/")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert (
        "expected one of new, changed, all, anchor, got 'tests/'. If that is what to test, put it before the option"
        in (result.stderr.str())
    )
    assert not (suite.path / "baselines").exists()


FAILING = """
@pytest.mark.npu_perf
def test_good(spend):
    spend("GOOD")

@pytest.mark.npu_perf
def test_bad(spend):
    spend("BAD")
    with open("runs.txt", "a") as file:
        print(os.getpid(), file=file)
    with open("runs.txt") as file:
        sessions = len(set(file.read().split()))
    assert str(sessions) != os.environ.get("BAD_SESSION"), "as asked"
"""


@pytest.mark.parametrize("session", ["1", "3"])
def test_a_test_that_fails_in_any_session_is_never_recorded(suite: Suite, session: str) -> None:
    suite.write(test_suite=FAILING)
    suite.record("--ascendperf-sessions=1")
    (suite.path / "runs.txt").unlink()
    options = ["--ascendperf-update-baselines", "--ascendperf-sessions=3"]
    result = suite.run(*options, BAD_SESSION=session, GOOD="20", BAD="20")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert suite.medians_us() == {"test_good": [20.0] * 3, "test_bad": [10.0]}
    if session == "1":
        result.assert_outcomes(passed=1, failed=1)
    else:
        result.assert_outcomes(passed=2)
        (line,) = lines_with(result, "test_suite.py::test_bad: session 3 of 3: ")
        assert "as asked" in line
        assert lines_with(result, "1 case not recorded, what was stored stays:")


def test_a_test_whose_teardown_fails_is_not_recorded(suite: Suite) -> None:
    suite.write(
        test_suite="""
        @pytest.fixture
        def untidy():
            yield
            raise RuntimeError("left a mess")

        @pytest.mark.npu_perf
        def test_x(untidy, spend):
            spend()
        """
    )
    result = suite.run("--ascendperf-update-baselines")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert lines_with(result, "test_suite.py::test_x: the test failed")
    assert not suite.baseline_file().exists()


def test_a_session_that_crashes_takes_only_what_it_did_not_finish(suite: Suite) -> None:
    suite.write(
        test_suite="""
        import conftest

        @pytest.mark.npu_perf
        def test_before(spend):
            spend()

        @pytest.mark.npu_perf
        def test_crashes(spend):
            spend()
            if conftest.is_fresh():
                os._exit(3)
        """
    )
    result = suite.run("--ascendperf-update-baselines")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert suite.medians_us() == {"test_before": [10.0, 10.0]}
    assert lines_with(result, "test_suite.py::test_crashes: session 2 of 2: the fresh process ended before this test")


def test_a_broken_file_is_kept_and_others_are_written(suite: Suite) -> None:
    suite.write(test_suite=SUITE, test_other=SUITE)
    suite.record()
    broken = suite.baseline_file("test_other")
    broken.write_text('{"schema": 1, "tests"', "utf-8")
    result = suite.run("--ascendperf-update-baselines", A="20")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert broken.read_text("utf-8") == '{"schema": 1, "tests"'
    assert suite.medians_us()["test_a"] == [20.0, 20.0]
    (line,) = lines_with(result, "NOT WRITTEN: ")
    assert str(broken) in line
    result, report = suite.report("test_other.py")
    result.assert_outcomes(passed=1, failed=2)
    assert report["tests"]["failed_before_judging"] == 2
    assert report["tests"]["not_run"] == 0
    assert lines_with(result, "2 failed before judging")
    assert lines_with(result, f"baseline file {broken}: ")
    assert "Traceback" not in result.stdout.str()


@pytest.mark.skipif(os.name != "posix", reason="folders have no permissions like these")
def test_a_folder_that_cannot_be_written(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    root = suite.path / "baselines"
    root.mkdir()
    if os.getuid() == 0:  # for whom no folder is read-only
        (root / "scripted").write_text("a file stands where the folder belongs", "utf-8")
    else:
        root.chmod(stat.S_IRUSR | stat.S_IXUSR)
    result = suite.run("--ascendperf-update-baselines")
    root.chmod(0o755)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "INTERNALERROR" not in result.stdout.str()
    (line,) = lines_with(result, "NOT WRITTEN: ")
    assert str(root) in line


def test_the_report_tells_of_the_recording(suite: Suite) -> None:
    suite.write(test_suite=FAILING)
    _, report = suite.report("--ascendperf-update-baselines", BAD_SESSION="2")
    assert report["update"]["interrupted"] is False
    assert [(case["nodeid"], case["old_us"], case["new_us"]) for case in report["update"]["recorded"]] == [
        ("test_suite.py::test_good", None, [10.0, 10.0])
    ]
    ((missing),) = report["update"]["not_recorded"]
    assert missing["nodeid"] == "test_suite.py::test_bad"
    assert report["update"]["errors"] == []


def test_a_report_that_cannot_be_written_is_told(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    (suite.path / "file").write_text("", "utf-8")
    result = suite.run(f"--ascendperf-json={suite.path / 'file' / 'report.json'}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert lines_with(result, "was not written: ")


def test_the_revision_is_recorded(suite: Suite) -> None:
    suite.write(test_suite=SUITE)
    git = ["git", "-c", "user.name=tests", "-c", "user.email=tests@example.com"]
    for command in (["git", "init", "-q"], ["git", "add", "test_suite.py"], [*git, "commit", "-qm", "tests"]):
        assert suite.pytester.run(*command).ret == 0
    suite.record("-k", "test_a")
    (revision,) = revisions(suite.baseline_file())
    assert len(revision) == 12
    with (suite.path / "test_suite.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    suite.record("-k", "test_a")
    assert revisions(suite.baseline_file()) == {f"{revision}+changes"}


def test_a_recording_of_nothing_says_so(suite: Suite) -> None:
    suite.write(test_suite="def test_x(): pass")
    words = "--ascendperf-update-baselines: nothing was recorded, no marked test was selected"
    result = suite.run("--ascendperf-update-baselines")
    assert result.ret == 0
    assert lines_with(result, words)
    assert lines_with(suite.run("-k", "no_such_test", "--ascendperf-update-baselines"), words)


def revisions(path: Path) -> set[str]:
    document = json.loads(path.read_text("utf-8"))
    return {entry["revision"] for cases in document["tests"].values() for entry in cases.values()}


def test_fresh_processes_are_told_what_full_speed_is(suite: Suite) -> None:
    """A speed that this process cannot have seen shows where the knowledge comes from."""
    suite.write(
        test_suite="""
        from pytest_ascendperf.devices.core_speed import CoreSpeed
        from pytest_ascendperf.plugin.bench import Bench

        def test_x(npu_perf, npu_perf_device, request):
            if not os.path.exists("told.txt"):
                npu_perf_device._speed = CoreSpeed(known_us=1e-3)
            npu_perf(lambda: sum(range(1000)))
            with open("told.txt", "a") as file:
                print(os.getpid(), Bench.of(request.config).full_speed_us, file=file)
        """
    )
    suite.record("--ascendperf-device=cpu", "--ascendperf-max-wait-s=0").assert_outcomes(passed=1)
    lines = [line.split() for line in (suite.path / "told.txt").read_text("utf-8").splitlines()]
    assert [known for _, known in lines] == ["0.001", "0.001"]
    assert len({pid for pid, _ in lines}) == 2


CORES = """
@pytest.fixture(autouse=True)
def core(npu_perf_device, request):
    with open(request.node.name + ".sessions", "a+") as file:
        file.write("x")
        number = file.tell() - 1
    cores_us = [float(us) for us in os.environ.get(request.node.name, "5").split()]
    npu_perf_device.core_us = cores_us[min(number, len(cores_us) - 1)]
"""


def sessions_of(suite: Suite, *tests: str) -> list[int]:
    """How many sessions of each test were measured."""
    return [len((suite.path / f"{test}.sessions").read_text("utf-8")) for test in tests]


@pytest.fixture
def on_cores(suite: Suite) -> Suite:
    """A suite in which a variable named as a test says how fast the core of its successive sessions is."""
    suite.extend_conftest(CORES)
    suite.write(test_suite=SUITE)
    return suite


def test_what_a_slowed_core_measured_is_measured_once_more(on_cores: Suite) -> None:
    result = on_cores.record("--ascendperf-sessions=3", test_a="5 8 5", test_b="5")
    assert sessions_of(on_cores, "test_a", "test_b") == [4, 3]
    assert {test: len(medians) for test, medians in on_cores.medians_us().items()} == {"test_a": 3, "test_b": 3}
    assert "8.0" not in on_cores.baseline_file().read_text("utf-8")
    assert lines_with(result, "ascendperf: recording 1 test once more: the core was slowed")


def test_a_slowed_core_is_measured_again_at_most_twice_and_what_was_at_full_speed_is_stored(on_cores: Suite) -> None:
    result = on_cores.record("--ascendperf-sessions=3", test_a="5 5 8", test_b="8 8 5 8")
    assert sessions_of(on_cores, "test_a", "test_b") == [5, 5]
    assert {test: len(medians) for test, medians in on_cores.medians_us().items()} == {"test_a": 2, "test_b": 5}
    (position,) = [index for index, line in enumerate(result.outlines) if line.startswith("Fewer sessions than asked")]
    assert result.outlines[position + 1] == "  test_suite.py::test_a: 2 of 3"
    assert "test_b" not in result.outlines[position + 2]
