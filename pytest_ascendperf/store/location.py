r"""Where the baselines of one test module lie: ``<chip>/<software stack>/<module without .py>.json``.

The path of a module comes from pytest's node ids. It may lead out of the root directory (``../other/test_x.py``) and
may hold any character that some file system allows, while baselines are committed and checked out elsewhere. So each
part of it becomes a name that every file system takes, and different modules never share a file:

- characters that some file systems refuse (control characters and ``% \ : * ? " < > |``), a leading dot, and a
  trailing dot or space are written as ``%`` and two hexadecimal digits per UTF-8 byte: ``..`` becomes ``%2E%2E``;
- an empty part (a leading ``/``) becomes a single ``%``;
- the file of a module that does not end in ``.py`` ends in ``%.json`` instead of ``.json``.

A part never starts with a dot, which leaves those names to the store itself.
"""

from __future__ import annotations

import re
from pathlib import Path

from pytest_ascendperf.errors import BaselineError
from pytest_ascendperf.model.environment import Environment

_UNPORTABLE = re.compile(r'[\x00-\x1f\x7f%\\:*?"<>|\ud800-\udfff]|^\.|[. ]\Z')


def module_file(module: str) -> Path:
    """Relative path of the file for a module path with ``/``; the same for no two modules."""
    *folders, name = module.split("/")
    stem, ending = (name[: -len(".py")], ".json") if name.endswith(".py") else (name, "%.json")
    return Path(*(_portable(folder) for folder in folders), f"{_portable(stem)}{ending}")


def environment_folder(root: Path, environment: Environment) -> Path:
    """Folder of a chip and software stack below ``root``. Raises BaselineError if it would lie anywhere else."""
    for field, name in (("chip_id", environment.chip_id), ("stack_id", environment.stack_id)):
        if "/" in name or _portable(name) != name:
            raise BaselineError(
                str(root),
                f"the environment's {field} {name!r} is not the name of a folder",
                "Expected letters, digits, dots inside, hyphens and underscores.",
            )
    return root / environment.chip_id / environment.stack_id


def _portable(name: str) -> str:
    return _UNPORTABLE.sub(_percent_encoded, name) or "%"


def _percent_encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found.group().encode("utf-8", "surrogatepass"))
