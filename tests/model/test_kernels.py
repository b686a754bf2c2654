from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.kernel_columns import ABSENT, KernelColumns, Labels, parse_shapes
from pytest_ascendperf.model.kernels import COMMUNICATION, KernelTrace, TimelineEvent

if TYPE_CHECKING:
    from numpy.typing import NDArray

ZERO_NS = 1_764_246_877_073_569_640


def labels(texts: Sequence[str | None]) -> Labels:
    values = tuple(dict.fromkeys(texts))
    return Labels(values=values, codes=np.array([values.index(text) for text in texts], dtype=np.int32))


def numbers(values: Sequence[int | None]) -> NDArray[np.int64]:
    return np.array([ABSENT if value is None else value for value in values], dtype=np.int64)


def columns(rows: Sequence[dict[str, Any]]) -> KernelColumns:
    """Rows of names, types, cores and so on, completed with what a kernel has at least."""

    def of(field: str, default: object = None) -> list[Any]:
        return [row.get(field, default) for row in rows]

    texts = ("type", "input_shapes", "input_types", "input_formats", "output_shapes", "output_types", "output_formats")
    absent = ("wait_ns", "block_count", "step", "stream", "device", "task_id", "model_id")
    others: dict[str, Any] = {field: labels(of(field)) for field in texts}
    others |= {field: numbers(of(field)) for field in absent}
    return KernelColumns(
        name=labels(of("name", "MatMul_1")),
        core=labels(of("core", "AI_CORE")),
        start_ns=numbers([ZERO_NS + start for start in of("start_ns", 0)]),
        duration_ns=numbers(of("duration_ns", 1000)),
        own_ns=numbers([row.get("own_ns", row.get("duration_ns", 1000)) for row in rows]),
        depth=numbers(of("depth", 0)),
        **others,
    )


def trace(*rows: dict[str, Any]) -> KernelTrace:
    return KernelTrace.in_time_order(columns(rows), "device")


STEP = trace(
    {"name": "MatMul_1", "type": "MatMulV3", "start_ns": 0, "duration_ns": 3_000_000, "stream": 2, "step": 1},
    {"name": "Add_2", "type": "Add", "core": "AI_VECTOR_CORE", "start_ns": 4_000_000, "stream": 2, "step": 1},
    {"name": "hcom_x", "type": "hcom_", "core": COMMUNICATION, "start_ns": 4_500_000, "duration_ns": 90_000_000},
    {"name": "MatMul_3", "type": "MatMulV3", "start_ns": 5_000_000, "duration_ns": 1_000_000, "stream": 3, "step": 2},
    {
        "name": "MatMul_4",
        "type": "MatMulV3",
        "core": "MIX_AIC",
        "start_ns": 7_000_000,
        "duration_ns": 500_000,
        "step": 2,
    },
)


def test_a_row_is_what_was_put_in() -> None:
    record = STEP[1]
    assert (record.name, record.type, record.core) == ("Add_2", "Add", "AI_VECTOR_CORE")
    assert (record.start_ns, record.duration_ns, record.duration_us) == (ZERO_NS + 4_000_000, 1000, 1.0)
    assert (record.stream, record.step, record.device, record.wait_ns, record.input_shapes) == (2, 1, None, None, None)
    assert type(record.start_ns) is int
    assert not record.is_communication
    assert STEP[2].is_communication
    assert STEP[-1].name == "MatMul_4"


def test_a_trace_is_a_sequence() -> None:
    assert len(STEP) == 5
    assert [record.name for record in STEP] == ["MatMul_1", "Add_2", "hcom_x", "MatMul_3", "MatMul_4"]
    assert [record.name for record in STEP[3:0:-2]] == ["MatMul_3", "Add_2"]
    assert len(STEP[9:]) == 0
    for index in (5, -6):
        with pytest.raises(IndexError, match=f"kernel {index} of a trace of 5"):
            STEP[index]


def test_a_trace_is_a_value() -> None:
    same = KernelTrace.in_time_order(STEP.columns.take(np.array([4, 3, 2, 1, 0])), "device")
    assert same == STEP
    assert STEP[:3] != STEP
    with pytest.raises(ValueError, match="read-only"):
        STEP.columns.start_ns[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        STEP.columns.name.codes[0] = 0


def test_columns_are_equal_by_their_texts_and_not_by_how_they_are_held() -> None:
    first = Labels(values=("a", None, "unused"), codes=np.array([0, 1, 0], dtype=np.int32))
    second = Labels(values=(None, "a"), codes=np.array([1, 0, 1], dtype=np.int32))
    assert first == second
    assert first != Labels(values=("a",), codes=np.array([0, 0, 0], dtype=np.int32))
    assert first != "a"


def test_columns_of_different_lengths_are_refused() -> None:
    good = columns([{}, {}])
    with pytest.raises(InvalidDataError, match="wait_ns: expected 2 rows as in start_ns, found 1"):
        KernelColumns(**{name: getattr(good, name) for name in good.__slots__} | {"wait_ns": numbers([1])})


def test_operators_are_summed_up_by_type_and_core_without_communication() -> None:
    matmul, mixed, add = STEP.operator_stats()
    assert (matmul.name, matmul.core, matmul.count) == ("MatMulV3", "AI_CORE", 2)
    assert (matmul.total_ns, matmul.min_ns, matmul.max_ns) == (4_000_000, 1_000_000, 3_000_000)
    assert (matmul.total_ms, matmul.mean_ms) == (4.0, 2.0)
    assert matmul.share == 4_000_000 / 4_501_000
    assert (mixed.core, add.name) == ("MIX_AIC", "Add")
    assert STEP.slowest(2) == (matmul, mixed)


def test_communication_is_counted_where_asked_for() -> None:
    assert STEP.operator_stats(communication=True)[0].name == "hcom_"
    assert STEP.total_ms == 94.501
    assert STEP.computation().total_ms == 4.501
    assert STEP.communication().total_ms == 90.0


def test_operators_by_name_and_by_signature() -> None:
    shapes = trace(
        {"name": "a", "type": "Mul", "input_shapes": "2;2", "output_formats": "ND"},
        {"name": "b", "type": "Mul", "input_shapes": "2;2", "output_formats": "ND"},
        {"name": "b", "type": "Mul", "input_shapes": "3;3", "output_formats": "ND"},
        {"name": "b", "type": "Mul", "input_shapes": "3;3", "output_formats": "NZ"},
    )
    assert [(stat.name, stat.count) for stat in shapes.operator_stats("name")] == [("b", 3), ("a", 1)]
    assert [(stat.name, stat.count, stat.signature) for stat in shapes.operator_stats("signature")] == [
        ("Mul", 2, ("2;2", None, None, None, None, "ND")),
        ("Mul", 1, ("3;3", None, None, None, None, "ND")),
        ("Mul", 1, ("3;3", None, None, None, None, "NZ")),
    ]


def test_kernels_without_a_type_are_told_apart_by_name() -> None:
    mixed = trace({"name": "Add"}, {"name": "x", "type": "Add"}, {"name": "Mul"})
    assert [(stat.name, stat.count) for stat in mixed.operator_stats()] == [("Add", 2), ("Mul", 1)]
    assert not mixed.has_types
    assert STEP.has_types
    assert not STEP[:0].has_types


def test_nothing_has_no_operators() -> None:
    assert STEP[:0].operator_stats() == ()
    assert STEP[:0].slowest() == ()
    assert STEP[:0].total_ms == 0.0
    assert [stat.share for stat in trace({"duration_ns": 0}).operator_stats()] == [0.0]


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from("abc"),
            "type": st.sampled_from(["A", "B", "a", None]),
            "core": st.sampled_from(["X", "Y", None]),
            "input_shapes": st.sampled_from(["1", "2", None]),
            "start_ns": st.integers(0, 50),
            "duration_ns": st.integers(0, 2**50),
        }
    ),
    min_size=1,
    max_size=40,
)


@given(ROWS)
def test_sums_are_those_of_the_rows(rows: list[dict[str, Any]]) -> None:
    """The same by a dictionary, row by row, in whole numbers."""
    found = trace(*rows)
    for by in ("type", "name", "signature"):
        expected: dict[tuple[object, ...], list[int]] = {}
        for row in rows:
            name = row["name"] if by == "name" else row["type"] or row["name"]
            key = (name, row["core"], row["input_shapes"] if by == "signature" else None)
            expected.setdefault(key, []).append(row["duration_ns"])
        stats = found.operator_stats(by)
        assert {
            (s.name, s.core, s.signature[0] if s.signature else None): (s.count, s.total_ns, s.min_ns, s.max_ns)
            for s in stats
        } == {key: (len(own), sum(own), min(own), max(own)) for key, own in expected.items()}
        assert [stat.total_ns for stat in stats] == sorted((stat.total_ns for stat in stats), reverse=True)
    names = [(row["start_ns"], row["name"]) for row in rows]
    assert [record.name for record in found] == [name for _, name in sorted(names, key=lambda pair: pair[0])]


def test_many_different_texts_do_not_overflow_the_groups() -> None:
    """Columns of 65,536 texts each: multiplied naively, the first would be shifted out of 64 bits."""
    texts = tuple(map(str, range(2**16)))
    two, same = (Labels(values=texts, codes=np.array(codes, dtype=np.int32)) for codes in ([7, 8], [5, 5]))
    base = columns([{}, {}])
    fields: dict[str, Any] = {name: getattr(base, name) for name in base.__slots__}
    texts_of_signature = ("core", "input_shapes", "input_types", "input_formats", "output_shapes", "output_types")
    wide = KernelColumns(**fields | {"type": two} | dict.fromkeys(texts_of_signature, same))
    stats = KernelTrace(columns=wide, activity="device").operator_stats("signature")
    assert [(stat.name, stat.count) for stat in stats] == [("7", 1), ("8", 1)]


def test_events_count_from_the_first_one_in_ms() -> None:
    events = STEP.timeline_events
    assert len(events) == 5
    assert events[1] == TimelineEvent(name="Add_2", start=4.0, duration=0.001, stream=2, core="AI_VECTOR_CORE")
    assert [event.start for event in events[2:]] == [4.5, 5.0, 7.0]
    assert [event.name for event in events if event.duration > 1.0] == ["MatMul_1", "hcom_x"]
    assert [record.name for record in STEP.longer_than(1.0)] == ["MatMul_1", "hcom_x"]


def test_steps_and_streams() -> None:
    assert STEP.steps == (1, 2)
    assert [record.name for record in STEP.step(2)] == ["MatMul_3", "MatMul_4"]
    assert len(STEP.step(3)) == 0
    assert STEP.streams == (2, 3)
    assert [record.name for record in STEP.on_stream(2)] == ["MatMul_1", "Add_2"]


def test_each_call_has_its_share_of_the_kernels() -> None:
    two_calls = trace(*({"name": name, "start_ns": n} for n, name in enumerate("abcabc")))
    first, second = two_calls.calls(2)
    assert [record.name for record in first] == [record.name for record in second] == ["a", "b", "c"]
    assert two_calls.operator_stats()[0].count_per_call(4) == Fraction(1, 2)
    assert STEP.operator_stats()[0].us_per_call(2) == 2000.0
    with pytest.raises(InvalidDataError, match="expected a divisor of 6 kernels, found 4 calls"):
        two_calls.calls(4)
    with pytest.raises(InvalidDataError, match="expected at least 1 call, found 0"):
        two_calls.calls(0)


def test_operators_called_from_within_others() -> None:
    host = trace(
        {"name": "aten::linear", "duration_ns": 90, "own_ns": 40},
        {"name": "aten::addmm", "start_ns": 5, "duration_ns": 50, "depth": 1},
    )
    assert [record.name for record in host.outermost()] == ["aten::linear"]
    assert host.total_ms == pytest.approx(90e-6)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("32,9216;4096,9216;4096", ((32, 9216), (4096, 9216), (4096,))),
        (";;", ((), (), ())),
        ("", ((),)),
        ("-1,8", ((-1, 8),)),
        (None, ()),
    ],
)
def test_shapes(text: str | None, shapes: tuple[tuple[int, ...], ...]) -> None:
    assert parse_shapes(text) == shapes


def test_shapes_that_are_none() -> None:
    with pytest.raises(InvalidDataError, match="expected sizes such as '32,9216;4096', found '3x4'"):
        parse_shapes("3x4")
