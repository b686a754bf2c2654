"""Background load: up to two processes that keep a core busy, coming and going at times that no gate knows.

    python -m benchmarks.gates.noise SEED

loads the machine until its standard input ends.
"""

from __future__ import annotations

import contextlib
import random
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MOST = 2
SHORTEST_S, LONGEST_S = 5.0, 20.0
_BUSY = "while True: sum(range(10_000))"


@contextlib.contextmanager
def background(scenario: str, seed: str) -> Iterator[None]:
    """The noise of the scenario, as long as the block runs."""
    if scenario == "quiet":
        yield
        return
    command = [sys.executable, "-m", "benchmarks.gates.noise", seed]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=Path(__file__).parents[2])
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def load(seed: str) -> None:
    """Change the number of busy processes at random times until standard input ends."""
    rng = random.Random(seed)
    hogs: list[subprocess.Popen[bytes]] = []
    try:
        while True:
            wanted = rng.randint(0, MOST)
            while len(hogs) < wanted:
                hogs.append(subprocess.Popen([sys.executable, "-c", _BUSY], stdin=subprocess.DEVNULL))
            while len(hogs) > wanted:
                _end(hogs.pop())
            if select.select([sys.stdin], [], [], rng.uniform(SHORTEST_S, LONGEST_S))[0]:
                return
    finally:
        for hog in hogs:
            _end(hog)


def _end(hog: subprocess.Popen[bytes]) -> None:
    hog.kill()
    hog.wait()


if __name__ == "__main__":
    load(sys.argv[1])
