"""Whole commands side by side: alternated in random order, so that the host's moods meet all of them alike."""

from __future__ import annotations

import random
import resource
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """What one run of a command took."""

    wall_s: float
    processor_s: float
    """User and system time; much steadier than wall time where other work shares the host."""


def costs(commands: Mapping[str, Sequence[str]], folder: Path, *, repeats: int, seed: int = 1) -> dict[str, list[Cost]]:
    """Costs of each command by its name; one run of each before they count.

    Raises CalledProcessError when a command does not end with status 0.
    """
    order = random.Random(seed)
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for repeat in range(repeats + 1):
        for name in order.sample(list(commands), len(commands)):
            started, used = time.perf_counter(), _children_s()
            subprocess.run(commands[name], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            if repeat:
                found[name].append(Cost(time.perf_counter() - started, _children_s() - used))
    return found


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def report(found: Mapping[str, Sequence[Cost]], reference: str) -> list[str]:
    """One line per command: medians, and their ratios to those of ``reference``."""

    def medians(name: str) -> tuple[float, float]:
        return statistics.median(c.wall_s for c in found[name]), statistics.median(c.processor_s for c in found[name])

    wall, processor = medians(reference)
    return [
        f"{name:<30} wall {medians(name)[0] * 1e3:7.1f} ms, ratio {medians(name)[0] / wall:.3f}"
        f"   processor {medians(name)[1] * 1e3:7.1f} ms, ratio {medians(name)[1] / processor:.3f}"
        for name in found
    ]
