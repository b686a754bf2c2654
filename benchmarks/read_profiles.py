"""What reading a million kernels costs, against pyarrow's own CSV reader for the same columns in the same run.

    python -m benchmarks.read_profiles KERNEL_DETAILS_CSV [--rows 1000000] [--repeats 5]

The rows of the table given are repeated until there are enough. Every reading is a process of its own, in turns, so
that memory can be told apart and a busy machine slows all alike. The bar is the median ratio to pyarrow reading the
same columns with types inferred: 1.5 at most, at 1 GiB of memory at most. Exit status 1 when missed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tabulate import tabulate

WAYS = {
    "pyarrow, types inferred": "the bar: what a user of pyarrow gets",
    "pyarrow, our types": "texts as dictionaries, times as decimals: what our reader asks of it",
    "kernel trace": "the reader of this package, pyarrow installed",
    "kernel trace, csv": "the same without pyarrow",
}
SLOWEST_RATIO, MOST_MEMORY_MIB = 1.5, 1024


def repeat_rows(table: Path, rows: int, into: Path) -> None:
    """Write ``rows`` rows by repeating those of ``table``."""
    header, _, body = table.read_bytes().partition(b"\n")
    lines = body.rstrip(b"\n").split(b"\n")
    times, rest = divmod(rows, len(lines))
    block = b"\n".join(lines) + b"\n"
    with into.open("wb") as file:
        file.write(header + b"\n")
        for _ in range(times):
            file.write(block)
        file.write(b"".join(line + b"\n" for line in lines[:rest]))


def read_once(way: str, path: Path) -> dict[str, float]:
    """Read ``path`` in one of the ``WAYS``; seconds by the clock and of the processor, and the peak memory in MiB."""
    from pytest_ascendperf.model.kernels import KernelTrace
    from pytest_ascendperf.profiles import arrow_csv, kernel_header, plain_csv

    header = plain_csv.read_header(path)
    headings = [header[position] for position in kernel_header.locate_fields(path, header).values()]
    csv = importlib.import_module("pyarrow.csv")  # once for all ways, so that none pays for it
    started, processor = time.perf_counter(), time.process_time()
    if way == "pyarrow, types inferred":
        rows = csv.read_csv(path, convert_options=csv.ConvertOptions(include_columns=headings)).num_rows
    elif way == "pyarrow, our types":
        rows = arrow_csv.load(path, header).num_rows
    else:
        columns = plain_csv.read_table(path) if way.endswith("csv") else arrow_csv.read_table(path, header)
        rows = len(KernelTrace.in_time_order(columns, "device"))
    return {
        "rows": rows,
        "seconds": time.perf_counter() - started,
        "processor_seconds": time.process_time() - processor,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measure(path: Path, repeats: int) -> dict[str, list[dict[str, float]]]:
    """Every way ``repeats`` times, in turns, each in a fresh process."""
    results: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(repeats):
        for way, readings in results.items():
            command = [sys.executable, "-m", "benchmarks.read_profiles", str(path), "--once", way]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            readings.append(json.loads(done.stdout))
    return results


def main() -> int:
    """Print the table; 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--once", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(read_once(options.once, options.table)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernel_details.csv"
        repeat_rows(options.table, options.rows, path)
        results = measure(path, options.repeats)
    bar = results["pyarrow, types inferred"]
    lines, missed = [], False
    for way, readings in results.items():
        ratio = statistics.median(
            reading["seconds"] / other["seconds"] for reading, other in zip(readings, bar, strict=True)
        )
        medians = {key: statistics.median(reading[key] for reading in readings) for key in readings[0]}
        missed |= way == "kernel trace" and (ratio > SLOWEST_RATIO or medians["peak_mib"] > MOST_MEMORY_MIB)
        lines.append((way, medians["seconds"], medians["processor_seconds"], ratio, medians["peak_mib"], WAYS[way]))
    headings = ["reader", "s", "processor s", "ratio", "peak MiB", ""]
    print(f"{options.rows:,} rows, medians of {options.repeats}")
    print(tabulate(lines, headings, floatfmt=(".0f", ".2f", ".2f", ".2f", ".0f", "")))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
