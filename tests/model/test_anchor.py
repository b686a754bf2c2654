"""Which sessions stay the anchor of a baseline through the acceptances that follow it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import session_values
from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.anchor import Anchor
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.model.measurement import Clock, Session

CASE = CaseId(module="tests/test_ffn.py", test="test_step")
HERE = Environment(
    device="npu",
    chip="Ascend",
    chip_id="ascend",
    stack_id="cann-9.1.0",
    hard=(("threads", "4"),),
    soft=(("kernel", "6.8"),),
)


def session(median_us: float, *, day: str = "2025-01-31", host_us: float | None = None) -> Session:
    return session_values.session(median_us, host_us=host_us, started=f"{day}T04:00:00+00:00")


def baseline(
    *medians_us: float, revision: str | None = "abc", where: Environment = HERE, anchor: Anchor | None = None
) -> Baseline:
    sessions = tuple(map(session, medians_us))
    return Baseline(case=CASE, environment=where, sessions=sessions, revision=revision, anchor=anchor)


def anchor(*medians_us: float, revision: str | None = "first") -> Anchor:
    return Anchor(sessions=tuple(map(session, medians_us)), revision=revision)


def test_the_first_baseline_has_no_anchor() -> None:
    assert baseline(10.0, 10.0).following(None).anchor is None


def test_what_is_replaced_first_becomes_the_anchor_with_its_revision() -> None:
    followed = baseline(11.0, 11.0).following(baseline(10.0, 10.1, revision="old"))
    assert followed == replace(baseline(11.0, 11.0), anchor=anchor(10.0, 10.1, revision="old"))


def test_the_anchor_stays_through_every_later_acceptance() -> None:
    """Faster ones, too: a lucky night must not become what every later night is measured from."""
    held = baseline(10.0, 10.0, revision="first")
    for median_us in (10.1, 5.0, 20.0, 10.2):
        held = baseline(median_us, median_us).following(held)
        assert held.anchor == anchor(10.0, 10.0)


def test_a_baseline_of_one_session_never_becomes_an_anchor() -> None:
    assert baseline(11.0, 11.0).following(baseline(10.0)).anchor is None
    assert baseline(11.0).following(baseline(10.0, 10.0)).anchor == anchor(10.0, 10.0, revision="abc")
    kept = baseline(11.0, anchor=anchor(9.0, 9.0))
    assert baseline(12.0, 12.0).following(kept).anchor == anchor(9.0, 9.0)


def test_under_other_hard_keys_nothing_of_the_old_baseline_is_kept() -> None:
    elsewhere = replace(HERE, hard=(("threads", "8"),))
    old = baseline(10.0, 10.0, where=elsewhere, anchor=anchor(9.0, 9.0))
    assert baseline(11.0, 11.0).following(old).anchor is None
    softly = replace(HERE, soft=(("kernel", "5.15"),))
    assert baseline(11.0, 11.0).following(replace(old, environment=softly)).anchor == anchor(9.0, 9.0)


def test_sessions_that_are_their_own_anchor_are_not_stored_twice() -> None:
    assert baseline(10.0, 10.0).following(baseline(10.0, 10.0)).anchor is None
    back = baseline(10.0, 10.0).following(baseline(11.0, 11.0, anchor=anchor(10.0, 10.0)))
    assert back.anchor is None


def test_an_anchor_that_was_given_does_not_outlive_the_file() -> None:
    """What the file holds decides, not what the new baseline may bring."""
    assert baseline(11.0, 11.0, anchor=anchor(1.0, 1.0)).following(None).anchor is None
    followed = baseline(11.0, 11.0, anchor=anchor(1.0, 1.0)).following(baseline(10.0, 10.0))
    assert followed.anchor == anchor(10.0, 10.0, revision="abc")


stored = st.builds(
    lambda medians, where, has_anchor: baseline(
        *medians,
        where=replace(HERE, hard=(("threads", where),)),
        anchor=anchor(1.0, 1.0) if has_anchor else None,
    ),
    st.lists(st.floats(9.0, 12.0), min_size=1, max_size=4),
    st.sampled_from(["4", "8"]),
    st.booleans(),
)


@settings(derandomize=True, database=None, max_examples=200)
@given(stored, st.lists(stored, min_size=1, max_size=6))
def test_an_anchor_is_the_oldest_comparable_baseline_that_tells_a_spread(
    first: Baseline, later: list[Baseline]
) -> None:
    """Of any history, from the files alone."""
    held = first
    since = [first]
    for accepted in later:
        if accepted.environment != held.environment:
            since = []
        held = accepted.following(held)
        since.append(accepted)
        told = [one for one in since if len(one.sessions) > 1]
        expected = since[0].anchor if since[0] is first and first.anchor is not None else None
        if expected is None and told:
            expected = Anchor(sessions=told[0].sessions, revision=told[0].revision)
        of_its_own = expected is not None and expected.sessions == accepted.sessions
        if of_its_own:
            since = [accepted]
        assert held.anchor == (None if of_its_own else expected)
        assert replace(held, anchor=None) == replace(accepted, anchor=None)


def test_an_anchor_says_when_it_was_recorded_and_has_a_time_per_clock() -> None:
    one = Anchor(sessions=(session(10.0, day="2025-03-01", host_us=4.0), session(12.0, host_us=5.0)), revision=None)
    assert one.recorded == "2025-03-01"
    assert one.medians_us == (10.0, 12.0)
    assert one.medians_on(Clock.HOST) == (4.0, 5.0)
    assert anchor(10.0, 10.0).medians_on(Clock.HOST) is None


def test_a_baseline_comes_back_with_its_anchor() -> None:
    held = baseline(11.0, 11.0, anchor=anchor(10.0, 10.5, revision=None))
    environments = {HERE.fingerprint: HERE}
    assert Baseline.from_dict(held.to_dict(), case=CASE, environments=environments) == held
    assert "anchor" not in baseline(11.0).to_dict(), "a file without anchors stays as it was"


@pytest.mark.parametrize(
    ("damaged", "where", "problem"),
    [
        ({"revision": None}, "anchor.sessions", "missing"),
        ({"revision": None, "sessions": []}, "anchor.sessions", "expected at least 2 sessions, found none"),
        (
            {"revision": None, "sessions": [session(10.0).to_dict()]},
            "anchor.sessions",
            "expected at least 2 sessions, found 1",
        ),
        (
            {"revision": None, "sessions": [session(10.0).to_dict(), {**session(10.0).to_dict(), "rounds": 0}]},
            "anchor.sessions[1].rounds",
            "expected at least 1, found 0",
        ),
        ({"sessions": [session(10.0).to_dict()] * 2}, "anchor.revision", "missing"),
        ([], "anchor", "expected an object, found a list"),
    ],
)
def test_a_damaged_anchor_is_refused_by_the_name_of_its_field(damaged: object, where: str, problem: str) -> None:
    data = {**baseline(11.0).to_dict(), "anchor": damaged}
    with pytest.raises(InvalidDataError) as caught:
        Baseline.from_dict(data, case=CASE, environments={HERE.fingerprint: HERE})
    assert (caught.value.where, caught.value.problem) == (where, problem)
