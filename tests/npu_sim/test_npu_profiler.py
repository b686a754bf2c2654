"""The kernel pass on the NPU: what is recorded is what the scenario runs, and what goes wrong is one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from npu_sim.machines import Machine, MachineFactory, Printed
from simulated_cann.scenario import Mspti, ProfilerOutput, Scenario

#: Two linear layers with a ReLU between, recorded as the arguments say: the folder, then "full" or "fast", then a time
#: limit for both routes. Prints the recording and the kernels that the project reads from it.
RECORD = """
import json, os, sys
from pathlib import Path
from pytest_ascendperf.devices import npu_export, npu_profiler
from pytest_ascendperf.devices.npu import NpuDevice
from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.model.kernel_times import with_kernel_times
from pytest_ascendperf.profiles import open_profile

folder, route, limit = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
device = NpuDevice()
torch = device.torch
model = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 8)).npu()
x = torch.randn(32, 64).npu()
runs = []


def run():
    runs.append(model(x))


def rows(trace):
    return [[row.type, row.core, row.input_shapes, row.output_shapes, row.duration_us] for row in trace]


def told(work=run):
    limits = npu_export.TimeLimits(summary_s=limit, analysis_s=limit)
    try:
        recording = npu_profiler.record_profile(torch, folder, work, full=route == "full", limits=limits)
    except ProfileError as error:
        return {"error": str(error)}
    trace = open_profile(recording.path)
    times = recording.kernel_times
    return {
        "path": recording.path.name,
        "source": recording.source,
        "notes": recording.notes,
        "runs": len(runs),
        "rows": rows(trace),
        "times": times and [[time.name, time.duration_ns] for time in times],
        "joined": [None if times is None else rows(with_kernel_times(trace, times, "mspti")),
                   None if times is None else with_kernel_times(trace, times, "mspti").notes],
    }


def tell(work=run):
    print(json.dumps(told(work)))
"""

TELL = RECORD + "tell()\n"

COSTS = {"MatMulV3": 40.0, "Relu": 5.0, "Add": 7.0}
LINEAR = ["MatMulV3", "AI_CORE", "32,64;64,128;128", "32,128", 40.0]
RELU = ["Relu", "AI_VECTOR_CORE", "32,128", "32,128", 5.0]
LAST = ["MatMulV3", "AI_CORE", "32,128;128,8;8", "32,8", 40.0]

PATIENCE_S = "120"


def record(
    machine: Machine,
    folder: Path,
    route: str = "fast",
    *,
    program: str = TELL,
    limit_s: str = PATIENCE_S,
    **variables: str,
) -> Printed:
    return machine.run(program, str(folder), route, limit_s, variables=variables).json()


@pytest.fixture(scope="module")
def device(machine: MachineFactory) -> Machine:
    return machine(Scenario(kernel_us=COSTS))


def test_the_fast_route_gives_every_kernel_of_the_call_and_no_other(device: Machine, tmp_path: Path) -> None:
    """Types, cores, shapes and durations are the scenario's; the work before the call is not in it."""
    told = record(device, tmp_path)
    assert told["rows"] == [LINEAR, RELU, LAST]
    assert told["source"] == "torch_npu.profiler Level1 ACL_AICORE_NONE"
    assert (told["notes"], told["runs"], told["times"]) == ([], 1, None)
    assert told["path"].startswith("PROF_")
    assert not list(tmp_path.glob("*_ascend_pt/ASCEND_PROFILER_OUTPUT"))


def test_the_full_route_gives_the_same_and_a_timeline(device: Machine, tmp_path: Path) -> None:
    told = record(device, tmp_path, "full")
    assert told["rows"] == [LINEAR, RELU, LAST]
    assert told["source"] == "torch_npu.profiler Level1 ACL_AICORE_NONE"
    assert told["notes"] == []
    assert told["path"].endswith("_ascend_pt")
    assert list(tmp_path.glob("*_ascend_pt/ASCEND_PROFILER_OUTPUT/trace_view.json"))


def test_a_lost_fusion_and_a_kernel_on_the_ai_cpu_are_in_the_recording(machine: MachineFactory, tmp_path: Path) -> None:
    unfused = Scenario(
        kernel_us=COSTS,
        unfused={"aclnnAddmm": ("MatMulV3", "Add")},
        ai_cpu_types=("Relu",),
        ai_cpu_factor=10.0,
    )
    told = record(machine(unfused), tmp_path)
    kinds = [[kind, core, time] for kind, core, _, _, time in told["rows"]]
    linear = [["MatMulV3", "AI_CORE", 40.0], ["Add", "AI_VECTOR_CORE", 7.0]]
    assert kinds == [*linear, ["Relu", "AI_CPU", 50.0], *linear]


def test_nothing_is_printed_nor_left_in_the_working_directory(device: Machine, tmp_path: Path) -> None:
    """Also where Python's warnings are errors, over which torch_npu's profiler would otherwise record nothing."""
    working, folder = tmp_path / "working", tmp_path / "folder [8-16]"
    working.mkdir()
    folder.mkdir()
    program = (
        RECORD
        + "import warnings; warnings.simplefilter('error'); result = device.record_profile(folder, run); "
        + "print(json.dumps([result.source, len(open_profile(result.path))]))"
    )
    done = device.run(program, str(folder), "fast", PATIENCE_S, cwd=working)
    assert done.json() == ["torch_npu.profiler Level1 ACL_AICORE_NONE", 3]
    assert len(done.output.splitlines()) == 1
    assert list(working.iterdir()) == []


def test_an_error_of_the_call_goes_through_and_ends_the_session(device: Machine, tmp_path: Path) -> None:
    program = (
        RECORD
        + """
def fail():
    run()
    raise KeyError("the call's own")

try:
    tell(fail)
except KeyError as error:
    first = str(error)
second = torch.npu.Event(enable_timing=True)
second.record()
print(json.dumps([first, hasattr(torch.npu.Event.record, "origin_func")]))
"""
    )
    assert record(device, tmp_path, program=program) == ['"the call\'s own"', False]


@pytest.mark.parametrize("variable", ["PROFILER_SAMPLECONFIG", "PROFILING_MODE"])
def test_a_variable_under_which_nothing_is_recorded_is_named(device: Machine, tmp_path: Path, variable: str) -> None:
    told = device.run(TELL, str(tmp_path), "fast", PATIENCE_S, variables={variable: "dynamic"}).json()
    assert told["error"].endswith(
        f"{variable} is set, under which torch_npu's profiler records nothing. Unset {variable}"
    )


def test_a_second_session_is_refused(device: Machine, tmp_path: Path) -> None:
    program = (
        RECORD
        + """
from torch_npu import profiler
outer = profiler.profile(on_trace_ready=profiler.tensorboard_trace_handler(str(folder / "outer"), analyse_flag=False))
outer.start()
inside = told()
outer.stop()
print(json.dumps([inside, told()]))
"""
    )
    inside, after = record(device, tmp_path, program=program)
    assert "another session of torch_npu's profiler is recording" in inside["error"]
    assert after["rows"] == [LINEAR, RELU, LAST]


def test_a_folder_that_torch_npu_refuses_is_told_with_its_own_words(device: Machine, tmp_path: Path) -> None:
    """torch_npu prints an error and would go on, into the working directory."""
    working = tmp_path / "working"
    working.mkdir()
    program = RECORD + "folder /= 'file'; folder.write_text(''); tell()"
    told = device.run(program, str(tmp_path), "fast", PATIENCE_S, cwd=working).json()
    assert "torch_npu's profiler wrote nothing: Call tensorboard_trace_handler failed. " in told["error"]
    assert told["error"].endswith("Run: ascendperf doctor")
    assert list(working.iterdir()) == []


def test_a_profiler_that_does_not_start_is_told(device: Machine, tmp_path: Path) -> None:
    """A folder whose parent is a file: torch_npu says so when the session starts, and runs the call unrecorded."""
    program = RECORD + "folder /= 'file'; folder.write_text(''); folder /= 'below'; tell()"
    told = record(device, tmp_path, program=program)
    assert "torch_npu's profiler wrote nothing: Call start failed. " in told["error"]


def test_counters_that_a_torch_npu_adds_on_its_own_are_told(device: Machine, tmp_path: Path) -> None:
    """As torch_npu up to 2.9 replaces the setting, so is it replaced here."""
    program = (
        RECORD
        + "from torch_npu import profiler; "
        + "profiler.AiCMetrics.AiCoreNone = profiler.AiCMetrics.PipeUtilization; tell()"
    )
    told = record(device, tmp_path, program=program)
    assert told["source"] == "torch_npu.profiler Level1 ACL_AICORE_PIPE_UTILIZATION"
    (note,) = told["notes"]
    assert note.startswith("This torch_npu collected ACL_AICORE_PIPE_UTILIZATION although no counters were asked for.")


def test_where_the_fast_route_fails_the_full_one_is_taken_and_noted(machine: MachineFactory, tmp_path: Path) -> None:
    told = record(machine(Scenario(kernel_us=COSTS, profiler_output=ProfilerOutput.NO_SUMMARY)), tmp_path)
    assert told["rows"] == [LINEAR, RELU, LAST]
    (note,) = told["notes"]
    assert note == (
        "The kernels come from torch_npu's own analysis: msprof.py export summary ended with status 1 "
        "(msprof (simulated): the scenario has no profiler output)."
    )


def test_without_msprof_both_routes_are_told_and_what_to_source(device: Machine, tmp_path: Path) -> None:
    program = RECORD + "os.environ['PATH'] = '/usr/bin'; os.environ['ASCEND_TOOLKIT_HOME'] = ''; "
    program += "os.environ['ASCEND_HOME_PATH'] = str(folder); tell()"
    told = record(device, tmp_path, program=program)
    assert "no table of kernels came out of it: msprof.py was not found (on PATH and below" in told["error"]
    assert "; torch_npu's analysis " in told["error"]
    assert told["error"].endswith("Run: source <where CANN is>/set_env.sh, then try again")


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (ProfilerOutput.MISSING, "msprof.py export summary ended with status 1 (msprof (simulated): the scenario has"),
        (ProfilerOutput.SILENT, "msprof.py export summary wrote no table; torch_npu's analysis "),
    ],
)
def test_what_both_routes_said_is_told_with_the_command_to_see_more(
    machine: MachineFactory, tmp_path: Path, output: ProfilerOutput, reason: str
) -> None:
    told = record(machine(Scenario(profiler_output=output)), tmp_path, limit_s="20")
    assert f"no table of kernels came out of it: {reason}" in told["error"]
    assert "; torch_npu's analysis " in told["error"]
    assert "See all that it says: " in told["error"]
    assert "msprof.py export summary -dir " in told["error"]


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        ("fast", ".csv has a header and no kernel. Either nothing ran on this device"),
        ("full", "no table of kernels came out of it: torch_npu's analysis wrote no table ("),
    ],
)
def test_a_profile_without_a_kernel_is_an_error(
    machine: MachineFactory, tmp_path: Path, route: str, problem: str
) -> None:
    told = record(machine(Scenario(profiler_output=ProfilerOutput.EMPTY)), tmp_path, route)
    assert problem in told["error"]


def test_an_exporter_that_hangs_is_ended(machine: MachineFactory, tmp_path: Path) -> None:
    told = record(machine(Scenario(profiler_output=ProfilerOutput.HANGING)), tmp_path, limit_s="0.5")
    assert (
        "msprof.py export summary did not end within 0.5 s; torch_npu's analysis did not end within 0.5 s"
        in (told["error"])
    )


def test_a_session_without_its_notes_has_unknown_settings(device: Machine, tmp_path: Path) -> None:
    """As where the profiler was ended before it wrote them, or wrote half of them."""
    program = (
        RECORD
        + """
device.record_profile(folder, run)
(session,) = folder.glob("*_ascend_pt")
settings = [npu_export.effective_settings(session)]
(session / "profiler_info.json").write_text('{"config": {')
settings.append(npu_export.effective_settings(session))
(session / "profiler_info.json").unlink()
settings.append(npu_export.effective_settings(session))
next(session.glob("PROF_*")).rename(session / "elsewhere")
try:
    npu_export.export_profile(session, os.environ, limits=npu_export.TimeLimits(summary_s=60, analysis_s=60))
except ProfileError as error:
    print(json.dumps([settings, str(error)]))
"""
    )
    settings, error = record(device, tmp_path, program=program)
    assert settings == [["Level1", "ACL_AICORE_NONE"], None, None]
    assert "no table of kernels came out of it: there is no PROF_* folder in it; " in error


LINEAR_NAME, RELU_NAME = "aclnnAddmm_MatMulV3Common_MatMulV3", "aclnnRelu_Relu_Relu"


def test_times_of_mspti_take_the_place_of_a_slowed_profile(machine: MachineFactory, tmp_path: Path) -> None:
    """The profile's durations are 3 µs too long here; mspti's are those that events measure."""
    scenario = Scenario(kernel_us=COSTS, profiler_overhead_us=3.0, mspti=Mspti.COMPLETE)
    told = record(machine(scenario), tmp_path)
    assert [row[-1] for row in told["rows"]] == [43.0, 8.0, 43.0]
    assert told["times"] == [[LINEAR_NAME, 40_000], [RELU_NAME, 5_000], [LINEAR_NAME, 40_000]]
    rows, notes = told["joined"]
    assert rows == [LINEAR, RELU, LAST]
    assert notes == []
    assert told["runs"] == 2


@pytest.mark.parametrize(
    ("mspti", "count", "note"),
    [
        (Mspti.DROPPING, 2, "mspti recorded 2 and the profile 3 kernels, so the times are the profile's own."),
        (Mspti.TAKEN, 0, "mspti recorded 0 and the profile 3 kernels, so the times are the profile's own."),
    ],
)
def test_times_of_mspti_that_do_not_agree_are_not_used(
    machine: MachineFactory, tmp_path: Path, mspti: Mspti, count: int, note: str
) -> None:
    """A second recording in the same process is told the same, though mspti then says that all is well."""
    scenario = Scenario(kernel_us=COSTS, profiler_overhead_us=3.0, mspti=mspti)
    program = RECORD + "tell(); folder /= 'again'; folder.mkdir(); tell()"
    told = record(machine(scenario), tmp_path, program=program)
    assert len(told["times"]) == count
    rows, notes = told["joined"]
    assert [row[-1] for row in rows] == [43.0, 8.0, 43.0]
    assert notes[-1] == note


def test_an_mspti_that_cannot_be_imported_is_none(machine: MachineFactory, tmp_path: Path) -> None:
    told = record(machine(Scenario(kernel_us=COSTS, mspti=Mspti.BROKEN)), tmp_path)
    assert (told["times"], told["runs"]) == (None, 1)


def test_the_waits_of_a_call_are_counted_and_other_text_is_handed_on(device: Machine) -> None:
    """What torch_npu reports and what it does not is as documented; its mode is as before."""
    program = """
import json, os, sys
from pytest_ascendperf.devices.npu import NpuDevice
device = NpuDevice()
torch = device.torch
x = torch.ones(8, device=device.torch_name)

def writes():
    os.write(2, b"from below\\n")
    print("from Python", file=sys.stderr)
    x.sum().item()

def fails():
    os.write(2, b"last words\\n")
    raise KeyError

calls = {
    "add": lambda: x + x,
    "item": lambda: [x.sum().item() for _ in range(5)],
    "bool": lambda: bool((x > 0).all()),
    "nonzero": lambda: x.nonzero(),
    "mask": lambda: x[x > 0],
    "stream": lambda: torch.npu.current_stream().synchronize(),
    "cpu": lambda: x.cpu(),
    "tolist": lambda: x.tolist(),
    "synchronize": lambda: torch.npu.synchronize(),
    "writes": writes,
}
counted = {name: device.count_synchronizations(call) for name, call in calls.items()}
try:
    device.count_synchronizations(fails)
except KeyError:
    counted["mode"] = torch.npu.get_sync_debug_mode()
print(json.dumps(counted))
"""
    done = device.run(program)
    reported = {"add": 0, "item": 5, "bool": 1, "nonzero": 1, "mask": 1, "stream": 1, "writes": 1}
    assert done.json() == {**reported, "cpu": 0, "tolist": 0, "synchronize": 0, "mode": 0}
    for text in ("from below", "from Python", "last words"):
        assert done.errors.count(text) == 1
    assert "synchroniz" not in done.errors.lower()
    silent = device.run(program, variables={"TORCH_NPU_WARNING_DISABLE": "1"}).json()
    assert set(silent.values()) == {None}
