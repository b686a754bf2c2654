"""Checked access to the fields of a decoded JSON object, so that each codec states its rules in one line per field."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TypeVar, cast

from pytest_ascendperf.errors import InvalidDataError

E = TypeVar("E", bound=Enum)
V = TypeVar("V")


def as_object(value: object, where: str = "") -> Mapping[str, object]:
    """``value`` as a JSON object, or InvalidDataError at ``where``."""
    if not isinstance(value, dict):
        raise InvalidDataError(where, f"expected an object, found {_kind(value)}")
    return cast("Mapping[str, object]", value)


def as_list(value: object, where: str = "") -> Sequence[object]:
    """``value`` as a JSON array, or InvalidDataError at ``where``."""
    if not isinstance(value, list):
        raise InvalidDataError(where, f"expected a list, found {_kind(value)}")
    return cast("Sequence[object]", value)


def required(data: Mapping[str, object], key: str) -> object:
    """The value under ``key``, or InvalidDataError when it is missing."""
    if key not in data:
        raise InvalidDataError(key, "missing")
    return data[key]


def text(data: Mapping[str, object], key: str) -> str:
    """The string under ``key``."""
    value = required(data, key)
    if not isinstance(value, str):
        raise InvalidDataError(key, f"expected a string, found {_kind(value)}")
    return value


def optional_text(data: Mapping[str, object], key: str) -> str | None:
    """The string under ``key``, or None where it is null."""
    return None if required(data, key) is None else text(data, key)


def member(data: Mapping[str, object], key: str, kind: type[E]) -> E:
    """The member of the enumeration ``kind`` whose value is the string under ``key``."""
    name = text(data, key)
    for candidate in kind:
        if candidate.value == name:
            return candidate
    raise InvalidDataError(key, f"expected one of {', '.join(str(m.value) for m in kind)}, found {name!r:.80}")


def flag(data: Mapping[str, object], key: str) -> bool:
    """The truth value under ``key``."""
    value = required(data, key)
    if not isinstance(value, bool):
        raise InvalidDataError(key, f"expected true or false, found {_kind(value)}")
    return value


def count(data: Mapping[str, object], key: str, *, at_least: int = 0) -> int:
    """The whole number under ``key``, not below ``at_least``."""
    value = required(data, key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidDataError(key, f"expected a whole number, found {_kind(value)}")
    if value < at_least:
        raise InvalidDataError(key, f"expected at least {at_least}, found {value}")
    return value


def number(value: object, where: str, *, above: float | None = None, at_least: float | None = None) -> float:
    """``value`` as a finite float inside the bounds, or InvalidDataError at ``where``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidDataError(where, f"expected a number, found {_kind(value)}")
    try:
        result = float(value)
    except OverflowError:
        raise InvalidDataError(where, "the number is too large") from None
    if not math.isfinite(result):
        raise InvalidDataError(where, f"expected a finite number, found {result}")
    if above is not None and not result > above:
        raise InvalidDataError(where, f"expected more than {above:g}, found {result:g}")
    if at_least is not None and not result >= at_least:
        raise InvalidDataError(where, f"expected at least {at_least:g}, found {result:g}")
    return result


def positive_numbers(data: Mapping[str, object], key: str) -> tuple[float, ...]:
    """The finite numbers above 0 in the list under ``key``."""
    values = as_list(required(data, key), key)
    # A baseline file holds millions of them; where all are well, as nearly always, no place needs to be named.
    if all(type(value) is float and 0.0 < value < math.inf for value in values):
        return cast("tuple[float, ...]", tuple(values))
    return tuple(number(value, f"{key}[{index}]", above=0.0) for index, value in enumerate(values))


def optional_number(data: Mapping[str, object], key: str) -> float | None:
    """The finite number under ``key``, or None where it is null."""
    value = required(data, key)
    return None if value is None else number(value, key)


def optional_value(data: Mapping[str, object], key: str, decode: Callable[[Mapping[str, object]], V]) -> V | None:
    """What ``decode`` makes of the object under ``key``; None where it is null."""
    value = required(data, key)
    if value is None:
        return None
    try:
        return decode(as_object(value))
    except InvalidDataError as error:
        raise error.inside(key) from None


def added_value(data: Mapping[str, object], key: str, decode: Callable[[Mapping[str, object]], V]) -> V | None:
    """As :func:`optional_value`, of a key that earlier versions did not write: None where it is missing, too."""
    return optional_value(data, key, decode) if key in data else None


def optional_counts(data: Mapping[str, object], key: str) -> tuple[tuple[str, int], ...] | None:
    """The object of whole numbers under ``key`` as sorted pairs; None where it is null or missing."""
    value = data.get(key)
    if value is None:
        return None
    counts = as_object(value, key)
    try:
        return tuple(sorted((name, count(counts, name)) for name in counts))
    except InvalidDataError as error:
        raise error.inside(key) from None


def text_mapping(data: Mapping[str, object], key: str) -> tuple[tuple[str, str], ...]:
    """The object of strings under ``key`` as sorted pairs."""
    pairs: list[tuple[str, str]] = []
    for name, value in as_object(required(data, key), key).items():
        if not isinstance(value, str):
            raise InvalidDataError(f"{key}.{name}", f"expected a string, found {_kind(value)}")
        pairs.append((name, value))
    return tuple(sorted(pairs))


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
