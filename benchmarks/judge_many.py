"""Time and memory of looking up and judging 10,000 stored baselines in one run.

    python -m benchmarks.judge_many [--entries 10000]

Baselines of five sessions with 64 samples each are stored through ``BaselineStore`` in a temporary folder, once in one
file and once in a hundred. A new process then opens the store, looks each case up, judges a session against it, and
keeps the verdict, as a run does. Bars: 10 s, and 200 MiB above what the process needed before it opened the store, with
the loading of scipy counted in. Exit status 1 when one is missed. Memory needs Linux; elsewhere it is not checked.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_ascendperf.judge.verdict import judge_screen
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import QUANTILE_LEVELS, Clock, Measurement, Session
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.statistics.order import quantiles
from pytest_ascendperf.statistics.series import lag1_autocorrelation, mean, standard_deviation
from pytest_ascendperf.store import BaselineStore

SEED = 20251
SESSIONS = 5
ROUNDS = 64
SPREAD = 0.02
TIME_BAR_S = 10.0
MEMORY_BAR_MIB = 200.0
FILE_COUNTS = (1, 100)
ENVIRONMENT = Environment(
    device="scripted",
    chip="scripted",
    chip_id="scripted",
    stack_id="scripted-1",
    hard=(("python", "3.12"),),
    soft=(),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both layouts, each in processes of its own, and say whether the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=10_000, help="stored baselines (default: %(default)s)")
    parser.add_argument("--store", nargs=2, metavar=("DIR", "FILES"), help=argparse.SUPPRESS)
    parser.add_argument("--judge", nargs=2, metavar=("DIR", "FILES"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.entries % max(FILE_COUNTS):
        parser.error(f"--entries {options.entries}: expected a multiple of {max(FILE_COUNTS)}")
    if options.store is not None:
        store_entries(Path(options.store[0]), options.entries, int(options.store[1]))
        return 0
    if options.judge is not None:
        print(json.dumps(judge_entries(Path(options.judge[0]), options.entries, int(options.judge[1]))))
        return 0
    met = [run_layout(options.entries, files) for files in FILE_COUNTS]
    print("All bars met." if all(met) else "A bar was missed.")
    return 0 if all(met) else 1


def run_layout(entries: int, files: int) -> bool:
    """Store and judge ``entries`` spread over ``files``, print the figures, and say whether the bars hold."""
    with tempfile.TemporaryDirectory() as folder:
        step = [sys.executable, "-m", "benchmarks.judge_many", "--entries", str(entries)]
        started = time.perf_counter()
        subprocess.run([*step, "--store", folder, str(files)], check=True)
        stored_s = time.perf_counter() - started
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.json"))
        judged = subprocess.run([*step, "--judge", folder, str(files)], check=True, stdout=subprocess.PIPE, text=True)
    figures = json.loads(judged.stdout)
    growth = figures["growth_mib"]
    memory = "memory not known here" if growth is None else f"{growth:.0f} MiB more at the peak"
    print(f"{entries} entries in {files} file(s), {size / 2**20:.0f} MiB: stored in {stored_s:.1f} s")
    print(
        f"  looked up and judged in {figures['seconds']:.2f} s (bar {TIME_BAR_S:g}), {memory} (bar {MEMORY_BAR_MIB:g})"
    )
    print(f"  of which on the processor {figures['cpu_seconds']:.2f} s: far less than the above means a busy machine")
    print(f"  verdicts: {', '.join(f'{count} {status}' for status, count in figures['statuses'].items())}")
    return figures["seconds"] <= TIME_BAR_S and (growth is None or growth <= MEMORY_BAR_MIB)


def store_entries(root: Path, entries: int, files: int) -> None:
    """Write the baselines, file by file."""
    rng = random.Random(SEED)
    store = BaselineStore(root)
    for first in range(0, entries, entries // files):
        cases = list(case_ids(entries, files))[first : first + entries // files]
        update = store.update(
            Baseline(
                case=case,
                environment=ENVIRONMENT,
                sessions=tuple(draw_session(rng) for _ in range(SESSIONS)),
                revision=None,
            )
            for case in cases
        )
        if update.errors:
            raise update.errors[0]


def judge_entries(root: Path, entries: int, files: int) -> dict[str, object]:
    """Look up and judge every case; the figures of doing so."""
    rng = random.Random(SEED + 1)
    measurements = [
        Measurement(case=case, environment=ENVIRONMENT, session=draw_session(rng), invalid=(), notes=())
        for case in case_ids(entries, files)
    ]
    rule = Rule(tolerance=0.05, min_change_us=1.0, confirm_sessions=5, suite_tests=entries, cases=1)
    before = memory_mib("VmRSS")
    started, cpu_started = time.perf_counter(), time.process_time()
    store = BaselineStore(root)
    verdicts = []
    for measurement in measurements:
        path = store.path_of(ENVIRONMENT, measurement.case.module)
        baseline = store.find(measurement.case, ENVIRONMENT)
        elsewhere = () if baseline is not None else store.elsewhere(measurement.case, ENVIRONMENT).baselines
        verdicts.append(judge_screen(measurement, baseline, elsewhere, rule, baseline_path=str(path)).verdict)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    after = memory_mib("VmHWM")
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "growth_mib": None if before is None or after is None else after - before,
        "statuses": Counter(verdict.status.value for verdict in verdicts),
    }


def case_ids(entries: int, files: int) -> Iterator[CaseId]:
    """The cases, module by module."""
    per_file = entries // files
    for index in range(entries):
        yield CaseId(module=f"tests/test_{index // per_file:03d}.py", test=f"test_step[{index % per_file}]")


def draw_session(rng: random.Random) -> Session:
    """A session of plausible rounds around 1 ms."""
    level = 1000.0 * math.exp(rng.gauss(0.0, SPREAD))
    samples = [level * math.exp(rng.gauss(0.0, SPREAD)) for _ in range(ROUNDS)]
    return Session(
        started="2025-01-01T00:00:00Z",
        clock=Clock.DEVICE,
        device_median_us=quantiles(samples, (0.5,))[0],
        host_median_us=None,
        reference_us=None,
        rounds=ROUNDS,
        calls_per_round=1,
        warmup_calls=10,
        mean_us=mean(samples),
        sd_us=standard_deviation(samples),
        lag1=lag1_autocorrelation(samples),
        quantiles_us=quantiles(samples, [level for _, level in QUANTILE_LEVELS]),
        samples_us=tuple(samples),
    )


def memory_mib(field: str) -> float | None:
    """Resident size of this process, now (``VmRSS``) or at its peak (``VmHWM``); None where the system does not say.

    Not ``getrusage``, whose peak a process inherits from the one that started it.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    for line in status.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024.0
    return None


if __name__ == "__main__":
    sys.exit(main())
