from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ascendperf.errors import BaselineError
from pytest_ascendperf.store.recent_files import RecentFiles, read_file

from .builders import MODULE, baseline, stored


def test_a_file_is_read_once_while_it_stays_the_same(tmp_path: Path) -> None:
    path = stored(tmp_path, baseline())
    recent = RecentFiles()
    assert recent.read(path, MODULE) is recent.read(path, MODULE)


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = stored(tmp_path, baseline())
    recent = RecentFiles()
    recent.read(path, MODULE)
    stored(tmp_path, baseline(median_us=99.0))
    document = recent.read(path, MODULE)
    assert document is not None
    assert document.find(baseline().case) == baseline(median_us=99.0)


def test_a_file_that_appears_or_goes_is_noticed(tmp_path: Path) -> None:
    recent = RecentFiles()
    path = tmp_path / "absent.json"
    assert recent.read(path, MODULE) is None
    stored(tmp_path, baseline()).rename(path)
    assert recent.read(path, MODULE) is not None
    path.unlink()
    assert recent.read(path, MODULE) is None


def test_another_module_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """Memory is bounded by one module, however many a run has."""
    first = stored(tmp_path, baseline())
    second = stored(tmp_path, baseline(module="tests/test_other.py"))
    recent = RecentFiles()
    before = recent.read(first, MODULE)
    recent.read(second, "tests/test_other.py")
    assert recent.read(first, MODULE) is not before


def test_a_broken_file_is_refused_each_time_until_it_is_mended(tmp_path: Path) -> None:
    path = stored(tmp_path, baseline())
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    recent = RecentFiles()
    for _ in range(2):
        with pytest.raises(BaselineError, match="ends too early"):
            recent.read(path, MODULE)
    path.write_bytes(whole)
    assert recent.read(path, MODULE) is not None


def test_a_file_of_another_module_is_not_taken(tmp_path: Path) -> None:
    path = stored(tmp_path, baseline(module="tests/test_before.py"))
    with pytest.raises(BaselineError) as refused:
        read_file(path, MODULE)
    assert "'tests/test_before.py'" in refused.value.problem
    assert repr(MODULE) in refused.value.problem
    assert '"module"' in refused.value.remedy
