"""Access to the fields of foreign data: what is let through and how the rest is named."""

from __future__ import annotations

import math

import pytest

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model import fields


def test_what_is_right_comes_through() -> None:
    data = {"text": "µ", "none": None, "flag": False, "count": 3, "number": 2}
    assert fields.text(data, "text") == "µ"
    assert fields.optional_text(data, "none") is None
    assert fields.optional_text(data, "text") == "µ"
    assert fields.count(data, "count", at_least=3) == 3
    assert fields.optional_number(data, "none") is None
    number = fields.number(2, "number", above=1.0)
    assert number == 2.0
    assert isinstance(number, float)
    assert fields.text_mapping({"m": {"b": "2", "a": "1"}}, "m") == (("a", "1"), ("b", "2"))


@pytest.mark.parametrize("value", [True, "1", None, [1], {}, math.nan, math.inf, -math.inf, 10**400])
def test_only_finite_numbers_are_numbers(value: object) -> None:
    with pytest.raises(InvalidDataError, match=r"^here: "):
        fields.number(value, "here")


def test_bounds() -> None:
    assert fields.number(0, "here", at_least=0.0) == 0.0
    for value, message in ((0.0, "expected more than 0, found 0"), (-1, "expected more than 0, found -1")):
        with pytest.raises(InvalidDataError, match=message):
            fields.number(value, "here", above=0.0)
    with pytest.raises(InvalidDataError, match="expected at least 0, found -1"):
        fields.number(-1, "here", at_least=0.0)


@pytest.mark.parametrize("value", [True, 1.0, "1", None, 0])
def test_a_count_is_a_whole_number_that_is_large_enough(value: object) -> None:
    with pytest.raises(InvalidDataError, match=r"^rounds: expected "):
        fields.count({"rounds": value}, "rounds", at_least=1)


def test_the_kind_that_was_found_is_named_as_json_names_it() -> None:
    for value, kind in (({}, "an object"), ([], "a list"), (True, "a truth value"), (None, "null"), (1.5, "a number")):
        with pytest.raises(InvalidDataError, match=f"key: expected a string, found {kind}"):
            fields.text({"key": value}, "key")
    with pytest.raises(InvalidDataError, match="expected an object, found a string"):
        fields.as_object("x")
    with pytest.raises(InvalidDataError, match="expected a list, found an object"):
        fields.as_list({})
    with pytest.raises(InvalidDataError, match="key: missing"):
        fields.required({}, "key")
