"""From rounds to the stored session: exact, and with every number defined."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ascendperf.measure.session import per_call_us, summarise
from pytest_ascendperf.model.measurement import Session

picoseconds = st.integers(min_value=1, max_value=10**14)
calls_per_round = st.integers(min_value=1, max_value=65_536)


@given(call_ps=picoseconds, calls=calls_per_round)
def test_a_duration_reads_back_to_the_last_digit(call_ps: int, calls: int) -> None:
    """Any number of picoseconds below 100 s per call, however many calls make a round."""
    exact = float(Decimal(call_ps) / 1_000_000)
    assert per_call_us(call_ps * calls / 1_000_000, calls) == exact


def test_equal_rounds_give_equal_numbers_all_over() -> None:
    session = summarise([12.345678] * 100, started="2026-11-01T00:00:00+00:00", calls_per_round=3, warmup_calls=7)
    assert set(session.quantiles_us) == {session.mean_us} == {session.median_us} == {12.345678}
    assert (session.sd_us, session.lag1) == (0.0, 0.0)
    assert session.samples_us == (12.345678,) * 64
    assert (session.rounds, session.calls_per_round, session.warmup_calls) == (100, 3, 7)


@pytest.mark.parametrize("count", [1, 2, 3, 64, 65, 1000])
def test_every_session_can_be_stored_and_read_again(count: int) -> None:
    rounds_us = [10.0 + (index * 7 % 11) / 10 for index in range(count)]
    session = summarise(rounds_us, started="2026-11-01T00:00:00+00:00", calls_per_round=1, warmup_calls=0)
    assert Session.from_dict(session.to_dict()) == session
    assert session.rounds == count
    assert session.quantiles_us[0] == min(rounds_us)
    assert len(session.samples_us) == min(count, 64)
