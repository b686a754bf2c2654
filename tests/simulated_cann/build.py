"""Compile the simulated CANN against the ACL headers of the installed torch_npu wheel.

``build(cache)`` returns a folder that holds ``libascendcl.so`` (everything) and the small libraries that torch_npu
opens beside it. The folder's name is a hash of the sources, the compiler and the torch_npu version, so an unchanged
tree is built once. ``python build.py CACHE_FOLDER`` does the same from a shell.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "src"
FLAGS = ("-std=c++17", "-O2", "-fPIC", "-Wall", "-Wextra", "-Werror")
#: Libraries that torch_npu links or opens by name. Each is empty and depends on ``libascendcl.so``.
COMPANIONS = (
    "hccl",
    "acl_op_compiler",
    "ge_runner",
    "graph",
    "acl_tdt_channel",
    "opapi",
    "msprofiler",
    "profapi",
    "ascend_hal",
    "nnopbase",
)


class CannotBuildError(RuntimeError):
    """The simulated CANN cannot be compiled here; the message says what is missing."""


def missing_part() -> str | None:
    """What this machine lacks to build the simulated CANN, in a sentence; ``None`` if it lacks nothing."""
    try:
        headers()
        compiler()
    except CannotBuildError as error:
        return str(error)
    return None


def headers() -> Path:
    """The folder of ACL headers inside the installed torch_npu wheel.

    Raises:
        CannotBuildError: torch_npu is not installed, or the wheel has no headers.

    """
    spec = importlib.util.find_spec("torch_npu")
    if spec is None or spec.origin is None:
        raise CannotBuildError("torch_npu is not installed; the simulated CANN is compiled against its headers.")
    folder = Path(spec.origin).parent / "include"
    if not (folder / "acl" / "acl.h").is_file():
        raise CannotBuildError(f"The torch_npu wheel has no acl/acl.h under {folder}.")
    return folder


def compiler() -> str:
    """The C++ compiler: ``$CXX``, or g++.

    Raises:
        CannotBuildError: there is none on PATH.

    """
    found = shutil.which(os.environ.get("CXX", "g++"))
    if found is None:
        raise CannotBuildError("No C++ compiler: install g++, or name one in CXX.")
    return found


def build(cache: Path) -> Path:
    """Compile into a folder under ``cache`` unless it is there already, and return that folder.

    Raises:
        CannotBuildError: no compiler, no wheel, or a source that does not compile (with the compiler's own text).

    """
    include, cxx = headers(), compiler()
    target = cache / f"simulated-cann-{_content_hash(cxx)}"
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as name:
        partial = Path(name) / "build"
        partial.mkdir()
        _build_into(partial, cxx, include)
        with contextlib.suppress(OSError):  # another process finished the same build first
            partial.rename(target)
    return target


def _build_into(folder: Path, cxx: str, include: Path) -> None:
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        objects = list(pool.map(lambda source: _compile(cxx, include, source, folder), _translation_units()))
    _run([cxx, "-shared", "-o", str(folder / "libascendcl.so"), *map(str, objects)])
    for companion in COMPANIONS:
        _link_companion(cxx, companion, folder)
    for compiled in objects:
        compiled.unlink()


def _translation_units() -> list[Path]:
    return sorted(SOURCES.glob("*.cpp"))


def _content_hash(cxx: str) -> str:
    digest = hashlib.sha256()
    for source in sorted(SOURCES.iterdir()):
        digest.update(source.name.encode() + source.read_bytes())
    digest.update(repr((cxx, FLAGS, COMPANIONS, importlib.metadata.version("torch_npu"))).encode())
    return digest.hexdigest()[:16]


def _compile(cxx: str, include: Path, source: Path, target: Path) -> Path:
    compiled = target / f"{source.stem}.o"
    _run([cxx, *FLAGS, "-isystem", str(include), "-c", str(source), "-o", str(compiled)])
    return compiled


def _link_companion(cxx: str, name: str, target: Path) -> None:
    library = str(target / f"lib{name}.so")
    search = ["-Wl,--no-as-needed", f"-L{target}", "-lascendcl", "-Wl,-rpath,$ORIGIN"]
    _run([cxx, "-shared", "-x", "c++", "/dev/null", "-o", library, *search])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotBuildError(f"This command failed:\n{' '.join(command)}\n{done.stderr}")


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
