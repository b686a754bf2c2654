"""Which differences forbid a comparison, and which only call for a warning."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.environment import Environment, KeyDifference

HERE = Environment(
    device="cpu",
    chip="Testbed µ",
    chip_id="cpu-testbed",
    stack_id="torch-2.13.0",
    hard=(("flags", "avx2"), ("threads", "4")),
    soft=(("governor", "powersave"), ("kernel", "6.8")),
)


def test_nothing_differs_from_itself() -> None:
    assert HERE.hard_differences(HERE) == ()
    assert HERE.soft_differences(HERE) == ()


@pytest.mark.parametrize(
    ("now", "difference"),
    [
        (replace(HERE, device="npu"), KeyDifference(key="device", baseline="cpu", now="npu")),
        (replace(HERE, chip_id="other"), KeyDifference(key="chip", baseline="cpu-testbed", now="other")),
        (
            replace(HERE, stack_id="torch-2.14.0"),
            KeyDifference(key="stack", baseline="torch-2.13.0", now="torch-2.14.0"),
        ),
        (
            replace(HERE, hard=(("flags", "avx2"), ("threads", "8"))),
            KeyDifference(key="threads", baseline="4", now="8"),
        ),
        (replace(HERE, hard=(("flags", "avx2"),)), KeyDifference(key="threads", baseline="4", now=None)),
        (
            replace(HERE, hard=(*HERE.hard, ("zero", "0"))),
            KeyDifference(key="zero", baseline=None, now="0"),
        ),
    ],
    ids=["device", "chip", "stack", "value", "gone", "new"],
)
def test_every_hard_key_counts(now: Environment, difference: KeyDifference) -> None:
    assert now.hard_differences(HERE) == (difference,)
    assert now.soft_differences(HERE) == ()
    assert KeyDifference.from_dict(difference.to_dict()) == difference


def test_soft_keys_forbid_nothing() -> None:
    now = replace(HERE, soft=(("governor", "performance"),))
    assert now.hard_differences(HERE) == ()
    assert list(map(str, now.soft_differences(HERE))) == [
        "governor powersave → performance",
        "kernel 6.8 → not recorded",
    ]


def test_the_fingerprint_stands_for_all_of_it() -> None:
    assert HERE.fingerprint == replace(HERE).fingerprint
    assert len(HERE.fingerprint) == 12
    others = [
        replace(HERE, device="npu"),
        replace(HERE, chip="Testbed"),
        replace(HERE, chip_id="x"),
        replace(HERE, stack_id="x"),
        replace(HERE, hard=()),
        replace(HERE, soft=()),
    ]
    assert len({HERE.fingerprint, *(other.fingerprint for other in others)}) == 7


def test_the_codec_keeps_everything_and_sorts_the_keys() -> None:
    assert Environment.from_dict(HERE.to_dict()) == HERE
    assert list(HERE.to_dict()) == sorted(HERE.to_dict())


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("chip", 7, "chip"),
        ("hard", ["threads"], "hard"),
        ("hard", {"threads": 4}, "hard.threads"),
        ("soft", None, "soft"),
    ],
)
def test_the_codec_names_the_field_that_is_wrong(key: str, value: object, where: str) -> None:
    with pytest.raises(InvalidDataError) as caught:
        Environment.from_dict({**HERE.to_dict(), key: value})
    assert caught.value.where == where
    data = HERE.to_dict()
    del data[key]
    with pytest.raises(InvalidDataError, match=f"{key}: missing"):
        Environment.from_dict(data)
