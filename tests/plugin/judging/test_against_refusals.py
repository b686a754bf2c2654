"""``--ascendperf-against`` with what it cannot use: one sentence, and nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import tempfile
from pathlib import Path

import pytest

from ..against_suite import AGAINST, GitSuite, other_python, scripted_test
from ..suite import lines_with, processes_with, wait_for, wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs signals and /proc")

TWO_TESTS = """
@pytest.mark.npu_perf
def test_crashes(spend):
    {first}
    spend()

@pytest.mark.npu_perf
def test_other(spend): spend()
"""


def refusal(suite: GitSuite, *options: str, **variables: str) -> str:
    """The one sentence with which a run ends that cannot begin, and which leaves nothing behind."""
    result = suite.run(*options, **variables)
    assert result.ret == pytest.ExitCode.USAGE_ERROR, result.stdout.str()
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    text = "\n".join(result.errlines)
    assert text.count("ERROR: ") == 1
    assert nothing_left(suite)
    return text


def nothing_left(suite: GitSuite) -> bool:
    """No worktree, no process, and the device is free."""
    locked = [path for path in (suite.path / "locks").glob("*.holder") if path.read_text("utf-8")]
    return suite.worktrees() == [] and not processes_with(f"PWD={suite.path}") and not locked


def test_a_revision_that_does_not_exist(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(10.0))
    text = refusal(git_suite, "--ascendperf-against=no-such-branch")
    assert f"--ascendperf-against=no-such-branch: there is no such commit in {git_suite.path}" in text
    assert "there is no such commit" in refusal(git_suite, "--ascendperf-against=--help")
    assert "there is no such commit" in refusal(git_suite, "--ascendperf-against=")


def test_a_folder_without_a_repository(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(10.0))
    (git_suite.path / ".git").rename(git_suite.path / "elsewhere")
    result = git_suite.run(*AGAINST)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"needs a git repository, and {git_suite.path} lies in none" in result.stderr.str()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-n2"], "cannot run under xdist"),
        (["--ascendperf-update-baselines"], "--ascendperf-update-baselines do not go together"),
        (["--pdb"], "--pdb and --trace cannot"),
    ],
)
def test_options_that_do_not_go_together(git_suite: GitSuite, options: list[str], words: str) -> None:
    git_suite.commit(test_suite=scripted_test(10.0))
    assert words in refusal(git_suite, *AGAINST, *options)


def test_a_worktree_that_cannot_be_made(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(10.0))
    (git_suite.path / ".git" / "worktrees").write_text("in the way", "utf-8")
    assert "git could not make a worktree of " in refusal(git_suite, *AGAINST)


def test_a_revision_without_the_root_directory(git_suite: GitSuite) -> None:
    git_suite.commit()
    (git_suite.path / "part").mkdir()
    git_suite.write(**{"part/test_suite": scripted_test(10.0)})
    text = refusal(git_suite, *AGAINST, f"--rootdir={git_suite.path / 'part'}", "part")
    assert f"the root directory {git_suite.path / 'part'} does not exist in that revision" in text


def test_interpreters_that_cannot_serve(git_suite: GitSuite, tmp_path: Path) -> None:
    git_suite.commit(test_suite=scripted_test(10.0))
    missing = refusal(git_suite, f"--ascendperf-against-python={tmp_path / 'missing'}")
    assert f"--ascendperf-against-python={tmp_path / 'missing'}: cannot be run: No such file" in missing
    bare = other_python(tmp_path / "bare", without="pytest")
    assert "it has no pytest (" in refusal(git_suite, f"--ascendperf-against-python={bare}")
    without = other_python(tmp_path / "without", without="pytest_ascendperf")
    assert "it has no pytest-ascendperf that" in refusal(git_suite, f"--ascendperf-against-python={without}")


def test_a_temporary_folder_in_the_repository(git_suite: GitSuite, monkeypatch: pytest.MonkeyPatch) -> None:
    git_suite.commit(test_suite=scripted_test(10.0))
    temporary = git_suite.path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    text = refusal(git_suite, *AGAINST)
    assert f"the temporary folder {temporary} lies in the repository" in text
    assert "Set TMPDIR" in text
    assert not list(temporary.iterdir())


def test_a_base_that_crashes_when_it_collects(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=f"os._exit(7)\n{scripted_test(10.0)}")
    git_suite.write(test_suite=scripted_test(10.0))
    text = refusal(git_suite, *AGAINST)
    assert "the base process ended with status 7 while it collected its tests" in text


def test_a_base_that_crashes_in_a_test_leaves_the_others_judged(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(10.0, TWO_TESTS.format(first="os._exit(7)")))
    git_suite.write(test_suite=scripted_test(10.0, TWO_TESTS.format(first="pass")))
    result, report = git_suite.report(*AGAINST)
    result.assert_outcomes(passed=2)
    found = {case["test"]: (case["status"], case["reason"]) for case in report["cases"]}
    assert found["test_other"][0] == "pass"
    assert found["test_crashes"][0] == "invalid"
    assert "the base process ended with status 7 while it ran test_suite.py::test_crashes" in found["test_crashes"][1]
    assert nothing_left(git_suite)


def test_a_head_that_crashes_fails_its_test_alone(git_suite: GitSuite) -> None:
    git_suite.commit(test_suite=scripted_test(10.0, TWO_TESTS.format(first="pass")))
    git_suite.write(test_suite=scripted_test(10.0, TWO_TESTS.format(first="os._exit(7)")))
    result = git_suite.run(*AGAINST)
    result.assert_outcomes(passed=1, failed=1)
    assert lines_with(result, "the head process ended with status 7 while it ran test_suite.py::test_crashes")
    assert nothing_left(git_suite)


def test_a_base_that_hangs_is_ended_by_the_time_limit(git_suite: GitSuite) -> None:
    body = """
import time

@pytest.mark.npu_perf
def test_x(spend):
    {first}
    spend()
"""
    git_suite.commit(test_suite=scripted_test(10.0, body.format(first="time.sleep(600)")))
    git_suite.write(test_suite=scripted_test(10.0, body.format(first="pass")))
    _, report = git_suite.report(*AGAINST, "--ascendperf-against-timeout-s=10")
    (case,) = report["cases"]
    assert case["status"] == "invalid"
    assert (
        "the base process said nothing for 10 s while it ran test_suite.py::test_x, and was stopped" in case["reason"]
    )
    assert nothing_left(git_suite)


@pytest.mark.parametrize(
    ("signal_number", "status"),
    [(signal.SIGINT, pytest.ExitCode.INTERRUPTED), (signal.SIGTERM, 128 + signal.SIGTERM)],
)
def test_an_interrupt_in_the_middle_leaves_nothing(
    git_suite: GitSuite, signal_number: signal.Signals, status: int
) -> None:
    body = """
import time

@pytest.mark.npu_perf
def test_x(spend):
    spend()
    if os.path.exists("stop.txt"):
        open({mark!r}, "w").close()
        time.sleep(600)
"""
    mark = git_suite.path / "waiting.txt"
    (git_suite.path / "stop.txt").touch()
    git_suite.commit(test_suite=scripted_test(10.0, body.format(mark=str(mark))))
    process = git_suite.start(*AGAINST)
    wait_for(mark)
    assert git_suite.worktrees()
    process.send_signal(signal_number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == status, output
    assert "INTERNALERROR" not in output
    wait_until(lambda: nothing_left(git_suite))


def test_a_killed_run_takes_its_processes_along(git_suite: GitSuite, tmp_path: Path) -> None:
    """Nothing can clean up then, so the next run does."""
    body = """
import time

@pytest.mark.npu_perf
def test_x(spend):
    open({mark!r}, "w").close()
    time.sleep(600)
"""
    mark = git_suite.path / "waiting.txt"
    git_suite.commit(test_suite=scripted_test(10.0))
    git_suite.write(test_suite=scripted_test(10.0, body.format(mark=str(mark))))
    process = git_suite.start(*AGAINST, TMPDIR=str(tmp_path))
    wait_for(mark)
    process.kill()
    process.communicate(timeout=60)
    wait_until(lambda: not processes_with(f"PWD={git_suite.path}"))
    assert git_suite.worktrees()
    assert {path.name.split("-")[1] for path in tmp_path.iterdir()} == {"base", "side"}
    git_suite.write(test_suite=scripted_test(10.0))
    git_suite.run_process(*AGAINST, "-k", "x", TMPDIR=str(tmp_path)).assert_outcomes(passed=1)
    assert nothing_left(git_suite)
    assert not list(tmp_path.iterdir())


def test_one_core_and_a_core_that_is_refused_are_told(git_suite: GitSuite) -> None:
    from pytest_ascendperf.plugin.against.cores import pin

    git_suite.commit(test_suite=scripted_test(10.0))
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usable)})
    try:
        result, report = git_suite.report(*AGAINST)
    finally:
        os.sched_setaffinity(0, usable)
    result.assert_outcomes(passed=1)
    (note,) = report["against"]["notes"]
    assert note.startswith("This run may use one core only")
    assert lines_with(result, note)
    (note,) = pin((100_000,))
    assert note.startswith("Base and head could not be kept on core 100000 (Invalid argument)")
    assert os.sched_getaffinity(0) == usable


def test_both_processes_share_one_core_and_the_run_holds_the_device(git_suite: GitSuite) -> None:
    body = """
from pathlib import Path

@pytest.mark.npu_perf
def test_x(spend):
    spend()
    (holder,) = Path(os.environ["ASCENDPERF_LOCK_DIR"]).glob("*.holder")
    assert holder.read_text().startswith(f"process {{os.getppid()}} since")
    with open({mark!r}, "a") as file:
        print(sorted(os.sched_getaffinity(0)), file=file)
"""
    mark = git_suite.path / "cores.txt"
    git_suite.commit(test_suite=scripted_test(10.0, body.format(mark=str(mark))))
    git_suite.run(*AGAINST).assert_outcomes(passed=1)
    assert len(set(mark.read_text("utf-8").splitlines())) == 1
    assert re.fullmatch(r"\[\d+\]", mark.read_text("utf-8").splitlines()[0])


@pytest.mark.usefixtures("import_hook")
def test_a_package_that_an_import_hook_finds_in_heads_tree_is_moved(git_suite: GitSuite) -> None:
    """As packages installed in editable mode do: their hook knows head's folder, whatever the search path says."""
    git_suite.write(**{"src/proj/__init__": "from proj.inner import US", "src/proj/inner": "US = 10.0"})
    git_suite.commit(test_suite=USES_PROJ)
    git_suite.write(**{"src/proj/inner": "US = 10.7"})
    _, report = git_suite.report(*AGAINST, "-p", "editable_hook")
    (case,) = report["cases"]
    assert (case["status"], case["confirm"]["base_us"], case["confirm"]["head_us"]) == ("regressed", 10.0, 10.7)


def test_a_file_of_the_working_directory_is_the_bases_own(git_suite: GitSuite) -> None:
    body = """
@pytest.mark.npu_perf(min_change_us=0)
def test_x(spend): spend(float(open("us.txt").read()))
"""
    (git_suite.path / "us.txt").write_text("10.0", "utf-8")
    git_suite.commit(test_suite=scripted_test(10.0, body))
    (git_suite.path / "us.txt").write_text("10.7", "utf-8")
    _, report = git_suite.report(*AGAINST)
    (case,) = report["cases"]
    assert (case["confirm"]["base_us"], case["confirm"]["head_us"]) == (10.0, 10.7)


def test_a_package_on_the_search_path_is_moved(git_suite: GitSuite, monkeypatch: pytest.MonkeyPatch) -> None:
    git_suite.write(**{"src/proj/__init__": "US = 10.0"})
    git_suite.commit(test_suite=USES_PROJ)
    git_suite.write(**{"src/proj/__init__": "US = 10.7"})
    monkeypatch.syspath_prepend(str(git_suite.path / "src"))
    _, report = git_suite.report(*AGAINST)
    (case,) = report["cases"]
    assert (case["confirm"]["base_us"], case["confirm"]["head_us"]) == (10.0, 10.7)


@pytest.mark.usefixtures("import_hook")
def test_a_package_that_only_heads_tree_has_is_not_taken_from_it(git_suite: GitSuite) -> None:
    """A module that was built in place, say. The base must not take head's."""
    git_suite.commit(test_suite=USES_PROJ)
    git_suite.write(**{"src/proj/__init__": "US = 10.7"})
    _, report = git_suite.report(*AGAINST, "-p", "editable_hook")
    (case,) = report["cases"]
    assert case["status"] == "not_comparable"
    assert "which is head's tree, and is not in the base's" in case["reason"]


def test_a_module_of_heads_tree_in_the_base_is_found_however_it_came_there(git_suite: GitSuite) -> None:
    loads = f"""
import importlib.util
import sys

spec = importlib.util.spec_from_file_location("sneaked", {str(git_suite.path / "sneaked.py")!r})
module = sys.modules["sneaked"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
"""
    git_suite.commit(sneaked="US = 10.0", test_suite=loads + scripted_test(10.0))
    text = refusal(git_suite, *AGAINST)
    assert (
        f"imported sneaked ({git_suite.path / 'sneaked.py'}) from head's tree, so it would measure head twice" in text
    )


def test_a_module_of_heads_tree_that_a_test_imports_late_fails_it(git_suite: GitSuite) -> None:
    loads = f"""
@pytest.mark.npu_perf
def test_x(spend):
    spend()
    import importlib.util
    import sys
    spec = importlib.util.spec_from_file_location("sneaked", {str(git_suite.path / "sneaked.py")!r})
    sys.modules["sneaked"] = importlib.util.module_from_spec(spec)
"""
    git_suite.commit(sneaked="US = 10.0", test_suite=scripted_test(10.0, loads))
    result = git_suite.run(*AGAINST)
    result.assert_outcomes(failed=1)
    assert lines_with(result, "from head's tree, so it would measure head twice")
    assert nothing_left(git_suite)


def test_an_installed_copy_of_the_project_is_refused(
    git_suite: GitSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both sides would measure it, and neither its own tree: all would pass."""
    (tmp_path / "proj").mkdir()
    (tmp_path / "proj" / "__init__.py").write_text("US = 10.0", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    git_suite.write(**{"src/proj/__init__": "US = 10.0"})
    git_suite.commit(test_suite=USES_PROJ)
    text = refusal(git_suite, *AGAINST)
    assert f"and head both import proj from {tmp_path / 'proj' / '__init__.py'}, so neither measures" in text


def test_a_fixture_of_unmarked_tests_that_fails_at_its_end_is_an_error(git_suite: GitSuite) -> None:
    body = """
@pytest.fixture(scope="module")
def fragile():
    yield
    raise ValueError("at its end")

def test_plain(fragile): pass

@pytest.mark.npu_perf
def test_marked(spend): spend()
"""
    git_suite.commit(test_suite=scripted_test(10.0, body), test_z="def test_last(): pass")
    result = git_suite.run(*AGAINST)
    result.assert_outcomes(passed=3, errors=1)
    assert lines_with(result, "ValueError: at its end")


USES_PROJ = """
import proj

@pytest.mark.npu_perf(min_change_us=0)
def test_x(npu_perf_device):
    import proj
    npu_perf_device.spend(proj.US)
"""


@pytest.fixture
def import_hook(git_suite: GitSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin outside of the repository that finds ``proj`` in head's tree, as hooks of editable installs do."""
    (tmp_path / "editable_hook.py").write_text(
        f"""
import importlib.util
import sys

class Finder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname == "proj":
            return importlib.util.spec_from_file_location("proj", {str(git_suite.path / "src/proj/__init__.py")!r})

sys.meta_path.append(Finder)
""",
        "utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
