"""In the base's process: no module may come from head's tree, or the base would measure head without anybody noticing.

The search path is moved to the base's tree before this process starts. What remains are packages installed in editable
mode whose import hooks point at head's tree whatever the search path says. Their finds are moved, too, and
:class:`ImportWatch` looks at what was imported in the end, however it was found.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from pytest_ascendperf.plugin.against.base import Trees


class BaseFinder(importlib.abc.MetaPathFinder):
    """Asks all other finders, and looks in the base's tree for what they find in head's."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's spec in the base. Raises ImportError for a module that only head's tree has."""
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                return self._moved(spec)
        return None

    def _moved(self, spec: ModuleSpec) -> ModuleSpec:
        containers = [place for place in _containers(spec) if self._trees.moved(place) is not None]
        if not containers:
            return spec
        moved = [str(place) for container in containers if (place := self._trees.moved(container)) is not None]
        found = PathFinder.find_spec(spec.name, moved)
        if found is None:
            raise ImportError(
                f"{spec.name} is found in {containers[0]}, which is head's tree, and is not in the base's {moved[0]}. "
                "If it is built there, the base needs an environment with its own build: --ascendperf-against-python",
                name=spec.name,
            )
        return found


class ImportWatch:
    """Looks through what this process has imported. What was right is not looked at again: that would take long."""

    def __init__(self, trees: Trees, *, shares_environment: bool) -> None:
        """``shares_environment`` says whether both sides have the same installed packages."""
        self._trees = trees
        self._shares_environment = shares_environment
        self._right: set[tuple[str, str]] = set()

    def wrong_import(self) -> str | None:
        """What the base imported that is not the base's, to follow its name in a sentence; None where all is well."""
        imported = {(name, file) for name, module in sys.modules.items() if (file := _file_of(module)) is not None}
        files = dict(sorted(imported - self._right))
        wrong = self._from_head(files) or self._beside_the_tree(files)
        if wrong is None:
            self._right |= imported
        return wrong

    def _from_head(self, files: Mapping[str, str]) -> str | None:
        foreign = [f"{name} ({file})" for name, file in files.items() if self._trees.moved(file) is not None]
        if not foreign:
            return None
        more = "" if len(foreign) == 1 else f" and {len(foreign) - 1} more"
        return (
            f"imported {foreign[0]}{more} from head's tree, so it would measure head twice. Install the project for "
            "the base in an environment of its own and give its interpreter: --ascendperf-against-python"
        )

    def _beside_the_tree(self, files: Mapping[str, str]) -> str | None:
        if not self._shares_environment:
            return None
        name = next((name for name, file in files.items() if _is_beside(self._trees, name, file)), None)
        if name is None:
            return None
        return (
            f"and head both import {name} from {files[name]}, so neither measures the {name} of its own "
            "tree. Install it in editable mode (pip install -e), or give the base an environment of its own: "
            "--ascendperf-against-python"
        )


def _is_beside(trees: Trees, name: str, file: str) -> bool:
    """Whether the module is an installed copy of what the base's tree holds itself."""
    if "." in name or name in sys.stdlib_module_names or Path(file).resolve().is_relative_to(trees.base):
        return False
    places = (
        trees.base / folder / spelled for folder in ("", "src") for spelled in (f"{name}/__init__.py", f"{name}.py")
    )
    return any(place.exists() for place in places)


def _file_of(module: ModuleType) -> str | None:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) and Path(file).is_absolute() else None


def _containers(spec: ModuleSpec) -> list[str]:
    """The folders in which the module's file, or its package's folders, lie."""
    if spec.origin is not None and spec.has_location:
        file = Path(spec.origin)
        is_package = spec.submodule_search_locations is not None
        return [str(file.parent.parent if is_package else file.parent)]
    return [str(Path(place).parent) for place in spec.submodule_search_locations or ()]
