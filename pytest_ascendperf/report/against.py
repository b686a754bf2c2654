"""What a run with a base says beside its verdicts: which tests only one side has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_ascendperf.report.wording import counted, printable

SHOWN = 10
"""Tests that are named; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """The two sides of the run."""

    base: str
    """The base in words: ``base main (1a2b3c4d5e6f)``."""
    head: str
    """Head's revision, with ``+changes`` where the tree differs from it; empty outside of git."""
    new: Sequence[str]
    """Node ids of marked tests that the base does not have."""
    gone: Sequence[str]
    """Node ids of marked tests that only the base has."""
    notes: Sequence[str]
    """What a reader should know of how both were measured, a sentence each."""

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "base": self.base,
            "head": self.head,
            "new": list(self.new),
            "gone": list(self.gone),
            "notes": list(self.notes),
        }


def side_lines(sides: SideBySide) -> list[str]:
    """The tests that only one side has; empty where both have the same."""
    return [
        *_named("New in head", f"{sides.base} does not have", sides.new),
        *_named("Gone in head", f"only {sides.base} has", sides.gone),
    ]


def _named(title: str, fact: str, tests: Sequence[str]) -> list[str]:
    if not tests:
        return []
    named = [f"  {printable(test)}" for test in tests[:SHOWN]]
    more = [f"  and {len(tests) - SHOWN:,} more"] if len(tests) > SHOWN else []
    return [f"{title}, {counted(len(tests), 'test')} that {fact}:", *named, *more]
