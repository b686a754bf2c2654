"""What the host does besides measuring, and how fast it lets its processors run."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROCESSORS = Path("/sys/devices/system/cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """The host, as of now."""

    governors: tuple[tuple[str, int], ...]
    """Frequency governors with the number of processors under each, sorted; empty where the system does not tell."""
    load: float | None
    """Mean number of runnable threads over the last minute; None where the system does not tell."""
    processors: int
    """Processors that this process may run on."""


def read_host_state(*, processors: Path = _PROCESSORS) -> HostState:
    """The host as of now; ``processors`` is the kernel's folder about them."""
    governors: Counter[str] = Counter()
    for path in processors.glob("cpu[0-9]*/cpufreq/scaling_governor"):
        with suppress(OSError, UnicodeDecodeError):
            governors[path.read_text(encoding="ascii").strip()] += 1
    load = None
    with suppress(AttributeError, OSError):  # Windows has none, and a container may hide it
        load = os.getloadavg()[0]
    affinity = getattr(os, "sched_getaffinity", None)
    usable = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return HostState(governors=tuple(sorted(governors.items())), load=load, processors=usable)
