"""The exact half of a verdict: which findings count, what they make of the status, and what could not be checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ascendperf.judge.kernel_changes import KnownLoss, kernel_findings, why_not_compared
from pytest_ascendperf.judge.kernel_limit import check_max_kernels
from pytest_ascendperf.judge.pass_changes import pass_findings
from pytest_ascendperf.model.finding import Finding
from pytest_ascendperf.model.verdict import Status, Verdict

if TYPE_CHECKING:
    from pytest_ascendperf.model.baseline import Baseline
    from pytest_ascendperf.model.measurement import Measurement
    from pytest_ascendperf.model.protocol import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactEvidence:
    """What was found before judging, by what knows the catalogue of fusions."""

    explicit: tuple[Finding, ...] = ()
    """What the test asks for and did not get; it counts whatever is stored."""
    losses: tuple[KnownLoss, ...] = ()
    """Fusions of the baseline that are lost; they count where the baseline is comparable."""


NO_EVIDENCE = ExactEvidence()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What came of comparing what ran."""

    findings: tuple[Finding, ...]
    """Those that fail first."""
    notes: tuple[str, ...]
    """What a reader should know about it."""


NOTHING_EXAMINED = Examined(findings=(), notes=())


def examine(measurement: Measurement, baseline: Baseline | None, rule: Rule, evidence: ExactEvidence) -> Examined:
    """The findings of one case. ``baseline`` is what it may be compared with: None where nothing is comparable."""
    findings = list(demands(measurement, rule, evidence))
    notes: list[str] = []
    if measurement.kernel_problem is not None:
        notes.append(f"Kernels were not recorded: {measurement.kernel_problem}")
    if baseline is not None:
        compared, told = _compared(measurement, baseline, evidence.losses)
        findings += compared
        notes += told
    ordered = sorted(findings, key=lambda finding: not finding.fails)
    return Examined(findings=tuple(ordered), notes=tuple(notes))


def demands(measurement: Measurement, rule: Rule, evidence: ExactEvidence) -> tuple[Finding, ...]:
    """What does not hold of what the test itself asks for, whatever is stored."""
    if rule.max_kernels is None:
        return evidence.explicit
    too_many = check_max_kernels(measurement.kernels, rule.max_kernels)
    return evidence.explicit if too_many is None else (*evidence.explicit, too_many)


def with_findings(verdict: Verdict, findings: Sequence[Finding]) -> Verdict:
    """``verdict``, which rests on times alone, with what ran: failing findings make it REGRESSED."""
    verdict = dataclasses.replace(verdict, findings=tuple(findings))
    if verdict.failing_findings:
        return dataclasses.replace(
            verdict,
            status=Status.REGRESSED,
            timed_status=None if verdict.status is Status.REGRESSED else verdict.status,
            reason=f"{_told(verdict.failing_findings)} {verdict.reason}",
        )
    return verdict


def without_findings(verdict: Verdict) -> Verdict:
    """What :func:`with_findings` was given: the verdict of the times alone."""
    return dataclasses.replace(
        verdict, status=verdict.status_of_times, timed_status=None, reason=reason_of_times(verdict), findings=()
    )


def reason_of_times(verdict: Verdict) -> str:
    """The part of the reason that is about times: without the findings that :func:`with_findings` put before it."""
    return verdict.reason.removeprefix(f"{_told(verdict.failing_findings)} ")


def _told(findings: Sequence[Finding]) -> str:
    return " ".join(f"{finding.summary[:1].upper()}{finding.summary[1:]}." for finding in findings)


def _compared(
    measurement: Measurement, baseline: Baseline, losses: Sequence[KnownLoss]
) -> tuple[list[Finding], list[str]]:
    findings: list[Finding] = []
    notes: list[str] = []
    base, head = baseline.kernels, measurement.kernels
    if base is not None and head is not None:
        findings += kernel_findings(base, head, losses)
        if (reason := why_not_compared(base, head)) is not None:
            notes.append(reason)
    elif head is not None:
        notes.append("The baseline has no kernel table; record it again to have kernels compared.")
    elif base is not None and measurement.kernel_problem is None:
        notes.append("The baseline has a kernel table and this run recorded no kernels: they are not compared.")
    base_passes, head_passes = baseline.fusion_passes, measurement.fusion_passes
    if base_passes is not None and head_passes is not None:
        findings += pass_findings(base_passes, head_passes)
    elif base_passes is not None:
        notes.append("The baseline has fusion passes and this run recorded none: they are not compared.")
    return findings, notes
