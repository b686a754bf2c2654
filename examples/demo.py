"""The gate end to end on this machine's CPU: record a baseline, pass against it, make one test slower, see it fail.

Then the same for a fusion that is lost: the bias of a linear layer is added by an operator of its own. That is hardly
slower on a CPU, and no time is needed to see it. Works on a copy of the suite in a temporary folder. Ends with a status
other than 0 if any of the four steps does not come out as it should.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
SLOWER = ("MLP_DEPTH = 2", "MLP_DEPTH = 6")
UNFUSED = ("nn.Linear(width, 4 * width), nn.ReLU()", "MatMulThenAdd(width, 4 * width), nn.ReLU()")
MATMUL_THEN_ADD = """

class MatMulThenAdd(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul(x, self.weight.t()) + self.bias
"""


def run_pytest(folder: Path, *options: str) -> tuple[int, dict[str, list[str]], dict[str, list[str]]]:
    """Run the suite in ``folder``; pytest's exit status and, by test, its cases' statuses and the kinds of findings."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--ascendperf-json={report}", *options]
    print(f"\n$ pytest {' '.join(options)}", flush=True)
    status = subprocess.run(command, cwd=folder, check=False).returncode
    statuses: dict[str, list[str]] = {}
    findings: dict[str, list[str]] = {}
    if report.exists():
        for case in json.loads(report.read_text("utf-8"))["cases"]:
            statuses.setdefault(case["test"], []).append(case["status"])
            findings.setdefault(case["test"], []).extend(finding["kind"] for finding in case["findings"])
    return status, statuses, findings


def require(condition: bool, claim: str) -> None:
    """End the demo with status 1 unless ``claim`` came true."""
    print(f"{'as it should be' if condition else 'NOT AS IT SHOULD BE'}: {claim}", flush=True)
    if not condition:
        sys.exit(1)


def main() -> None:
    """Run the four steps."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ascendperf-demo-") as name:
        folder = Path(name)
        for file in ("models.py", "test_models.py"):
            shutil.copy(HERE / file, folder)
        (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")

        status, _, _ = run_pytest(folder, "--ascendperf-update-baselines")
        recorded = list((folder / "baselines").rglob("test_models.json"))
        require(status == 0 and len(recorded) == 1, "a baseline was recorded")

        status, statuses, findings = run_pytest(folder)
        require(status == 0 and len(statuses) == 3, "the unchanged suite passes against it")
        require(not any(findings.values()), "it runs the same operators as when it was recorded")

        models = folder / "models.py"
        source = models.read_text("utf-8")
        require(source.count(SLOWER[0]) == 1, "the feed-forward block can be made 3 × deeper")
        models.write_text(source.replace(*SLOWER), encoding="utf-8")
        status, statuses, _ = run_pytest(folder)
        failed = {test for test, found in statuses.items() if "regressed" in found}
        require(status == 1 and failed == {"test_mlp_block"}, "the slower test, and no other, fails as regressed")

        require(source.count(UNFUSED[0]) == 1, "the bias of the block's first layer can be added apart")
        models.write_text(source.replace(*UNFUSED) + MATMUL_THEN_ADD, encoding="utf-8")
        status, statuses, findings = run_pytest(folder)
        lost = {test for test, kinds in findings.items() if "fusion_lost" in kinds}
        require(status == 1 and lost == {"test_mlp_block"}, "the lost fusion is found, and in no other test")
    print(f"\nThe gate works on this machine. The demo took {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    main()
