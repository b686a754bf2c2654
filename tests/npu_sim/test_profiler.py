"""torch_npu's own profiler and its own analysis, over kernels that the simulator recorded."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from npu_sim.machines import Machine, MachineFactory, rows
from simulated_cann.scenario import ProfilerOutput, Scenario

#: Prints what events measure for two linear layers and a ReLU, in us, and then profiles three steps of them. Its
#: arguments are the folder, "now" or "later" for the analysis, and the level.
PROFILE = """
import json, sys, torch, torch_npu
from torch_npu import profiler
folder, when, level = sys.argv[1:]
model = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 8)).npu()
x = torch.randn(32, 64).npu()
start, end = torch.npu.Event(enable_timing=True), torch.npu.Event(enable_timing=True)
start.record()
model(x)
end.record()
measured_us = start.elapsed_time(end) * 1e3
config = profiler._ExperimentalConfig(
    profiler_level=getattr(profiler.ProfilerLevel, level),
    aic_metrics=profiler.AiCMetrics.AiCoreNone,
    export_type=[profiler.ExportType.Text],
)
with profiler.profile(
    activities=[profiler.ProfilerActivity.CPU, profiler.ProfilerActivity.NPU],
    schedule=profiler.schedule(wait=0, warmup=1, active=3, repeat=1),
    on_trace_ready=profiler.tensorboard_trace_handler(folder, analyse_flag=when == "now"),
    experimental_config=config,
) as session:
    for _ in range(4):
        model(x)
        torch.npu.synchronize()
        session.step()
print(json.dumps(measured_us))
"""

ANALYSE = """
import sys
from torch_npu.profiler.profiler import analyse
if __name__ == "__main__":
    analyse(sys.argv[1], max_process_number=1)
"""

COSTS = {"MatMulV3": 40.0, "Relu": 5.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A session's folder, and what events measured for one step of the same work."""

    folder: Path
    measured_us: float

    @property
    def tables(self) -> Path:
        return self.folder / "ASCEND_PROFILER_OUTPUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelRow:
    """What the tests look at in a row of kernel_details.csv."""

    step: str
    type: str
    core: str
    shapes: str
    duration_us: float


def profile(machine: Machine, folder: Path, *, when: str = "now", level: str = "Level1") -> Profile:
    measured_us: float = machine.run(PROFILE, str(folder), when, level).json()
    (session,) = folder.glob("*_ascend_pt")
    return Profile(folder=session, measured_us=measured_us)


def kernels(profiled: Profile) -> list[KernelRow]:
    return [
        KernelRow(
            step=row["Step Id"],
            type=row["Type"],
            core=row["Accelerator Core"],
            shapes=row["Input Shapes"],
            duration_us=float(row["Duration(us)"]),
        )
        for row in rows(profiled.tables / "kernel_details.csv")
    ]


@pytest.fixture(scope="module")
def device(machine: MachineFactory) -> Machine:
    return machine(Scenario(kernel_us=COSTS))


@pytest.fixture(scope="module")
def unanalysed(device: Machine, tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return profile(device, tmp_path_factory.mktemp("unanalysed"), when="later")


def test_kernel_details_name_every_kernel_of_every_step(device: Machine, tmp_path: Path) -> None:
    """Types, cores, shapes, steps and durations in torch_npu's own tables are those of the scenario."""
    profiled = profile(device, tmp_path)
    step = [
        ("MatMulV3", "AI_CORE", '"32,64;64,128;128"', 40.0),
        ("Relu", "AI_VECTOR_CORE", '"32,128"', 5.0),
        ("MatMulV3", "AI_CORE", '"32,128;128,8;8"', 40.0),
    ]
    found = [(row.step, row.type, row.core, row.shapes, row.duration_us) for row in kernels(profiled)]
    assert found == [(str(number), *kernel) for number in (1, 2, 3) for kernel in step]
    statistic = rows(profiled.tables / "op_statistic.csv")
    assert [(row["OP Type"], row["Count"], row["Total Time(us)"]) for row in statistic] == [
        ("MatMulV3", "6", "240.000"),
        ("Relu", "3", "15.000"),
    ]
    steps = rows(profiled.tables / "step_trace_time.csv")
    assert [float(row["Computing"]) for row in steps] == pytest.approx([85.0] * 3, rel=1e-3)
    assert profiled.measured_us == pytest.approx(85.0, rel=1e-3)


def test_a_profile_is_analysed_later_in_another_process(device: Machine, unanalysed: Profile, tmp_path: Path) -> None:
    """Without analysis in the profiled process there is no table; a clean process writes the same one."""
    assert not unanalysed.tables.exists()
    session = shutil.copytree(unanalysed.folder, tmp_path / unanalysed.folder.name)
    program = tmp_path / "analyse.py"
    program.write_text(ANALYSE)
    assert device.run(program, str(session)).status == 0
    later = Profile(folder=session, measured_us=unanalysed.measured_us)
    assert [row.type for row in kernels(later)] == ["MatMulV3", "Relu", "MatMulV3"] * 3


def test_the_fast_route_exports_the_summary_alone(device: Machine, unanalysed: Profile, tmp_path: Path) -> None:
    """``msprof.py export summary`` writes op_summary without torch_npu's analysis."""
    session = shutil.copytree(unanalysed.folder, tmp_path / unanalysed.folder.name)
    (recorded,) = session.glob("PROF_*")
    script = device.home / "tools/profiler/profiler_tool/analysis/msprof/msprof.py"
    assert device.run(script, "export", "summary", "-dir", str(recorded)).status == 0
    (summary,) = (recorded / "mindstudio_profiler_output").glob("op_summary_*.csv")
    found = [(row["OP Type"], float(row["Task Duration(us)"])) for row in rows(summary)]
    assert found == [("MatMulV3", 40.0), ("Relu", 5.0), ("MatMulV3", 40.0)] * 3


def test_a_lost_fusion_and_a_kernel_on_the_ai_cpu_are_seen(machine: MachineFactory, tmp_path: Path) -> None:
    """One aclnnAddmm comes out as MatMulV3 and Add; ReLU runs on the AI CPU and takes its factor longer."""
    scenario = Scenario(
        kernel_us={**COSTS, "Add": 7.0},
        unfused={"aclnnAddmm": ("MatMulV3", "Add")},
        ai_cpu_types=("Relu",),
        ai_cpu_factor=10.0,
    )
    first_step = kernels(profile(machine(scenario), tmp_path))[:5]
    linear = [("MatMulV3", "AI_CORE", 40.0), ("Add", "AI_VECTOR_CORE", 7.0)]
    found = [(row.type, row.core, row.duration_us) for row in first_step]
    assert found == [*linear, ("Relu", "AI_CPU", 50.0), *linear]


def test_level0_has_no_types(device: Machine, tmp_path: Path) -> None:
    """As on a device, a Level0 profile has names and times and no kernel types."""
    profiled = profile(device, tmp_path, level="Level0")
    details = rows(profiled.tables / "kernel_details.csv")
    assert {row.get("Type", "N/A") for row in details} == {"N/A"}
    assert {row["Name"] for row in details} == {"aclnnAddmm_MatMulV3Common_MatMulV3", "aclnnRelu_Relu_Relu"}
    assert not (profiled.tables / "op_statistic.csv").exists()


@pytest.mark.parametrize("output", [ProfilerOutput.MISSING, ProfilerOutput.EMPTY])
def test_output_can_be_missing_or_empty(machine: MachineFactory, tmp_path: Path, output: ProfilerOutput) -> None:
    """Both leave a session whose analysis says it is done and that has no kernel."""
    profiled = profile(machine(Scenario(profiler_output=output)), tmp_path)
    assert (profiled.tables / "analyse.done").is_file()
    details = profiled.tables / "kernel_details.csv"
    assert not details.exists() or rows(details) == []
