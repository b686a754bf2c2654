"""A program run to its end in a process of its own, within a time: what is asked there may hang, abort or babble."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_LONGEST_LINE = 300
"""Characters of a program's words that are told."""


def run_to_end(
    command: Sequence[str],
    environ: Mapping[str, str],
    output: Path,
    timeout_s: float,
    *,
    cwd: Path | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> int | None:
    """The status with which ``command`` ended; None if it had to be killed, with all that it started.

    Its output goes to a file, as a process that it leaves behind would keep a pipe open for ever. ``meanwhile`` is
    called again and again until the program has ended.
    """
    with (
        output.open("wb") as sink,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=dict(environ),
            cwd=cwd,
            start_new_session=True,
        ) as process,
    ):
        try:
            deadline_s = time.monotonic() + timeout_s
            while meanwhile is not None and process.poll() is None and time.monotonic() < deadline_s:
                meanwhile()
            return process.wait(max(deadline_s - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            return None
        finally:
            # Also after Ctrl-C, which does not reach the process. Its group, as it may have started helpers.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def described_end(status: int) -> str:
    """How a process ended: ``ended with status 2``, ``died of SIGABRT``."""
    return f"died of {_signal_name(-status)}" if status < 0 else f"ended with status {status}"


def last_line(output: Path) -> str:
    """The last line of a program's output that is not blank, cut where it is long; empty if there is none."""
    lines = [line.strip() for line in output.read_text(encoding="utf-8", errors="replace").splitlines()]
    return shortened(next((line for line in reversed(lines) if line), ""))


def shortened(text: str) -> str:
    """``text``, cut where it is too long to be told."""
    return text if len(text) <= _LONGEST_LINE else text[: _LONGEST_LINE - 1] + "…"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
