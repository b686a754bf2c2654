from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_ascendperf.profiles import ProfileError, event_stream
from pytest_ascendperf.profiles.event_stream import read_events

Write = Callable[[str, "str | bytes"], Path]


@pytest.fixture(params=[1, 7, 1 << 18])
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    size: int = request.param
    monkeypatch.setattr(event_stream, "_CHUNK", size)
    return size


@pytest.mark.usefixtures("chunk")
@pytest.mark.parametrize("indent", [None, 2])
def test_events_come_one_by_one_whatever_the_layout_and_the_window(write: Write, indent: int | None) -> None:
    events = [{"name": f"op{number}", "args": {"dims": [[1, 2], []], "text": '"],}'}} for number in range(30)]
    bare = write("bare.json", json.dumps(events, indent=indent))
    inside = {
        "schemaVersion": 1,
        "baseTimeNanoseconds": 1790857026000000000,
        "deviceProperties": [{"id": 0}],
        "traceEvents": events,
        "traceName": "]",
    }
    wrapped = write("wrapped.json", json.dumps(inside, indent=indent))
    expected = list(enumerate(events, 1))
    assert list(read_events(bare)) == expected
    assert list(read_events(wrapped)) == expected


@pytest.mark.usefixtures("chunk")
def test_fractions_are_exact(write: Write) -> None:
    path = write("trace.json", '[{"ts": 1736408883688177.930, "dur": 5046572799}]')
    assert list(read_events(path)) == [(1, {"ts": Decimal("1736408883688177.930"), "dur": 5046572799})]


@pytest.mark.usefixtures("chunk")
def test_a_trace_without_events_is_no_error(write: Write) -> None:
    assert list(read_events(write("a.json", " [ ] \n"))) == []
    assert list(read_events(write("b.json", '{"traceEvents": [], "traceName": "a"}'))) == []


BAD: dict[str, tuple[str | bytes, str]] = {
    "cut off between events": ('[{"a": 1},', "event 2: the file ends here"),
    "cut off in an event": ('[{"a": 1}, {"a": ', "event 2: is not JSON, or the file ends here"),
    "cut off behind the events": ('{"traceEvents": [{"a": 1}]', "event 1: the file ends here"),
    "no comma": ('[{"a": 1} {"a": 2}]', "event 1: expected ',' or ']', found '{'"),
    "an event that is none": ('[{"a": 1}, 5]', "event 2: expected an object, found a number"),
    "something behind": ('[{"a": 1}] x', "event 1: expected nothing behind the end"),
    "two lists": ('{"traceEvents": [], "traceEvents": []}', "expected one list under 'traceEvents'"),
    "no list": ('{"traceEvents": {}}', "expected one list under 'traceEvents'"),
    "an object": ('{"a": 1}', "is no timeline: an object without 'traceEvents'"),
    "an empty object": ("{}", "is no timeline"),
    "a key that is none": ('{5: 1, "traceEvents": []}', "expected a key and a colon"),
    "a string": ('"traceEvents"', "expected a list of events or an object"),
    "space only": ("  \n ", "expected a list of events or an object, found ''"),
    "not a number": ('[{"a": 1}, {"ts": NaN}]', "event 2: holds a number that cannot be read: NaN"),
    "too many digits": ('[{"ts": ' + "9" * 5000 + "}]", "event 1: holds a number that cannot be read"),
    "too large an exponent": ('[{"ts": 1e' + "9" * 30 + "}]", "event 1: holds a number that cannot be read"),
    "nested without end": ("[" + "[" * 200_000, "event 1: is nested too deeply"),
    "bytes that are not UTF-8": (b'[{"a": 1}, {"a": "\xff"}]', "is not UTF-8"),
}


@pytest.mark.parametrize("case", BAD)
def test_damage_is_located(case: str, write: Write) -> None:
    content, expected = BAD[case]
    with pytest.raises(ProfileError) as caught:
        list(read_events(write("trace.json", content)))
    assert expected in str(caught.value)


def test_a_value_larger_than_any_event_is_refused_before_it_is_held_whole(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "LARGEST_VALUE", 1000)
    monkeypatch.setattr(event_stream, "_CHUNK", 100)
    assert len(list(read_events(write("fits.json", '[{"a": "' + "x" * 900 + '"}]')))) == 1
    with pytest.raises(ProfileError, match=r"event 2: .*one value is longer than 1,000 characters"):
        list(read_events(write("bomb.json", '[{"a": 1}, {"a": "' + "x" * 100_000 + '"}]')))
