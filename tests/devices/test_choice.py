"""Which device a run takes, by name or on its own, and how that is handed to its processes."""

from __future__ import annotations

import importlib.util
import json

import pytest

from pytest_ascendperf.devices.choice import DeviceChoice, choose_device
from pytest_ascendperf.errors import DeviceError, InvalidDataError

NPUS = DeviceChoice(kind="npu", index=0, count=2, chip="Ascend910B3", stack="CANN 9.1.0", passed_over=())
CPU = DeviceChoice(kind="cpu", index=0, count=None, chip="EPYC", stack="torch 2.13.0", passed_over=("not npu: why",))

without_torch_npu = pytest.mark.skipif(
    importlib.util.find_spec("torch_npu") is not None, reason="torch_npu is installed; see tests/npu_sim"
)


@pytest.mark.parametrize("choice", [NPUS, CPU])
def test_a_choice_travels_as_json(choice: DeviceChoice) -> None:
    assert DeviceChoice.from_dict(json.loads(json.dumps(choice.to_dict()))) == choice


def test_a_choice_that_is_not_whole_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="chip"):
        DeviceChoice.from_dict({key: value for key, value in NPUS.to_dict().items() if key != "chip"})


def test_only_accelerators_have_numbers() -> None:
    assert (NPUS.name, CPU.name) == ("npu:0", "cpu")


def test_each_worker_has_a_device_of_its_own() -> None:
    assert [NPUS.for_worker(number).name for number in (0, 1)] == ["npu:0", "npu:1"]
    with pytest.raises(DeviceError) as caught:
        NPUS.for_worker(2)
    assert str(caught.value) == (
        "worker gw2 has no npu device of its own: 2 are there, and each worker measures on one. Start at most 2: -n 2"
    )


def test_workers_take_turns_on_a_device_that_is_shared() -> None:
    assert CPU.for_worker(7) is CPU


@without_torch_npu
def test_an_npu_that_was_asked_for_and_is_not_there_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(DeviceError, match=r"^npu was asked for and cannot be used: torch_npu is not installed"):
        choose_device("npu")


@pytest.mark.parametrize("name", ["gpu", "", "CPU", "scripted "])
def test_an_unknown_name_is_answered_with_those_that_exist(name: str) -> None:
    with pytest.raises(DeviceError) as caught:
        choose_device(name)
    assert str(caught.value) == f"there is no device {name!r}. Choose one of: auto, npu, cuda, cpu, scripted"


def test_the_cpu_has_no_number() -> None:
    assert choose_device("cpu:0").name == "cpu"
    with pytest.raises(DeviceError, match="cpu:1 was asked for, and the numbers of the cpu devices here end at 0"):
        choose_device("cpu:1")
