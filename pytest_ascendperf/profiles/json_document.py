"""Small JSON files, read whole: bounded in size and depth, and with a key that stands twice visible."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.profiles.files import open_text

LARGEST_CHARACTERS = 16 << 20
"""What is read whole. A file of nothing but empty objects becomes twenty times its size in memory."""


class Members(tuple[tuple[str, object], ...]):
    """A JSON object as the pairs that stand in it, in their order; keys may repeat."""

    __slots__ = ()


def read_document(path: Path) -> object:
    """The value in the file, with objects as :class:`Members`. Raises ProfileError."""
    with open_text(path) as file:
        try:
            text = file.read(LARGEST_CHARACTERS + 1)
            if len(text) > LARGEST_CHARACTERS:
                raise ProfileError(str(path), f"larger than {LARGEST_CHARACTERS:,} characters")
            document: object = json.loads(text, object_pairs_hook=Members, parse_constant=refuse_constant)
        except json.JSONDecodeError as error:
            raise ProfileError(str(path), f"is not JSON: {error.msg}", place=f"line {error.lineno}") from error
        except UnicodeDecodeError as error:
            raise ProfileError(str(path), "is not UTF-8, which profilers write") from error
        except ValueError as error:
            raise ProfileError(str(path), f"holds a number that cannot be read: {error}") from error
        except RecursionError as error:
            raise ProfileError(str(path), "is nested too deeply; no profiler writes such files") from error
    return document


def members(path: Path, value: object, place: str) -> Members:
    """``value`` as an object. Raises ProfileError naming ``place``."""
    if not isinstance(value, Members):
        raise ProfileError(str(path), f"expected an object, found {kind(value)}", place=place)
    return value


def kind(value: object) -> str:
    """What JSON calls ``value``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, (Members, dict)):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return "a string" if isinstance(value, str) else "a number"


def refuse_constant(name: str) -> NoReturn:
    """Called by the decoder for ``NaN`` and ``Infinity``, which JSON does not know."""
    raise ValueError(f"{name} is no JSON number")
