"""What our code uses of torch_npu, found in its syntax trees.

Counted as a use is every attribute chain that leads into ``torch.npu`` or ``torch_npu``, through whatever name: one of
``_ROOTS`` as a variable or an attribute of ``self``, an imported name, or a variable that one of these was assigned to.
Uses through ``getattr`` with a literal name count as well.

A use is guarded where the code goes on without it: ``getattr`` with a default, a ``try`` that catches ImportError or
AttributeError, or a ``hasattr`` for that name in the same function. Keywords are guarded by ``inspect.signature`` of
the same callable in the same function; a ``**mapping`` must be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_ROOTS = {
    "torch": "torch",
    "torch_npu": "torch_npu",
    "npu": "torch.npu",
    "accelerator": "torch.npu",  # code shared with other accelerators, which the NPU must satisfy as well
    "accelerator_of": "torch.npu",  # and the function that gives it
}
"""What a name stands for, leading underscores aside."""

_CAUGHT = {"ImportError", "ModuleNotFoundError", "AttributeError"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use of a name of torch_npu."""

    name: str
    """``torch.npu.Event``, ``torch_npu.profiler.profile``."""
    keywords: tuple[str, ...]
    """Keywords it is called with; empty where it is not called. ``**`` stands for a mapping."""
    is_guarded: bool
    are_keywords_guarded: bool
    place: str
    """File and line."""


def uses_in(paths: Sequence[Path]) -> list[Use]:
    """All uses in the files, in their order."""
    return [use for path in paths for use in uses_in_source(path.read_text(encoding="utf-8"), path.name)]


def uses_in_source(source: str, file: str) -> list[Use]:
    """All uses in a module's text."""
    tree = ast.parse(source)
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    aliases = _aliases(tree)
    found: list[Use] = []
    for node in ast.walk(tree):
        for name in _named(node, parents, aliases):
            call = parents.get(node)
            keywords = _keywords(call) if isinstance(call, ast.Call) and call.func is node else ()
            found.append(
                Use(
                    name=name,
                    keywords=keywords,
                    is_guarded=_is_guarded(node, name, parents, aliases),
                    are_keywords_guarded=_asks_signature(_function_of(node, parents), name, aliases),
                    place=f"{file}:{getattr(node, 'lineno', 0)}",
                )
            )
    return found


def _aliases(tree: ast.Module) -> dict[str, str]:
    """What variables and imported names stand for."""
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "torch_npu":
            aliases.update({item.asname or item.name: f"{node.module}.{item.name}" for item in node.names})
        elif isinstance(node, ast.Import):
            ours = [item for item in node.names if item.asname and item.name.split(".")[0] == "torch_npu"]
            aliases.update({item.asname: item.name for item in ours if item.asname})
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value = _dotted(node.value, aliases)
            # Instances, such as the result of a call, are not looked into; only the chain itself has a dotted name.
            if value is not None and _is_of_torch_npu(value, with_roots=True):
                aliases[node.targets[0].id] = value
    return aliases


def _named(node: ast.AST, parents: dict[ast.AST, ast.AST], aliases: dict[str, str]) -> Iterator[str]:
    """The names of torch_npu that this very node uses."""
    if isinstance(node, ast.ImportFrom):
        yield from (name for name in _imported(node) if name.startswith("torch_npu."))
    elif isinstance(node, ast.Import):
        yield from (item.name for item in node.names if item.name.startswith("torch_npu."))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        name = _asked_for(node, aliases)
        if name is not None:
            yield name
    elif (
        isinstance(node, ast.Attribute | ast.Name)
        and isinstance(node.ctx, ast.Load)
        and not _is_inside_chain(node, parents)
    ):
        name = _dotted(node, aliases)
        if name is not None and _is_of_torch_npu(name):
            yield name


def _imported(node: ast.ImportFrom) -> list[str]:
    return [f"{node.module}.{item.name}" for item in node.names]


def _is_inside_chain(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    return isinstance(parents.get(node), ast.Attribute)


def _dotted(node: ast.AST, aliases: dict[str, str]) -> str | None:
    """The dotted name of a chain of attributes, from the last part on that stands for a module of ours."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("accelerator_of"):
        node = ast.Name("accelerator_of")
    if not isinstance(node, ast.Name):
        return None
    parts.insert(0, node.id)
    if parts[0] in aliases:
        return ".".join([aliases[parts[0]], *parts[1:]])
    if parts[0] == "self":
        parts.pop(0)
    root = _ROOTS.get(parts[0].lstrip("_")) if parts else None
    return None if root is None else ".".join([root, *parts[1:]])


def _is_of_torch_npu(name: str, *, with_roots: bool = False) -> bool:
    return name.startswith(("torch.npu.", "torch_npu.")) or (with_roots and name in ("torch.npu", "torch_npu"))


def _asked_for(call: ast.Call, aliases: dict[str, str]) -> str | None:
    """The name that ``getattr(x, "name")`` or ``hasattr(x, "name")`` asks for, where x is of torch_npu."""
    if len(call.args) < 2 or not isinstance(call.args[1], ast.Constant):
        return None
    owner = _dotted(call.args[0], aliases)
    if owner is None or not _is_of_torch_npu(owner, with_roots=True):
        return None
    return f"{owner}.{call.args[1].value!s}"


def _keywords(call: ast.Call) -> tuple[str, ...]:
    return tuple(keyword.arg or "**" for keyword in call.keywords)


def _is_guarded(node: ast.AST, name: str, parents: dict[ast.AST, ast.AST], aliases: dict[str, str]) -> bool:
    if isinstance(node, ast.Call) and len(node.args) > 2:  # getattr with a default
        return True
    function = _function_of(node, parents)
    # Where the import of a name is guarded, so is what is done with it further down.
    imports = [other for other in ast.walk(function) if isinstance(other, ast.ImportFrom) and name in _imported(other)]
    if any(_is_tried(other, parents) for other in (node, *imports)):
        return True
    calls = (call for call in ast.walk(function) if isinstance(call, ast.Call))
    return any(
        isinstance(call.func, ast.Name) and call.func.id == "hasattr" and _asked_for(call, aliases) == name
        for call in calls
    )


def _is_tried(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether the absence of what ``node`` uses is caught."""
    return any(
        isinstance(outer, ast.Try) and inner in outer.body and any(map(_catches_absence, outer.handlers))
        for inner, outer in _outwards(node, parents)
    )


def _catches_absence(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in _CAUGHT for kind in caught)


def _asks_signature(function: ast.AST, name: str, aliases: dict[str, str]) -> bool:
    """Whether the function reads ``inspect.signature`` of the callable."""
    for call in ast.walk(function):
        if not isinstance(call, ast.Call) or ast.unparse(call.func) not in ("inspect.signature", "signature"):
            continue
        if call.args and _dotted(call.args[0], aliases) in (name, f"{name}.__init__"):
            return True
    return False


def _function_of(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> ast.AST:
    """The innermost function around ``node``; the module where there is none."""
    outermost: ast.AST = node
    for _, outer in _outwards(node, parents):
        if isinstance(outer, ast.FunctionDef):
            return outer
        outermost = outer
    return outermost


def _outwards(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Every node around ``node`` with the one inside it, from the inside out."""
    while node in parents:
        yield node, parents[node]
        node = parents[node]
