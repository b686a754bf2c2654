"""In the base's process: no module may come from head's tree, or the base would measure head without anybody noticing.

The search path is moved to the base's tree before this process starts. What remains are packages installed in editable
mode whose import hooks point at head's tree whatever the search path says. Their finds are moved, too, and
:func:`modules_from` looks at what was imported in the end, however it was found.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
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


def modules_from(trees: Trees) -> list[str]:
    """Modules of this process whose file lies in head's tree, each as ``name (file)``."""
    found: list[str] = []
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and Path(file).is_absolute() and trees.moved(file) is not None:
            found.append(f"{name} ({file})")
    return found


def _containers(spec: ModuleSpec) -> list[str]:
    """The folders in which the module's file, or its package's folders, lie."""
    if spec.origin is not None and spec.has_location:
        file = Path(spec.origin)
        is_package = spec.submodule_search_locations is not None
        return [str(file.parent.parent if is_package else file.parent)]
    return [str(Path(place).parent) for place in spec.submodule_search_locations or ()]
