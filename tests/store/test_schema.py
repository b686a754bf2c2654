from __future__ import annotations

import dataclasses
import math

import pytest

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.kernel_table import KernelKind, KernelTable
from pytest_ascendperf.store.schema import SCHEMA, NewerSchemaError, as_stored, check_readable, check_schema

from .builders import baseline, session

RAGGED = 12.345678901234567


def test_the_present_version_is_read() -> None:
    check_schema(SCHEMA)


def test_a_newer_version_is_refused_with_both_numbers() -> None:
    with pytest.raises(NewerSchemaError) as refused:
        check_schema(SCHEMA + 1)
    assert f"version {SCHEMA + 1}" in refused.value.problem
    assert f"up to version {SCHEMA}" in refused.value.problem


@pytest.mark.parametrize("found", [0, -1, True, None, "1", 1.0, [1], {"schema": 1}, "x" * 10_000])
def test_what_is_no_version_is_refused_briefly(found: object) -> None:
    with pytest.raises(InvalidDataError) as refused:
        check_schema(found)
    assert not isinstance(refused.value, NewerSchemaError)
    assert len(str(refused.value)) < 200


def test_what_verdicts_rest_on_is_stored_to_the_last_digit() -> None:
    ragged = dataclasses.replace(baseline(), sessions=(session(RAGGED),))
    (kept,) = as_stored(ragged).sessions
    assert kept.median_us == RAGGED
    assert kept.quantiles_us == ragged.sessions[0].quantiles_us
    assert kept.mean_us == ragged.sessions[0].mean_us


def test_samples_are_rounded_far_below_a_hundredth_of_a_per_cent() -> None:
    samples = [RAGGED * 10.0**exponent for exponent in (-6, 0, 6)]
    (kept,) = as_stored(dataclasses.replace(baseline(), sessions=(session(samples_us=samples),))).sessions
    assert kept.samples_us == (1.23457e-05, 12.3457, 12345700.0)
    assert all(math.isclose(a, b, rel_tol=5e-6) for a, b in zip(kept.samples_us, samples, strict=True))


def test_times_of_kernels_are_rounded_as_samples_are() -> None:
    kind = KernelKind(type="Add", core=None, inputs=None, count=1, durations_us=(RAGGED, 0.0))
    table = KernelTable(
        kernels=(kind,),
        activity="host",
        sessions=2,
        calls=1,
        has_types=True,
        varying=(),
        synchronizations=None,
        source="",
    )
    kept = as_stored(dataclasses.replace(baseline(), kernels=table)).kernels
    assert kept is not None
    assert kept.kernels[0].durations_us == (12.3457, 0.0)
    assert dataclasses.replace(kept, kernels=table.kernels) == table


def test_rounding_twice_changes_nothing() -> None:
    once = as_stored(dataclasses.replace(baseline(), sessions=(session(samples_us=[RAGGED, 1 / 3, 2e9 / 7]),)))
    assert as_stored(once) == once


@pytest.mark.parametrize("wrong_us", [0.0, -1.0, math.nan, math.inf])
def test_a_baseline_that_could_not_be_read_back_is_refused(wrong_us: float) -> None:
    wrong = dataclasses.replace(baseline(), sessions=(session(), dataclasses.replace(session(), mean_us=wrong_us)))
    with pytest.raises(InvalidDataError) as refused:
        check_readable(wrong)
    assert refused.value.where == "sessions[1].mean_us"
