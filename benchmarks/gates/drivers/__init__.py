"""Each gate as its user runs it: its own commands, its own words for what it found."""

from __future__ import annotations

from .ascendperf import AgainstRevision, StoredBaseline
from .asv import Asv
from .base import Gate
from .benchmatrix import PairedMatrix, RepeatedMatrix
from .codspeed import Codspeed
from .pytest_benchmark import PytestBenchmark
from .pytest_perf import PytestPerf


def all_gates(tolerance_percent: int) -> dict[str, Gate]:
    """Every gate by name."""
    gates: list[Gate] = [
        StoredBaseline(tolerance_percent),
        AgainstRevision(tolerance_percent),
        PytestBenchmark("pytest-benchmark", as_installed=False),
        PytestBenchmark("pytest-benchmark, default time", as_installed=True),
        Codspeed(),
        RepeatedMatrix(),
        PairedMatrix(),
        Asv(),
        PytestPerf(),
    ]
    return {gate.name: gate for gate in gates}
