"""Is the injected slowdown what it says? Each work with 100 and with 100 + d units, in turns of one call of each.

Processor time is compared, which other work on the machine disturbs much less than wall time. What still slows a core,
work on its other thread say, comes and goes within tenths of a second. So each call is divided by the plain one of its
own turn, in random order with it, and the median is over these ratios.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from .suite_repository import FILES

ALLOWED = 0.003
_PROGRAM = "from benchmarks.gates.injection import measure; import sys; measure(*sys.argv[1:])"


def verify(works: Sequence[str], slowdowns: Sequence[int], seconds: float) -> int:
    """Print how far the measured ratios are from those injected; 1 where one is too far."""
    rows, missed = [], 0
    for name in works:
        command = [sys.executable, "-c", _PROGRAM, name, json.dumps(list(slowdowns)), str(seconds)]
        ratios = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        errors = [ratio / (1 + d / 100) - 1 for d, ratio in zip(slowdowns, ratios, strict=True)]
        missed += sum(abs(error) > ALLOWED for error in errors)
        rows.append([name, *(f"{error:+.2%}" for error in errors)])
    print(tabulate(rows, headers=["work", *(f"{d} %" for d in slowdowns)], disable_numparse=True))
    print(f"{missed} of {len(rows) * len(slowdowns)} are off by more than {ALLOWED:.1%}.")
    return 1 if missed else 0


def measure(name: str, slowdowns: str, seconds: str) -> None:
    """Print the median ratios of the times of one work to the plain one's, in a process of its own."""
    sys.path.insert(0, str(Path(FILES)))
    from work.loads import LOADS as WORKS
    from work.loads import UNITS

    work = WORKS[name]()
    amounts = [UNITS, *(UNITS + UNITS * d // 100 for d in json.loads(slowdowns))]
    ratios: dict[int, list[float]] = {amount: [] for amount in amounts[1:]}
    order = random.Random(name)
    ends = time.perf_counter() + float(seconds)
    while time.perf_counter() < ends:
        turn = {}
        for amount in order.sample(amounts, len(amounts)):
            started = time.thread_time()
            work(amount)
            turn[amount] = time.thread_time() - started
        for amount, of_work in ratios.items():
            of_work.append(turn[amount] / turn[UNITS])
    print(json.dumps([statistics.median(of_work) for of_work in ratios.values()]))
