"""Whatever is wrong with a file: reading says so in full, and an update leaves it alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ascendperf.errors import BaselineError
from pytest_ascendperf.store import BaselineStore

from .builders import MODULE, baseline, command_line, environment, run, stored

ENTRY = '"test_ffn": {\n      "": {'


def edit(old: str, new: str) -> Callable[[str], bytes]:
    def edited(text: str) -> bytes:
        assert old in text
        return text.replace(old, new, 1).encode()

    return edited


BAD_CONTENT: dict[str, tuple[Callable[[str], bytes], str]] = {
    "empty": (lambda text: b"", "the file is empty"),
    "truncated in a list": (lambda text: text.encode()[:-32], "the file ends too early"),
    "truncated in a string": (lambda text: text.encode()[:-100], "not valid JSON, a string is not closed"),
    "cut after the first byte": (lambda text: b"{", "the file ends too early"),
    "not JSON": (lambda text: b"test_ffn = 12.5\n", "line 1, column 1: not valid JSON"),
    "a list": (lambda text: b"[]", "expected '{'"),
    "two documents": (lambda text: (text + text).encode(), "expected nothing behind the closing '}'"),
    "not UTF-8": (lambda text: text.encode("utf-16"), "not UTF-8 text"),
    "a byte of Latin-1": (lambda text: text.encode("latin-1"), "not UTF-8 text"),
    "a merge conflict": (
        edit('  "tests"', '<<<<<<< HEAD\n  "tests"'),
        "line 18, column 1: an unresolved merge conflict",
    ),
    "a newer schema": (edit('"schema": 1', '"schema": 2'), "schema: version 2 comes from a newer pytest-ascendperf"),
    "no schema": (edit('  "schema": 1,\n', ""), "schema: missing"),
    "a wrong schema": (edit('"schema": 1', '"schema": "one"'), "schema: expected a whole number from 1 to 1"),
    "NaN": (edit('"mean_us": ', '"mean_us": NaN, "x": '), 'tests["test_ffn"][""]: expected finite numbers, found NaN'),
    "Infinity": (edit('"p99": ', '"p99": Infinity, "x": '), 'tests["test_ffn"][""]: expected finite numbers'),
    "a negative time": (
        edit('"p50": ', '"p50": -'),
        'tests["test_ffn"][""].sessions[0].quantiles_us.p50: expected more',
    ),
    "a time of zero": (edit("[12.5,", "[0.0,"), 'tests["test_ffn"][""].sessions[0].samples_us[0]: expected more'),
    "a huge number": (edit('"mean_us": ', '"mean_us": 1e999, "x": '), "sessions[0].mean_us: expected a finite number"),
    "endless digits": (edit('"mean_us": ', f'"mean_us": {"9" * 5000}, "x": '), 'tests["test_ffn"][""]: a number has'),
    "no sessions": (
        edit('"sessions": [', '"sessions": [], "x": ['),
        'tests["test_ffn"][""].sessions: expected at least',
    ),
    "an unknown environment": (
        edit('"environment": "', '"environment": "x'),
        'tests["test_ffn"][""].environment: names',
    ),
    "the same test twice": (edit(ENTRY, f'"test_ffn": {{}}, {ENTRY}'), 'tests["test_ffn"]: stands twice'),
    "the same case twice": (edit(ENTRY, ENTRY.replace('"":', '"": {}, "":')), 'tests["test_ffn"][""]: stands twice'),
    "the same field twice": (
        edit('"rounds"', '"rounds": 1, "rounds"'),
        'tests["test_ffn"][""]["rounds"]: stands twice',
    ),
    "a bomb": (edit(ENTRY, f'{ENTRY} "x": {"[" * 99_999}{"]" * 99_999},'), 'tests["test_ffn"][""]: nested far deeper'),
    "a bomb that is never closed": (lambda text: b'{"tests":' * 99_999, "the file ends too early"),
    "another module": (edit(f'"module": "{MODULE}"', '"module": "tests/test_before.py"'), "belongs to"),
}


@pytest.mark.parametrize("name", BAD_CONTENT)
def test_bad_content_is_told_and_never_overwritten(tmp_path: Path, name: str) -> None:
    spoil, problem = BAD_CONTENT[name]
    path = stored(tmp_path, baseline(), baseline("test_other"))
    content = spoil(path.read_text(encoding="utf-8"))
    path.write_bytes(content)

    with pytest.raises(BaselineError) as refused:
        BaselineStore(tmp_path).find(baseline().case, environment())
    updates = [
        BaselineStore(tmp_path).update([new])
        for new in (baseline("test_other", median_us=99.0), baseline(median_us=99.0), baseline("test_new"))
    ]

    for error in (refused.value, *(error for update in updates for error in update.errors)):
        assert error.path == str(path)
        assert problem in error.problem
        assert len(error.problem) < 300
        assert error.remedy.endswith(".")
    assert [len(update.errors) for update in updates] == [1, 1, 1]
    assert [update.files for update in updates] == [(), (), ()]
    assert path.read_bytes() == content


def test_a_message_reads_as_sentences(tmp_path: Path) -> None:
    path = stored(tmp_path, baseline())
    path.write_text("")
    with pytest.raises(BaselineError) as refused:
        BaselineStore(tmp_path).find(baseline().case, environment())
    assert str(refused.value) == (
        f"baseline file {path}: the file is empty. Restore the file from version control, or move it away and record "
        "its tests again with `--ascendperf-update-baselines`."
    )


def test_a_newer_file_is_not_called_broken(tmp_path: Path) -> None:
    path = stored(tmp_path, baseline())
    path.write_bytes(path.read_bytes().replace(b'"schema": 1', b'"schema": 7'))
    with pytest.raises(BaselineError) as refused:
        BaselineStore(tmp_path).find(baseline().case, environment())
    assert refused.value.remedy == "Upgrade pytest-ascendperf."


def test_a_bad_file_does_not_hold_up_the_others_of_an_update(tmp_path: Path) -> None:
    broken = stored(tmp_path, baseline(module="tests/test_b.py"))
    broken.write_text("{")
    new = [baseline(module=f"tests/test_{name}.py") for name in "abc"]
    update = BaselineStore(tmp_path).update(new)
    assert [error.path for error in update.errors] == [str(broken)]
    assert [file.path.name for file in update.files] == ["test_a.json", "test_c.json"]
    assert broken.read_text() == "{"


def make_folder(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_link_loop(path: Path) -> None:
    path.symlink_to(path.with_name("other.json"))
    path.with_name("other.json").symlink_to(path)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (make_folder, "a folder, pipe or device stands in its place"),
        (make_pipe, "a folder, pipe or device stands in its place"),
        (make_link_loop, os.strerror(40)),
    ],
)
def test_what_is_no_file_is_told_and_left_alone(tmp_path: Path, make: Callable[[Path], None], problem: str) -> None:
    store = BaselineStore(tmp_path)
    path = store.path_of(environment(), MODULE)
    path.parent.mkdir(parents=True)
    make(path)
    before = path.lstat()
    with pytest.raises(BaselineError) as refused:
        store.find(baseline().case, environment())
    (error,) = store.update([baseline()]).errors
    for told in (refused.value, error):
        assert told.path == str(path)
        assert told.problem == f"cannot be read: {problem}"
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)


@pytest.fixture
def bound_by_permissions() -> list[str]:
    """What a command line must start with to be bound by file permissions, which root as such is not."""
    if os.geteuid() != 0:
        return []
    without = ["setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search"]
    if shutil.which("setpriv") is None:
        pytest.skip("root is bound by no permissions, and setpriv, which could change that, is not installed")
    probe = subprocess.run([*without, "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        pytest.skip(f"root is bound by no permissions, and may not give that up: {probe.stderr.strip()}")
    return without


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, bound_by_permissions: list[str]) -> None:
    path = stored(tmp_path, baseline())
    path.chmod(0)
    printed = run([*bound_by_permissions, *command_line("find", tmp_path)])
    assert printed.startswith(f"baseline file {path}: cannot be read: Permission denied.")


def test_a_folder_that_may_not_be_entered_is_told(tmp_path: Path, bound_by_permissions: list[str]) -> None:
    path = stored(tmp_path, baseline())
    path.parent.chmod(0)
    printed = run([*bound_by_permissions, *command_line("find", tmp_path)])
    path.parent.chmod(0o755)
    assert printed.startswith(f"baseline file {path}: cannot be read: Permission denied.")


@pytest.mark.parametrize("fresh", [True, False], ids=["never updated", "updated before"])
def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path, bound_by_permissions: list[str], fresh: bool) -> None:
    path = stored(tmp_path, baseline())
    before = path.read_bytes()
    if fresh:
        shutil.rmtree(path.parent / ".ascendperf")
    folders = [path.parent, *path.parent.glob(".ascendperf")]
    for folder in folders:
        folder.chmod(0o555)
    printed = run([*bound_by_permissions, *command_line("update", tmp_path)])
    for folder in folders:
        folder.chmod(0o755)
    assert f"baseline file {path}: cannot be written: Permission denied" in printed
    assert "Nothing was written." in printed
    assert path.read_bytes() == before
