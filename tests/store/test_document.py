from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.anchor import Anchor
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.conditions import Conditions, DeviceConditions, HostConditions, OtherProcess
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.kernel_table import KernelKind, KernelTable
from pytest_ascendperf.model.measurement import Clock, Session
from pytest_ascendperf.store.document import BaselineDocument
from pytest_ascendperf.store.schema import as_stored

from .builders import MODULE, baseline, environment


def content_of(*baselines: Baseline) -> bytes:
    return BaselineDocument.empty(baselines[0].case.module).merged({new.case: new for new in baselines})


texts = st.text(st.characters() | st.just("\udcff"), max_size=20)
times_us = st.floats(min_value=0.0, exclude_min=True, allow_infinity=False)
pairs = st.dictionaries(texts, texts, max_size=3).map(lambda items: tuple(sorted(items.items())))
shares = st.none() | st.floats(min_value=0.0, allow_infinity=False)
conditions = st.builds(
    Conditions,
    host=st.none()
    | st.builds(HostConditions, steal_share=shares, waiting_share=shares, waits=st.none() | st.integers(0)),
    device=st.none()
    | st.builds(
        DeviceConditions,
        source=texts,
        clock_mhz=st.none() | times_us,
        throttling=st.none() | st.lists(texts, max_size=2).map(tuple),
        others=st.none()
        | st.lists(st.builds(OtherProcess, pid=st.integers(0), name=st.none() | texts), max_size=2).map(tuple),
    ),
)
sessions = st.builds(
    Session,
    started=texts,
    clock=st.just(Clock.DEVICE),
    device_median_us=times_us,
    host_median_us=st.none() | times_us,
    reference_us=st.none() | times_us,
    vector_reference_us=st.none() | times_us,
    core_work_us=st.none() | times_us,
    memory_work_us=st.none() | times_us,
    rounds=st.integers(1, 10**9),
    calls_per_round=st.integers(1, 10**9),
    warmup_calls=st.integers(0, 10**9),
    mean_us=times_us,
    sd_us=st.floats(min_value=0.0, allow_infinity=False),
    lag1=st.floats(-1.0, 1.0),
    quantiles_us=st.lists(times_us, min_size=7, max_size=7).map(lambda values: tuple(sorted(values))),
    samples_us=st.lists(times_us, max_size=5).map(tuple),
    conditions=st.none() | conditions,
).map(lambda drawn: replace(drawn, device_median_us=drawn.median_us))
"""The clock's median is the p50, in whatever a session holds."""
environments = st.builds(
    Environment,
    device=texts,
    chip=texts,
    chip_id=st.just("chip"),
    stack_id=st.just("stack"),
    hard=pairs,
    soft=pairs,
)
kinds = st.builds(
    KernelKind,
    type=texts,
    core=st.sampled_from(["AI_CORE", "AI_CPU", None]),
    inputs=st.sampled_from(["8,8;8", None]),
    count=st.integers(1, 10**9),
    durations_us=st.tuples(st.just(0.0) | times_us, times_us),
)
tables = st.builds(
    KernelTable,
    kernels=st.lists(kinds, max_size=4, unique_by=lambda kind: kind.sort_key).map(
        lambda drawn: tuple(sorted(drawn, key=lambda kind: kind.sort_key))
    ),
    activity=st.sampled_from(["device", "host"]),
    sessions=st.just(2),
    calls=st.integers(1, 10**9),
    has_types=st.booleans(),
    varying=st.lists(texts, max_size=2).map(tuple),
    synchronizations=st.none() | st.integers(0, 10**9),
    source=texts,
)
effects = st.dictionaries(texts, st.integers(0, 99), max_size=3).map(lambda items: tuple(sorted(items.items())))
baselines = st.builds(
    Baseline,
    case=st.builds(CaseId, module=st.just(MODULE), test=texts, case=texts),
    environment=environments,
    sessions=st.lists(sessions, min_size=1, max_size=3).map(tuple),
    revision=st.none() | texts,
    kernels=st.none() | tables,
    fusion_passes=st.none() | effects,
    anchor=st.none()
    | st.builds(Anchor, sessions=st.lists(sessions, min_size=2, max_size=3).map(tuple), revision=st.none() | texts),
).map(as_stored)


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(st.lists(baselines, min_size=1, max_size=4, unique_by=lambda value: value.case))
def test_every_baseline_is_read_back_as_it_was_stored(values: list[Baseline]) -> None:
    document = BaselineDocument.parse(content_of(*values))
    assert {case: document.find(case) for case in document.cases()} == {value.case: value for value in values}
    assert document.merged({}) == document.content


@settings(derandomize=True, database=None, deadline=None, max_examples=100)
@given(st.data(), st.lists(baselines, min_size=2, max_size=4, unique_by=lambda value: value.case))
def test_the_order_of_updates_leaves_no_trace(data: st.DataObject, values: list[Baseline]) -> None:
    document = BaselineDocument.empty(MODULE)
    for value in data.draw(st.permutations(values)):
        document = BaselineDocument.parse(document.merged({value.case: value}))
    assert document.content == content_of(*values)


def test_a_file_looks_like_this() -> None:
    """The layout is part of the format: changing it by accident would rewrite every file in every repository."""
    text = content_of(baseline("test_ffn[fp16]", "decode", median_us=12.5, sessions=1, revision=None)).decode()
    fingerprint = environment().fingerprint
    assert (
        text
        == f"""{{
  "environments": {{
    "{fingerprint}": {{
      "chip": "Testbed µ",
      "chip_id": "cpu-testbed",
      "device": "cpu",
      "hard": {{
        "threads": "4"
      }},
      "soft": {{
        "governor": "powersave"
      }},
      "stack_id": "torch-2.13.0"
    }}
  }},
  "module": "tests/test_ffn.py",
  "schema": 1,
  "tests": {{
    "test_ffn[fp16]": {{
      "decode": {{
        "environment": "{fingerprint}",
        "revision": null,
        "sessions": [
          {{
            "calls_per_round": 10,
            "clock": "device",
            "device_median_us": 12.5,
            "host_median_us": null,
            "lag1": 0.125,
            "mean_us": 12.625,
            "quantiles_us": {{"min": 11.25, "p10": 11.875, "p25": 12.25, "p50": 12.5, \
"p75": 12.75, "p90": 13.125, "p99": 15.0}},
            "reference_us": null,
            "rounds": 64,
            "samples_us": [12.5, 12.25, 12.75],
            "sd_us": 0.25,
            "started": "2025-01-31T04:00:00Z",
            "warmup_calls": 20
          }}
        ]
      }}
    }}
  }}
}}
"""
    )


def test_an_entry_without_kernels_holds_no_word_of_them() -> None:
    """So a baseline that an older version recorded stays what it was, and one that it reads lacks nothing."""
    assert b"kernels" not in content_of(baseline())
    assert b"fusion_passes" not in content_of(baseline())


DOCUMENTATION = Path(__file__).parents[2] / "docs" / "baseline-format.md"


@pytest.mark.skipif(not DOCUMENTATION.exists(), reason="the documentation is not beside the tests")
def test_the_example_in_the_documentation_is_a_file_as_it_would_be_written() -> None:
    example = DOCUMENTATION.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0].encode()
    document = BaselineDocument.parse(example)
    (case,) = document.cases()
    found = document.find(case)
    assert found is not None
    assert document.merged({}) == example
    assert content_of(as_stored(found)) == example


@pytest.mark.skipif(not DOCUMENTATION.exists(), reason="the documentation is not beside the tests")
def test_every_field_is_documented() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    value = baseline()
    kind = KernelKind(type="Add", core=None, inputs=None, count=1, durations_us=(5.0,))
    table = KernelTable(
        kernels=(kind,),
        activity="host",
        sessions=1,
        calls=1,
        has_types=True,
        varying=(),
        synchronizations=None,
        source="",
    )
    anchor = Anchor(sessions=value.sessions, revision=None)
    value = replace(value, kernels=table, fusion_passes=(), anchor=anchor)
    stored = [
        json.loads(content_of(value)),
        value.to_dict(),
        value.environment.to_dict(),
        value.sessions[0].to_dict(),
        anchor.to_dict(),
        table.to_dict(),
        kind.to_dict(),
    ]
    assert [key for fields in stored for key in fields if f"| `{key}`" not in text and f", `{key}`" not in text] == []


def test_a_case_that_is_not_there_is_none() -> None:
    document = BaselineDocument.parse(content_of(baseline()))
    assert document.find(CaseId(module=MODULE, test="test_other")) is None
    assert document.find(CaseId(module=MODULE, test="test_ffn", case="other")) is None


def edited(content: bytes, old: str, new: str) -> bytes:
    """``content`` with the only ``old`` replaced."""
    assert content.decode().count(old) == 1
    return content.decode().replace(old, new).encode()


def test_entries_that_are_not_updated_stay_byte_for_byte() -> None:
    """Also in another layout, and with fields that this version does not know."""
    foreign = '{"environment": "%s",\n"power_w" : {"MatMul":3 }, "revision":null, "sessions": %s}'
    kept = baseline("test_kept")
    sessions = json.dumps(kept.to_dict()["sessions"])
    before = content_of(kept, baseline("test_updated", median_us=1.0), baseline("test_z"))
    foreign_text = foreign % (kept.environment.fingerprint, sessions)
    start = before.index(b'"test_kept": {') + len(b'"test_kept": {\n      "": ')
    end = before.index(b"\n    },\n", start)
    before = before[:start] + foreign_text.encode() + before[end:]

    after = BaselineDocument.parse(before).merged({baseline("test_updated").case: baseline("test_updated")})

    updated = slice(before.index(b'"test_updated"'), before.index(b'"test_z"'))
    assert after[: updated.start] == before[: updated.start]
    assert after.endswith(before[updated.stop :])
    assert foreign_text.encode() in after
    assert BaselineDocument.parse(after).find(baseline("test_updated").case) == baseline("test_updated")


def test_members_of_the_file_that_are_not_known_stay() -> None:
    before = edited(content_of(baseline()), '  "module"', '  "merged_by": {"tool":  "x"},\n  "module"')
    after = BaselineDocument.parse(before).merged({baseline().case: baseline(median_us=1.0)})
    assert b'\n  "merged_by": {"tool":  "x"},\n' in after


def test_environments_go_with_the_last_entry_that_refers_to_them() -> None:
    one, other = environment(threads="1"), environment(threads="2")
    document = BaselineDocument.parse(content_of(baseline("test_a", where=one), baseline("test_b", where=one)))
    document = BaselineDocument.parse(document.merged({baseline("test_a").case: baseline("test_a", where=other)}))
    assert set(document.environments) == {one.fingerprint, other.fingerprint}
    document = BaselineDocument.parse(document.merged({baseline("test_b").case: baseline("test_b", where=other)}))
    assert dict(document.environments) == {other.fingerprint: other}


@pytest.mark.parametrize(
    ("change", "where", "problem"),
    [
        ({"schema": None}, "schema", "expected a whole number"),
        ({"schema": "1"}, "schema", "expected a whole number"),
        ({"schema": 2}, "schema", "newer pytest-ascendperf"),
        ({"schema": 2, "tests": [], "environments": 0}, "schema", "newer pytest-ascendperf"),
        ({"module": 3}, "module", "expected a string"),
        ({"tests": []}, "tests", "expected an object"),
        ({"tests": {"test_ffn": 3}}, 'tests["test_ffn"]', "expected an object"),
        ({"environments": [1]}, "environments", "expected an object"),
        ({"environments": {"abc": 3}}, 'environments["abc"]', "expected an object"),
        ({"environments": {"abc": {"chip": 1}}}, 'environments["abc"].device', "missing"),
    ],
)
def test_a_wrong_shape_is_told_with_its_place(change: Mapping[str, object], where: str, problem: str) -> None:
    content = json.dumps({**json.loads(content_of(baseline())), **change}).encode()
    with pytest.raises(InvalidDataError) as refused:
        BaselineDocument.parse(content)
    assert refused.value.where == where
    assert problem in refused.value.problem


@pytest.mark.parametrize("key", ["schema", "module", "environments", "tests"])
def test_a_missing_member_is_told(key: str) -> None:
    document = json.loads(content_of(baseline()))
    del document[key]
    with pytest.raises(InvalidDataError) as refused:
        BaselineDocument.parse(json.dumps(document).encode())
    assert (refused.value.where, refused.value.problem) == (key, "missing")


def test_an_environment_that_was_edited_is_refused() -> None:
    """Else a hard key could be edited until two runs that must not be compared look comparable."""
    with pytest.raises(InvalidDataError) as refused:
        BaselineDocument.parse(edited(content_of(baseline()), '"threads": "4"', '"threads": "8"'))
    assert refused.value.where == f'environments["{environment().fingerprint}"]'
    assert "was edited" in refused.value.problem


@pytest.mark.parametrize(
    ("old", "new", "where", "problem"),
    [
        ('"p50": 12.345678', '"p50": -1', "quantiles_us.p50", "expected more than 0, found -1"),
        ('"p50": 12.345678', '"p50": 0', "quantiles_us.p50", "expected more than 0, found 0"),
        ('"p50": 12.345678', '"p50": 99', "quantiles_us", "rise with their level"),
        ('"p50": 12.345678', '"p50": "12"', "quantiles_us.p50", "expected a number"),
        ('"p50": 12.345678', '"p50": 1e999', "quantiles_us.p50", "expected a finite number"),
        ('"p50": 12.345678', f'"p50": {"9" * 400}', "quantiles_us.p50", "too large"),
        ("[12.5, 12.25, 12.75]", "[12.5, 0]", "samples_us[1]", "expected more than 0"),
        ('"sd_us": 0.25', '"sd_us": -0.25', "sd_us", "expected at least 0"),
        ('"rounds": 64', '"rounds": 0', "rounds", "expected at least 1"),
        ('"rounds": 64', '"rounds": 6.4', "rounds", "expected a whole number"),
        ('"warmup_calls": 20', '"warm_up": 20', "warmup_calls", "missing"),
    ],
)
def test_a_bad_session_is_told_with_test_session_and_field(old: str, new: str, where: str, problem: str) -> None:
    content = edited(content_of(baseline("test_bad", "decode", sessions=1)), old, new)
    document = BaselineDocument.parse(content)
    with pytest.raises(InvalidDataError) as refused:
        document.find(baseline("test_bad", "decode").case)
    assert refused.value.where == f'tests["test_bad"]["decode"].sessions[0].{where}'
    assert problem in refused.value.problem


def test_a_bad_entry_keeps_the_others_usable_but_the_file_from_being_written() -> None:
    good, bad = baseline("test_good", median_us=3.0), baseline("test_bad", sessions=1)
    document = BaselineDocument.parse(edited(content_of(good, bad), '"p50": 12.345678', '"p50": NaN'))
    assert document.find(good.case) == good
    with pytest.raises(InvalidDataError, match=r'tests\["test_bad"\]\[""\]: expected finite numbers, found NaN'):
        document.merged({good.case: good})


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('"tests": {"a": {}, "a": {}}', 'tests["a"]'),
        ('"tests": {"a": {"": 1, "": 2}}', 'tests["a"][""]'),
        ('"tests": {}, "tests": {}', '["tests"]'),
        ('"environments": {"abc": {}, "abc": {}}', 'environments["abc"]'),
    ],
)
def test_ids_that_stand_twice_are_refused(content: str, where: str) -> None:
    with pytest.raises(InvalidDataError) as refused:
        BaselineDocument.parse(f'{{"schema": 1, "module": "m", {content}}}'.encode())
    assert (refused.value.where, refused.value.problem) == (where, "stands twice in the same object")
