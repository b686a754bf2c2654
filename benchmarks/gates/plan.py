"""What is run, in which order: a pure function of the settings, so that an interrupted run continues its own plan."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from .records import A_A, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that decides what is run; a run may be resumed only with the same."""

    gates: tuple[str, ...]
    scenarios: tuple[str, ...]
    slowdowns: tuple[int, ...]
    unchanged_blocks: int
    """Blocks with an unchanged head; each gives one A/A decision per test and rule."""
    slowed_blocks: int
    """The first of them, which have the slowed heads as well."""
    copies: int
    side_s: float
    """Seconds of measuring that a gate has for one test on one side."""
    tolerance_percent: int
    seed: int

    def shape(self) -> dict[str, object]:
        """What must not change between a run and its continuation: all but the number of blocks."""
        return {
            "scenarios": list(self.scenarios),
            "slowdowns": list(self.slowdowns),
            "copies": self.copies,
            "side_s": self.side_s,
            "tolerance_percent": self.tolerance_percent,
            "seed": self.seed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Steps that share base sessions: every gate's collection first, then every decision, each in random order."""

    scenario: str
    number: int
    steps: tuple[Step, ...]

    def remaining(self, done: frozenset[Step]) -> list[Step]:
        """The steps still to do. A collection is repeated where decisions that need it are missing."""
        missing = [step for step in self.steps if step.slowdown is not None and step not in done]
        gates = {step.gate for step in missing}
        return [step for step in self.steps if step.slowdown is None and step.gate in gates] + missing


def blocks_of(settings: Settings, needs_base: frozenset[str]) -> list[Block]:
    """The blocks in the order in which they run. ``needs_base``: the gates that collect a base first."""
    blocks = []
    for number in range(max(settings.unchanged_blocks, settings.slowed_blocks)):
        order = random.Random(f"{settings.seed} {number}")
        slowdowns = [d for d in settings.slowdowns if _wanted(d, number, settings)]
        for scenario in order.sample(settings.scenarios, len(settings.scenarios)):
            blocks.append(
                Block(
                    scenario=scenario,
                    number=number,
                    steps=_steps(settings.gates, needs_base, slowdowns, scenario, number, order),
                )
            )
    return blocks


def _wanted(slowdown: int, number: int, settings: Settings) -> bool:
    return number < (settings.unchanged_blocks if slowdown == A_A else settings.slowed_blocks)


def _steps(
    gates: Sequence[str],
    needs_base: frozenset[str],
    slowdowns: Sequence[int],
    scenario: str,
    number: int,
    order: random.Random,
) -> tuple[Step, ...]:
    bases = [Step(gate=g, scenario=scenario, block=number, slowdown=None) for g in gates if g in needs_base]
    decisions = [Step(gate=g, scenario=scenario, block=number, slowdown=d) for g in gates for d in slowdowns]
    return (*order.sample(bases, len(bases)), *order.sample(decisions, len(decisions)))
