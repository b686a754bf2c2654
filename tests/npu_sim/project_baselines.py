"""The project's own baselines: its examples on the simulated chip under two CANN versions.

``python -m npu_sim.project_baselines`` records them again (``tox -e npu-sim-baselines``). Read the diff before it is
committed: the simulated clock is exact, so a time that moved has a cause in this repository.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from npu_sim.machines import Machine
from npu_sim.suite import Ended
from simulated_cann.build import build
from simulated_cann.environment import environment
from simulated_cann.scenario import Scenario

REPOSITORY = Path(__file__).resolve().parents[2]

#: By CANN version. The older one adds the bias of a linear layer in a kernel of its own.
MACHINES: Mapping[str, Scenario] = MappingProxyType(
    {
        "8.5.0": Scenario(cann_version="8.5.0", unfused={"aclnnAddmm": ("MatMulV3", "Add")}),
        "9.1.0": Scenario(cann_version="9.1.0"),
    }
)


def run_examples(machine: Machine, report: Path, *options: str) -> Ended:
    """Run the examples on ``machine`` against the project's baselines, from the repository's root."""
    done = machine.run(
        "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))",
        *("examples/test_models.py", "-p", "no:cacheprovider", "-o", "pythonpath=examples"),
        # A budget that no host is too slow for: the number of rounds must not depend on it.
        *("--ascendperf-device=npu", "--ascendperf-warmup=3", "--ascendperf-rounds=5", "--ascendperf-budget-s=600"),
        f"--ascendperf-json={report}",
        *options,
        cwd=REPOSITORY,
        variables={"ASCENDPERF_LOCK_DIR": str(report.parent / "locks")},
    )
    found = json.loads(report.read_text("utf-8")) if report.exists() else None
    return Ended(status=done.status, text=done.output + done.errors, report=found)


def record() -> int:
    """Record the baselines on both machines; the worst exit status."""
    libraries = build(REPOSITORY / "build" / "simulated-cann")
    worst = 0
    for version, scenario in MACHINES.items():
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder, "cann")
            machine = Machine(home=home, variables=environment(build=libraries, scenario=scenario, home=home))
            ended = run_examples(
                machine, Path(folder, "report.json"), "--ascendperf-update-baselines", "--ascendperf-sessions=3"
            )
        print(f"CANN {version}\n{ended.text}")
        worst = max(worst, ended.status)
    return worst


if __name__ == "__main__":
    sys.exit(record())
