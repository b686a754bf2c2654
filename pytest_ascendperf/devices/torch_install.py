"""The installed torch: its version without importing it, and the import with an error that says what to do."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
import re
import types
from pathlib import Path

from pytest_ascendperf.errors import DeviceError

_MISSING = "torch is not installed, and the {device} device measures with it. Install it: python -m pip install torch"


def import_torch(device: str) -> types.ModuleType:
    """The torch module, imported now if it was not yet.

    Raises DeviceError when it is not installed or does not load.
    """
    try:
        return importlib.import_module("torch")
    except ModuleNotFoundError as error:
        if error.name == "torch":
            raise DeviceError(_MISSING.format(device=device)) from None
        raise DeviceError(f"torch is installed but cannot be imported: {error}") from error
    except (ImportError, OSError, RuntimeError) as error:  # a broken build, a backend that does not load
        raise DeviceError(f"torch is installed but cannot be imported: {error}") from error


def installed_version() -> str | None:
    """``torch.__version__`` of the installed torch without importing it; None when there is none.

    It is read from ``torch/version.py``: the metadata of wheels from the default index lack the local part (``+cu126``)
    that tells one build of a version from another.
    """
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    version = _text_in(Path(spec.origin).with_name("version.py"), "__version__")
    if version is not None:
        return version
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None


def cuda_version() -> str | None:
    """The CUDA version that the installed torch is built for, without importing it; None where it is for none."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    return _text_in(Path(spec.origin).with_name("version.py"), "cuda")


def stack_id(version: str) -> str:
    """The software stack as a folder name: ``torch-2.13.0+cpu``. The local part stays, as builds differ in speed."""
    return "torch-" + re.sub(r"[^A-Za-z0-9._+-]", "-", version)


def _text_in(path: Path, name: str) -> str | None:
    """The string assigned to ``name`` in a Python file; None where there is none."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        named = any(isinstance(target, ast.Name) and target.id == name for target in targets)
        if named and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return node.value.value
    return None
