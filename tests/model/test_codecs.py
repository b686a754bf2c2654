"""Values that leave the process come back the same, and damaged ones are refused by the name of the field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.conditions import Conditions, DeviceConditions, HostConditions, OtherProcess
from pytest_ascendperf.model.environment import Environment, KeyDifference
from pytest_ascendperf.model.host_change import HostChange
from pytest_ascendperf.model.measurement import Clock, Measurement, Session
from pytest_ascendperf.model.stage import Comparison, Stage
from pytest_ascendperf.model.verdict import Drift, Status, Verdict

CASE = CaseId(module="tests/test_ffn.py", test="test_step[ü]", case="decode")
ENVIRONMENT = Environment(
    device="scripted", chip="scripted", chip_id="scripted", stack_id="scripted-1", hard=(), soft=(("kernel", "6.8"),)
)
SESSION = Session(
    started="2025-01-31T04:00:00Z",
    clock=Clock.HOST,
    device_median_us=0.1 + 0.2,
    host_median_us=12.345678,
    reference_us=7.5,
    rounds=3,
    calls_per_round=2,
    warmup_calls=0,
    mean_us=12.5,
    sd_us=0.0,
    lag1=-0.25,
    quantiles_us=(12.0, 12.1, 12.2, 12.345678, 12.4, 12.5, 12.6),
    samples_us=(12.0, 12.6),
)
MEASUREMENT = Measurement(case=CASE, environment=ENVIRONMENT, session=SESSION, invalid=("It drifted.",), notes=("A",))
EMPTY = Measurement(case=CASE, environment=ENVIRONMENT, session=None, invalid=("It stood still.",), notes=())
COMPARISON = Comparison(
    stage=Stage.CONFIRM,
    base_us=10.0,
    head_us=30.0,
    base_sessions=5,
    head_sessions=2,
    change=2.0,
    low=1.9,
    high=None,
    confidence=0.9,
    spread=0.0,
    p_value=1e-300,
    rank_p_value=None,
    host=HostChange(core=0.03, memory=-0.02),
)
DRIFT = Drift(
    screen=COMPARISON,
    confirm=COMPARISON,
    recorded="2025-01-31",
    revision="0123abc",
    fails=True,
    status_without=Status.PASS,
)
VERDICT = Verdict(
    case=CASE,
    status=Status.REGRESSED,
    reason="slower",
    now_us=30.0,
    clock=Clock.DEVICE,
    tolerance=0.05,
    detectable_change=None,
    screen=None,
    confirm=COMPARISON,
    hard_differences=(KeyDifference(key="threads", baseline="4", now=None),),
    soft_differences=(),
    baseline_path=None,
    notes=("A note.",),
)


def through_json(data: Mapping[str, object]) -> dict[str, Any]:
    loaded = json.loads(json.dumps(data, allow_nan=False))
    assert isinstance(loaded, dict)
    return loaded


def test_values_come_back_the_same() -> None:
    assert Session.from_dict(through_json(SESSION.to_dict())) == SESSION
    assert Measurement.from_dict(through_json(MEASUREMENT.to_dict())) == MEASUREMENT
    assert Measurement.from_dict(through_json(EMPTY.to_dict())) == EMPTY
    assert Comparison.from_dict(through_json(COMPARISON.to_dict())) == COMPARISON
    assert Verdict.from_dict(through_json(VERDICT.to_dict())) == VERDICT
    for drift in (DRIFT, replace(DRIFT, confirm=None, revision=None, fails=False, status_without=None)):
        assert Verdict.from_dict(through_json(replace(VERDICT, drift=drift).to_dict())).drift == drift


def test_a_baseline_comes_back_with_its_case_and_environment() -> None:
    baseline = Baseline(case=CASE, environment=ENVIRONMENT, sessions=(SESSION, SESSION), revision="0123abc+changes")
    environments = {ENVIRONMENT.fingerprint: ENVIRONMENT}
    assert Baseline.from_dict(through_json(baseline.to_dict()), case=CASE, environments=environments) == baseline
    with pytest.raises(InvalidDataError, match=r"environment: names '[0-9a-f]{12}', which the file does not describe"):
        Baseline.from_dict(baseline.to_dict(), case=CASE, environments={})
    with pytest.raises(InvalidDataError, match="sessions: expected at least one session, found none"):
        Baseline.from_dict({**baseline.to_dict(), "sessions": []}, case=CASE, environments=environments)
    damaged = through_json(baseline.to_dict())
    damaged["sessions"][1]["rounds"] = 0
    with pytest.raises(InvalidDataError) as caught:
        Baseline.from_dict(damaged, case=CASE, environments=environments)
    assert caught.value.where == "sessions[1].rounds"


@pytest.mark.parametrize("key", SESSION.to_dict())
def test_no_field_of_a_session_may_be_missing(key: str) -> None:
    data = SESSION.to_dict()
    del data[key]
    with pytest.raises(InvalidDataError) as caught:
        Session.from_dict(data)
    assert caught.value.where == key


@pytest.mark.parametrize("key", ["vector_reference_us", "core_work_us", "memory_work_us"])
def test_a_session_of_an_earlier_version_has_no_such_time(key: str) -> None:
    """It is written where there is one, and a file without one stays as it is."""
    assert key not in SESSION.to_dict()
    assert getattr(Session.from_dict(through_json(SESSION.to_dict())), key) is None
    newer = Session.from_dict({**SESSION.to_dict(), key: 4.5})
    assert getattr(newer, key) == 4.5
    assert list(newer.to_dict()) == sorted([*SESSION.to_dict(), key])
    assert Session.from_dict(through_json(newer.to_dict())) == newer


@pytest.mark.parametrize("key", DRIFT.to_dict())
def test_no_field_of_a_drift_may_be_missing(key: str) -> None:
    data = DRIFT.to_dict()
    del data[key]
    with pytest.raises(InvalidDataError) as caught:
        Verdict.from_dict({**VERDICT.to_dict(), "drift": data})
    assert caught.value.where == f"drift.{key}"


def test_a_drift_rests_on_a_screening() -> None:
    with pytest.raises(InvalidDataError, match=r"drift\.screen: expected an object, found null"):
        Verdict.from_dict({**VERDICT.to_dict(), "drift": {**DRIFT.to_dict(), "screen": None}})


HOST = HostConditions(steal_share=0.01, waiting_share=0.0, waits=3, others_share=0.2, limited_share=1.5)
CHIP = DeviceConditions(
    source="npu-smi",
    clock_mhz=1500.0,
    max_clock_mhz=1800.0,
    throttling=("hot",),
    others=(OtherProcess(pid=7, name="other", memory_mib=64.0), OtherProcess(pid=8)),
    temperature_c=-3.0,
    power_w=93.5,
    problem="why",
)


@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(),
        Conditions(host=HostConditions(), device=DeviceConditions(source="NVML", throttling=(), others=())),
        Conditions(host=HOST, device=CHIP),
    ],
)
def test_conditions_are_read_back_as_they_were(conditions: Conditions) -> None:
    """What is not known is not written; an empty list of processes is knowledge."""
    session = replace(SESSION, conditions=conditions)
    assert list(session.to_dict()) == sorted([*SESSION.to_dict(), "conditions"])
    assert Session.from_dict(through_json(session.to_dict())) == session


def test_a_session_of_an_earlier_version_has_no_conditions() -> None:
    assert "conditions" not in SESSION.to_dict()
    assert Session.from_dict(through_json(SESSION.to_dict())).conditions is None


@pytest.mark.parametrize(
    ("where", "data"),
    [
        ("conditions", []),
        ("conditions.host", 1),
        ("conditions.host.steal_share", {"steal_share": -0.1}),
        ("conditions.host.waits", {"waits": 1.5}),
        ("conditions.device.source", {}),
        ("conditions.device.clock_mhz", {"source": "npu-smi", "clock_mhz": 0}),
        ("conditions.device.throttling", {"source": "npu-smi", "throttling": "hot"}),
        ("conditions.device.others[].pid", {"source": "npu-smi", "others": [{"name": "x"}]}),
        ("conditions.device.temperature_c", {"source": "npu-smi", "temperature_c": -300}),
    ],
)
def test_conditions_that_cannot_be_are_located(where: str, data: object) -> None:
    _, *inner = where.split(".")
    written = {inner[0]: data} if inner else data
    with pytest.raises(InvalidDataError) as caught:
        Session.from_dict({**SESSION.to_dict(), "conditions": written})
    assert caught.value.where == where


@pytest.mark.parametrize("key", VERDICT.to_dict())
def test_no_field_of_a_verdict_may_be_missing(key: str) -> None:
    data = VERDICT.to_dict()
    del data[key]
    with pytest.raises(InvalidDataError) as caught:
        Verdict.from_dict(data)
    assert caught.value.where == key


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mean_us", 0.0),
        ("mean_us", -1.0),
        ("mean_us", "12"),
        ("sd_us", -0.1),
        ("rounds", 0),
        ("rounds", 2.0),
        ("warmup_calls", -1),
        ("clock", "wall"),
        ("host_median_us", 12.0),
        ("host_median_us", None),
        ("device_median_us", 0.0),
        ("reference_us", -1.0),
        ("vector_reference_us", 0.0),
        ("core_work_us", 0.0),
        ("memory_work_us", 0.0),
        ("started", None),
        ("samples_us", [12.0, 0.0]),
        ("samples_us", None),
        ("quantiles_us", []),
    ],
)
def test_a_session_that_cannot_be_is_refused(key: str, value: object) -> None:
    with pytest.raises(InvalidDataError, match=f"^{key}"):
        Session.from_dict({**SESSION.to_dict(), key: value})


def test_quantiles_rise_with_their_level() -> None:
    data = through_json(SESSION.to_dict())
    data["quantiles_us"]["p25"] = 13.0
    with pytest.raises(InvalidDataError, match="quantiles_us: expected values that rise"):
        Session.from_dict(data)


def test_the_median_is_on_the_sessions_own_clock() -> None:
    assert SESSION.median_us == SESSION.median_on(Clock.HOST) == 12.345678
    assert SESSION.median_on(Clock.DEVICE) == 0.1 + 0.2


def test_a_comparison_inside_a_verdict_is_located() -> None:
    data = through_json(VERDICT.to_dict())
    data["confirm"]["base_us"] = -1.0
    with pytest.raises(InvalidDataError) as caught:
        Verdict.from_dict(data)
    assert caught.value.where == "confirm.base_us"


def test_the_confirmation_is_what_decides() -> None:
    assert VERDICT.decisive is COMPARISON


@pytest.mark.parametrize(
    ("path", "where"), [(("status",), "status"), (("clock",), "clock"), (("confirm", "stage"), "confirm.stage")]
)
def test_an_unknown_name_is_refused_with_those_that_exist(path: tuple[str, ...], where: str) -> None:
    data = through_json(VERDICT.to_dict())
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = "sideways"
    with pytest.raises(InvalidDataError, match=r"expected one of .*, found 'sideways'") as caught:
        Verdict.from_dict(data)
    assert caught.value.where == where
