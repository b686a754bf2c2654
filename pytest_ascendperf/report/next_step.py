"""What a reader does next: one sentence per status, ending in the command to run.

A command that accepts new times names its tests, so that copying it never accepts a regression somewhere else.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.verdict import Status, Verdict

NAMED_TESTS = 5
"""Tests that a command names; for more it says ``TEST...`` and the reader chooses."""

_PLACE_KEYS = frozenset({"device", "chip", "stack"})
"""Hard keys that decide in which folder a baseline lies: where one differs, this place has no baseline of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """How to start pytest again so that it finds the same baselines."""

    options: tuple[str, ...] = ()
    """Options of this run that the next one needs too, such as ``--ascendperf-baselines=DIR``; quoted here."""
    base: tuple[str, ...] = ()
    """Options that name the base of a comparison side by side; a command that records cannot have them."""

    def rerun(self, cases: Iterable[CaseId]) -> str:
        """The command that measures the tests of ``cases`` again, against the same base where there was one."""
        return self._command([*_tests(cases), *map(shlex.quote, (*self.options, *self.base))])

    def accept(self, cases: Iterable[CaseId]) -> str:
        """The command that makes the present times of these tests their baselines."""
        # Tests come first: the option may take a word, and would take the first test for it.
        return self._command([*_tests(cases), *map(shlex.quote, self.options), "--ascendperf-update-baselines"])

    def accept_slower(self, cases: Iterable[CaseId]) -> str:
        """The same where these times are slower: their anchors move, too, or the next run would find slow drift."""
        return f"{self.accept(cases)}=anchor"

    def record_new(self) -> str:
        """The command that records a baseline for every test without one and touches no other."""
        return self._command([*map(shlex.quote, self.options), "--ascendperf-update-baselines=new"])

    @staticmethod
    def _command(words: list[str]) -> str:
        return " ".join(["pytest", *words])


def next_step(verdicts: Sequence[Verdict], command_line: CommandLine) -> str:
    """What to do about ``verdicts``, at least one, all of one status; empty where nothing needs doing."""
    cases = [verdict.case for verdict in verdicts]
    if verdicts[0].base is not None:
        return _after_side_by_side(verdicts[0].status, command_line.rerun(cases))
    accept = command_line.accept(cases)
    match verdicts[0].status:
        case Status.PASS:
            return ""
        case Status.REGRESSED:
            return _after_regressions(verdicts, accept, command_line.accept_slower(cases))
        case Status.IMPROVED:
            return f"Accept the faster time, so that losing it again is seen: {accept}"
        case Status.INCONCLUSIVE if all(verdict.was_left_out or verdict.was_cut_short for verdict in verdicts):
            return f"Give a larger --ascendperf-budget, or run fewer tests: {command_line.rerun(cases)}"
        case Status.INCONCLUSIVE if any(_is_left_open(verdict) for verdict in verdicts):
            decide = f"Let fresh processes decide: {command_line.rerun(cases)} --ascendperf-strict"
            return f"{decide}; or record more sessions of code you trust: {accept} --ascendperf-sessions=K"
        case Status.INCONCLUSIVE:
            return f"Run it again, or record more sessions of code you trust: {accept} --ascendperf-sessions=K"
        case Status.PROVISIONAL:
            return f"Record several sessions of code you trust: {accept}"
        case Status.NO_BASELINE:
            return f"Record what is missing: {command_line.record_new()}"
        case Status.NOT_COMPARABLE if all(_in_another_place(verdict) for verdict in verdicts):
            return f"Record baselines for this chip and software stack: {command_line.record_new()}"
        case Status.NOT_COMPARABLE:
            return f"Set it back, or record under the new setting: {accept}"
        case Status.INVALID:
            return f"Measure again when nothing else uses the machine: {command_line.rerun(cases)}"


def accept_what_ran(verdicts: Sequence[Verdict], command_line: CommandLine) -> str:
    """What to do about ``verdicts`` that do not fail and ran otherwise than their baselines."""
    return f"Accept what runs now, so that a change of it is seen: {command_line.accept(v.case for v in verdicts)}"


def _after_regressions(verdicts: Sequence[Verdict], accept: str, accept_slower: str) -> str:
    findings = [finding for verdict in verdicts for finding in verdict.failing_findings]
    asked_for = [finding for finding in findings if not finding.is_against_baseline]
    is_slower = any(verdict.status_of_times is Status.REGRESSED for verdict in verdicts)
    steps: list[str] = []
    if asked_for:
        steps.append("What the test asks for no baseline settles: change the code or the test's marker.")
    if is_slower and len(asked_for) == len(findings):
        steps.append(f"If the slower time is meant, accept it: {accept_slower}")
    elif is_slower:
        steps.append(f"If the slower time and what runs now are meant, accept them: {accept_slower}")
    elif len(asked_for) < len(findings):
        steps.append(f"If what runs now is meant, accept it: {accept}")
    return " ".join(steps)


def _after_side_by_side(status: Status, rerun: str) -> str:
    """Nothing is stored there, so nothing can be accepted: the base is measured anew each time."""
    match status:
        case Status.PASS | Status.IMPROVED | Status.NO_BASELINE:
            return ""
        case Status.REGRESSED:
            return f"If the slower time is meant, say so where the change is reviewed. Measure just this: {rerun}"
        case Status.INCONCLUSIVE:
            return f"Run it again: {rerun}"
        case Status.NOT_COMPARABLE:
            return f"Compare with a base in which the test passes on this device: {rerun}"
        case _:
            return f"Measure again when nothing else uses the machine: {rerun}"


def _is_left_open(verdict: Verdict) -> bool:
    """Whether its own session is all that it stands on, and not for want of time."""
    return verdict.confirm is None and not verdict.was_left_out and not verdict.was_cut_short


def _in_another_place(verdict: Verdict) -> bool:
    return any(difference.key in _PLACE_KEYS for difference in verdict.hard_differences)


def _tests(cases: Iterable[CaseId]) -> list[str]:
    tests = list(dict.fromkeys(case.nodeid for case in cases))
    return [shlex.quote(test) for test in tests] if len(tests) <= NAMED_TESTS else ["TEST..."]
