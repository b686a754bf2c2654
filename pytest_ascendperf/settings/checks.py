"""What a setting's value must be: checks that give it in its type, or raise ValueError saying what is expected."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

AUTO = "auto"
"""The word for "let the plugin decide", on the command line and in the environment."""

NONE = "none"
"""The word for "no bound", where a bound was set elsewhere."""

DEVICE_KINDS = ("npu", "cuda", "cpu", "scripted")
"""Every kind of device that exists, in the order in which they are listed to users. Accelerators take a number, too."""

KERNEL_MODES = ("always", "regressed", "never")
"""When the kernels of a case are recorded."""

STATUS_NAMES = (
    "pass",
    "regressed",
    "improved",
    "inconclusive",
    "provisional",
    "no_baseline",
    "not_comparable",
    "invalid",
)
"""Values of :class:`~pytest_ascendperf.model.verdict.Status`, spelled here so that options load nothing else."""

STRICT_PASSES = frozenset({"pass", "improved"})
"""The statuses that do not fail a test in strict mode."""


def number(low: float, high: float = math.inf, *, open_low: bool = False) -> Callable[[object], float]:
    """Makes a check for a finite number between the bounds; ``open_low`` leaves the lower bound itself out."""
    bounds = f"more than {low:g}" if open_low else f"from {low:g}"
    expected = f"expected a number {bounds}" + (f" to {high:g}" if math.isfinite(high) else "")

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(expected)
        number = float(value)
        if not math.isfinite(number) or not low <= number <= high or (open_low and number == low):
            raise ValueError(expected)
        return number

    return check


_TIME_SPAN = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", re.ASCII)
_EXPECTED_TIME_SPAN = "expected a time such as 20m, 90s, 1h30m or 1200 (seconds), above 0"


def time_span(value: object) -> float | None:
    """Seconds from a text such as ``20m``, ``90s``, ``1h30m`` or ``1200``; None, for no bound, from ``none``."""
    if not isinstance(value, str):
        raise ValueError(_EXPECTED_TIME_SPAN)
    text = "".join(value.split()).lower()
    if text == NONE:
        return None
    match = _TIME_SPAN.fullmatch(text)
    if match is None or not text:
        raise ValueError(_EXPECTED_TIME_SPAN)
    hours, minutes, seconds = (float(part or 0.0) for part in match.groups())
    total = hours * 3600.0 + minutes * 60.0 + seconds
    if not 0.0 < total < math.inf:
        raise ValueError(_EXPECTED_TIME_SPAN)
    return total


def count(low: int) -> Callable[[object], int]:
    """Makes a check for a whole number from ``low`` on."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ValueError(f"expected a whole number from {low}")
        return value

    return check


def count_or_auto(low: int) -> Callable[[object], int | None]:
    """Makes a check for a whole number from ``low`` on, or ``auto``, which becomes None."""
    whole = count(low)

    def check(value: object) -> int | None:
        if value is None or value == AUTO:
            return None
        try:
            return whole(value)
        except ValueError as error:
            raise ValueError(f"{error} or {AUTO!r}") from None

    return check


def count_or_none(low: int) -> Callable[[object], int | None]:
    """Makes a check for a whole number from ``low`` on, or None for no bound."""
    whole = count(low)

    def check(value: object) -> int | None:
        return None if value is None else whole(value)

    return check


def flag(value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def text(value: object) -> str:
    """A text with something in it."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("expected a text that is not empty")
    return value


def device(value: object) -> str:
    """``auto``, a kind of device, or an accelerator with its number: ``npu:1``."""
    if isinstance(value, str):
        kind, colon, number = value.partition(":")
        if value == AUTO or value in DEVICE_KINDS:
            return value
        if colon and kind in ("npu", "cuda") and number.isascii() and number.isdecimal():
            return value
    raise ValueError(f"expected one of {', '.join((AUTO, *DEVICE_KINDS))}, or one with its number such as npu:1")


def cache(value: object) -> str:
    """``warm`` or ``cold``."""
    if value not in ("warm", "cold"):
        raise ValueError("expected warm or cold")
    return str(value)


def kernels(value: object) -> str:
    """``always``, ``regressed`` or ``never``."""
    if value not in KERNEL_MODES:
        raise ValueError(f"expected one of {', '.join(KERNEL_MODES)}")
    return str(value)


def pattern_names(value: object) -> tuple[str, ...]:
    """Names of fusion patterns: one as a text, or several in a list. Whether they exist is for the catalogue to say."""
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError("expected a list of names such as ['matmul+bias+act']")
    return tuple(names)


def statuses(value: object) -> frozenset[str]:
    """The names of statuses in a text that separates them by commas."""
    if not isinstance(value, str):
        raise ValueError("expected statuses separated by commas")
    names = [name.strip().lower().replace("-", "_") for name in value.split(",") if name.strip()]
    unknown = [name for name in names if name not in STATUS_NAMES]
    if unknown or not names:
        raise ValueError(f"expected statuses separated by commas, of {', '.join(STATUS_NAMES)}")
    return frozenset(names)
