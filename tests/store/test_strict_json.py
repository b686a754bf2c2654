from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.store.strict_json import (
    JsonSyntaxError,
    Verbatim,
    decode_value,
    read_document,
    render_document,
    render_path,
    skip_value,
)


def members(content: bytes) -> dict[str, object]:
    """The top-level members of ``content``, each found by skipping and decoded on its own."""
    found: dict[str, object] = {}

    def read(key: str, start: int) -> int:
        end = skip_value(content, start)
        found[key] = decode_value(content, slice(start, end))
        return end

    read_document(content, read)
    return found


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(st.text(), values, max_size=5)


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(documents)
def test_what_is_written_is_json_and_is_read_back(document: dict[str, object]) -> None:
    content = render_document(document)
    assert json.loads(content) == document
    assert members(content) == document


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(documents, st.sampled_from([None, 0, 1, "\t"]), st.booleans())
def test_json_in_any_layout_is_read(document: dict[str, object], indent: int | str | None, escaped: bool) -> None:
    content = json.dumps(document, indent=indent, ensure_ascii=escaped).encode()
    assert members(content) == document


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(documents, st.data())
def test_the_walk_refuses_no_less_than_the_standard_library(document: dict[str, object], data: st.DataObject) -> None:
    """A byte is changed; wherever the standard library then finds an error, so do the two steps together."""
    content = bytearray(render_document(document))
    index = data.draw(st.integers(0, len(content) - 1))
    content[index] = data.draw(st.sampled_from(b'{}[],:"\\0a \n'))
    try:
        json.loads(content)
    except ValueError:
        with pytest.raises((InvalidDataError, UnicodeDecodeError)):
            members(bytes(content))


def test_the_layout_gives_each_fact_a_line_and_numbers_one_together() -> None:
    document = {
        "tests": {"test_ä": {"samples_us": [1.5, 2.0], "quantiles_us": {"p50": 2.0, "min": 1.5}, "notes": ["a", 1]}},
        "empty": {},
        "schema": 1,
        "flag": [True, False],
    }
    assert render_document(document).decode() == (
        "{\n"
        '  "empty": {},\n'
        '  "flag": [\n'
        "    true,\n"
        "    false\n"
        "  ],\n"
        '  "schema": 1,\n'
        '  "tests": {\n'
        '    "test_ä": {\n'
        '      "notes": [\n'
        '        "a",\n'
        "        1\n"
        "      ],\n"
        '      "quantiles_us": {"min": 1.5, "p50": 2.0},\n'
        '      "samples_us": [1.5, 2.0]\n'
        "    }\n"
        "  }\n"
        "}\n"
    )


def test_a_row_of_a_table_stands_on_one_line_and_what_holds_more_does_not() -> None:
    row = {"type": "Ädd", "core": None, "durations_us": [1.5, 2.0]}
    deeper = {"type": "Mul", "quantiles_us": {"min": 1.0}}
    assert render_document({"rows": [row, deeper], "row": row}).decode() == (
        "{\n"
        '  "row": {\n'
        '    "core": null,\n'
        '    "durations_us": [1.5, 2.0],\n'
        '    "type": "Ädd"\n'
        "  },\n"
        '  "rows": [\n'
        '    {"core": null, "durations_us": [1.5, 2.0], "type": "Ädd"},\n'
        "    {\n"
        '      "quantiles_us": {"min": 1.0},\n'
        '      "type": "Mul"\n'
        "    }\n"
        "  ]\n"
        "}\n"
    )


def test_text_that_was_read_is_written_as_it_was() -> None:
    assert render_document({"old": Verbatim(content=b'{ "x":1}')}) == b'{\n  "old": { "x":1}\n}\n'


def test_half_of_a_surrogate_pair_is_written_as_an_escape() -> None:
    content = render_document({"test_\udcff": "x"})
    assert content == b'{\n  "test_\\udcff": "x"\n}\n'
    assert members(content) == {"test_\udcff": "x"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_does_not_know_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        render_document({"x": number})


@pytest.mark.parametrize(
    ("content", "line", "column", "problem"),
    [
        (b"[1]", 1, 1, "not valid JSON, expected '{'"),
        (b"\n\n  nonsense", 3, 3, "not valid JSON, expected '{'"),
        (b'{\n "a": 1\n "b": 2}', 3, 2, "not valid JSON, expected ','"),
        (b'{"a": 1,}', 1, 9, "not valid JSON, expected a key in double quotes"),
        (b"{a: 1}", 1, 2, "not valid JSON, expected a key in double quotes"),
        (b'{"a" 1}', 1, 6, "not valid JSON, expected ':'"),
        (b'{"a": }', 1, 7, "not valid JSON, expected a value"),
        (b'{"a": [1}}', 1, 9, "not valid JSON, expected a value, a comma or a closing bracket"),
        (b'{"a": 1} {}', 1, 10, "not valid JSON, expected nothing behind the closing '}'"),
        (b'{"a": [1,\n2', 2, 2, "the file ends too early, expected a value, a comma or a closing bracket"),
        (b'{"a": 1', 1, 8, "the file ends too early, expected ','"),
        (b'{"a": "\n"}', 1, 7, "not valid JSON, a string is not closed"),
        (b'{"a": ["b, 1]}', 1, 8, "not valid JSON, a string is not closed"),
        (b'{"a: 1}', 1, 2, "not valid JSON, a string is not closed"),
        (b'{"a": 01}', 1, 8, "not valid JSON, extra data"),
    ],
)
def test_bad_syntax_is_told_with_line_and_column(content: bytes, line: int, column: int, problem: str) -> None:
    with pytest.raises(JsonSyntaxError) as refused:
        members(content)
    assert (refused.value.line, refused.value.column, refused.value.problem) == (line, column, problem)


def test_bad_syntax_inside_a_value_is_told_with_its_place_in_the_file() -> None:
    content = '{\n"µ": {\n  "ä": [1 2]}}'.encode()
    with pytest.raises(JsonSyntaxError) as refused:
        members(content)
    assert (refused.value.line, refused.value.column) == (3, 12)
    assert content.splitlines()[2][11:12] == b"2"


def test_a_merge_conflict_is_told_as_one() -> None:
    content = b'{\n  "a": {\n<<<<<<< HEAD\n    "b": 1\n=======\n    "b": 2\n>>>>>>> theirs\n  }\n}\n'
    with pytest.raises(JsonSyntaxError) as refused:
        members(content)
    assert (refused.value.line, refused.value.problem) == (3, "an unresolved merge conflict")


@pytest.mark.parametrize("content", [b"", b" \n\t\n"])
def test_nothing_at_all_is_told_as_an_empty_file(content: bytes) -> None:
    with pytest.raises(InvalidDataError) as refused:
        members(content)
    assert refused.value.problem == "the file is empty"


@pytest.mark.parametrize("content", [b'{"a": 1, "b": 2, "a": 3}', b'{"x": [{"a": 1, "a": 1}]}', b'{"\\u0061":1,"a":1}'])
def test_a_key_that_stands_twice_is_refused_at_any_depth(content: bytes) -> None:
    with pytest.raises(InvalidDataError) as refused:
        members(content)
    assert (refused.value.where, refused.value.problem) == ('["a"]', "stands twice in the same object")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_numbers_that_are_none_are_refused(number: bytes) -> None:
    with pytest.raises(InvalidDataError, match=f"expected finite numbers, found {number.decode()}"):
        members(b'{"a": [1.0, ' + number + b"]}")


@pytest.mark.parametrize("bomb", [b"[" * 200_000 + b"]" * 200_000, b'{"a":' * 200_000 + b"1" + b"}" * 200_000])
def test_endless_nesting_is_refused(bomb: bytes) -> None:
    with pytest.raises(InvalidDataError, match="nested far deeper"):
        members(b'{"a": ' + bomb + b"}")


def test_more_digits_than_a_number_may_have_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="too many digits"):
        members(b'{"a": ' + b"9" * 10_000 + b"}")


def test_a_place_in_a_document_prints_on_one_line() -> None:
    assert render_path("test_模型[a]", "x\ny") == '["test_模型[a]"]["x\\ny"]'
