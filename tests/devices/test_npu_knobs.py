"""Which variables change what a measurement means, and under which nothing is measured."""

from __future__ import annotations

import re

import pytest

from pytest_ascendperf.devices.npu_knobs import KNOBS, OBSTACLES, Knob, hard_keys, refusals, soft_keys


def test_an_environment_that_sets_nothing_has_no_keys_and_no_refusals() -> None:
    assert hard_keys({}) == soft_keys({}) == {}
    assert refusals({}) == refusals({"PATH": "/bin", "ASCEND_HOME_PATH": "/opt"}) == ()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ASCEND_LAUNCH_BLOCKING", "1"),
        ("ASCEND_LAUNCH_BLOCKING", " 2x"),  # strtol reads the digits in front
        ("PROFILER_SAMPLECONFIG", "{}"),
        ("PROFILING_MODE", "dynamic"),
        ("PROF_CONFIG_PATH", "profiles"),
        ("KINETO_USE_DAEMON", "1"),
        ("MSMONITOR_USE_DAEMON", "1"),
        ("GE_INIT_DISABLE", "1"),
        ("ACL_DUMP_DATA", "1"),
    ],
)
def test_what_spoils_every_time_is_refused_by_the_name_of_its_variable(variable: str, value: str) -> None:
    (sentence,) = refusals({variable: value})
    assert re.fullmatch(rf"{variable}={re.escape(value)}: .+; unset {variable}", sentence)


@pytest.mark.parametrize("value", ["0", "", "off", "true", "000"])
def test_a_switch_that_torch_npu_takes_for_off_is_not_refused(value: str) -> None:
    assert refusals({"ASCEND_LAUNCH_BLOCKING": value, "MSMONITOR_USE_DAEMON": value}) == ()


def test_all_that_stands_in_the_way_is_named_at_once() -> None:
    assert len(refusals({"ASCEND_LAUNCH_BLOCKING": "1", "PROFILING_MODE": "dynamic"})) == 2


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.variable)
def test_a_knob_is_recorded_where_it_differs_from_its_default_and_only_there(knob: Knob) -> None:
    mine, other = (hard_keys, soft_keys) if knob.is_hard else (soft_keys, hard_keys)
    assert mine({knob.variable: "something"}) == {knob.variable: "something"}
    assert other({knob.variable: "something"}) == {}
    assert mine({knob.variable: " "}) == {}
    if knob.default is not None:
        assert mine({knob.variable: knob.default}) == {}


def test_no_variable_stands_in_two_places() -> None:
    names = [*(knob.variable for knob in KNOBS), *(obstacle.variable for obstacle in OBSTACLES)]
    assert len(set(names)) == len(names)


def test_what_makes_no_difference_is_not_recorded_as_one() -> None:
    one = {"PYTORCH_NPU_ALLOC_CONF": "expandable_segments:True,max_split_size_mb:50"}
    other = {"PYTORCH_NPU_ALLOC_CONF": " max_split_size_mb:50, expandable_segments:True,"}
    assert hard_keys(one) == hard_keys(other)
    assert soft_keys({"LD_PRELOAD": "/a/libjemalloc.so.2:/b/libx.so"}) == {"LD_PRELOAD": "libjemalloc.so.2 libx.so"}
