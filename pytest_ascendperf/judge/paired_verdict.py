"""From the sessions of base and head side by side to a verdict, and to whether another session is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_ascendperf.judge import paired_reasons, reasons
from pytest_ascendperf.judge.attribution import attribute
from pytest_ascendperf.judge.exact import with_findings
from pytest_ascendperf.judge.kernel_changes import KnownLoss, kernel_findings, why_not_compared
from pytest_ascendperf.judge.paired import Next, confirm_paired, screen_paired
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.verdict import Status, Verdict

if TYPE_CHECKING:
    from pytest_ascendperf.judge.paired_contrast import PairedSession
    from pytest_ascendperf.model.environment import KeyDifference
    from pytest_ascendperf.model.finding import Finding
    from pytest_ascendperf.model.kernel_table import KernelTable
    from pytest_ascendperf.model.measurement import Measurement
    from pytest_ascendperf.model.protocol import Rule
    from pytest_ascendperf.model.stage import Comparison

MOST_PROBLEMS = 2
"""Sessions that may give nothing before the case is given up."""
_PLACE_KEYS = frozenset({"device", "chip"})
"""What must be equal on both sides. All else may differ, and may be what is compared: another torch, say."""


@dataclass(slots=True, kw_only=True)
class PairedEvidence:
    """What is known of one case so far; grows by a session at a time."""

    head: Measurement
    """Head's half of the first session."""
    base: Measurement | None
    """The base's half of it; None where the base has none."""
    rule: Rule
    base_name: str
    """The base in words: ``base main (1a2b3c4d5e6f)``."""
    clock: Clock = Clock.DEVICE
    resolution_us: float = 0.0
    """Step of the clock per call."""
    screening: list[PairedSession] = field(default_factory=list)
    confirming: list[PairedSession] = field(default_factory=list)
    """Sessions measured after the screening had raised a suspicion."""
    problems: list[str] = field(default_factory=list)
    """Why further sessions gave nothing, a sentence each."""
    demands: tuple[Finding, ...] = ()
    """What head runs otherwise than the test itself asks for."""
    compares_kernels: bool = True
    """Whether head fails for running other kernels than the base."""
    losses: tuple[KnownLoss, ...] = ()
    """Fusions of the base that head lost."""

    @property
    def tables(self) -> tuple[KernelTable, KernelTable] | None:
        """What base and head run; None where one of them is not known, or was seen on another device."""
        if self.base is None or self.base.kernels is None or self.head.kernels is None or _other_device(self):
            return None
        return self.base.kernels, self.head.kernels

    @property
    def findings(self) -> list[Finding]:
        """What head runs otherwise than the test itself asks for, and than the base does; first what fails."""
        found = list(self.demands)
        if self.compares_kernels and (tables := self.tables) is not None:
            found += kernel_findings(*tables, self.losses)
        return sorted(found, key=lambda finding: not finding.fails)

    @property
    def time_rule(self) -> Rule:
        """The rule for how many sessions are worth it: a case that fails anyhow may stay open as to its time."""
        must_decide = self.rule.must_decide and not any(finding.fails for finding in self.findings)
        return replace(self.rule, must_decide=must_decide)


def next_step(evidence: PairedEvidence) -> Next:
    """Whether another session is wanted, and for which stage."""
    if evidence.base is None or _other_device(evidence) or len(evidence.problems) > MOST_PROBLEMS:
        return Next.NOTHING
    if not evidence.screening:
        return Next.MORE
    screened = screen_paired(evidence.screening, evidence.time_rule, resolution_us=evidence.resolution_us)
    if screened.next is not Next.CONFIRM:
        return screened.next
    if not evidence.confirming:
        return Next.CONFIRM
    confirmed = confirm_paired(evidence.confirming, evidence.rule, resolution_us=evidence.resolution_us)
    return Next.CONFIRM if confirmed.next is Next.MORE else Next.NOTHING


def used_alpha(evidence: PairedEvidence) -> float:
    """What the looks at a suspect have used of the run's level."""
    if not evidence.confirming:
        return 0.0
    return confirm_paired(evidence.confirming, evidence.rule, resolution_us=evidence.resolution_us).used_alpha


def paired_verdict(evidence: PairedEvidence) -> Verdict:
    """The verdict on what there is, once :func:`next_step` asks for NOTHING or nothing more can be measured."""
    verdict = _timed_verdict(evidence)
    if (tables := evidence.tables) is not None:
        if evidence.compares_kernels and (reason := why_not_compared(*tables)) is not None:
            verdict = replace(verdict, notes=(*verdict.notes, reason))
        if verdict.status is Status.REGRESSED and verdict.decisive is not None:
            change_us = verdict.decisive.head_us - verdict.decisive.base_us
            verdict = replace(verdict, attribution=attribute(*tables, change_us))
    return with_findings(verdict, evidence.findings)


def _timed_verdict(evidence: PairedEvidence) -> Verdict:
    rule, clock = evidence.rule, evidence.clock
    if evidence.base is None:
        return _bare(evidence, Status.NO_BASELINE, paired_reasons.new_in_head(evidence.base_name, "case"))
    if differences := _other_device(evidence):
        return _bare(evidence, Status.NOT_COMPARABLE, paired_reasons.other_device(evidence.base_name, differences))
    if not evidence.screening:
        return _bare(evidence, Status.INVALID, reasons.invalid(evidence.problems or ("No session was measured.",)))
    screened = screen_paired(evidence.screening, rule, resolution_us=evidence.resolution_us)
    confirmed = None
    if evidence.confirming:
        confirmed = confirm_paired(evidence.confirming, rule, resolution_us=evidence.resolution_us)
    decisive = confirmed or screened
    if screened.next is Next.CONFIRM and confirmed is None:
        reason = paired_reasons.pending(screened.comparison, rule, clock=clock)
    else:
        reason = paired_reasons.shown(decisive.status, decisive.comparison, rule, clock=clock, needed=decisive.needed)
    if evidence.problems:
        reason = f"{reason} {paired_reasons.missing(evidence.problems)}"
    verdict = _verdict(
        evidence,
        decisive.status,
        reason,
        detectable=decisive.detectable_change,
        screen=screened.comparison,
        confirm=None if confirmed is None else confirmed.comparison,
    )
    if decisive.left_out:
        verdict = replace(verdict, notes=(*verdict.notes, paired_reasons.left_out(decisive.left_out)))
    return verdict


def base_failed(evidence: PairedEvidence, problem: str) -> Verdict:
    """The verdict on a case whose test does not pass in the base."""
    return _bare(evidence, Status.NOT_COMPARABLE, paired_reasons.base_fails(evidence.base_name, problem))


def base_lost(evidence: PairedEvidence, problem: str) -> Verdict:
    """The verdict on a case that the base did not come to measure; ``problem`` is a sentence."""
    return _bare(evidence, Status.INVALID, reasons.invalid((problem,)))


def _bare(evidence: PairedEvidence, status: Status, reason: str) -> Verdict:
    return _verdict(evidence, status, reason, detectable=None, screen=None, confirm=None)


def _verdict(
    evidence: PairedEvidence,
    status: Status,
    reason: str,
    *,
    detectable: float | None,
    screen: Comparison | None,
    confirm: Comparison | None,
) -> Verdict:
    session = evidence.head.session
    differences: tuple[KeyDifference, ...] = ()
    if evidence.base is not None:
        now, then = evidence.head.environment, evidence.base.environment
        differences = (*now.hard_differences(then), *now.soft_differences(then))
    base_notes = () if evidence.base is None else (f"Base: {note}" for note in evidence.base.notes)
    return Verdict(
        case=evidence.head.case,
        status=status,
        reason=reason,
        now_us=None if session is None else session.median_us,
        clock=evidence.clock,
        tolerance=evidence.rule.tolerance,
        detectable_change=detectable,
        screen=screen,
        confirm=confirm,
        hard_differences=_other_device(evidence),
        soft_differences=tuple(difference for difference in differences if difference.key not in _PLACE_KEYS),
        baseline_path=None,
        notes=(*evidence.head.notes, *base_notes),
        base=evidence.base_name,
    )


def _other_device(evidence: PairedEvidence) -> tuple[KeyDifference, ...]:
    if evidence.base is None:
        return ()
    differences = evidence.head.environment.hard_differences(evidence.base.environment)
    return tuple(difference for difference in differences if difference.key in _PLACE_KEYS)
