"""What tests let other processes do with a store: ``python -m store.other_process COMMAND ROOT [ARGUMENT...]``.

Every command prints what happened, for the test to judge.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
from pathlib import Path

import filelock

from pytest_ascendperf.errors import BaselineError
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.store import BaselineStore

from .builders import baseline, beside, environment, stored


def find(root: Path) -> None:
    """Look the usual case up."""
    try:
        print(BaselineStore(root).find(baseline().case, environment()))
    except BaselineError as error:
        print(error)


def update(root: Path) -> None:
    """Give the usual case another median."""
    print(*BaselineStore(root).update([baseline(median_us=99.0)]).errors, sep="\n")


def update_limited(root: Path, file_bytes: str) -> None:
    """The same, where no file may grow beyond ``file_bytes``: the system fails the write that would."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_bytes), int(file_bytes)))
    update(root)


def update_full_disk(root: Path) -> None:
    """Store, fill the file system of ``root``, and update."""
    path = stored(root, *(baseline(f"test_{index}") for index in range(100)))
    before = path.read_bytes()
    with (root / "filler").open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError as error:
            filled = error.strerror
    result = BaselineStore(root).update([baseline("test_0", median_us=99.0)])
    outcome = {
        "filled": filled,
        "errors": [str(error) for error in result.errors],
        "untouched": path.read_bytes() == before,
        "left_behind": beside(path),
    }
    print(json.dumps(outcome))


def hold_lock(lock_file: Path) -> None:
    """Hold a lock until the standard input ends."""
    with filelock.FileLock(lock_file):
        print("held", flush=True)
        sys.stdin.read()


def update_together(root: Path, processes: str) -> None:
    """Fork ``processes`` that all update an entry of their own at the same moment; print their exit codes."""
    gate, open_gate = os.pipe()
    children: list[int] = []
    for index in range(int(processes)):
        child = os.fork()
        if child == 0:
            os.close(open_gate)
            os.read(gate, 1)  # returns when the parent closes the other end
            errors = BaselineStore(root).update([baseline(f"test_{index}", median_us=100.0 + index)]).errors
            os._exit(1 if errors else 0)
        children.append(child)
    os.close(open_gate)
    print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])


def update_killed(root: Path, kills: str, seed: str) -> None:
    """Kill a process that updates one case again and again, ``kills`` times at random moments; print each outcome.

    The median of the case counts the updates. So after a kill it must be that of the last update that the process told
    of, or of the next one.
    """
    moments = random.Random(int(seed))
    others = [baseline(f"test_{index}") for index in range(60)]
    path = stored(root, baseline(median_us=1.0), *others)
    done, left_behind = 1, 0
    for _ in range(int(kills)):
        told = done + _updates_until_killed(root, done, after_s=moments.uniform(0.0, 0.03))
        left_behind += len(beside(path))
        done = round(_median(root, baseline()))
        if done not in (told, told + 1):
            print(f"told of {told} updates, found {done}")
        store = BaselineStore(root)
        damaged = sum(store.find(other.case, environment()) != other for other in others)
        if damaged:
            print(f"update {done} damaged {damaged} other entries")
    stored(root, baseline(median_us=done + 1.0))
    print(json.dumps({"updates": done, "killed_while_writing": left_behind, "left_behind": beside(path)}))


def _updates_until_killed(root: Path, done: int, *, after_s: float) -> int:
    reader, writer = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        store = BaselineStore(root)
        while os.getppid() == parent:
            done += 1
            store.update([baseline(median_us=float(done))])
            os.write(writer, b".")
        os._exit(0)
    os.close(writer)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as told:
        return len(told.read())


def _median(root: Path, sought: Baseline) -> float:
    found = BaselineStore(root).find(sought.case, sought.environment)
    return found.medians_us[0] if found else 0.0


if __name__ == "__main__":
    commands = {
        function.__name__: function
        for function in (find, update, update_limited, update_full_disk, hold_lock, update_together, update_killed)
    }
    commands[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
