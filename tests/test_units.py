import decimal
import math
import random

import pytest

from pytest_ascendperf.units import (
    format_chance,
    format_change,
    format_duration,
    format_factor,
    format_seconds,
    format_share,
    format_time_span,
    format_tolerance,
    format_wall_time,
    next_round_number,
)

_US_PER_UNIT = {"s": 1e6, "ms": 1e3, "µs": 1.0, "ns": 1e-3}


@pytest.mark.parametrize(
    ("duration_us", "text"),
    [
        (12.5, "12.50 µs"),
        (12.345678, "12.345678 µs"),
        (123.456789, "123.456789 µs"),
        (0.001, "1.000 ns"),
        (0.00005, "0.05000 ns"),
        (2345.678, "2.345678 ms"),
        (3000.0, "3.000 ms"),
        (1e6, "1.000 s"),
        (0.0, "0 µs"),
        (-12.345678, "-12.345678 µs"),
        (-0.25, "-250.0 ns"),
    ],
)
def test_a_duration_of_few_digits_is_printed_in_full(duration_us: float, text: str) -> None:
    assert format_duration(duration_us) == text


@pytest.mark.parametrize(
    ("duration_us", "text"),
    [
        (12.3456789012, "12.35 µs"),
        (20 / 7, "2.857 µs"),
        (-20 / 7, "-2.857 µs"),
        (12345678901.2345, "12350 s"),
    ],
)
def test_a_duration_of_many_digits_is_rounded_to_four(duration_us: float, text: str) -> None:
    assert format_duration(duration_us) == text


@pytest.mark.parametrize(
    ("duration_us", "text"),
    [
        (999.96, "999.96 µs"),
        (999.9612345678, "1.000 ms"),
        (999.9412345678, "999.9 µs"),
        (0.99996123456789, "1.000 µs"),
        (999961.2345678, "1.000 s"),
        (-999.9612345678, "-1.000 ms"),
    ],
)
def test_the_unit_is_chosen_after_rounding(duration_us: float, text: str) -> None:
    assert format_duration(duration_us) == text


def test_the_last_bits_of_a_float_are_not_printed() -> None:
    """A limit or a mean that differs from a short number only by floating-point rounding prints as that number."""
    assert 12.3 * 1.05 != 12.915
    assert format_duration(12.3 * 1.05) == "12.915 µs"
    assert format_duration(math.exp(math.log(12.345678))) == "12.345678 µs"


def test_the_number_of_digits_can_be_chosen() -> None:
    assert format_duration(12.3456789012, digits=2) == "12 µs"
    assert format_duration(999.6123456789, digits=3) == "1.00 ms"
    assert format_duration(12.5, digits=6) == "12.5000 µs"


def test_every_short_duration_reads_back_as_itself() -> None:
    """Whole picoseconds of up to nine digits survive printing."""
    generator = random.Random(7)
    for _ in range(2000):
        digits = generator.randint(1, 9)
        duration_us = generator.randrange(1, 10**digits) * 10.0 ** generator.randint(-6, 3)
        number, unit = format_duration(duration_us).split()
        assert float(number) * _US_PER_UNIT[unit] == pytest.approx(duration_us, rel=1e-14)


def test_every_duration_is_printed_within_the_rounding_of_four_digits() -> None:
    generator = random.Random(8)
    for _ in range(2000):
        duration_us = 10.0 ** generator.uniform(-4, 8)
        number, unit = format_duration(duration_us).split()
        assert float(number) * _US_PER_UNIT[unit] == pytest.approx(duration_us, rel=5.0001e-4)
        assert float(number) < 1000.0 or unit == "s"


@pytest.mark.parametrize(
    ("duration_us", "text"), [(math.nan, "nan"), (math.inf, "inf"), (5e-324, "4.941e-324 µs"), (1e300, "1.000e+300 µs")]
)
def test_what_no_clock_reads_stays_short(duration_us: float, text: str) -> None:
    assert format_duration(duration_us) == text


def test_durations_do_not_depend_on_the_decimal_context_of_a_test() -> None:
    with decimal.localcontext(decimal.Context(prec=2)):
        assert format_duration(12.345678) == "12.345678 µs"
        assert format_duration(12345.678) == "12.345678 ms"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (0.042, "+4.2 %"),
        (-0.042, "-4.2 %"),
        (0.0042, "+0.42 %"),
        (0.00994, "+0.99 %"),
        (0.00996, "+1.0 %"),
        (0.0, "0.00 %"),
        (-0.00004, "0.00 %"),
        (0.9994, "+99.9 %"),
        (0.9996, "2.00 ×"),
        (2.02, "3.02 ×"),
        (8.99, "9.99 ×"),
        (8.996, "10.0 ×"),
        (99.0, "100 ×"),
        (math.nan, "nan"),
    ],
)
def test_a_change_has_a_sign_and_turns_into_a_factor(change: float, text: str) -> None:
    assert format_change(change) == text


def test_shares_have_two_digits_or_one_decimal() -> None:
    assert [format_share(share) for share in (0.0, 0.0031, 0.042, 0.5, 3.0)] == [
        "0.00 %",
        "0.31 %",
        "4.2 %",
        "50.0 %",
        "300.0 %",
    ]
    assert format_share(-0.042) == "-4.2 %"
    assert format_share(math.inf) == "inf"


def test_a_tolerance_is_printed_as_it_was_given() -> None:
    given = (0.0, 0.0025, 0.025, 0.03, 0.05, 0.07, 1.0)
    assert [format_tolerance(tolerance) for tolerance in given] == [
        "0 %",
        "0.25 %",
        "2.5 %",
        "3 %",
        "5 %",
        "7 %",
        "100 %",
    ]
    assert format_tolerance(math.nan) == "nan"


def test_chances_have_two_digits() -> None:
    assert [format_chance(chance) for chance in (1.0, 0.314, 0.0032, 0.0001, 0.00009, 0.0)] == [
        "1",
        "0.31",
        "0.0032",
        "0.0001",
        "below 0.0001",
        "below 0.0001",
    ]
    assert format_chance(math.nan) == "nan"


def test_wall_time_is_told_to_the_second() -> None:
    assert [format_wall_time(seconds) for seconds in (-1.0, 0.4, 40.0, 59.6, 200.0)] == [
        "0 s",
        "0 s",
        "40 s",
        "1 min 00 s",
        "3 min 20 s",
    ]


def test_seconds_that_were_spent_keep_a_tenth_below_a_minute() -> None:
    assert [format_seconds(seconds) for seconds in (-0.1, 0.04, 12.34, 59.94, 59.96, 200.4)] == [
        "0.0 s",
        "0.0 s",
        "12.3 s",
        "59.9 s",
        "1 min 00 s",
        "3 min 20 s",
    ]


def test_a_span_that_was_chosen_has_no_empty_parts() -> None:
    assert [format_time_span(seconds) for seconds in (0.25, 90.5, 1200.0, 3600.0, 5400.0, 5405.0, 100_000.0)] == [
        "0.25 s",
        "1 min 30.5 s",
        "20 min",
        "1 h",
        "1 h 30 min",
        "1 h 30 min 5 s",
        "27 h 46 min 40 s",
    ]


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        (1.2, "1.200 ×"),
        (0.83333, "0.833 ×"),
        (9.9994, "9.999 ×"),
        (9.9996, "10.0 ×"),
        (99.96, "100 ×"),
        (1234.5, "1234 ×"),
    ],
)
def test_a_factor_shows_per_mille_where_they_count(factor: float, text: str) -> None:
    assert format_factor(factor) == text
    assert format_factor(math.inf) == "inf"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.011, 0.02),
        (0.02, 0.02),
        (0.0201, 0.05),
        (0.051, 0.1),
        (0.1 + 0.2, 0.5),
        (1.0, 1.0),
        (1000.0, 1000.0),
        (7.3, 10.0),
    ],
)
def test_the_next_round_number_is_not_below(value: float, number: float) -> None:
    assert next_round_number(value) == number
    assert next_round_number(number) == number
