"""The same measurement in many fresh processes: the benchmark starts itself for each and reads what it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

Found = TypeVar("Found")

_HERE = "here"


def print_table(program: str, measure: Callable[[], Found], table: Callable[[Sequence[Found]], str]) -> None:
    """Print the table of what ``measure`` finds in each process, or, in such a process, what it finds, as JSON.

    ``program`` is the file of the benchmark, whose only argument is the number of processes, 100 where there is none.
    """
    if sys.argv[1:] == [_HERE]:
        print(json.dumps(measure()))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    command = [sys.executable, program, _HERE]
    outputs = [subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout for _ in range(count)]
    print(table([json.loads(output) for output in outputs]))
