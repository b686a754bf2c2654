"""From decisions to rates: how often unchanged code is flagged, how often slower code is. Pure, seeded."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.stats import binomtest

from .records import A_A, Decision, Record

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUITE_TESTS = 50
_DRAWS = 2000
_SEED = 20251
_POWER = 0.8
_PLAINLY_SLOWER = 5
_UNDECIDED = frozenset({"inconclusive", "provisional", "invalid", "no_baseline", "not_comparable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of decisions."""

    hits: int
    trials: int
    low: float
    high: float
    """Ends of the exact 95 % interval (Clopper and Pearson), which takes decisions for independent."""
    cluster_low: float
    cluster_high: float
    """Ends of the 95 % interval from drawing whole blocks: decisions of a block share their run and its noise."""

    @property
    def value(self) -> float:
        """The share; NaN where there were no trials."""
        return self.hits / self.trials if self.trials else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One rule of one gate in one scenario."""

    gate: str
    rule: str
    scenario: str
    found: Mapping[int, Share]
    """Share flagged by injected slowdown in per cent; at 0 these are false alarms."""
    suite_red: float | None
    """Share of suites of 50 unchanged tests with a flagged one."""
    detectable_percent: float | None
    """The slowdown that is flagged 4 times in 5; None where none of those injected reaches that, or all do."""
    undecided: float
    """Share of A/A decisions that are neither pass nor fail in the gate's own words."""
    decision_s: float
    """Seconds for one test's decision, A/A; NaN where none was made."""
    slowed_s: float
    """The same where a slowdown of 5 % or more was injected: some gates measure again what looks slower."""
    base_s: float
    """Seconds for one test's base, measured beforehand; 0 where it is part of the decision."""
    failures: int
    """Steps in which the gate came to no decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operating:
    """A point of a curve: what a threshold on the score would have done."""

    threshold: float
    false_alarms: float
    found: float


def scores(records: Sequence[Record]) -> list[Score]:
    """Every rule of every gate in every scenario."""
    found: list[Score] = []
    for gate, scenario in sorted({(record.step.gate, record.step.scenario) for record in records}):
        own = [record for record in records if (record.step.gate, record.step.scenario) == (gate, scenario)]
        rules = dict.fromkeys(decision.rule for record in own for decision in record.decisions)
        found.extend(_score(gate, rule, scenario, own) for rule in rules)
    return found


def _score(gate: str, rule: str, scenario: str, records: Sequence[Record]) -> Score:
    outcomes = outcomes_of(records, rule)
    seconds = [(r.step.slowdown, r.seconds / r.tests) for r in records if r.problem is None]
    unchanged = [decision for r in records if r.step.slowdown == A_A for decision in _of(r, rule)]
    return Score(
        gate=gate,
        rule=rule,
        scenario=scenario,
        found={slowdown: share(blocks) for slowdown, blocks in sorted(outcomes.items())},
        suite_red=suite_red(outcomes[A_A]) if outcomes.get(A_A) else None,
        detectable_percent=detectable_percent(
            {d: (sum(map(sum, blocks)), sum(map(len, blocks))) for d, blocks in outcomes.items()}
        ),
        undecided=_mean([decision.status in _UNDECIDED for decision in unchanged]),
        decision_s=_mean([s for d, s in seconds if d == A_A]),
        slowed_s=_mean([s for d, s in seconds if d is not None and d >= _PLAINLY_SLOWER]),
        base_s=_mean([s for d, s in seconds if d is None], none=0.0),
        failures=sum(r.problem is not None for r in records),
    )


def outcomes_of(records: Iterable[Record], rule: str) -> dict[int, list[list[bool]]]:
    """Whether each decision flagged, by slowdown, one list for each block."""
    outcomes: dict[int, list[list[bool]]] = defaultdict(list)
    for record in records:
        flags = [decision.flagged for decision in _of(record, rule)]
        if record.step.slowdown is not None and flags:
            outcomes[record.step.slowdown].append(flags)
    return dict(outcomes)


def _of(record: Record, rule: str) -> list[Decision]:
    return [decision for decision in record.decisions if decision.rule == rule]


def share(blocks: Sequence[Sequence[bool]]) -> Share:
    """The share that is true, with both intervals."""
    hits, trials = sum(map(sum, blocks)), sum(map(len, blocks))
    exact = binomtest(hits, trials).proportion_ci(method="exact")
    rng = np.random.default_rng(_SEED)
    chosen = rng.integers(len(blocks), size=(_DRAWS, len(blocks)))
    hits_of = np.array([sum(block) for block in blocks])
    trials_of = np.array([len(block) for block in blocks])
    drawn = hits_of[chosen].sum(axis=1) / trials_of[chosen].sum(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Share(
        hits=hits,
        trials=trials,
        low=float(exact.low),
        high=float(exact.high),
        cluster_low=float(low),
        cluster_high=float(high),
    )


def suite_red(blocks: Sequence[Sequence[bool]]) -> float:
    """Share of suites of 50 unchanged tests that are red, suites being put together from whole blocks.

    A block's tests were judged in the same run; drawing single decisions would spread one bad moment over many suites.
    """
    rng = np.random.default_rng(_SEED)
    red = 0
    for _ in range(_DRAWS):
        suite: list[bool] = []
        while len(suite) < SUITE_TESTS:
            suite.extend(blocks[int(rng.integers(len(blocks)))])
        red += any(suite[:SUITE_TESTS])
    return red / _DRAWS


def detectable_percent(counts: Mapping[int, tuple[int, int]]) -> float | None:
    """The slowdown found 4 times in 5 by a logistic curve through (hits, trials) by slowdown in per cent."""
    if len(counts) < 3:
        return None
    return found_at({float(slowdown): count for slowdown, count in counts.items()})


def found_at(counts: Mapping[float, tuple[int, int]]) -> float | None:
    """The size found 4 times in 5 by a logistic curve through (hits, trials) by size; None where it is not reached."""
    sizes = np.array(sorted(counts), dtype=np.float64)
    hits = np.array([counts[size][0] for size in sizes], dtype=np.float64)
    trials = np.array([counts[size][1] for size in sizes], dtype=np.float64)

    def loss(parameters: NDArray[np.float64]) -> float:
        logit = parameters[0] + parameters[1] * sizes
        likelihood = hits * logit - trials * np.logaddexp(0.0, logit)
        return float(-likelihood.sum() + 1e-4 * parameters @ parameters)  # keeps separated data finite

    intercept, slope = minimize(loss, np.array([-2.0, 0.5])).x
    if slope <= 0.0:
        return None
    found = (math.log(_POWER / (1.0 - _POWER)) - intercept) / slope
    return float(found) if sizes[0] < found <= sizes[-1] else None


def operating_points(records: Iterable[Record], rule: str, slowdown: int) -> list[Operating]:
    """The curve of false alarms against slowdowns found, over every threshold on the score of the rule."""
    unchanged: list[float] = []
    slowed: list[float] = []
    for record in records:
        target = {A_A: unchanged, slowdown: slowed}.get(-1 if record.step.slowdown is None else record.step.slowdown)
        if target is not None:
            target.extend(decision.score for decision in _of(record, rule) if decision.score is not None)
    if not unchanged or not slowed:
        return []
    thresholds = sorted({*unchanged, *slowed}, reverse=True)
    return [
        Operating(
            threshold=threshold,
            false_alarms=_mean([score > threshold for score in unchanged]),
            found=_mean([score > threshold for score in slowed]),
        )
        for threshold in [*thresholds, -math.inf]
    ]


def _mean(values: Sequence[float | bool], none: float = math.nan) -> float:
    return sum(values) / len(values) if values else none
