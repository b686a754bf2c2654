"""Records as a run would leave them."""

from __future__ import annotations

from collections.abc import Sequence

from gates.records import Decision, Record, Step


def step(gate: str = "gate", *, scenario: str = "quiet", block: int = 0, slowdown: int | None = 0) -> Step:
    return Step(gate=gate, scenario=scenario, block=block, slowdown=slowdown)


def decision(
    flagged: bool,
    *,
    test: str = "work-0",
    rule: str = "rule",
    status: str = "",
    score: float | None = None,
    detectable: float | None = None,
) -> Decision:
    return Decision(rule=rule, test=test, flagged=flagged, status=status, score=score, detectable=detectable)


def record(of: Step, decisions: Sequence[Decision] = (), *, seconds: float = 8.0, problem: str | None = None) -> Record:
    return Record(
        step=of,
        started="2025-01-01T00:00:00+00:00",
        seconds=seconds,
        tests=max(1, len(decisions)),
        load=0.5,
        decisions=tuple(decisions),
        problem=problem,
    )


def run_of(flags: Sequence[bool], *, gate: str = "gate", slowdown: int = 0, block: int = 0) -> Record:
    """A step with one decision for each flag."""
    decisions = [decision(flag, test=f"work-{number}") for number, flag in enumerate(flags)]
    return record(step(gate, slowdown=slowdown, block=block), decisions)
