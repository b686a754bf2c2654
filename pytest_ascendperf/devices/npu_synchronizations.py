"""How often a call makes the host wait for the NPU, by torch_npu's own warnings about it.

They are no warnings of Python: torch_npu writes them to the process's standard error, one line each. So that is led
into a file while the call runs, the lines are counted, and all other text is handed on afterwards.

Reported are ``item()``, ``bool()``, ``nonzero()``, indexing by a mask, and waiting for a stream. Not reported are
copies to the host (``cpu()``, ``tolist()``), ``torch.npu.synchronize()``, and waiting for an event.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from types import ModuleType
from typing import IO

_REPORT = b"called a synchronizing"
_STANDARD_ERROR = 2


def count_synchronizations(torch: ModuleType, run: Callable[[], None]) -> int | None:
    """The reported waits of ``run``; None where torch_npu does not report, as with its warnings switched off.

    ``torch`` is the module, with torch_npu imported. Exceptions of ``run`` go through.
    """
    known = torch.zeros(1, device="npu")
    with tempfile.TemporaryFile() as file:
        _run_reported(torch, lambda: known.item(), file)
        if len(_lines(file, reports=True)) != 1:
            return None
    with tempfile.TemporaryFile() as file:
        try:
            _run_reported(torch, run, file)
        finally:
            with open(_STANDARD_ERROR, "wb", closefd=False) as standard_error:
                standard_error.writelines(_lines(file, reports=False))
        return len(_lines(file, reports=True))


def _run_reported(torch: ModuleType, run: Callable[[], object], file: IO[bytes]) -> None:
    """Run ``run`` with the reports switched on and standard error led into ``file``."""
    sys.stderr.flush()
    mode = torch.npu.get_sync_debug_mode()
    kept = os.dup(_STANDARD_ERROR)
    os.dup2(file.fileno(), _STANDARD_ERROR)
    torch.npu.set_sync_debug_mode("warn")
    try:
        run()
    finally:
        torch.npu.set_sync_debug_mode(mode)
        sys.stderr.flush()
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)


def _lines(file: IO[bytes], *, reports: bool) -> list[bytes]:
    """The lines of ``file`` that are reports, or those that are not."""
    file.seek(0)
    return [line for line in file if (_REPORT in line) is reports]
