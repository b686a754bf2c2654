"""The same kernels in the words of every era."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_ascendperf.model.kernel_columns import KernelColumns
from pytest_ascendperf.model.kernels import COMMUNICATION, EAGER_MODEL, KernelTrace
from pytest_ascendperf.profiles import arrow_csv, kernel_csv, plain_csv
from pytest_ascendperf.profiles.kernel_csv import NO_TYPES, read_kernel_tables

Write = Callable[[str, "str | bytes"], Path]

needs_pyarrow = pytest.mark.skipif(not arrow_csv.is_usable(), reason="no pyarrow of version 20 or later is installed")


@dataclass(frozen=True, kw_only=True)
class Era:
    """One way in which the same three kernels and one collective have been written."""

    name: str
    file_name: str
    text: str
    typed: bool = True
    steps: tuple[int, ...] = (7,)
    block_count: int | None = 40
    device: int | None = None
    shapes: bool = True
    stream: int | None = 2


LONG = "Model ID,Task ID,Stream ID,Name,Type,{state}Accelerator Core,Start Time(us),Duration(us),Wait Time(us),"
LONG += "{blocks} Dim,Mix {blocks} Dim,{hf32}Input Shapes,Input Data Types,Input Formats,Output Shapes,"
LONG += "Output Data Types,Output Formats,Context ID,{counters}"


def long_table(
    *,
    step: str | None = "7",
    device: str | None = None,
    state: bool = True,
    hf32: bool = True,
    blocks: str = "Block Dim",
    counters: str = "aicore_time(us),aic_mac_ratio",
    communication: str = "COMMUNICATION",
    prefix: str = "DT_",
    tab: str = "\t",
    end: str = "\r\n",
) -> str:
    """``kernel_details.csv`` at level 1 or 2."""
    header = LONG.format(
        state="OP State," if state else "",
        blocks=blocks.split()[0],
        hf32="HF32 Eligible," if hf32 else "",
        counters=counters,
    ).replace("Dim", blocks.split()[1])
    lead = ("Step Id," if step is not None else "") + ("Device_id," if device is not None else "")
    cells_before = (f"{step}," if step is not None else "") + (f"{device}," if device is not None else "")
    numbers = ",".join("0.5" for _ in counters.split(","))
    form = "FORMAT_ND" if prefix else "ND"

    def row(name: str, kind: str, core: str, start: str, duration: str, shapes: str, task: str = "11051") -> str:
        comm = core == communication
        middle = ("N/A" if comm else "dynamic") + "," if state else ""
        hf = "NO," if hf32 else ""
        facts = (
            "N/A,N/A,N/A,N/A,N/A,N/A" if comm else f'{shapes},{prefix}BF16;INT64,{form};{form},"""32,8""",FLOAT,{form}'
        )
        place = "4294967295,N/A,N/A" if comm else f"4294967295,{task},2"
        block = "0,0" if comm else "40,0"
        what = f"{place},{name},{kind},{middle}{core},{start}{tab},{duration},0.250000,{block},{hf}{facts}"
        return f"{cells_before}{what},N/A,{numbers}"

    rows = [
        lead + header,
        row(
            "aclnnMm_MatMulV3Common_MatMulV3",
            "MatMulV3",
            "AI_CORE",
            "1764246877073569.640",
            "12.920",
            '"""32,16;16,8"""',
        ),
        row("hcom_allReduce__170_1_1", "hcom_allReduce_", communication, "1764246877073590.000", "100.5", "N/A"),
        row("aclnnAdd_AddAiCore_Add", "Add", "AI_VECTOR_CORE", "1764246877073700.001", "3", '"""32,8;"""', "11052"),
        row("aclnnAdd_AddAiCore_Add", "Add", "AI_VECTOR_CORE", "1764246877073710", "2.08", '"""32,8;"""', "11053"),
    ]
    return "".join(line + end for line in rows)


def short_table(
    *, step: str | None = "7", device: str | None = None, blocks: str = "Block Dim", end: str = "\r\n"
) -> str:
    """``kernel_details.csv`` at level 0."""
    lead = ("Step Id," if step is not None else "") + ("Device_id," if device is not None else "")
    cells_before = (f"{step}," if step is not None else "") + (f"{device}," if device is not None else "")
    rows = [
        f"{lead}Name,Type,Accelerator Core,Start Time(us),Duration(us),Wait Time(us),{blocks}",
        f"{cells_before}aclnnMm_MatMulV3Common_MatMulV3,N/A,N/A,1764246877073569.640\t,12.920,0,0",
        f"{cells_before}hcom_allReduce__170_1_1,N/A,HCCL,1764246877073590.000\t,100.5,7.44,0",
        f"{cells_before}aclnnAdd_AddAiCore_Add,N/A,N/A,1764246877073700.001\t,3,9.501,0",
        f"{cells_before}aclnnAdd_AddAiCore_Add,N/A,N/A,1764246877073710.000\t,2.08,6.999,0",
    ]
    return "".join(line + end for line in rows)


def summary(text: str) -> str:
    """``text`` as CANN's own ``op_summary`` names its columns."""
    header, _, rows = text.partition("\n")
    for ours, theirs in (
        (",Name,", ",Op Name,"),
        (",Type,", ",OP Type,"),
        ("Accelerator Core", "Task Type"),
        ("Start Time(us)", "Task Start Time(us)"),
        (",Duration(us)", ",Task Duration(us)"),
        ("Wait Time(us)", "Task Wait Time(us)"),
    ):
        header = header.replace(ours, theirs)
    return f"{header}\n{rows}"


ERAS = (
    Era(
        name="2023-11",
        file_name="kernel_details.csv",
        text=long_table(
            state=False,
            hf32=False,
            counters="aicore_time(us),aic_mac_fp16_ratio",
            communication="HCCL",
            tab="",
            end="\n",
        ),
    ),
    Era(
        name="2024",
        file_name="kernel_details.csv",
        text=long_table(state=False, counters="aicore_time(us),aic_l0a_read_bw(GB/s)", communication="HCCL"),
    ),
    Era(name="2025-01", file_name="kernel_details.csv", text=long_table(communication="HCCL", prefix="")),
    Era(name="CANN 8.3", file_name="kernel_details.csv", text=long_table(device="0", end="\n"), device=0),
    Era(name="CANN 9", file_name="kernel_details.csv", text=long_table(device="6", blocks="Block Num"), device=6),
    Era(name="no steps", file_name="kernel_details.csv", text=long_table(step=None, device="1"), steps=(), device=1),
    Era(name="outside of steps", file_name="kernel_details.csv", text=long_table(step=""), steps=()),
    Era(
        name="level 0, 2023",
        file_name="kernel_details.csv",
        text=short_table(),
        typed=False,
        block_count=0,
        shapes=False,
        stream=None,
    ),
    Era(
        name="level 0, no steps, 2026",
        file_name="kernel_details.csv",
        text=short_table(step=None, device="3", blocks="Block Num"),
        typed=False,
        steps=(),
        block_count=0,
        device=3,
        shapes=False,
        stream=None,
    ),
    Era(
        name="op_summary",
        file_name="op_summary_20260605161737.csv",
        text=summary(long_table(step=None, device="2", end="\n")),
        steps=(),
        device=2,
    ),
    Era(
        name="op_summary with Block Num",
        file_name="op_summary_slice_0_20260605161737.csv",
        text=summary(long_table(step=None, device="2", blocks="Block Num", end="\n")),
        steps=(),
        device=2,
    ),
    Era(
        name="op_summary of a chip without counters",
        file_name="op_summary_0_1.csv",
        text=summary(long_table(step=None, device="2", counters="mac_ratio", end="\n")),
        steps=(),
        device=2,
    ),
)


@pytest.fixture(params=ERAS, ids=lambda era: str(era.name))
def era(request: pytest.FixtureRequest) -> Era:
    found: Era = request.param
    return found


def read_with_arrow(path: Path) -> KernelColumns:
    return arrow_csv.read_table(path, plain_csv.read_header(path))


def test_every_era_gives_the_same_kernels(era: Era, write: Write) -> None:
    trace = read_kernel_tables([write(era.file_name, era.text)])
    mm, reduce, add, last = trace
    assert [record.name for record in trace] == [
        "aclnnMm_MatMulV3Common_MatMulV3",
        "hcom_allReduce__170_1_1",
        "aclnnAdd_AddAiCore_Add",
        "aclnnAdd_AddAiCore_Add",
    ]
    assert [record.start_ns for record in trace] == [
        1764246877073569640,
        1764246877073590000,
        1764246877073700001,
        1764246877073710000,
    ]
    assert [record.duration_ns for record in trace] == [12920, 100500, 3000, 2080]
    assert [record.own_ns for record in trace] == [record.duration_ns for record in trace]
    assert reduce.core == COMMUNICATION
    assert [record.is_communication for record in trace] == [False, True, False, False]
    assert trace.steps == era.steps
    assert mm.device == era.device
    assert mm.stream == era.stream
    assert mm.block_count == era.block_count
    assert mm.type == ("MatMulV3" if era.typed else None)
    assert add.core == ("AI_VECTOR_CORE" if era.typed else None)
    assert trace.has_types is era.typed
    assert trace.notes == (() if era.typed else (NO_TYPES,))
    assert last.task_id == (11053 if era.shapes else None)
    assert mm.model_id == (EAGER_MODEL if era.shapes else None)
    assert mm.input_shapes == ("32,16;16,8" if era.shapes else None)
    assert add.input_shapes == ("32,8;" if era.shapes else None)
    assert mm.input_types == ("BF16;INT64" if era.shapes else None)
    assert mm.input_formats == ("ND;ND" if era.shapes else None)
    assert mm.output_types == ("FLOAT" if era.shapes else None)
    assert (reduce.stream, reduce.task_id, reduce.input_shapes) == (None, None, None)


@needs_pyarrow
def test_both_readers_agree_on_every_era(era: Era, write: Write) -> None:
    path = write(era.file_name, era.text)
    assert read_with_arrow(path) == plain_csv.read_table(path)


@needs_pyarrow
@pytest.mark.parametrize("seed", range(20))
def test_both_readers_agree_on_many_rows_of_anything(seed: int, write: Write) -> None:
    draw = random.Random(seed)
    rows = ["Name,Type,Start Time(us),Duration(us),Wait Time(us),Stream ID,Input Shapes"]
    for _ in range(3000):
        digits = draw.choice((0, 1, 2, 3))
        start = f"{draw.randrange(4 * 10 ** draw.choice((1, 15)))}" + (
            f".{draw.randrange(10**digits):0{digits}}" if digits else ""
        )
        duration = draw.choice(("0", "0.0", "0.0005", "1.4995", "3.123456789", f"{draw.random() * 1e6:.6f}", "9999999"))
        wait = draw.choice(("N/A", "", "0", "0.000488", f"{draw.random():.9f}"))
        stream = draw.choice(("2", "N/A", "", "-1", "4294967295"))
        shapes = draw.choice(("N/A", '"""32,8;;"""', '""";;"""', '""""""', "32", '"a\nb"', "算子"))
        name, kind = draw.choice(("a", " a", "b", "DT_x")), draw.choice(("N/A", "T", ""))
        rows.append(f"{name},{kind},{start}\t,{duration},{wait},{stream},{shapes}")
    path = write("kernel_details.csv", "\n".join(rows))
    assert read_with_arrow(path) == plain_csv.read_table(path)


@needs_pyarrow
def test_large_tables_are_read_with_pyarrow_and_odd_ones_are_left_to_the_other(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start finer than a nanosecond does not fit the fast way; it is rounded by the slow one."""
    plain = write("plain.csv", "Name,Start Time(us),Duration(us)\n" + "MatMul,1.5,2\n" * 100)
    odd = write("odd.csv", "Name,Start Time(us),Duration(us)\n" + "MatMul,1.5,2\n" * 100 + "Add,1.62549,1e-05\n")
    monkeypatch.setattr(kernel_csv, "LARGE_BYTES", 100)
    slow: list[Path] = []
    real = plain_csv.read_table

    def slowly(path: Path) -> KernelColumns:
        slow.append(path)
        return real(path)

    monkeypatch.setattr(plain_csv, "read_table", slowly)
    assert len(read_kernel_tables([plain])) == 100
    assert slow == []
    last = read_kernel_tables([odd])[-1]
    assert slow == [odd]
    assert (last.start_ns, last.duration_ns) == (1625, 0)


@pytest.mark.parametrize(
    ("version", "usable"), [("26.0.1", True), ("20.0.0", True), ("19.0.1", False), ("9.0.0", False), ("dev", False)]
)
def test_a_pyarrow_that_crashes_on_damaged_tables_is_not_used(
    version: str, usable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: version)
    assert arrow_csv.is_usable() is usable


def test_slices_become_one_trace_in_the_order_of_time(write: Write) -> None:
    """A slice may lack columns that another one has, and slices come in any order."""
    later = write(
        "op_summary_slice_1_20250101000000.csv", "Op Name,Task Start Time(us),Task Duration(us)\nc,30,1\nd,40,1\n"
    )
    earlier = write(
        "op_summary_slice_0_20250101000000.csv",
        "Op Name,OP Type,Task Start Time(us),Task Duration(us)\nb,Add,20,1\na,Mul,10,1\n",
    )
    trace = read_kernel_tables([later, earlier])
    assert [(record.name, record.type) for record in trace] == [("a", "Mul"), ("b", "Add"), ("c", None), ("d", None)]


def test_rows_that_start_together_keep_the_order_of_the_file(write: Write) -> None:
    rows = "".join(f"k{number},{10 - number // 4},1\n" for number in range(20))
    trace = read_kernel_tables([write("kernel_details.csv", "Name,Start Time(us),Duration(us)\n" + rows)])
    assert [record.name for record in trace] == [f"k{n}" for n in sorted(range(20), key=lambda n: 10 - n // 4)]


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1736405443881410.320\t", 1736405443881410320),
        ("1736405443881410", 1736405443881410000),
        ("1736405443881410.3", 1736405443881410300),
        ('"1736405443881410.912\t"', 1736405443881410912),
        (" 5.0004", 5000),
        ("5.0005", 5001),
        ("1e3", 1000000),
    ],
)
def test_times_are_exact_to_the_nanosecond(text: str, nanoseconds: int, write: Write) -> None:
    """A float of a time since the epoch is exact to a quarter of a microsecond only."""
    path = write("kernel_details.csv", f"Name,Start Time(us),Duration(us)\nMatMul,{text},1\n")
    assert read_kernel_tables([path])[0].start_ns == nanoseconds


def test_only_kernels_that_compute_need_types(write: Write) -> None:
    path = write("kernel_details.csv", "Name,Type,Accelerator Core,Start Time(us),Duration(us)\nhcom_x,N/A,HCCL,1,1\n")
    trace: KernelTrace = read_kernel_tables([path])
    assert trace.notes == ()
