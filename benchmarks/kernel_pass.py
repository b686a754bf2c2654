"""What the fast route to a table of kernels costs, against torch_npu's own analysis of the same simulated capture.

    PYTHONPATH=tests python benchmarks/kernel_pass.py [repeats] [calls]

Both routes are run as the device runs them, as processes of their own from the start of Python to its end, in
alternating order, each on a fresh copy of one capture. The simulated msprof waits at the end of a whole export; that
wait is taken off torch_npu's times. Bar: the median of the fast route is at most 0.5 of the analysis. Exit status 1
when missed.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from npu_sim.machines import Machine
from pytest_ascendperf.devices.npu_export import export_profile
from simulated_cann.build import build
from simulated_cann.environment import environment
from simulated_cann.msprof_export import SECONDS_AFTER_OUTPUT
from simulated_cann.scenario import Scenario

BAR = 0.5

RECORD = """
import sys
from pathlib import Path
from pytest_ascendperf.devices import npu_profiler
from pytest_ascendperf.devices.npu import NpuDevice

device = NpuDevice()
torch = device.torch
model = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 8)).npu()
x = torch.randn(32, 64).npu()


def run():
    for _ in range(int(sys.argv[2])):
        model(x)


npu_profiler.record_profile(torch, Path(sys.argv[1]), run)
"""


def main() -> int:
    """Print medians and their ratio; the exit status."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    calls = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home, recorded = folder / "cann", folder / "recorded"
        libraries = build(Path(__file__).resolve().parents[1] / "build" / "simulated-cann")
        machine = Machine(home=home, variables=environment(build=libraries, scenario=Scenario(), home=home))
        recorded.mkdir()
        done = machine.run(RECORD, str(recorded), str(calls))
        if done.status != 0:
            raise SystemExit(done.errors)
        seconds = measure(recorded, {**os.environ, **machine.variables}, repeats=repeats)
    fast, full = (statistics.median(seconds[route]) for route in ("fast", "full"))
    print(f"{3 * calls} kernels on the simulated CANN, medians of {repeats}, in alternating order:")
    print(f"  msprof.py export summary  {fast:8.3f} s")
    print(f"  torch_npu's own analysis  {full:8.3f} s")
    print(f"  ratio                     {fast / full:8.3f}    (bar: at most {BAR})")
    return 0 if fast / full <= BAR else 1


def measure(recorded: Path, environ: Mapping[str, str], *, repeats: int) -> dict[str, list[float]]:
    """Seconds of each route, one entry per repeat."""
    seconds: dict[str, list[float]] = {"fast": [], "full": []}
    (original,) = recorded.glob("*_ascend_pt")
    for number in range(2 * repeats):
        route = "fast" if number % 4 in (0, 3) else "full"
        copy = shutil.copytree(original, recorded / str(number) / original.name)
        for made in copy.glob("PROF_*/mindstudio_profiler_output"):  # the recording itself has exported it once
            shutil.rmtree(made)
        begun = time.perf_counter()
        export_profile(copy, environ, full=route == "full")
        passed = time.perf_counter() - begun
        seconds[route].append(passed - (SECONDS_AFTER_OUTPUT if route == "full" else 0.0))
    return seconds


if __name__ == "__main__":
    sys.exit(main())
