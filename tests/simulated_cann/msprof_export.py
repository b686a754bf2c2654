#!/usr/bin/env python3
"""The simulated ``msprof``: turn the kernels that the simulator recorded into the files msprof writes.

It stands in for two programs and is called as either::

    msprof --export=on --output=PROF_FOLDER          (also --analyze=on, which has nothing to do here)
    python msprof.py export summary -dir PROF_FOLDER

and writes ``op_summary_*.csv``, ``op_statistic_*.csv`` and ``msprof_*.json`` into
``PROF_FOLDER/mindstudio_profiler_output``. It uses the standard library only: it is copied into the laid-out CANN.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SUMMARY_COLUMNS = (
    "Device_id",
    "Model ID",
    "Task ID",
    "Stream ID",
    "Op Name",
    "OP Type",
    "OP State",
    "Task Type",
    "Task Start Time(us)",
    "Task Duration(us)",
    "Task Wait Time(us)",
    "Block Num",
    "Mix Block Num",
    "HF32 Eligible",
    "Input Shapes",
    "Input Data Types",
    "Input Formats",
    "Output Shapes",
    "Output Data Types",
    "Output Formats",
    "Context ID",
)
STATISTIC_COLUMNS = (
    "Device_id",
    "OP Type",
    "Core Type",
    "Count",
    "Total Time(us)",
    "Min Time(us)",
    "Avg Time(us)",
    "Max Time(us)",
    "Ratio(%)",
)
#: torch_npu's analysis looks for msprof's tables every 0.1 s while msprof runs, and drops every result that needs them
#: where it has not seen them by the time msprof returns. The real msprof works on long after its first table.
SECONDS_AFTER_OUTPUT = 0.5
#: Longer than anybody waits for a program that hangs.
SECONDS_WITHOUT_END = 3600
#: The model that eager kernels belong to, as msprof numbers it.
EAGER_MODEL = 4294967295


def main(arguments: list[str]) -> int:
    """Export the profile that ``arguments`` name. Returns the exit status."""
    if "--analyze=on" in arguments:
        return 0
    folder = _profile_folder(arguments)
    if folder is None or not folder.is_dir():
        print(f"msprof (simulated): no profile folder in {arguments}", file=sys.stderr)
        return 2
    scenario = json.loads(Path(os.environ["ASCENDPERF_SIM_SCENARIO"]).read_text(encoding="utf-8"))
    mode = scenario["profiler_output"]
    if mode == "hanging":
        time.sleep(SECONDS_WITHOUT_END)
    if mode == "silent":
        return 0
    if mode == "missing" or (mode == "no_summary" and _is_summary_only(arguments)):
        print("msprof (simulated): the scenario has no profiler output", file=sys.stderr)
        return 1
    kernels = [] if mode == "empty" else list(_recorded_kernels(folder, scenario["profiler_overhead_us"]))
    output = folder / "mindstudio_profiler_output"
    output.mkdir(exist_ok=True)
    stamp = time.strftime("%Y%m%d%H%M%S")
    if not _is_summary_only(arguments):
        (output / f"msprof_{stamp}.json").write_text(json.dumps(_timeline(kernels)), encoding="utf-8")
    if any(kernel["type"] != "N/A" for kernel in kernels):
        _write_csv(output / f"op_statistic_{stamp}.csv", STATISTIC_COLUMNS, _statistic_rows(kernels))
    _write_csv(output / f"op_summary_{stamp}.csv", SUMMARY_COLUMNS, (_summary_row(kernel) for kernel in kernels))
    if not _is_summary_only(arguments):
        time.sleep(SECONDS_AFTER_OUTPUT)
    return 0


def _is_summary_only(arguments: list[str]) -> bool:
    return arguments[:2] == ["export", "summary"]


def _profile_folder(arguments: list[str]) -> Path | None:
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument.startswith("--output="):
            return Path(argument.removeprefix("--output="))
        if argument in ("-dir", "--collection-dir"):
            return Path(following)
    return None


def _recorded_kernels(folder: Path, overhead_us: float) -> Iterable[dict[str, Any]]:
    """Kernels of all devices in order of their start; without types where the profile was taken at Level0."""
    found: list[dict[str, Any]] = []
    for path in sorted(folder.glob("device_*/data/kernels.jsonl")):
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        head = json.loads(header)
        device = int(path.parent.parent.name.removeprefix("device_"))
        found += [_kernel(json.loads(line), device=device, head=head, overhead_us=overhead_us) for line in lines]
    return sorted(found, key=lambda kernel: int(kernel["start_ns"]))


def _kernel(record: dict[str, Any], *, device: int, head: dict[str, Any], overhead_us: float) -> dict[str, Any]:
    kernel = {**record, "device": device, "host_pid": head["host_pid"]}
    kernel["duration_us"] += overhead_us
    if not head["types"]:
        described = [name for name in record if name.startswith(("input_", "output_"))]
        kernel.update(dict.fromkeys(["type", "core", *described], "N/A"), blocks=0)
    return kernel


def _us(time_ns: int) -> str:
    return f"{time_ns // 1000}.{time_ns % 1000:03d}"


def _summary_row(kernel: dict[str, Any]) -> list[Any]:
    return [
        kernel["device"],
        EAGER_MODEL,
        kernel["task"],
        kernel["stream"],
        kernel["name"],
        kernel["type"],
        "dynamic",
        kernel["core"],
        _us(kernel["start_ns"]) + "\t",
        f"{kernel['duration_us']:.3f}",
        f"{kernel['wait_us']:.3f}",
        kernel["blocks"],
        0,
        "NO",
        *(f'"{kernel[name]}"' if "shapes" in name else kernel[name] for name in _TENSOR_FIELDS),
        "N/A",
    ]


_TENSOR_FIELDS = (
    "input_shapes",
    "input_dtypes",
    "input_formats",
    "output_shapes",
    "output_dtypes",
    "output_formats",
)


def _statistic_rows(kernels: list[dict[str, Any]]) -> list[list[Any]]:
    groups: dict[tuple[int, str, str], list[float]] = {}
    for kernel in kernels:
        groups.setdefault((kernel["device"], kernel["type"], kernel["core"]), []).append(kernel["duration_us"])
    whole = sum(kernel["duration_us"] for kernel in kernels)
    rows = [
        [*key, len(times), sum(times), min(times), sum(times) / len(times), max(times), 100 * sum(times) / whole]
        for key, times in groups.items()
    ]
    rows.sort(key=lambda row: -row[4])
    return [[*row[:4], *(f"{value:.3f}" for value in row[4:])] for row in rows]


#: The lanes of the timeline: process number of the host, and of a device's kernels and its overlap analysis.
_HOST, _HARDWARE, _OVERLAP = 1, 100, 200


def _timeline(kernels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Chrome trace events: what the host launched, what the devices ran and how busy they were."""
    devices = sorted({kernel["device"] for kernel in kernels})
    events = _lane(_HOST, "CANN", "CPU")
    for device in devices:
        events += _lane(_HARDWARE + device, "Ascend Hardware", f"NPU {device}")
        events += _lane(_OVERLAP + device, "Overlap Analysis", f"NPU {device}")
        events += _overlap([kernel for kernel in kernels if kernel["device"] == device], pid=_OVERLAP + device)
    for number, kernel in enumerate(kernels):
        events += _launch(kernel, number=number)
    return events


def _lane(pid: int, name: str, label: str) -> list[dict[str, Any]]:
    lane = {"ph": "M", "pid": pid, "tid": 0}
    return [
        {**lane, "name": "process_name", "args": {"name": name}},
        {**lane, "name": "process_labels", "args": {"labels": label}},
    ]


def _launch(kernel: dict[str, Any], *, number: int) -> list[dict[str, Any]]:
    """The launch on the host, the kernel on the device, and the arrow between them that tells steps apart."""
    arrow = {"cat": "HostToDevice", "name": "HostToDevice", "id": str(number)}
    device = {"pid": _HARDWARE + kernel["device"], "tid": kernel["stream"], "ts": _us(kernel["start_ns"])}
    host = {"pid": _HOST, "tid": kernel["host_pid"], "ts": _us(kernel["issued_ns"])}
    task = {"Task Type": kernel["core"], "Stream Id": kernel["stream"], "Task Id": kernel["task"]}
    return [
        {**host, "ph": "X", "name": f"AscendCL@{kernel['api']}", "dur": 1.0},
        {**device, "ph": "X", "name": kernel["name"], "dur": kernel["duration_us"], "args": task},
        {**host, **arrow, "ph": "s"},
        {**device, **arrow, "ph": "f", "bp": "e"},
    ]


def _overlap(kernels: list[dict[str, Any]], *, pid: int) -> list[dict[str, Any]]:
    """Stretches in which some stream of one device computes, and those between them."""
    events: list[dict[str, Any]] = []
    busy_until = None
    for kernel in kernels:
        start, end = kernel["start_ns"], kernel["start_ns"] + round(kernel["duration_us"] * 1000)
        if busy_until is not None and start > busy_until:
            events.append(_stretch("Free", busy_until, start, pid=pid, tid=1))
        if busy_until is None or end > busy_until:
            events.append(_stretch("Computing", max(start, busy_until or start), end, pid=pid, tid=0))
        busy_until = max(end, busy_until or end)
    return events


def _stretch(name: str, start_ns: int, end_ns: int, *, pid: int, tid: int) -> dict[str, Any]:
    return {"ph": "X", "name": name, "pid": pid, "tid": tid, "ts": _us(start_ns), "dur": (end_ns - start_ns) / 1000}


def _write_csv(path: Path, header: Iterable[str], rows: Iterable[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
