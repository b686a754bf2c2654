from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ascendperf.profiles import ProfileError, find_profile, open_profile

Write = Callable[[str, "str | bytes"], Path]

LAYOUTS = {
    "torch_npu": (
        "w_12_20250101000000000_ascend_pt/ASCEND_PROFILER_OUTPUT/kernel_details.csv",
        "w_12_20250101000000000_ascend_pt",
    ),
    "torch_npu, its output": (
        "w_ascend_pt/ASCEND_PROFILER_OUTPUT/kernel_details.csv",
        "w_ascend_pt/ASCEND_PROFILER_OUTPUT",
    ),
    "torch_npu, the folder of all": ("w_ascend_pt/ASCEND_PROFILER_OUTPUT/kernel_details.csv", "."),
    "msprof": ("PROF_1_2_AB/mindstudio_profiler_output/op_summary_20260605161737.csv", "PROF_1_2_AB"),
    "msprof, its output": (
        "PROF_1_2_AB/mindstudio_profiler_output/op_summary_20260605161737.csv",
        "PROF_1_2_AB/mindstudio_profiler_output",
    ),
    "msprof below torch_npu": ("w_ascend_pt/PROF_1_2_AB/mindstudio_profiler_output/op_summary_1.csv", "w_ascend_pt"),
    "old msprof": ("PROF_1_2_AB/device_0/summary/op_summary_0_1_1.csv", "PROF_1_2_AB"),
    "old msprof, one device": ("PROF_1_2_AB/device_0/summary/op_summary_0_1_1.csv", "PROF_1_2_AB/device_0"),
    "a file": ("kept/kernels of monday.txt", "kept/kernels of monday.txt"),
    "a plain folder": ("kept/kernel_details.csv", "kept"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_kernels_of_every_layout_are_found(layout: str, write: Write, kernel_table: str, tmp_path: Path) -> None:
    file, opened = LAYOUTS[layout]
    write(file, kernel_table)
    assert [record.name for record in open_profile(tmp_path / opened)] == ["MatMul_1", "Add_2", "Relu_3"]


def test_what_lies_beside_the_kernels_is_found(write: Write, kernel_table: str, tmp_path: Path) -> None:
    names = ("kernel_details.csv", "op_statistic.csv", "step_trace_time.csv", "communication.json", "trace_view.json")
    paths = [write(f"w_ascend_pt/ASCEND_PROFILER_OUTPUT/{name}", kernel_table) for name in names]
    files = find_profile(tmp_path / "w_ascend_pt")
    assert files.kernel_tables == (paths[0],)
    assert [files.operator_statistic, files.step_times, files.communication, files.timeline] == paths[1:]
    assert files.fusion_result is None


def test_of_two_exports_the_last_is_read_with_all_its_slices(write: Write, kernel_table: str, tmp_path: Path) -> None:
    folder = "PROF_1_2_AB/mindstudio_profiler_output"
    write(f"{folder}/op_summary_20250101000000.csv", kernel_table)
    newest = [write(f"{folder}/op_summary_slice_{n}_20250102000000.csv", kernel_table) for n in range(3)]
    assert find_profile(tmp_path / "PROF_1_2_AB").kernel_tables == tuple(newest)
    assert len(open_profile(tmp_path / "PROF_1_2_AB")) == 9


def test_several_profiles_are_not_mixed(write: Write, kernel_table: str, tmp_path: Path) -> None:
    for rank in range(2):
        write(f"rank{rank}_ascend_pt/ASCEND_PROFILER_OUTPUT/kernel_details.csv", kernel_table)
    with pytest.raises(ProfileError, match="holds 2 profiles; name one of them: rank0_ascend_pt, rank1_ascend_pt"):
        open_profile(tmp_path)


def test_a_timeline_is_read_where_there_is_nothing_better(write: Write, tmp_path: Path) -> None:
    event = '{"ph": "X", "cat": "cpu_op", "name": "aten::mm", "tid": 1, "ts": 1, "dur": 2}'
    write("logs/host_1.17.pt.trace.json", f'{{"traceEvents": [{event}]}}')
    assert [record.name for record in open_profile(tmp_path / "logs")] == ["aten::mm"]
    write("logs/host_1.18.pt.trace.json", f'{{"traceEvents": [{event}]}}')
    with pytest.raises(ProfileError, match="holds 2 timelines; name one of them"):
        open_profile(tmp_path / "logs")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("FRAMEWORK/torch.op_range", "analyse it first"),
        ("ASCEND_PROFILER_OUTPUT/op_statistic.csv", "totals without single kernels"),
        ("ASCEND_PROFILER_OUTPUT/ascend_pytorch_profiler_0.db", "record with export_type=ExportType.Text"),
    ],
)
def test_a_folder_without_kernels_says_what_to_do(name: str, advice: str, write: Write, tmp_path: Path) -> None:
    write(f"w_ascend_pt/{name}", "x")
    with pytest.raises(ProfileError, match=advice):
        open_profile(tmp_path / "w_ascend_pt")


def test_a_link_that_leads_out_of_the_folder_is_not_followed(write: Write, kernel_table: str, tmp_path: Path) -> None:
    outside = write("outside/kernel_details.csv", kernel_table)
    folder = tmp_path / "w_ascend_pt" / "ASCEND_PROFILER_OUTPUT"
    folder.mkdir(parents=True)
    (folder / "kernel_details.csv").symlink_to(outside)
    with pytest.raises(ProfileError, match="is a link that leads out of"):
        open_profile(tmp_path / "w_ascend_pt")


def test_a_linked_output_folder_is_not_followed_either(write: Write, kernel_table: str, tmp_path: Path) -> None:
    write("outside/kernel_details.csv", kernel_table)
    (tmp_path / "w_ascend_pt").mkdir()
    (tmp_path / "w_ascend_pt" / "ASCEND_PROFILER_OUTPUT").symlink_to(tmp_path / "outside")
    with pytest.raises(ProfileError, match="is a link that leads out of"):
        open_profile(tmp_path / "w_ascend_pt")


def test_a_link_inside_the_folder_is_a_file_of_it(write: Write, kernel_table: str, tmp_path: Path) -> None:
    kept = write("w_ascend_pt/kept.csv", kernel_table)
    (tmp_path / "w_ascend_pt" / "kernel_details.csv").symlink_to(kept)
    assert len(open_profile(tmp_path / "w_ascend_pt")) == 3


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "kernel_details.csv").symlink_to(tmp_path / "kernel_details.csv")
    with pytest.raises(ProfileError):
        open_profile(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_the_place_of_a_file_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "kernel_details.csv")
    with pytest.raises(ProfileError, match="is not a regular file"):
        open_profile(tmp_path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device_is_not_read() -> None:
    with pytest.raises(ProfileError, match="is not a regular file"):
        open_profile("/dev/zero")


@pytest.mark.parametrize("path", ["nowhere", "a\0b"])
def test_a_path_that_is_none(path: str, tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot be opened"):
        open_profile(tmp_path / path)


def test_a_file_is_no_folder(write: Write, kernel_table: str) -> None:
    with pytest.raises(ProfileError, match="is not a folder"):
        find_profile(write("kernel_details.csv", kernel_table))
