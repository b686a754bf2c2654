"""What a simulated machine is and how it behaves.

A ``Scenario`` is written as one JSON file; the environment variable ``ASCENDPERF_SIM_SCENARIO`` names it. Every
process that loads the simulated CANN under that variable is on that machine. The defaults are a healthy machine with
two chips of round figures; they imitate no product.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path

#: The environment variable that names the scenario file.
SCENARIO_VARIABLE = "ASCENDPERF_SIM_SCENARIO"

#: ``ACL_ERROR_RT_LOST_HEARTBEAT``: the device no longer answers.
LOST_HEARTBEAT = 507010


class ProfilerOutput(str, Enum):
    """What the ``msprof`` program makes of a profile."""

    COMPLETE = "complete"
    #: No op_summary file, and the program says that it failed.
    MISSING = "missing"
    #: An op_summary file with a header and no rows.
    EMPTY = "empty"
    #: ``msprof.py export summary`` fails; the whole export works.
    NO_SUMMARY = "no_summary"
    #: No file, and the program ends as if all were well.
    SILENT = "silent"
    #: The program writes nothing and does not end.
    HANGING = "hanging"


class Mspti(str, Enum):
    """CANN's Python package for the times of kernels."""

    #: It is not installed.
    ABSENT = "absent"
    COMPLETE = "complete"
    #: Its buffer is too small: the last record is lost, and nothing says so.
    DROPPING = "dropping"
    #: Another tool has subscribed: the first start says so in its code, later ones say that all is well, and no record
    #: ever comes.
    TAKEN = "taken"
    #: The package is there, and the library below it is not.
    BROKEN = "broken"


class NpuSmi(str, Enum):
    """The program ``npu-smi``."""

    COMPLETE = "complete"
    #: It is not installed.
    ABSENT = "absent"
    #: It writes nothing and does not end.
    HANGING = "hanging"
    #: It prints what no version prints, and ends as if all were well.
    GARBAGE = "garbage"
    #: It says that the driver does not answer.
    FAILING = "failing"
    #: It numbers processes as the host does, from inside a container.
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Merge:
    """Kernels that become one: it has the type ``into``, the inputs and the cost of the first, and all their names."""

    into: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One simulated machine.

    The duration of a kernel, in microseconds, is::

        cost = kernel_us[type]                                  if the type has a fixed cost, otherwise
               launch_us + max(operations / rate, bytes / bandwidth) / clock_ratio
        duration = cost * kernel_factors[type] * (ai_cpu_factor on AI_CPU) * (1 + neighbour_share) * drift * noise
    """

    #: A name torch_npu knows. It reads it once; whoever asks again reads it with " (simulated)" behind it.
    soc_name: str = "Ascend910B3"
    cann_version: str = "9.1.0"
    driver_version: str = "26.1.0"
    device_count: int = 2
    #: Memory of one device. An allocation beyond it fails as out of memory.
    memory_bytes: int = 64 * 2**30

    #: Rate of cube kernels for 16-bit numbers; a quarter of it for float32.
    cube_tflops: float = 320.0
    vector_tflops: float = 10.0
    #: Device memory.
    bandwidth_gb_per_s: float = 1600.0
    #: Between host and device.
    host_link_gb_per_s: float = 20.0
    #: Paid by every kernel that has no fixed cost.
    launch_us: float = 2.0
    #: Fixed duration by kernel type, in place of the cost model.
    kernel_us: Mapping[str, float] = field(default_factory=dict)
    #: Factor by kernel type: 1.5 makes that type half as slow again.
    kernel_factors: Mapping[str, float] = field(default_factory=dict)
    #: Operators that come out as several kernels: ``{"aclnnAddmm": ("MatMulV3", "Add")}``. The first keeps the
    #: operator's own work, each other one reads two tensors of the output's size and writes one.
    unfused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Whether kernels belong to a compiled graph. Operators are still launched one by one; the profile says otherwise.
    graph: bool = False
    #: Kernels that the graph compiler makes one of. It does not look ahead: kernels that follow one another on a
    #: stream, without the host waiting in between, in the order of a rule's parts are absorbed as they come.
    merges: tuple[Merge, ...] = ()
    #: Passes of the graph compiler and how often each takes effect: written to ``fusion_result.json`` when a process
    #: ends.
    fusion_passes: Mapping[str, int] = field(default_factory=dict)
    #: Kernel types that run on the AI CPU.
    ai_cpu_types: tuple[str, ...] = ()
    ai_cpu_factor: float = 20.0
    #: The clock's share of its nominal rate; 0.5 is throttled to half.
    clock_ratio: float = 1.0
    #: Share of the device that another process takes: 0.25 makes every kernel take 1.25 times as long.
    neighbour_share: float = 0.0
    neighbour_memory_bytes: int = 0

    #: The first kernel of this type loses the device, for the process that launched it.
    lost_at_type: str | None = None
    lost_error_code: int = LOST_HEARTBEAT

    #: Standard deviation of the relative noise of each kernel.
    noise: float = 0.0
    #: Standard deviation of the relative factor that one process has and another has not.
    drift: float = 0.0
    seed: int = 0

    #: What the host spends on issuing one operator. Above the kernels' durations, the case is bound by the host.
    host_dispatch_us: float = 0.0
    #: The host also spends that time in reality, for tests that read the host's own clock.
    host_dispatch_takes_real_time: bool = False

    profiler_output: ProfilerOutput = ProfilerOutput.COMPLETE
    #: By how much a kernel's duration in a profile exceeds what it took: its completion is waited for.
    profiler_overhead_us: float = 0.0
    mspti: Mspti = Mspti.ABSENT
    npu_smi: NpuSmi = NpuSmi.COMPLETE


def write_scenario(scenario: Scenario, path: Path) -> Path:
    """Write ``scenario`` as JSON to ``path`` and return ``path``; processes on it are counted from zero again."""
    path.write_text(json.dumps(asdict(scenario), indent=2) + "\n", encoding="utf-8")
    Path(f"{path}.processes").unlink(missing_ok=True)
    return path
