"""What the base's process has imported, looked through again and again."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from pytest_ascendperf.plugin.against.base import Trees
from pytest_ascendperf.plugin.against.imports import ImportWatch

LOOKED_AT: list[str] = []


class NotingTrees(Trees):
    """Trees that note what they are asked for."""

    def moved(self, path: str | Path) -> Path | None:
        LOOKED_AT.append(str(path))
        return super().moved(path)


def test_what_was_right_is_not_looked_at_again_and_what_is_wrong_is_found_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees = NotingTrees(head=tmp_path / "head", base=tmp_path / "base")
    watch = ImportWatch(trees, shares_environment=False)
    LOOKED_AT.clear()
    assert watch.wrong_import() is None
    assert pytest.__file__ in LOOKED_AT
    LOOKED_AT.clear()
    assert watch.wrong_import() is None
    assert LOOKED_AT == []
    late = ModuleType("late")
    late.__file__ = str(tmp_path / "head" / "late.py")
    monkeypatch.setitem(sys.modules, "late", late)
    for _ in range(2):
        LOOKED_AT.clear()
        assert (watch.wrong_import() or "").startswith(f"imported late ({late.__file__}) from head's tree")
        assert LOOKED_AT == [late.__file__]
