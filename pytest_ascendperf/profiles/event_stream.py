"""The events of a timeline in JSON, one after the other: a trace of gigabytes is never held whole.

Both layouts are understood: the list of events by itself (torch_npu), and an object that holds it under
``traceEvents`` (PyTorch). Fractions come as exact decimals, not as floats.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.profiles.files import open_text
from pytest_ascendperf.profiles.json_document import kind, refuse_constant

LARGEST_VALUE = 4 << 20
"""In characters. The largest event known holds a call stack of 10,000."""

_CHUNK = 1 << 18
_EVENTS = "traceEvents"
_SPACE = " \t\r\n"


def read_events(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each event with its number, from 1. Raises ProfileError, also where the file ends too early."""
    with open_text(path) as file:
        stream = _Stream(path, file)
        first = stream.take()
        if first == "[":
            yield from stream.events()
        elif first == "{":
            yield from _events_inside(path, stream)
        else:
            raise stream.error(f"expected a list of events or an object, found {first!r}")
        if stream.peek():
            raise stream.error("expected nothing behind the end of the trace")


def _events_inside(path: Path, stream: _Stream) -> Iterator[tuple[int, dict[str, Any]]]:
    seen = False
    closing = stream.peek() == "}"
    if closing:
        stream.take()
    while not closing:
        key = stream.value()
        if not isinstance(key, str) or stream.take() != ":":
            raise stream.error("expected a key and a colon")
        if key != _EVENTS:
            stream.value()
        elif seen or stream.take() != "[":
            raise stream.error(f"expected one list under {_EVENTS!r}")
        else:
            seen = True
            yield from stream.events()
        closing = stream.separator("}")
    if not seen:
        raise ProfileError(str(path), f"is no timeline: an object without {_EVENTS!r}")


class _Stream:
    """JSON values one at a time, over a window of the text that grows only for a value larger than it."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path, self._file = path, file
        self._decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=refuse_constant)
        self._window, self._position, self._at_end, self._event = "", 0, False, 0

    def error(self, problem: str) -> ProfileError:
        """``problem`` at the event that is being read."""
        return ProfileError(str(self._path), problem, place=f"event {self._event}" if self._event else "")

    def peek(self) -> str:
        """The next character that is not space, which stays; empty at the end."""
        while True:
            while self._position < len(self._window):
                if self._window[self._position] not in _SPACE:
                    return self._window[self._position]
                self._position += 1
            if self._at_end:
                return ""
            self._read_on()

    def take(self) -> str:
        """The next character that is not space; empty at the end."""
        character = self.peek()
        self._position += len(character)
        return character

    def separator(self, closing: str) -> bool:
        """Take the comma or ``closing``; whether it was that."""
        character = self.take()
        if character not in {",", closing}:
            raise self.error(f"expected ',' or {closing!r}, found {character!r}" if character else "the file ends here")
        return character == closing

    def events(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The objects of a list whose bracket was taken, and the bracket behind them."""
        self._event = 1
        if self.peek() == "]":
            self.take()
            return
        while True:
            value = self.value()
            if not isinstance(value, dict):
                raise self.error(f"expected an object, found {kind(value)}")
            yield self._event, value
            if self.separator("]"):
                return
            self._event += 1

    def value(self) -> object:
        """The next value, whole."""
        if not self.peek():
            raise self.error("the file ends here")
        while True:
            try:
                value, end = self._decoder.raw_decode(self._window, self._position)
            except json.JSONDecodeError as error:
                if self._at_end:
                    # A text cut off is reported where it began, any other mistake where it is.
                    raise self.error(f"is not JSON, or the file ends here: {error.msg}") from error
            except RecursionError as error:
                raise self.error("is nested too deeply; no profiler writes such files") from error
            except (ValueError, ArithmeticError) as error:
                raise self.error(f"holds a number that cannot be read: {error}") from error
            else:
                # A number that ends where the window does may go on behind it.
                if end < len(self._window) or self._at_end:
                    self._position = end
                    return value
            if len(self._window) - self._position > LARGEST_VALUE:
                raise self.error(f"is not JSON, or one value is longer than {LARGEST_VALUE:,} characters")
            self._read_on()

    def _read_on(self) -> None:
        rest = self._window[self._position :]
        try:
            # As much again as is held: reading a large value stays linear in its length.
            more = self._file.read(max(_CHUNK, len(rest)))
        except UnicodeDecodeError as error:
            raise self.error("is not UTF-8, which profilers write") from error
        self._window, self._position, self._at_end = rest + more, 0, not more
