"""Which kernels are named for a slowdown, and which are not because they always differ by as much."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from judge.kernel_values import kind, table
from pytest_ascendperf.judge.attribution import attribute
from pytest_ascendperf.model.attribution import Attribution
from pytest_ascendperf.model.kernel_table import KernelTable


def attributed(base: KernelTable, head: KernelTable, case_change_us: float = 20.0) -> Attribution:
    found = attribute(base, head, case_change_us)
    assert found is not None
    return found


def named(found: Attribution) -> list[tuple[str, float]]:
    return [(change.type, round(change.change_us, 6)) for change in found.changes]


def test_new_and_gone_types_come_first_then_the_largest_change() -> None:
    base = table(kind("Flash", 1, 40.0, 40.2), kind("MatMulV3", 2, 80.0, 80.4), kind("Conv", 1, 50.0, 50.2))
    head = table(
        kind("Add", 1, 5.0, 5.2),
        kind("Softmax", 1, 30.0, 30.2),
        kind("MatMulV3", 2, 96.0, 96.4),
        kind("Conv", 1, 90.0, 90.2),
    )
    found = attributed(base, head)
    assert named(found) == [("Flash", -40.1), ("Softmax", 30.1), ("Add", 5.1), ("Conv", 40.0), ("MatMulV3", 16.0)]
    assert [found.base_us, found.head_us, found.case_change_us] == pytest.approx([170.4, 221.5, 20.0])
    assert (found.changes[0].base_count, found.changes[0].head_count) == (1, 0)


def test_a_change_within_what_sessions_differ_by_is_not_named() -> None:
    """20 % on average, but sessions of the same code differ by 40 %."""
    base = table(kind("TensorMove", 1, 8.0, 10.0, 12.0, 9.0, 11.0))
    head = table(kind("TensorMove", 1, 10.0, 14.0, 9.0, 15.0, 12.0))
    found = attributed(base, head)
    assert found.changes == ()
    assert attributed(base, table(kind("TensorMove", 1, 18.0, 20.0, 22.0, 19.0, 21.0))).changes != ()


def test_noise_is_pooled_where_one_side_has_a_single_session() -> None:
    base = table(kind("Add", 1, *(10.0 + 0.01 * number for number in range(5))))
    (change,) = attributed(base, table(kind("Add", 1, 12.0)), 2.0).changes
    assert change.noise_us == pytest.approx(0.0158114 * (1 + 1 / 5) ** 0.5, rel=1e-4)


def test_three_sessions_in_all_tell_the_noise_and_bound_it_poorly() -> None:
    """One degree of freedom: a change must be 64 times its noise."""
    base = table(kind("Add", 1, 10.0, 10.1))
    assert attributed(base, table(kind("Add", 1, 15.0))).changes == ()
    (change,) = attributed(base, table(kind("Add", 1, 16.0))).changes
    assert change.noise_us == pytest.approx(0.0866, rel=1e-3)


@pytest.mark.parametrize(
    ("base_us", "head_us", "is_named"),
    [(100.0, 109.9, False), (100.0, 110.1, True), (5.0, 5.9, False), (5.0, 6.1, True)],
)
def test_without_knowing_the_noise_a_change_must_be_larger_than_kernels_usually_show(
    base_us: float, head_us: float, is_named: bool
) -> None:
    found = attributed(table(kind("Add", 1, base_us)), table(kind("Add", 1, head_us)))
    assert bool(found.changes) == is_named
    assert all(change.noise_us is None for change in found.changes)


def test_a_change_that_explains_next_to_nothing_is_not_named() -> None:
    base, head = table(kind("Add", 1, 5.0, 5.0)), table(kind("Add", 1, 5.1, 5.1))
    assert attributed(base, head, 0.1).changes != ()
    assert attributed(base, head, 20.0).changes == ()


def test_all_kernels_of_a_type_count_together_whatever_their_core_and_shape() -> None:
    base = table(kind("MatMulV3", 1, 10.0, 10.0, core="AI_CORE"), kind("MatMulV3", 1, 20.0, 20.0, core="MIX_AIC"))
    assert attributed(base, table(kind("MatMulV3", 2, 30.0, 30.0, core="AI_CORE", inputs=None))).changes == ()


def test_of_unchanged_kernels_about_one_in_a_hundred_is_named() -> None:
    """Kernels as real profiles show them: they differ by 10 % from session to session."""
    chooser = random.Random(1)

    def sessions() -> KernelTable:
        return table(
            *(kind(f"Type{n}", 1, *(10.0 * chooser.lognormvariate(0.0, 0.1) for _ in range(5))) for n in range(50))
        )

    number = sum(len(attributed(sessions(), sessions()).changes) for _ in range(40))
    assert 5 <= number <= 35


def test_tables_that_say_nothing_about_one_another_attribute_nothing() -> None:
    base = table(kind("Add"))
    assert attribute(base, replace(base, has_types=False), 1.0) is None
    assert attribute(base, replace(base, activity="host"), 1.0) is None
