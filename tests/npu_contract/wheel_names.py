"""What a wheel of torch_npu provides, read from its Python sources without importing any of them."""

from __future__ import annotations

import ast
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_MODULE = ast.Module(body=[], type_ignores=[])


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """A name that is there."""

    keywords: frozenset[str] | None
    """The keywords that calling it takes; None where its sources do not tell, or it takes any."""


_THERE = Provided(keywords=None)


@dataclass(frozen=True, slots=True)
class _Found:
    """A definition and the module that it stands in."""

    node: ast.AST
    module: str


class WheelNames:
    """The names of one wheel."""

    def __init__(self, wheel: Path) -> None:
        self._zip = zipfile.ZipFile(wheel)
        self._files = frozenset(self._zip.namelist())
        self._tree = cache(self._read_tree)

    def find(self, name: str) -> Provided | None:
        """What stands behind a dotted name such as ``torch.npu.Event``; None where nothing does."""
        path = name.replace("torch.npu", "torch_npu.npu", 1) if name.startswith("torch.npu.") else name
        if path.startswith("torch_npu._C."):
            # Extensions have no sources here. The evidence for a name is that the wheel's own Python uses it.
            return _THERE if self._is_used_by_the_wheel(path) else None
        return self._find_from("torch_npu", path.split(".")[1:])

    def _find_from(self, module: str, parts: list[str]) -> Provided | None:
        if not parts:
            return _THERE
        found = self._defined(module, parts[0])
        return None if found is None else self._described(found, parts[1:])

    def _described(self, found: _Found, rest: list[str]) -> Provided | None:
        node = found.node
        if isinstance(node, ast.Module):  # an import of a submodule
            return self._find_from(found.module, rest)
        if isinstance(node, ast.FunctionDef):
            return Provided(keywords=_keywords_of(node)) if not rest else None
        if isinstance(node, ast.ClassDef):
            return self._class(found, rest)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call) and rest:
            owner = self._resolve(found.module, ast.unparse(node.value.func).split("."))
            if owner is not None and isinstance(owner.node, ast.ClassDef):
                return self._class(owner, rest)
        return _THERE  # an object of which the sources do not tell more

    def _class(self, found: _Found, rest: list[str]) -> Provided | None:
        assert isinstance(found.node, ast.ClassDef)
        body = list(_statements(found.node.body))
        if not rest:
            makers = [
                item for item in body if isinstance(item, ast.FunctionDef) and item.name in ("__init__", "__new__")
            ]
            return Provided(keywords=_keywords_of(makers[0])) if makers else _THERE
        if rest[0] in {name for item in body for name in _defined_names(item)}:
            return _THERE
        dynamic = [item for item in body if isinstance(item, ast.FunctionDef) and item.name == "__getattr__"]
        answered = {node.value for item in dynamic for node in ast.walk(item) if isinstance(node, ast.Constant)}
        return _THERE if rest[0] in answered else None

    def _resolve(self, module: str, parts: list[str]) -> _Found | None:
        """The definition that a dotted name leads to inside ``module``."""
        found = self._defined(module, parts[0])
        for part in parts[1:]:
            if found is None or not isinstance(found.node, ast.Module):
                return None
            found = self._defined(found.module, part)
        return found

    def _defined(self, module: str, name: str) -> _Found | None:
        """What ``module`` binds ``name`` to; the last binding wins, as it does when it is executed."""
        found: _Found | None = None
        for statement in _statements(self._tree(module).body):
            if isinstance(statement, ast.ImportFrom):
                found = self._imported_from(module, statement, name) or found
            elif isinstance(statement, ast.Import):
                for item in statement.names:
                    if item.asname == name and self._file_of(item.name):
                        found = _Found(_MODULE, item.name)
            elif name in _defined_names(statement):
                found = _Found(statement, module)
        if found is None and self._file_of(f"{module}.{name}"):
            # Importing a submodule binds it in its package, and torch_npu imports all of those that matter.
            return _Found(_MODULE, f"{module}.{name}")
        return found

    def _imported_from(self, module: str, statement: ast.ImportFrom, name: str) -> _Found | None:
        source = self._absolute(module, statement)
        for item in statement.names:
            if item.name == "*" and self._file_of(source) and name in self._exported(source):
                return self._defined(source, name)
            if (item.asname or item.name) != name:
                continue
            if self._file_of(f"{source}.{item.name}"):
                return _Found(_MODULE, f"{source}.{item.name}")
            # What comes out of torch or an extension is there; nothing more is known of it.
            return self._defined(source, item.name) if self._file_of(source) else _Found(statement, module)
        return None

    def _exported(self, module: str) -> set[str]:
        statements = list(_statements(self._tree(module).body))
        for statement in statements:
            if isinstance(statement, ast.Assign) and "__all__" in _defined_names(statement):
                return {str(node.value) for node in ast.walk(statement) if isinstance(node, ast.Constant)}
        return {name for statement in statements for name in _defined_names(statement) if not name.startswith("_")}

    def _absolute(self, module: str, statement: ast.ImportFrom) -> str:
        if not statement.level:
            return statement.module or ""
        package = module.split(".")
        is_package = f"{'/'.join(package)}/__init__.py" in self._files
        kept = package[: len(package) - statement.level + (1 if is_package else 0)]
        return ".".join([*kept, statement.module] if statement.module else kept)

    def _file_of(self, module: str) -> str | None:
        stem = module.replace(".", "/")
        return next((file for file in (f"{stem}/__init__.py", f"{stem}.py") if file in self._files), None)

    def _read_tree(self, module: str) -> ast.Module:
        file = self._file_of(module)
        return _MODULE if file is None else ast.parse(self._zip.read(file))

    def _is_used_by_the_wheel(self, path: str) -> bool:
        needle = path.encode()
        return any(needle in self._zip.read(file) for file in self._files if file.endswith(".py"))


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, also those inside of if and try."""
    for statement in body:
        yield statement
        for field in ("body", "orelse", "finalbody"):
            if isinstance(statement, ast.If | ast.Try):
                yield from _statements(getattr(statement, field, []))
        if isinstance(statement, ast.Try):
            for handler in statement.handlers:
                yield from _statements(handler.body)


def _defined_names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return {statement.target.id}
    return set()


def _keywords_of(function: ast.FunctionDef) -> frozenset[str] | None:
    """The keywords that a call takes; None where it takes any, or a decorator may change them."""
    arguments = function.args
    if arguments.kwarg is not None:
        return None
    return frozenset(argument.arg for argument in (*arguments.args, *arguments.kwonlyargs))
