from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ascendperf.model.profile_tables import CommunicationTime
from pytest_ascendperf.profiles import ProfileError
from pytest_ascendperf.profiles.communication import read_communication

Write = Callable[[str, "str | bytes"], Path]

TIMES: dict[str, object] = {
    "Start Timestamp(us)": 1736408883732241.5,
    "Elapse Time(ms)": 79.0895,
    "Transit Time(ms)": 0,
    "Wait Time(ms)": 5.5,
    "Synchronization Time(ms)": 5.25,
    "Idle Time(ms)": 73.25,
    "Wait Time Ratio": 0.9594,
}


def document(step: str = "step50", times: object = TIMES) -> dict[str, object]:
    operation = {"Communication Time Info": times, "Communication Bandwidth Info": {"RDMA": {}}}
    return {
        step: {
            "p2p": {"hcom_send__1_1_1@7": operation},
            "collective": {"hcom_allReduce__586_0_1@1752": operation, "Total Op Info": operation},
        }
    }


def test_every_operation_once_and_no_total(write: Write) -> None:
    found = read_communication(write("communication.json", json.dumps(document())))
    assert [(operation.kind, operation.name, operation.group) for operation in found] == [
        ("p2p", "hcom_send__1_1_1", "7"),
        ("collective", "hcom_allReduce__586_0_1", "1752"),
    ]
    assert found[1] == CommunicationTime(
        step=50,
        kind="collective",
        name="hcom_allReduce__586_0_1",
        group="1752",
        elapsed_ms=79.0895,
        transit_ms=0.0,
        wait_ms=5.5,
        synchronization_ms=5.25,
        idle_ms=73.25,
    )


def test_without_steps_there_is_no_number(write: Write) -> None:
    found = read_communication(write("communication.json", json.dumps(document("step"))))
    assert {operation.step for operation in found} == {None}


BAD = {
    "a negative time": (
        document(times={**TIMES, "Wait Time(ms)": -1}),
        "'Wait Time(ms)': expected a time in ms, found '-1'",
    ),
    "a time that is none": (document(times={**TIMES, "Wait Time(ms)": "5"}), "expected a number, found a string"),
    "a missing time": (document(times={}), "'Elapse Time(ms)': expected a number, found null"),
    "no times": (document(times=None), "Communication Time Info: expected an object, found null"),
    "another file": ({"traceEvents": []}, "expected keys such as 'step50', found 'traceEvents'"),
    "a list": ([], "expected an object, found a list"),
}


@pytest.mark.parametrize("case", BAD)
def test_damage_is_named(case: str, write: Write) -> None:
    content, expected = BAD[case]
    with pytest.raises(ProfileError) as caught:
        read_communication(write("communication.json", json.dumps(content)))
    assert expected in str(caught.value)


def test_a_number_beyond_any_float_is_named(write: Write) -> None:
    text = json.dumps(document()).replace("79.0895", "9" * 400)
    with pytest.raises(ProfileError, match="expected a time in ms"):
        read_communication(write("communication.json", text))
