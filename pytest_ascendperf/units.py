"""Durations, changes and chances as text for people: one rule each, so that every report prints the same number alike.

Durations follow one rule. A number of at most nine significant digits is printed in full: that many a nanosecond clock
reads within a second, so a median that is a clock's reading is printed to its last digit. A longer one comes out of a
division or a mean, its tail says nothing, and it is rounded to four digits. Fewer than four are filled up with zeros.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal

EXACT_DIGITS = 9
"""Significant digits up to which a duration is printed in full."""

_UNITS: tuple[tuple[int, str], ...] = ((6, "s"), (3, "ms"), (0, "µs"), (-3, "ns"))
"""Powers of ten of a µs, largest first."""

_LEAST_MAGNITUDE, _GREATEST_MAGNITUDE = -9, 15
"""Powers of ten of a µs beyond which no clock reads; such a number is printed with an exponent, lest it fill a line."""

_CONTEXT = Context(prec=30)
"""Decimal arithmetic of our own: a test may have changed the precision of the ambient one."""


def format_duration(duration_us: float, *, digits: int = 4, exact: bool = True) -> str:
    """``duration_us`` (µs) in the unit that suits it: ``12.50 µs``, ``12.345678 µs``, ``3.000 ms``, ``0.05000 ns``.

    In full up to ``EXACT_DIGITS`` significant digits, unless ``exact`` is off because the number was computed and not
    read; else rounded to ``digits`` (at least 1); never fewer than ``digits``. The unit is chosen after
    rounding, so that 999.96 µs on three digits is ``1.00 ms``.
    """
    if not math.isfinite(duration_us):
        return str(duration_us)
    rounded = _rounded(duration_us, digits, EXACT_DIGITS if exact else digits)
    if not rounded:
        return "0 µs"
    magnitude = rounded.adjusted()
    if not _LEAST_MAGNITUDE <= magnitude <= _GREATEST_MAGNITUDE:
        return f"{duration_us:.{digits - 1}e} µs"
    power, unit = next(((p, u) for p, u in _UNITS if magnitude >= p), _UNITS[-1])
    value = rounded.scaleb(-power, _CONTEXT)
    decimals_held = max(-int(value.as_tuple().exponent), 0)
    decimals_wanted = digits - (value.adjusted() + 1)
    return f"{value:.{max(decimals_held, decimals_wanted, 0)}f} {unit}"


def _rounded(duration_us: float, digits: int, digits_in_full: int) -> Decimal:
    # Twelve digits first: that drops the last bits, where a mean of equal readings differs from the reading.
    exact = Decimal(f"{duration_us:.12g}").normalize(_CONTEXT)
    if len(exact.as_tuple().digits) <= digits_in_full:
        return exact
    return Decimal(f"{duration_us:.{digits - 1}e}")


def format_change(change: float) -> str:
    """A relative change with its sign, in per cent: ``+4.2 %``, ``-0.31 %``; as a factor from +100 % on: ``3.02 ×``."""
    if not math.isfinite(change):
        return str(change)
    if round(change * 100, 1) >= 100.0:
        factor = 1.0 + change
        return f"{factor:.{2 if factor < 9.995 else 1 if factor < 99.95 else 0}f} ×"
    text = _per_cent(abs(change))
    return text if text == "0.00 %" else ("-" if change < 0 else "+") + text


def format_factor(factor: float) -> str:
    """A ratio of two times: ``1.203 ×``, ``12.3 ×``, ``123 ×``; three decimals where a per cent counts."""
    if not math.isfinite(factor):
        return str(factor)
    return f"{factor:.{3 if factor < 9.9995 else 1 if factor < 99.95 else 0}f} ×"


def format_share(share: float) -> str:
    """A measured relative size without a sign, in per cent: ``4.2 %``, ``0.31 %``."""
    if not math.isfinite(share):
        return str(share)
    return ("-" if share < 0 else "") + _per_cent(abs(share))


def format_tolerance(tolerance: float) -> str:
    """A relative limit as its author gave it, in per cent: ``5 %``, ``2.5 %``, ``0.25 %``."""
    return f"{tolerance * 100:.6g} %" if math.isfinite(tolerance) else str(tolerance)


def format_chance(probability: float) -> str:
    """A probability with two significant digits: ``0.0032``; ``below 0.0001`` where it is smaller."""
    if not math.isfinite(probability):
        return str(probability)
    return "below 0.0001" if probability < 1e-4 else f"{probability:.2g}"


def format_wall_time(seconds: float) -> str:
    """Wall time for progress lines, to the second: ``40 s``, ``3 min 20 s``."""
    whole = max(round(seconds), 0)
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def format_time_span(seconds: float) -> str:
    """A span that somebody chose, without its empty parts: ``20 min``, ``1 h 30 min``, ``1 min 30.5 s``."""
    minutes, rest = divmod(round(seconds, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = [(hours, "h"), (minutes, "min"), (round(rest, 3), "s")]
    return " ".join(f"{number:g} {unit}" for number, unit in parts if number) or "0 s"


def format_seconds(seconds: float) -> str:
    """Wall time that was spent, to a tenth of a second below a minute: ``0.4 s``, ``12.3 s``, ``3 min 20 s``."""
    return format_wall_time(seconds) if round(seconds, 1) >= 60.0 else f"{max(seconds, 0.0):.1f} s"


def next_round_number(value: float) -> float:
    """The least of ..., 0.5, 1, 2, 5, 10, 20, ... that is not below ``value``, which must be finite and above 0."""
    power = math.floor(math.log10(value))
    numbers = (float(f"{digit}e{exponent}") for exponent in (power - 1, power, power + 1) for digit in (1, 2, 5))
    return next(number for number in numbers if number >= value * (1.0 - 1e-9))  # 0.1 + 0.4 may be above 0.5


def _per_cent(magnitude: float) -> str:
    """Two decimals below 1 %, where one would leave a single digit; one from there on."""
    return f"{magnitude * 100:.{2 if round(magnitude * 100, 2) < 1.0 else 1}f} %"
