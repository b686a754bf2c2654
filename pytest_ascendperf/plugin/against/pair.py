"""One pair of processes, base and head: one session of every test that it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_ascendperf.measure.duet import Ready
from pytest_ascendperf.measure.pairing import Pairs, play, play_alone
from pytest_ascendperf.model.finding import Finding
from pytest_ascendperf.model.measurement import Clock, Measurement
from pytest_ascendperf.model.protocol import Rule, SamplingPlan
from pytest_ascendperf.plugin.against.base import Base
from pytest_ascendperf.plugin.against.cores import CoresOfRun
from pytest_ascendperf.plugin.against.process import Collected, SideProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCase:
    """A measured call that is warm and waits for rounds."""

    name: str
    ready: Ready
    plan: SamplingPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a side says of a test that has ended there."""

    problem: str | None
    """Why the test did not pass; None when it passed."""
    measurements: Mapping[str, Measurement]
    """By case name, those without rounds among them."""
    rules: Mapping[str, Rule]
    demands: Mapping[str, tuple[Finding, ...]]
    """By case name: what it runs otherwise than the test itself asks for."""
    compares_kernels: Mapping[str, bool]
    """By case name: whether its kernels are compared with the other side's."""
    wrong_import: str | None
    """What the base imported that is not the base's, to follow its name in a sentence."""


@dataclass(slots=True, kw_only=True)
class TestRun:
    """What one pair of processes brought of one test."""

    __test__ = False  # not a class of tests

    head: Ended
    base: Ended | None
    """None where the base does not have the test."""
    reports: list[dict[str, Any]]
    """Head's reports as pytest serialises them."""
    pairs: dict[str, Pairs] = field(default_factory=dict)
    """Rounds by case name."""
    timer_resolution_us: float = 0.0


class _TurnLost(Exception):
    """A round did not come back: the measured call raised, and its test has ended."""


class _Half:
    """One side while it runs a test."""

    def __init__(self, process: SideProcess, nodeid: str, timeout_s: float) -> None:
        self._process = process
        self._nodeid = nodeid
        self._timeout_s = timeout_s
        self.waiting: WaitingCase | None = None
        self.ended: Ended | None = None
        self.reports: list[dict[str, Any]] = []

    def start(self, following: str | None, cases: Sequence[str] | None) -> None:
        """Run the test to its first measured call, or to its end. Raises AgainstError, as all that follow do."""
        cases = None if cases is None else list(cases)
        self._process.send(kind="run", nodeid=self._nodeid, next=following, cases=cases)
        self._advance()

    def round_us(self, calls: int, clock: Clock, *, counts: bool) -> float:
        """Run a round. Raises _TurnLost where the call raises; the test has gone on then."""
        self._process.send(kind="round", calls=calls, clock=clock.value, counts=counts)
        message = self._receive()
        if message["kind"] == "rounds":
            return float(message["us"])
        self._advance(message)
        raise _TurnLost

    def release(self) -> None:
        """Let the measured call return; on to the next one, or to the end of the test."""
        self._process.send(kind="done")
        self._advance()

    def end(self) -> Ended:
        """Let all that is left of the test run without rounds."""
        while self.ended is None:
            self.release()
        return self.ended

    def _advance(self, message: Mapping[str, Any] | None = None) -> None:
        self.waiting = None
        while True:
            message = message or self._receive()
            if message["kind"] == "report":
                self.reports.append(message["report"])
            elif message["kind"] == "ready":
                self.waiting = WaitingCase(
                    name=message["case"],
                    ready=Ready(**{**message["ready"], "refusals": tuple(message["ready"]["refusals"])}),
                    plan=SamplingPlan(**message["plan"]),
                )
                return
            else:
                self.ended = _ended(message)
                return
            message = None

    def _receive(self) -> Mapping[str, Any]:
        return self._process.receive(self._timeout_s, f"it ran {self._nodeid}")


def _ended(message: Mapping[str, Any]) -> Ended:
    measurements = [Measurement.from_dict(data) for data in message["measurements"]]
    return Ended(
        problem=message["problem"],
        measurements={measurement.case.case: measurement for measurement in measurements},
        rules={name: Rule(**rule) for name, rule in message["rules"].items()},
        demands={name: tuple(map(Finding.from_dict, found)) for name, found in message["demands"].items()},
        compares_kernels=message["compares_kernels"],
        wrong_import=message["wrong_import"],
    )


class Pair:
    """Base and head, each in a process that lives until the pair is closed."""

    def __init__(
        self,
        config: pytest.Config,
        base: Base,
        *,
        head_targets: Sequence[str],
        base_targets: Sequence[str],
        cores: CoresOfRun,
        timeout_s: float,
    ) -> None:
        """Start both and let them collect. Raises AgainstError; then none of them is left."""
        self._timeout_s = timeout_s
        self._processes: list[SideProcess] = []
        try:
            sides = (("base", base_targets, cores.base), ("head", head_targets, cores.head))
            for side, targets, own_cores in sides:
                self._processes.append(SideProcess(config, side, base, targets, own_cores))
            found = [process.collected(timeout_s) for process in self._processes]
        except BaseException:
            self.kill()
            raise
        self.base: Collected = found[0]
        self.head: Collected = found[1]

    def run_test(
        self,
        nodeid: str,
        *,
        seed: str,
        cases: Sequence[str] | None = None,
        next_in_base: str | None = None,
        next_in_head: str | None = None,
        alone: bool = False,
        head_first: bool,
    ) -> TestRun:
        """Run a test on both sides, its measured calls in turns; on head's ``alone`` where the base does not have it.

        ``head_first``: which side sets the test up and warms its call up before the other one does. It should take
        turns from session to session, so that no lasting advantage of the second one falls to the same side.
        ``cases`` are those to measure, None for all. Which test follows says what may stay set up. Raises AgainstError
        where a process is lost; the pair must then be killed.
        """
        base, head = (_Half(process, nodeid, self._timeout_s) for process in self._processes)
        if alone or nodeid not in self.base.tests:
            head.start(next_in_head, cases)
            return _run_alone(head)
        sides = ((head, next_in_head), (base, next_in_base))
        for half, following in sides if head_first else reversed(sides):
            half.start(following, cases)
        run = _run_together(base, head, seed)
        if cases is None and (common := _missed(run)):
            # The sides met at different cases: they make others, or make them conditionally. Now it is known which.
            return self.run_test(
                nodeid,
                seed=seed,
                cases=common,
                next_in_base=next_in_base,
                next_in_head=next_in_head,
                head_first=head_first,
            )
        return run

    @property
    def pids(self) -> list[int]:
        """The numbers of both processes."""
        return [process.pid for process in self._processes]

    def stop(self) -> None:
        """End both in good order."""
        for process in self._processes:
            process.stop()

    def kill(self) -> None:
        """End both at once."""
        for process in self._processes:
            process.kill()


def _run_alone(head: _Half) -> TestRun:
    while head.waiting is not None:
        waiting = head.waiting
        try:
            if not waiting.ready.refusals:
                play_alone(head, waiting.ready, waiting.plan)
        except _TurnLost:
            continue
        head.release()
    return TestRun(head=head.end(), base=None, reports=head.reports)


def _run_together(base: _Half, head: _Half, seed: str) -> TestRun:
    pairs: dict[str, Pairs] = {}
    resolution_us = 0.0
    while base.waiting is not None and head.waiting is not None:
        mine, theirs = head.waiting, base.waiting
        if mine.name == theirs.name and not mine.ready.refusals and not theirs.ready.refusals:
            resolution_us = max(mine.ready.timer_resolution_us, theirs.ready.timer_resolution_us)
            # Where a turn is lost, that side is at its next case or at its end, and the other one still waits.
            with contextlib.suppress(_TurnLost):
                pairs[mine.name] = play(base, head, theirs.ready, mine.ready, mine.plan, f"{seed} {mine.name}")
        for half, before in ((base, theirs), (head, mine)):
            if half.waiting is before:
                half.release()
    return TestRun(
        base=base.end(), head=head.end(), reports=head.reports, pairs=pairs, timer_resolution_us=resolution_us
    )


def _missed(run: TestRun) -> list[str]:
    """Cases of both sides, in head's order, where some of them did not meet; empty where nothing can be mended."""
    if run.base is None or run.base.problem is not None or run.head.problem is not None:
        return []
    common = [name for name in run.head.measurements if name in run.base.measurements]
    in_base = [name for name in run.base.measurements if name in run.head.measurements]
    met = list(run.head.measurements) == list(run.base.measurements)
    return common if common == in_base and not met else []
