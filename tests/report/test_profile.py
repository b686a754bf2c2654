from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.model.profile_tables import StepTime
from pytest_ascendperf.profiles import open_profile
from pytest_ascendperf.report.profile import event_table, operator_table, profile_report, step_table

HEADER = "Step Id,Stream ID,Name,Type,Accelerator Core,Start Time(us),Duration(us)\n"
STEP = StepTime(
    step=50,
    device=None,
    computing_us=8827.472999999998,
    communication_us=85516.889,
    exposed_communication_us=81515.607,
    overlapped_us=4001.281999999992,
    free_us=25908.102000000003,
    stage_us=116251.25,
    bubble_us=0.0,
    preparing_us=None,
)


def read(tmp_path: Path, rows: str) -> KernelTrace:
    path = tmp_path / "kernel_details.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return open_profile(path)


@pytest.fixture
def trace(tmp_path: Path) -> KernelTrace:
    return read(
        tmp_path,
        "50,2,MatMul_1,MatMulV3,AI_CORE,1000,3000\n"
        "50,2,MatMul_2,MatMulV3,AI_CORE,5000,1000\n"
        "50,2,Add_3,Add,AI_VECTOR_CORE,6000,12.6\n"
        "50,N/A,hcom_allReduce__1_1_1,hcom_allReduce_,HCCL,7000,90000\n",
    )


def test_a_whole_report(trace: KernelTrace) -> None:
    assert profile_report(trace, [STEP]) == [
        "4 kernels, 4.013 ms of computation, 90.00 ms of communication in 1 operation, 1 step, 1 stream",
        "",
        "the slowest 2 of 2 operators, by share of computation",
        "   total   share  count      mean  shortest   longest            core  operator",
        "4.000 ms  99.7 %      2  2.000 ms  1.000 ms  3.000 ms         AI_CORE  MatMulV3",
        "12.60 µs  0.31 %      1  12.60 µs  12.60 µs  12.60 µs  AI_VECTOR_CORE  Add",
        "",
        "2 events longer than 1 ms",
        "   start  duration  stream           core  event",
        "    0 µs  3.000 ms       2        AI_CORE  MatMul_1",
        "6.000 ms  90.00 ms       -  COMMUNICATION  hcom_allReduce__1_1_1",
        "",
        "how steps divide",
        "step  device     whole  computing  communication  not overlapped      free  bubble",
        "  50       -  116.3 ms   8.827 ms       85.52 ms        81.52 ms  25.91 ms    0 µs",
    ]


def test_only_the_slowest_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    rows = "".join(f"N/A,2,op_{n},T{n},AI_CORE,{n}000,{n}\n" for n in range(1, 26))
    lines = profile_report(read(tmp_path, rows))
    assert lines[2] == "the slowest 10 of 25 operators, by share of computation"
    assert [line.split()[-1] for line in lines[4:14]] == [f"T{n}" for n in range(25, 15, -1)]
    assert lines[15] == "no event longer than 1 ms"


def test_starts_are_counted_from_the_first_kernel_and_not_from_the_first_long_one(tmp_path: Path) -> None:
    lines = event_table(read(tmp_path, "1,2,short,T,AI_CORE,1000,5\n1,2,long,T,AI_CORE,3000,2000\n"))
    assert lines[2].split()[:2] == ["2.000", "ms"]


def test_long_events_end_at_fifty(tmp_path: Path) -> None:
    rows = "".join(f"1,2,op_{n},T,AI_CORE,{n}0000,2000\n" for n in range(60))
    lines = event_table(read(tmp_path, rows))
    assert lines[0] == "60 events longer than 1 ms"
    assert lines[-1] == "and 10 more"
    assert len(lines) == 53
    assert lines[51].endswith("op_49")


def test_names_are_kept_on_their_line_and_cut_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "cuda.json"
    name = "void at::native::vectorized_kernel<" + "4, " * 100 + "float>"
    events = [
        {"ph": "X", "cat": "kernel", "name": given, "ts": 1, "dur": dur}
        for given, dur in ((name, 5000), ("two\nlines\x1b[31m", 4))
    ]
    path.write_text(json.dumps(events), encoding="utf-8")
    lines = profile_report(open_profile(path))
    shown = [line.split("KERNEL  ")[1] for line in lines if "KERNEL  " in line]
    assert shown[0].startswith("void at::native::vectorized_kernel<4, 4,")
    assert shown[0].endswith("4, float>")
    assert len(shown[0]) == 99
    assert shown[1] == "two\\nlines\\x1b[31m"
    assert all(line.isprintable() for line in lines)


def test_a_profile_of_level_0_says_what_it_lacks(tmp_path: Path) -> None:
    lines = profile_report(read(tmp_path, "N/A,N/A,MatMul_1,N/A,N/A,1,2\n"))
    assert lines[0] == "1 kernel, 2.000 µs of computation"
    assert lines[3:5] == [
        "   total    share  count      mean  shortest   longest  core  operator",
        "2.000 µs  100.0 %      1  2.000 µs  2.000 µs  2.000 µs     -  MatMul_1",
    ]
    assert lines[-1].startswith("note: Kernels have no operator types: the profile was taken at profiler level 0.")


def test_nothing_but_communication(tmp_path: Path) -> None:
    lines = profile_report(read(tmp_path, "1,N/A,hcom_x,hcom_,HCCL,1,2\n"))
    assert lines[2] == "no computation"


def test_the_tables_by_themselves(trace: KernelTrace) -> None:
    assert operator_table(trace.operator_stats())[0] == "the slowest 2 of 2 operators, by share of computation"
    assert event_table(trace, longer_than_ms=50.0)[0] == "1 event longer than 50 ms"
    assert step_table([])[0] == "how steps divide"
