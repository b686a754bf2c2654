"""Damaged profiles: each must be read, or refused with a ProfileError, in bounded memory. Never a traceback.

    python -m benchmarks.fuzz_profiles [--mutations 20000] [--seed 1] [--captures FOLDER]

Small profiles of every format, and the files of real captures where a folder of them is given, are damaged the way
disks, transfers, spreadsheets and enemies damage files. Tables of kernels are read by both CSV readers where pyarrow is
installed: what both accept must be the same. Prints how each format fared; exit status 1 when anything went wrong, with
the seed of that mutation, which ``--seed N --mutations 1`` repeats.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tabulate import tabulate

from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.profiles import ProfileError, arrow_csv, open_profile, plain_csv
from pytest_ascendperf.profiles.communication import read_communication
from pytest_ascendperf.profiles.fusion_result import read_fusion_result
from pytest_ascendperf.profiles.statistic_csv import read_operator_statistic, read_step_times

MOST_MEMORY_MIB = 1024
LARGEST_CAPTURE = 300_000
"""In bytes. Larger captures would make every mutation slow and no more varied."""

NASTY = (
    "-1", "1e999999999", "nan", "inf", "-0.001", "9" * 40, "0x10", "1_000", "١٢", "", "N/A", "\t", '"', '""', "\x00",
    "1736405443881410.3205", "18446744073709551616", "=cmd()", "🦙" * 9, "a" * 200_000, "null",
    "[" * 5000, '{"a":' * 5000, "9" * 5000, "true", "{}", "[]", "-9223372036854775808",
)  # fmt: skip


def seeds() -> dict[str, bytes]:
    """A small profile of each format, by its file's name."""
    counters = {"effect_times": "1", "match_times": "2"}
    sections = {"graph_fusion": {"P": counters}, "ub_fusion": {"Q": counters}}
    times = {f"{part} Time(ms)": 1.5 for part in ("Elapse", "Transit", "Wait", "Synchronization", "Idle")}
    operations = {"hcom_a__1_1_1@7": {"Communication Time Info": times}}
    documents: dict[str, object] = {
        "communication.json": {"step5": {"p2p": {}, "collective": operations}},
        "fusion_result.json": {f"session_and_graph_id_0_{graph}": sections for graph in range(3)},
        "cpu.pt.trace.json": {"schemaVersion": 1, "traceEvents": [_event(n, "cpu_op", n * 10.125) for n in range(30)]},
        "cuda.pt.trace.json": {"traceEvents": [_event(n, "kernel", n * 10.125) for n in range(30)]},
        "trace_view.json": [_event(n, "", f"{n}.5") for n in range(30)],
    }
    return {
        "kernel_details.csv": _kernel_details(),
        "level0.csv": b"Name,Type,Accelerator Core,Start Time(us),Duration(us),Wait Time(us),Block Dim\n"
        + b"".join(b"MatMul_%d,N/A,N/A,%d.5\t,1.5,0,0\n" % (number, number) for number in range(40)),
        "op_statistic.csv": b"OP Type,Core Type,Count,Total Time(us),Min Time(us),Avg Time(us),Max Time(us),Ratio(%)\n"
        + b"Add,AI_CORE,3,9.5,1.5,3.1,5,100\n" * 8,
        "step_trace_time.csv": b"Device_id,Step,Computing,Communication(Not Overlapped),Overlapped,Communication,Free,"
        b"Stage,Bubble\n" + b"0,5,8537.900000000003,1.5,0,1.5,3,9,0\n" * 4,
        **{name: json.dumps(document).encode() for name, document in documents.items()},
    }


def _kernel_details() -> bytes:
    header = (
        "Step Id,Device_id,Model ID,Task ID,Stream ID,Name,Type,OP State,Accelerator Core,Start Time(us),Duration(us),"
        "Wait Time(us),Block Dim,Mix Block Dim,HF32 Eligible,Input Shapes,Input Data Types,Input Formats,Output Shapes,"
        "Output Data Types,Output Formats,Context ID\r\n"
    )
    row = (
        "13,0,4294967295,{0},2,aclnnAdd_AddAiCore_Add,Add,dynamic,AI_VECTOR_CORE,17642468770735{0:02d}.640\t,12.920,"
        '0.250000,40,0,NO,"""32,{0};""",DT_BF16;INT64,ND;ND,"""32,8""",FLOAT,ND,N/A\r\n'
    )
    return (header + "".join(row.format(number) for number in range(40))).encode()


def _event(number: int, category: str, start: object) -> dict[str, object]:
    """An event of PyTorch's profiler, or without a category one of an NPU."""
    args = {"Input Dims": [[2, number]]} if category else {"Task Type": "AI_CORE", "Task Id": number}
    event = {"ph": "X", "name": f"op{number % 7}", "pid": 1, "tid": 7, "ts": start, "dur": 5.5, "args": args}
    return {**event, "cat": category} if category else event


def captured(folder: Path) -> dict[str, bytes]:
    """The files of real captures that some reader is for."""
    known = ("kernel_details", "op_summary", "op_statistic", "step_trace_time", "communication.json", "fusion_result")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name.startswith(known) and path.stat().st_size <= LARGEST_CAPTURE
    }


def mutate(content: bytes, draw: random.Random) -> bytes:
    """``content`` damaged one to four times."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        content = draw.choice(MUTATIONS)(content, draw)
    return content


def _cut_off(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def _flip_bits(content: bytes, draw: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(draw.choice((1, 3, 30)) if damaged else 0):
        damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
    return bytes(damaged)


def _lose_a_piece(content: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(content) + 1)
    return content[:start] + content[start + draw.randrange(200) :]


def _swap_lines(content: bytes, draw: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    draw.shuffle(lines)
    return b"".join(lines)


def _repeat_a_piece(content: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(content) + 1)
    piece = content[start : start + draw.randrange(300)]
    return content[:start] + piece * draw.choice((2, 10)) + content[start:]


def _nasty_cell(content: bytes, draw: random.Random) -> bytes:
    separators = [position for position, byte in enumerate(content) if byte in b",:"]
    if len(separators) < 2:
        return content
    index = draw.randrange(len(separators) - 1)
    start, end = separators[index] + 1, separators[index + 1]
    value = draw.choice(NASTY)
    if draw.random() < 0.3:
        value = f'"{value}"'
    return content[:start] + value.encode() + content[end:]


def _other_encoding(content: bytes, draw: random.Random) -> bytes:
    middle = draw.randrange(len(content) + 1)
    encoding = draw.choice(("utf-16", "utf-32", "gb18030", "cp037", "utf-8-sig"))
    tail = content[middle:].decode("utf-8", "replace").encode(encoding, "replace")
    return tail if draw.random() < 0.3 else content[:middle] + "算子".encode(encoding, "replace") + tail


def _many_columns(content: bytes, draw: random.Random) -> bytes:
    lines = content.split(b"\n")
    lines[draw.randrange(len(lines))] += b",x" * draw.choice((1, 5000, 5000, 600_000))
    return b"\n".join(lines)


def _deep(content: bytes, draw: random.Random) -> bytes:
    position = draw.randrange(len(content) + 1)
    return (
        content[:position] + draw.choice((b"[", b'{"a":', b"(")) * draw.choice((50, 2000, 100_000)) + content[position:]
    )


def _other_line_ends(content: bytes, draw: random.Random) -> bytes:
    return content.replace(b"\n", draw.choice((b"\r", b"\r\n", b"\n\n", b"")))


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut_off,
    _flip_bits,
    _lose_a_piece,
    _swap_lines,
    _repeat_a_piece,
    _nasty_cell,
    _nasty_cell,
    _nasty_cell,
    _other_encoding,
    _many_columns,
    _deep,
    _other_line_ends,
)


def read(path: Path) -> None:
    """Read ``path`` with whatever its name says it is. Raises ProfileError, and AssertionError where readers differ."""
    name = path.name
    if "statistic" in name:
        read_operator_statistic(path)
    elif "step_trace" in name:
        read_step_times(path)
    elif "communication" in name:
        read_communication(path)
    elif "fusion_result" in name:
        read_fusion_result(path)
    else:
        trace = open_profile(path)
        list(trace[:3])
        trace.operator_stats("signature")
        _compare_readers(path, trace)


def _compare_readers(path: Path, trace: KernelTrace) -> None:
    if path.suffix != ".csv" or not arrow_csv.is_usable():
        return
    try:
        columns = arrow_csv.read_table(path, plain_csv.read_header(path))
    except (arrow_csv.NotPlain, ProfileError):
        return
    assert KernelTrace.in_time_order(columns, "device").columns == trace.columns, "the two CSV readers differ"


def main() -> int:
    """Print the table; 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--captures", type=Path)
    options = parser.parse_args()
    sources = {**seeds(), **(captured(options.captures) if options.captures else {})}
    fared: dict[str, Counter[str]] = {name: Counter() for name in sources}
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seed, options.seed + options.mutations):
            draw = random.Random(seed)
            name = draw.choice(sorted(sources))
            path = Path(folder) / Path(name).name
            path.write_bytes(mutate(sources[name], draw))
            try:
                read(path)
                fared[name]["read"] += 1
            except ProfileError:
                fared[name]["refused"] += 1
            except Exception:  # what a reader lets through is what is looked for
                fared[name]["wrong"] += 1
                wrong += 1
                print(f"seed {seed}, {name}:\n{traceback.format_exc()}")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [(name, counts["read"], counts["refused"], counts["wrong"]) for name, counts in fared.items()]
    print(tabulate(rows, ["file", "read", "refused", "wrong"]))
    print(f"{options.mutations:,} mutations, {wrong} went wrong, peak memory {peak_mib:.0f} MiB")
    return int(wrong > 0 or peak_mib > MOST_MEMORY_MIB)


if __name__ == "__main__":
    sys.exit(main())
