from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path

import pytest

from pytest_ascendperf.errors import BaselineError
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.store import BaselineStore, UpdatedCase
from pytest_ascendperf.store.schema import as_stored

from .builders import MODULE, baseline, beside, environment, only_file, session, stored

CASE = baseline().case
ODD_TESTS = [
    "TestFFN::test_step[fp16-2x3]",
    "test_a[a/b/../../etc/passwd]",
    "test_a[x::y]",
    "test_模型[größe-😀]",
    "test_a[" + "x" * 300 + "]",
    "test_a[[{'a': 1}]]",
    "test_a[line\nbreak\ttab\x00null]",
    'test_a["quoted\\"]',
    "test_a[\udcff]",
    "..",
    "",
]


def test_what_was_stored_is_found_by_another_store(tmp_path: Path) -> None:
    stored(tmp_path, baseline())
    assert BaselineStore(tmp_path).find(CASE, environment()) == baseline()


def test_the_file_lies_by_chip_stack_and_module(tmp_path: Path) -> None:
    path = stored(tmp_path, baseline())
    assert path == tmp_path / "cpu-testbed" / "torch-2.13.0" / "tests" / "test_ffn.json"
    assert path == BaselineStore(tmp_path).path_of(environment(), MODULE)


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    store = BaselineStore(tmp_path / "absent")
    assert store.find(CASE, environment()) is None
    stored(tmp_path, baseline())
    store = BaselineStore(tmp_path)
    assert store.find(baseline("test_other").case, environment()) is None
    assert store.find(baseline(case="other").case, environment()) is None
    assert store.find(baseline(module="tests/test_other.py").case, environment()) is None
    assert store.find(CASE, environment(stack_id="torch-2.12.0")) is None


def test_other_hard_keys_on_the_same_stack_are_found_for_the_caller_to_compare(tmp_path: Path) -> None:
    stored(tmp_path, baseline(where=environment(threads="1")))
    found = BaselineStore(tmp_path).find(CASE, environment(threads="8"))
    assert found is not None
    assert found.environment == environment(threads="1")


@pytest.mark.parametrize("test", ODD_TESTS)
def test_any_test_id_is_kept(tmp_path: Path, test: str) -> None:
    others = [baseline(odd, "case") for odd in ODD_TESTS if odd != test]
    stored(tmp_path, *others)
    stored(tmp_path, baseline(test, "case"))
    store = BaselineStore(tmp_path)
    assert all(store.find(value.case, environment()) == value for value in (*others, baseline(test, "case")))


def test_a_module_outside_the_root_directory_stays_inside_the_folder(tmp_path: Path) -> None:
    outside = baseline(module="../../elsewhere/test_ffn.py")
    path = stored(tmp_path / "baselines", outside)
    assert path.resolve().is_relative_to((tmp_path / "baselines" / "cpu-testbed" / "torch-2.13.0").resolve())
    assert BaselineStore(tmp_path / "baselines").find(outside.case, environment()) == outside


def test_one_store_sees_its_own_updates_and_those_of_others(tmp_path: Path) -> None:
    store, other = BaselineStore(tmp_path), BaselineStore(tmp_path)
    for writer, median_us in ((store, 1.0), (other, 2.0), (store, 3.0)):
        only_file(writer.update([baseline(median_us=median_us)]))
        found = store.find(CASE, environment())
        assert found is not None
        assert found.medians_us[0] == median_us


def test_an_update_tells_what_was_there_and_what_is_there_now(tmp_path: Path) -> None:
    stored(tmp_path, baseline("test_moved", median_us=1.0), baseline("test_same"))
    update = BaselineStore(tmp_path).update([baseline("test_same"), baseline("test_new"), baseline("test_moved")])
    assert update.errors == ()
    (file,) = update.files
    assert file.changed
    assert file.cases == (
        UpdatedCase(old=(old := baseline("test_moved", median_us=1.0)), new=baseline("test_moved").following(old)),
        UpdatedCase(old=None, new=baseline("test_new")),
        UpdatedCase(old=baseline("test_same"), new=baseline("test_same")),
    )
    assert [case.changed for case in file.cases] == [True, True, False]


def test_what_an_update_tells_is_what_a_later_run_finds(tmp_path: Path) -> None:
    ragged = dataclasses.replace(baseline(), sessions=(session(1 / 3, samples_us=[math.pi, math.e]),))
    (file,) = BaselineStore(tmp_path).update([ragged]).files
    found = BaselineStore(tmp_path).find(CASE, environment())
    assert found == file.cases[0].new == as_stored(ragged)
    assert found.medians_us == (1 / 3,)


def test_an_update_writes_each_file_and_reports_by_path(tmp_path: Path) -> None:
    new = [
        baseline(module="tests/test_z.py"),
        baseline(module="tests/test_a.py"),
        baseline(where=environment(chip_id="cpu-other")),
        baseline("test_second", module="tests/test_a.py"),
    ]
    update = BaselineStore(tmp_path).update(iter(new))
    assert update.errors == ()
    assert [file.path.relative_to(tmp_path).as_posix() for file in update.files] == [
        "cpu-other/torch-2.13.0/tests/test_ffn.json",
        "cpu-testbed/torch-2.13.0/tests/test_a.json",
        "cpu-testbed/torch-2.13.0/tests/test_z.json",
    ]
    assert all(BaselineStore(tmp_path).find(value.case, value.environment) == value for value in new)


def test_an_update_of_a_selection_leaves_all_other_bytes(tmp_path: Path) -> None:
    path = stored(tmp_path, *(baseline(f"test_{index}", median_us=1.0 + index) for index in range(20)))
    before = path.read_text(encoding="utf-8").splitlines()
    stored(tmp_path, baseline("test_7", median_us=7.77))
    after = path.read_text(encoding="utf-8").splitlines()
    changed = [line for line, old in zip(after, before, strict=True) if line != old]
    keys = [line.strip().split('"')[1] for line in changed]
    assert keys == ["device_median_us", "mean_us", "quantiles_us"] * 2


def test_an_update_that_changes_nothing_does_not_touch_the_file(tmp_path: Path) -> None:
    """Not even one that is laid out by hand, or checked out with the line ends of Windows."""
    path = stored(tmp_path, baseline(), baseline("test_other"))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n").replace(b'"schema": 1', b'"schema" :1'))
    before = (path.read_bytes(), path.stat())
    (file,) = BaselineStore(tmp_path).update([baseline()]).files
    assert not file.changed
    assert (path.read_bytes(), path.stat()) == before


def test_a_case_that_an_update_names_but_does_not_change_keeps_its_text(tmp_path: Path) -> None:
    path = stored(tmp_path, baseline("test_same"), baseline("test_moved", median_us=1.0))
    by_hand = path.read_bytes().replace(b'"test_same": {\n      "": {', b'"test_same": {\n      "": {"note": "kept",')
    path.write_bytes(by_hand)
    stored(tmp_path, baseline("test_same"), baseline("test_moved"))
    after = path.read_bytes()
    assert after != by_hand
    assert after.endswith(by_hand[by_hand.index(b'"test_same"') :])


def test_an_update_of_nothing_makes_no_folder(tmp_path: Path) -> None:
    update = BaselineStore(tmp_path / "absent").update([])
    assert (update.files, update.errors) == ((), ())
    assert not (tmp_path / "absent").exists()


def test_the_same_case_twice_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    twice = [baseline(module="tests/test_a.py"), baseline(), baseline(median_us=1.0)]
    with pytest.raises(BaselineError, match=r"tests/test_ffn\.py::test_ffn is given twice"):
        BaselineStore(tmp_path).update(twice)
    assert list(tmp_path.iterdir()) == []


def test_an_environment_without_a_folder_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match=r"chip_id '\.\./x'"):
        BaselineStore(tmp_path).update([baseline(), baseline(where=environment(chip_id="../x"))])
    assert list(tmp_path.iterdir()) == []


def test_a_baseline_that_could_not_be_read_back_is_not_stored_and_holds_up_no_other_file(tmp_path: Path) -> None:
    path = stored(tmp_path, baseline())
    before = path.read_bytes()
    wrong = dataclasses.replace(baseline(), sessions=(dataclasses.replace(session(), mean_us=math.nan),))
    update = BaselineStore(tmp_path).update([wrong, baseline(module="tests/test_z.py")])
    (error,) = update.errors
    assert error.path == str(path)
    assert "new baseline of tests/test_ffn.py::test_ffn is not valid, sessions[0].mean_us" in error.problem
    assert path.read_bytes() == before
    assert [file.path.name for file in update.files] == ["test_z.json"]


def test_a_linked_file_stays_a_link_and_its_target_is_updated(tmp_path: Path) -> None:
    target = stored(tmp_path / "shared", baseline())
    link = tmp_path / "baselines" / target.relative_to(tmp_path / "shared")
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    assert stored(tmp_path / "baselines", baseline(median_us=99.0)) == link
    assert link.is_symlink()
    assert not target.is_symlink()
    for root in ("shared", "baselines"):
        assert BaselineStore(tmp_path / root).find(CASE, environment()) == baseline(median_us=99.0)
    assert not (link.parent / ".ascendperf").exists(), "the lock must be one for all ways to the file"
    assert beside(target) == []


def test_a_link_to_nothing_yet_is_filled(tmp_path: Path) -> None:
    store = BaselineStore(tmp_path / "baselines")
    link = store.path_of(environment(), MODULE)
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "shared.json")
    assert store.find(CASE, environment()) is None
    only_file(store.update([baseline()]))
    assert link.is_symlink()
    assert store.find(CASE, environment()) == baseline()


def test_the_whole_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "baselines").symlink_to(tmp_path / "real")
    stored(tmp_path / "baselines", baseline())
    assert BaselineStore(tmp_path / "real").find(CASE, environment()) == baseline()


def test_baselines_of_other_chips_and_stacks_come_nearest_first(tmp_path: Path) -> None:
    places = [
        ("cpu-b", "torch-2"),
        ("cpu-a", "torch-3"),
        ("cpu-z", "torch-1"),
        ("cpu-z", "torch-3"),
        ("cpu-a", "torch-1"),
    ]
    for chip_id, stack_id in (*places, ("cpu-z", "torch-2")):
        stored(tmp_path, baseline(where=environment(chip_id=chip_id, stack_id=stack_id)))
    stored(tmp_path, baseline("test_unrelated", where=environment(chip_id="cpu-z", stack_id="torch-4")))
    (tmp_path / "README.md").touch()
    (tmp_path / ".hidden" / "torch-1").mkdir(parents=True)
    found = BaselineStore(tmp_path).elsewhere(CASE, environment(chip_id="cpu-z", stack_id="torch-2"))
    assert found.errors == ()
    assert [(value.environment.chip_id, value.environment.stack_id) for value in found.baselines] == [
        ("cpu-z", "torch-1"),
        ("cpu-z", "torch-3"),
        ("cpu-a", "torch-1"),
        ("cpu-a", "torch-3"),
        ("cpu-b", "torch-2"),
    ]


def test_a_broken_file_elsewhere_is_told_beside_what_the_others_have(tmp_path: Path) -> None:
    broken = stored(tmp_path, baseline(where=environment(chip_id="cpu-a")))
    broken.write_text("{")
    whole = baseline(where=environment(chip_id="cpu-b"))
    stored(tmp_path, whole)
    found = BaselineStore(tmp_path).elsewhere(CASE, environment())
    assert found.baselines == (whole,)
    assert [error.path for error in found.errors] == [str(broken)]


def test_nothing_elsewhere_is_nothing(tmp_path: Path) -> None:
    found = BaselineStore(tmp_path / "absent").elsewhere(CASE, environment())
    assert (found.baselines, found.errors) == ((), ())


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "baselines").touch()
    store = BaselineStore(tmp_path / "baselines")
    (listing,) = store.elsewhere(CASE, environment()).errors
    (writing,) = store.update([baseline()]).errors
    assert "cannot be listed" in listing.problem
    assert "cannot be written" in writing.problem
    with pytest.raises(BaselineError, match="cannot be read"):
        store.find(CASE, environment())


def test_looking_up_reads_nothing_outside_the_module_asked_for(tmp_path: Path) -> None:
    stored(tmp_path, baseline())
    stored(tmp_path, baseline(module="tests/test_broken.py")).write_text("{")
    assert BaselineStore(tmp_path).find(CASE, environment()) == baseline()


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    """Runs that only compare may work in a folder that they must not write to."""
    path = stored(tmp_path, baseline())
    for entry in (path.parent / ".ascendperf").iterdir():
        entry.unlink()
    (path.parent / ".ascendperf").rmdir()
    before = [(folder, sorted(names)) for folder, _, names in os.walk(tmp_path)]
    store = BaselineStore(tmp_path)
    store.find(CASE, environment())
    store.elsewhere(CaseId(module=MODULE, test="test_other"), environment())
    assert [(folder, sorted(names)) for folder, _, names in os.walk(tmp_path)] == before
