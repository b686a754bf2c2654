"""JSON as baseline files need it: read strictly and in place, written so that a line diff is the review.

Reading works on the file's bytes and finds where values stand without building them, so that a large file costs no
more memory than its size; what is looked at is then decoded by the standard library. It is stricter than that in two
ways. A key that stands twice in one object is an error, as one of the two values would be lost. And ``NaN`` and
``Infinity`` are errors, as JSON does not know them.

Writing sorts keys and gives each member a line of its own. Two things stand on one line: a list or object of nothing
but numbers, and a row of a table, which is an object in a list that holds texts, numbers and lists of numbers. Text
that was read can be written back as it was (:class:`Verbatim`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from pytest_ascendperf.errors import InvalidDataError

_STRING = rb'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"'
_BETWEEN_BRACKETS = re.compile(rb"(?:[-+.,:\w \t\n\r]+|" + _STRING + rb")*")
_SCALAR = re.compile(rb"[-+.\w]+|" + _STRING)
_SPACE = re.compile(rb"[ \t\n\r]*")
_MERGE_MARKER = re.compile(rb"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)
_CLOSING = {b"{": b"}", b"[": b"]"}
_INDENT = "  "


class JsonSyntaxError(InvalidDataError):
    """Text that is not JSON."""

    def __init__(self, line: int, column: int, problem: str, inside: str = "") -> None:
        self.line = line
        """From 1."""
        self.column = column
        """In bytes, from 1."""
        self._inside = inside
        super().__init__(f"line {line}, column {column}{', in ' if inside else ''}{inside}", problem)

    def inside(self, outer: str) -> JsonSyntaxError:
        """The same problem, with the path of the value that it is in."""
        joint = "." if self._inside and not self._inside.startswith("[") else ""
        return JsonSyntaxError(self.line, self.column, self.problem, f"{outer}{joint}{self._inside}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbatim:
    """JSON text, in UTF-8, that is written as it stands."""

    content: bytes


def read_document(content: bytes, read_member: Callable[[str, int], int]) -> None:
    """Walk the one object that ``content`` must be; see :func:`read_members`. Raises InvalidDataError."""
    start = _after_space(content, 0)
    if start == len(content):
        raise InvalidDataError("", "the file is empty")
    if not content.startswith(b"{", start):
        raise _syntax_error(content, start, "expected '{'")
    end = _after_space(content, read_members(content, start, read_member))
    if end != len(content):
        raise _syntax_error(content, end, "expected nothing behind the closing '}'")


def read_members(content: bytes, start: int, read_member: Callable[[str, int], int]) -> int:
    """Walk the object whose ``{`` is at ``start`` and return the position behind its ``}``.

    ``read_member`` gets each key and the position of its value, and returns the position behind that value. Raises
    JsonSyntaxError, and InvalidDataError for a key that stands twice.
    """
    position = _after_space(content, start + 1)
    if content.startswith(b"}", position):
        return position + 1
    seen: set[str] = set()
    while True:
        if not content.startswith(b'"', position):
            raise _syntax_error(content, position, "expected a key in double quotes")
        end = skip_value(content, position)
        key = str(decode_value(content, slice(position, end)))
        if key in seen:
            raise _key_twice(key)
        seen.add(key)
        position = read_member(key, _behind(content, end, b":"))
        position = _after_space(content, position)
        if content.startswith(b"}", position):
            return position + 1
        position = _behind(content, position, b",")


def skip_value(content: bytes, start: int) -> int:
    """Position behind the value at ``start``, which is only looked at as far as finding its end takes.

    Raises JsonSyntaxError where no value ends.
    """
    if content[start : start + 1] not in _CLOSING:
        scalar = _SCALAR.match(content, start)
        if scalar is None:
            raise _not_a_value(content, start, "expected a value")
        return scalar.end()
    open_brackets: list[bytes] = []
    position = start
    while True:
        mark = content[position : position + 1]
        if mark in _CLOSING:
            open_brackets.append(mark)
        elif mark != _CLOSING[open_brackets.pop()]:
            raise _not_a_value(content, position, "expected a value, a comma or a closing bracket")
        position += 1
        if not open_brackets:
            return position
        between = _BETWEEN_BRACKETS.match(content, position)
        position = between.end() if between else position


def decode_value(content: bytes, place: slice) -> object:
    """The value at ``place``. Raises JsonSyntaxError, and InvalidDataError for JSON that no baseline file holds."""
    text = content[place].decode("utf-8")
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise InvalidDataError("", "nested far deeper than any baseline") from None
    except json.JSONDecodeError as error:
        position = place.start + len(text[: error.pos].encode("utf-8"))
        raise _syntax_error(content, position, error.msg[:1].lower() + error.msg[1:]) from None
    except ValueError:  # from int(), for more digits than Python converts
        raise InvalidDataError("", "a number has too many digits") from None


def render_document(value: Mapping[str, object]) -> bytes:
    """``value`` as the content of a file; parts of it may be :class:`Verbatim`. NaN and infinity raise ValueError.

    Half of a surrogate pair, which stands for a byte in a file name that is not UTF-8, becomes its escape in JSON.
    """
    return b"".join(
        piece.content if isinstance(piece, Verbatim) else piece.encode("utf-8", "backslashreplace")
        for piece in (*_render(value, 0), "\n")
    )


def render_path(*keys: str) -> str:
    """A position in a document for messages, such as ``["test_ffn"][""]``."""
    return "".join(f"[{json.dumps(key, ensure_ascii=not key.isprintable())}]" for key in keys)


def _render(value: object, depth: int) -> Iterator[str | Verbatim]:
    if isinstance(value, Verbatim):
        yield value
    elif isinstance(value, Mapping) and not _only_numbers(value.values()):
        members = ((f"{_on_one_line(key)}: ", value[key]) for key in sorted(value))
        yield from _render_lines("{}", members, depth)
    elif isinstance(value, (list, tuple)) and not _only_numbers(value):
        yield from _render_lines("[]", (("", _row(item)) for item in value), depth)
    else:
        yield _on_one_line(value)


def _render_lines(brackets: str, members: Iterable[tuple[str, object]], depth: int) -> Iterator[str | Verbatim]:
    separator = brackets[0]
    for head, member in members:
        yield f"{separator}\n{_INDENT * (depth + 1)}{head}"
        yield from _render(member, depth + 1)
        separator = ","
    yield f"\n{_INDENT * depth}{brackets[1]}"


def _row(item: object) -> object:
    """``item``, as the text of its line where it is a row of a table."""
    if not isinstance(item, Mapping) or not item:
        return item
    plain = all(
        _only_numbers(cell) if isinstance(cell, (list, tuple)) else not isinstance(cell, (Mapping, Verbatim))
        for cell in item.values()
    )
    return Verbatim(content=_on_one_line(item).encode("utf-8", "backslashreplace")) if plain else item


def _only_numbers(values: Iterable[object]) -> bool:
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)


def _on_one_line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True)


def _after_space(content: bytes, position: int) -> int:
    space = _SPACE.match(content, position)
    return space.end() if space else position


def _behind(content: bytes, position: int, mark: bytes) -> int:
    position = _after_space(content, position)
    if not content.startswith(mark, position):
        raise _syntax_error(content, position, f"expected '{mark.decode()}'")
    return _after_space(content, position + 1)


def _not_a_value(content: bytes, position: int, expected: str) -> JsonSyntaxError:
    in_string = content.startswith(b'"', position)
    return _syntax_error(content, position, "a string is not closed" if in_string else expected)


def _syntax_error(content: bytes, position: int, problem: str) -> JsonSyntaxError:
    marker = _MERGE_MARKER.search(content)
    if marker:
        position, problem = marker.start(), "an unresolved merge conflict"
    elif position >= len(content):
        problem = f"the file ends too early, {problem}"
    else:
        problem = f"not valid JSON, {problem}"
    line = content.count(b"\n", 0, position) + 1
    column = position - content.rfind(b"\n", 0, position)
    return JsonSyntaxError(line, column, problem)


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _key_twice(next(key for key in keys if keys.count(key) > 1))
    return members


def _key_twice(key: str) -> InvalidDataError:
    return InvalidDataError(render_path(key), "stands twice in the same object")


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidDataError("", f"expected finite numbers, found {name}")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique_members, parse_constant=_refuse_constant)
