"""Comparisons of two calls in one test: the table at the end of a run, and the text of an assertion that fails."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pytest_ascendperf.judge.comparison import FEWEST_BLOCKS
from pytest_ascendperf.model.comparison import Claim, ClaimKind, ComparedCalls, DecidedClaim, Decision
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.report.wording import ABSENT, aligned, counted, printable
from pytest_ascendperf.units import format_change, format_duration, format_factor, format_tolerance, next_round_number

_MORE_TIME = 4.0
"""An interval that is to be half as wide takes four times as long."""


def comparison_table(compared: Sequence[ComparedCalls], *, width: int | None = None) -> list[str]:
    """A line per comparison under headings, below a line that says what the ratio is; empty without comparisons.

    ``width`` has the meaning that it has in :func:`~pytest_ascendperf.report.terminal.result_table`.
    """
    if not compared:
        return []
    headings = ["ratio", f"{_per_cent(compared[0].confidence)} interval", "first", "second", "rounds", "asserted"]
    numbers = aligned([headings, *map(_numbers, compared)])
    tests = ["test", *(printable(f"{each.nodeid}: {each.first}, {each.second}") for each in compared)]
    lines = [f"{row}  {test}" for row, test in zip(numbers, tests, strict=True)]
    if width is not None and max(map(len, lines)) > width:
        lines = [line for row, test in zip(numbers, tests, strict=True) for line in (test, f"    {row}")]
    return ["comparisons; ratio: how many times faster the first call is than the second", *lines]


def claim_failure(compared: ComparedCalls, claim: Claim, decision: Decision, *, budget_s: float, block_s: float) -> str:
    """The text of an assertion that is not shown to hold: the fact and the limit, the evidence, and what to do.

    ``budget_s`` is the time that the comparison was allowed, ``block_s`` what the longest of its blocks took.
    """
    facts = [
        ("first", f"{format_duration(compared.first_us)}{_whose(compared)}  {printable(compared.first)}"),
        ("second", f"{format_duration(compared.second_us)}{_whose(compared)}  {printable(compared.second)}"),
        ("measured", _effort(compared)),
        *(("note", note) for note in compared.notes),
    ]
    headline = _refuted(compared, claim) if decision is Decision.REFUTED else _undecided(compared, claim, budget_s)
    lines = [headline, *(f"  {name:<8}  {fact}" for name, fact in facts)]
    return "\n".join([*lines, _next_step(compared, claim, decision, budget_s=budget_s, block_s=block_s)])


def claim_text(claim: Claim) -> str:
    """The claim in few characters: ``>= 1.2 ×``, ``<= +5 %``."""
    if claim.kind is ClaimKind.FASTER:
        return f">= {claim.limit:g} ×"
    return f"<= +{format_tolerance(claim.limit)}"


def _numbers(compared: ComparedCalls) -> list[str]:
    host = " host" if compared.clock is Clock.HOST else ""
    return [
        format_factor(compared.ratio),
        ABSENT if compared.low is None or compared.high is None else _interval(compared.low, compared.high),
        format_duration(compared.first_us) + host,
        format_duration(compared.second_us) + host,
        f"{compared.rounds:,}",
        ", ".join(map(_claimed, compared.claims)) or ABSENT,
    ]


def _claimed(decided: DecidedClaim) -> str:
    outcome = "" if decided.decision is Decision.SHOWN else f" {decided.decision.value}"
    return claim_text(decided.claim) + outcome


def _refuted(compared: ComparedCalls, claim: Claim) -> str:
    first, second = printable(compared.first), printable(compared.second)
    if claim.kind is ClaimKind.FASTER:
        fact = f"{first} is {format_factor(compared.ratio)} as fast as {second}, less than {claim.limit:g} ×"
    else:
        longer = format_change(1.0 / compared.ratio - 1.0)
        fact = f"{first} takes {longer} against {second}, more than +{format_tolerance(claim.limit)}"
    return f"{fact} ({_evidence(compared, claim)})"


def _undecided(compared: ComparedCalls, claim: Claim, budget_s: float) -> str:
    first, second = printable(compared.first), printable(compared.second)
    if claim.kind is ClaimKind.FASTER:
        fact = f"{first} is not shown to be at least {claim.limit:g} × as fast as {second}"
    else:
        fact = f"{first} is not shown to take at most {format_tolerance(claim.limit)} longer than {second}"
    return f"{fact}, nor the contrary, within {budget_s:g} s ({_evidence(compared, claim)})"


def _evidence(compared: ComparedCalls, claim: Claim) -> str:
    """Estimate and interval in the unit of the claim."""
    if compared.low is None or compared.high is None:
        return f"{counted(compared.blocks, 'block')} of rounds; fewer than {FEWEST_BLOCKS} show nothing"
    level = _per_cent(compared.confidence)
    if claim.kind is ClaimKind.FASTER:
        return f"measured {format_factor(compared.ratio)}, {level} interval {_interval(compared.low, compared.high)}"
    low, middle, high = (format_change(1.0 / ratio - 1.0) for ratio in (compared.high, compared.ratio, compared.low))
    return f"measured {middle}, {level} interval {low} to {high}"


def _effort(compared: ComparedCalls) -> str:
    calls = "" if compared.calls_per_round == 1 else f" of {compared.calls_per_round:,} calls"
    return (
        f"{counted(compared.rounds, 'round')}{calls} of each, in {counted(compared.blocks, 'block')}, "
        f"in {compared.seconds:.1f} s"
    )


def _next_step(compared: ComparedCalls, claim: Claim, decision: Decision, *, budget_s: float, block_s: float) -> str:
    if compared.low is None:
        needed_s = max(2.0 * budget_s, 1.5 * FEWEST_BLOCKS * block_s)
        return f"Give it more time: compare(..., budget_s={next_round_number(needed_s):g})"
    weaker = _what_holds(claim, compared.low)
    if decision is Decision.REFUTED:
        return "Find what the first call spends the time on" + (f", or assert what holds: {weaker}" if weaker else "")
    more_s = next_round_number(_MORE_TIME * budget_s)
    what_holds = f", or assert what is shown: {weaker}" if weaker else ""
    return f"Give it more time, compare(..., budget_s={more_s:g}), measure on a quieter machine{what_holds}"


def _what_holds(claim: Claim, low: float) -> str:
    """The strongest limit that the rounds show, in whole per cent; empty where the first call is not faster at all."""
    if claim.kind is ClaimKind.NOT_SLOWER:
        return f"within={max(math.ceil((1.0 / low - 1.0) * 100.0), 0) / 100.0:g}"
    shown = math.floor(low * 100.0) / 100.0
    return f"by={shown:g}" if shown > 1.0 else ""


def _interval(low: float, high: float) -> str:
    return f"{format_factor(low)} to {format_factor(high)}"


def _whose(compared: ComparedCalls) -> str:
    return " of the host" if compared.clock is Clock.HOST else ""


def _per_cent(share: float) -> str:
    return f"{share * 100:g} %"
