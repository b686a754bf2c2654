"""Of a host's operators, those that do the work."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ascendperf.model.kernel_columns import ABSENT, KernelColumns, Labels
from pytest_ascendperf.model.kernels import KernelTrace


@dataclass
class Op:
    """An operator and those that it calls, each taking 10 ns beside them."""

    name: str
    calls: list[Op] = field(default_factory=list)


def op(name: str, *calls: Op) -> Op:
    return Op(name, list(calls))


def trace(*roots: Op, activity: str = "host", thread: int = 1) -> KernelTrace:
    rows: list[tuple[str, int, int, int]] = []

    def visit(node: Op, start_ns: int, depth: int) -> int:
        row = len(rows)
        rows.append(("", 0, 0, 0))
        end_ns = start_ns
        for called in node.calls:
            end_ns = visit(called, end_ns, depth + 1)
        end_ns += 10
        rows[row] = (node.name, start_ns, end_ns - start_ns, depth)
        return end_ns

    now_ns = 0
    for root in roots:
        now_ns = visit(root, now_ns, 0)
    names, starts, durations, depths = zip(*rows, strict=True)
    values = tuple(dict.fromkeys(names))
    length = len(rows)
    absent = np.full(length, ABSENT, dtype=np.int64)
    none = Labels.constant(None, length)
    label = Labels(values=values, codes=np.array([values.index(name) for name in names], dtype=np.int32))
    columns = KernelColumns(
        name=label,
        type=label,
        core=Labels.constant("CPU", length),
        start_ns=np.array(starts, dtype=np.int64),
        duration_ns=np.array(durations, dtype=np.int64),
        own_ns=np.full(length, 10, dtype=np.int64),
        wait_ns=absent,
        block_count=absent,
        step=absent,
        stream=np.full(length, thread, dtype=np.int64),
        device=absent,
        task_id=absent,
        model_id=absent,
        depth=np.array(depths, dtype=np.int64),
        input_shapes=none,
        input_types=none,
        input_formats=none,
        output_shapes=none,
        output_types=none,
        output_formats=none,
    )
    return KernelTrace.in_time_order(columns, "host" if activity == "host" else "device")


def computing(*roots: Op) -> list[str]:
    return [record.name for record in trace(*roots).computing()]


VIEW = op("aten::view")
LINEAR = op(
    "aten::linear",
    op("aten::t", op("aten::transpose", op("aten::as_strided"))),
    op("aten::addmm", op("aten::expand", op("aten::as_strided")), op("aten::copy_"), op("aten::resolve_conj")),
)
DIVIDE = op("aten::div_", op("aten::div_", op("aten::to", op("aten::_to_copy", op("aten::copy_")))))


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        (LINEAR, ["aten::addmm"]),
        (op("aten::relu", op("aten::clamp_min")), ["aten::clamp_min"]),
        (op("aten::softmax", op("aten::_softmax")), ["aten::_softmax"]),
        (DIVIDE, ["aten::div_"]),
        (op("aten::matmul", op("aten::expand"), op("aten::bmm"), op("aten::_unsafe_view")), ["aten::bmm"]),
        (op("aten::to", op("aten::_to_copy", op("aten::empty_strided"), op("aten::copy_"))), ["aten::_to_copy"]),
        (op("aten::contiguous", op("aten::clone", op("aten::empty_like"), op("aten::copy_"))), ["aten::clone"]),
        (op("aten::item", op("aten::_local_scalar_dense")), ["aten::_local_scalar_dense"]),
        (op("aten::reshape", VIEW), []),
        (op("autograd::engine::evaluate_function: AddmmBackward0", op("AddmmBackward0", op("aten::mm"))), ["aten::mm"]),
        (op("torch::autograd::AccumulateGrad", op("aten::detach")), []),
        (op("Torch-Compiled Region: 0/0", op("Pregraph bytecode")), ["Torch-Compiled Region: 0/0"]),
        (op("Torch-Compiled Region: 0/0", op("Pregraph bytecode"), op("aten::addmm")), ["aten::addmm"]),
        (op("mylib::fused_mlp"), ["mylib::fused_mlp"]),
        (op("mylib::mlp", op("aten::addmm"), op("aten::gelu")), ["aten::addmm", "aten::gelu"]),
    ],
)
def test_what_computes_is_the_innermost_operator_that_is_no_view_and_no_allocation(
    called: Op, expected: list[str]
) -> None:
    assert computing(called) == expected


def test_their_whole_time_is_their_own() -> None:
    (addmm,) = trace(LINEAR).computing()
    assert addmm.own_ns == addmm.duration_ns == 50


def test_kernels_of_a_device_stay_as_they_are() -> None:
    kernels = trace(LINEAR, activity="device")
    assert kernels.computing() is kernels


NAMES = ["aten::view", "aten::copy_", "aten::addmm", "aten::relu", "aten::empty", "aten::_to_copy", "aten::linear"]
OPERATORS = st.recursive(
    st.builds(Op, st.sampled_from(NAMES)),
    lambda inner: st.builds(Op, st.sampled_from(NAMES), st.lists(inner, max_size=3)),
    max_leaves=12,
)


@given(st.lists(OPERATORS, min_size=1, max_size=4))
def test_no_row_that_is_kept_lies_within_another_one(roots: list[Op]) -> None:
    kept = list(trace(*roots).computing())
    for earlier, later in pairwise(kept):
        assert earlier.start_ns + earlier.duration_ns <= later.start_ns
    computes = {"aten::addmm", "aten::relu", "aten::linear"}

    def has_work(node: Op) -> bool:
        return node.name in computes or any(map(has_work, node.calls))

    assert sum(record.name in computes for record in kept) >= sum(map(has_work, roots))
