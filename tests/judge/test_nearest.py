"""Of several baselines elsewhere, the one told is of the nearest older CANN of the same chip."""

from __future__ import annotations

import itertools

import pytest

from pytest_ascendperf.judge.nearest import nearest
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment

CHIP = "ascend910b3"


def environment(stack_id: str, chip_id: str = CHIP) -> Environment:
    return Environment(device="npu", chip=chip_id, chip_id=chip_id, stack_id=stack_id, hard=(), soft=())


def stored(stack_id: str, chip_id: str = CHIP) -> Baseline:
    case = CaseId(module="test_ffn.py", test="test_ffn")
    return Baseline(case=case, environment=environment(stack_id, chip_id), sessions=(), revision=None)


@pytest.mark.parametrize(
    ("here", "elsewhere", "told"),
    [
        ("cann-9.1.0", ["cann-10.0.0", "cann-8.2.RC1", "cann-8.5.0", "cann-9.0.0-beta.2"], "cann-9.0.0-beta.2"),
        ("cann-10.0.0", ["cann-8.5.0", "cann-9.1.0"], "cann-9.1.0"),
        ("cann-8.2.RC1", ["cann-8.2.0", "cann-8.1.RC1", "cann-8.1.RC1.alpha001"], "cann-8.1.RC1"),
        ("cann-9.1.0", ["cann-9.0.0.B083", "cann-2026.08.03", "cann-8.5.0"], "cann-9.0.0.B083"),
        ("cann-9.0.0", ["cann-2026.08.03", "cann-9.0.0.B083", "cann-8.5.0"], "cann-8.5.0"),
    ],
)
def test_the_newest_of_the_older_versions_is_told(here: str, elsewhere: list[str], told: str) -> None:
    """In whatever order they are found. A build or a nightly whose place is not known is not older."""
    for order in itertools.permutations(elsewhere):
        assert nearest([stored(stack) for stack in order], environment(here)).environment.stack_id == told


@pytest.mark.parametrize(
    ("here", "elsewhere"),
    [
        ("cann-8.5.0", ["cann-9.1.0", "cann-9.0.0"]),
        ("cann-2026.08.03", ["cann-2026.07.01", "cann-9.1.0"]),
        ("torch-2.13.0", ["torch-2.12.0", "torch-2.9.0"]),
    ],
)
def test_without_an_older_version_the_first_of_the_chip_is_told(here: str, elsewhere: list[str]) -> None:
    baselines = [stored("cann-8.0.0", "other"), *map(stored, elsewhere)]
    assert nearest(baselines, environment(here)) is baselines[1]


def test_another_chip_is_told_where_this_one_has_none() -> None:
    baselines = [stored("cann-8.5.0", "ascend310p3"), stored("cann-9.0.0", "ascend910b1")]
    assert nearest(baselines, environment("cann-9.1.0")) is baselines[0]
