"""The table of one call: what of a trace is kept, and that runs of the same code give tables that differ in nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.kernel_values import SOURCE, Row, interleaved, kind, table, trace
from pytest_ascendperf.judge.kernel_changes import kernel_findings
from pytest_ascendperf.judge.kernel_tables import combined, table_of_calls
from pytest_ascendperf.model.kernel_table import KernelTable
from pytest_ascendperf.model.kernels import COMMUNICATION, KernelTrace

MATMUL: Row = ("MatMulV3", "AI_CORE", "32,64;64,128", 80_000)
UNALIGNED: Row = ("MatMulV3", "MIX_AIC", "31,64;64,128", 90_000)
RELU: Row = ("Relu", "AI_VECTOR_CORE", "32,128", 5_000)

RULES = settings(derandomize=True, database=None, deadline=None, max_examples=100)
rows = st.tuples(
    st.sampled_from(["Add", "Mul", "MatMulV3", "Cast"]),
    st.sampled_from(["AI_CORE", "MIX_AIC", "AI_VECTOR_CORE", "AI_CPU", None]),
    st.sampled_from(["8", "8;8", None]),
    st.integers(1, 10_000),
)


def of_calls(profile: KernelTrace, calls: int = 2) -> KernelTable:
    return table_of_calls(profile, calls, source=SOURCE, synchronizations=1)


def test_a_table_holds_one_call_by_type_core_and_shapes() -> None:
    found = of_calls(trace([MATMUL, UNALIGNED, RELU, RELU] * 2))
    assert [(entry.type, entry.core, entry.count, entry.duration_us) for entry in found.kernels] == [
        ("MatMulV3", "AI_CORE", 1, 80.0),
        ("MatMulV3", "MIX_AIC", 1, 90.0),
        ("Relu", "AI_VECTOR_CORE", 2, 10.0),
    ]
    assert (found.sessions, found.calls, found.synchronizations, found.source) == (1, 2, 1, SOURCE)
    assert found.varying == ()
    assert KernelTable.from_dict(found.to_dict()) == found


def test_a_type_whose_number_differs_between_calls_is_kept_and_marked() -> None:
    found = of_calls(trace([MATMUL, MATMUL, RELU]))
    assert found.varying == ("Relu",)
    assert found.counts() == {"MatMulV3": 1, "Relu": 1}
    assert found.total_us == pytest.approx(82.5)


@pytest.mark.parametrize(
    ("second_call", "kept"),
    [
        (("MatMulV3", "AI_CORE", "9,9", 1_000), ("AI_CORE", None)),
        (("MatMulV3", "MIX_AIC", "9,9", 1_000), ("AI_CORE", None)),
        (("MatMulV3", "AI_CPU", "9,9", 1_000), (None, None)),
    ],
)
def test_what_differs_between_calls_beside_the_number_is_merged_step_by_step(
    second_call: Row, kept: tuple[str | None, str | None]
) -> None:
    found = of_calls(trace([MATMUL, RELU, second_call, RELU]))
    assert found.varying == ()
    (matmul, relu) = found.kernels
    assert (matmul.core, matmul.inputs, matmul.count) == (*kept, 1)
    assert matmul.duration_us == pytest.approx(40.5)
    assert relu.inputs == "32,128"


def test_collectives_are_counted_without_the_counters_in_their_names() -> None:
    named: list[Row] = [(None, COMMUNICATION, None, 1_000)] * 4
    names = [f"hcom_allReduce__868_{number}_1" for number in range(4)]
    found = of_calls(trace(named, names=names))
    assert found.counts() == {"hcom_allReduce_": 2}
    assert found.has_types


def test_kernels_without_types_are_listed_by_name() -> None:
    found = of_calls(trace([(None, None, None, 1_000)] * 2, names=["MatMul_1", "MatMul_1"]))
    assert not found.has_types
    assert found.counts() == {"MatMul_1": 1}


def test_a_call_that_runs_nothing_has_a_table_that_can_be_compared() -> None:
    found = of_calls(trace([]))
    assert (found.kernels, found.has_types) == ((), True)


@RULES
@given(st.lists(st.lists(rows, max_size=6), min_size=1, max_size=4), st.integers(0, 99), st.integers(0, 99))
def test_the_order_of_independent_streams_is_not_in_a_table(streams: list[list[Row]], one: int, other: int) -> None:
    assert of_calls(interleaved(streams, one), 1) == of_calls(interleaved(streams, other), 1)


@RULES
@given(st.lists(rows, max_size=10), st.integers(1, 4))
def test_equal_calls_give_the_table_of_one_of_them(call: list[Row], calls: int) -> None:
    several, one = of_calls(trace(call * calls), calls), of_calls(trace(call), 1)
    assert several.varying == ()
    assert several.counts() == one.counts()
    assert [entry.sort_key for entry in several.kernels] == [entry.sort_key for entry in one.kernels]
    assert several.total_us == pytest.approx(one.total_us)


@RULES
@given(st.lists(rows, max_size=12), st.integers(1, 4))
def test_every_table_can_be_stored_and_no_time_is_lost(profile: list[Row], calls: int) -> None:
    found = of_calls(trace(profile), calls)
    assert KernelTable.from_dict(found.to_dict()) == found
    assert found.total_us == pytest.approx(sum(row[3] for row in profile) / calls / 1e3)


def test_sessions_keep_their_own_durations() -> None:
    made = combined([table(kind("Add", 2, 5.0)), table(kind("Add", 2, 7.0, 6.0))])
    assert made == table(kind("Add", 2, 5.0, 7.0, 6.0))


def test_a_type_that_one_session_lacks_is_varying_and_took_no_time_there() -> None:
    made = combined([table(kind("Add"), kind("Mul", 2, 4.0)), table(kind("Add"))])
    assert made is not None
    assert made.varying == ("Mul",)
    assert [(entry.type, entry.count, entry.durations_us) for entry in made.kernels] == [
        ("Add", 1, (5.0, 5.0)),
        ("Mul", 1, (4.0, 0.0)),
    ]


def test_what_varies_in_one_session_varies_in_all() -> None:
    made = combined([table(kind("Add"), varying=("Add",)), table(kind("Add"))])
    assert made is not None
    assert made.varying == ("Add",)
    assert [(entry.core, entry.inputs) for entry in made.kernels] == [(None, None)]


def test_sessions_that_chose_other_shapes_or_cores_agree_on_the_type() -> None:
    made = combined([table(kind("Add", 2, inputs="8")), table(kind("Add", 2, inputs="9", core="MIX_AIV"))])
    assert made is not None
    assert made.varying == ()
    assert [entry.sort_key for entry in made.kernels] == [("Add", "AI_VECTOR_CORE", "")]


@pytest.mark.parametrize(("counts", "kept"), [((1, 1), 1), ((1, 2), None), ((None, 1), None)])
def test_synchronizations_are_kept_where_all_sessions_agree(counts: tuple[int | None, ...], kept: int | None) -> None:
    made = combined([table(kind("Add"), synchronizations=count) for count in counts])
    assert made is not None
    assert made.synchronizations == kept


@pytest.mark.parametrize("other", [{"activity": "host"}, {"source": "Level0"}, {"has_types": False}])
def test_sessions_recorded_in_different_ways_make_no_table(other: dict[str, object]) -> None:
    assert combined([table(kind("Add")), replace(table(kind("Add")), **other)]) is None  # type: ignore[arg-type]  # any field


@RULES
@given(st.lists(st.lists(rows, max_size=8), min_size=1, max_size=4))
def test_a_session_is_never_different_from_the_baseline_that_holds_it(sessions: list[list[Row]]) -> None:
    tables = [of_calls(trace(session), 2) for session in sessions]
    made = combined(tables)
    assert made is not None
    assert KernelTable.from_dict(made.to_dict()) == made
    for found in tables:
        assert kernel_findings(made, found) == ()
