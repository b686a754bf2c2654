"""What stands below the table: what the statuses of this run mean, for which cases, and what to do next.

Cases that share a cause share a line, so that five hundred tests without a baseline give one line and not five hundred.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_ascendperf.model.environment import KeyDifference
from pytest_ascendperf.model.verdict import Status, Verdict
from pytest_ascendperf.report.next_step import CommandLine, accept_what_ran, next_step
from pytest_ascendperf.report.wording import BAD_NEWS_FIRST, counted, first_of, printable, status_word

SHOWN_PER_GROUP = 10
"""Lines of reasons per group; the rest is counted."""

_EXPLAINED = tuple(status for status in BAD_NEWS_FIRST if status not in {Status.PASS, Status.REGRESSED})
"""A pass needs no words, and a regression has them in its test's own failure."""


def explanations(verdicts: Sequence[Verdict], command_line: CommandLine) -> list[str]:
    """Per status that needs words: how many cases, their reasons, and the next command, which ends the group.

    What ran otherwise without failing, changes of the environment that do not forbid comparing, and notes follow in
    groups of their own.
    """
    lines: list[str] = []
    for status in _EXPLAINED:
        concerned = [verdict for verdict in verdicts if verdict.status is status]
        if concerned:
            lines += _about_status(status, concerned, command_line)
    lines += _about_what_ran(verdicts, command_line)
    changed = _grouped((_listed(verdict.soft_differences), verdict) for verdict in verdicts if verdict.soft_differences)
    if changed:
        against = any(verdict.base is not None for verdict in verdicts)
        since = "Different in the base" if against else "Changed since the baseline was recorded"
        lines += [f"{since}, which can move times:", *_shown(changed)]
    notes = _grouped((note, verdict) for verdict in verdicts for note in dict.fromkeys(verdict.notes))
    if notes:
        lines += ["Notes:", *_shown(notes)]
    return lines


def _about_status(status: Status, verdicts: list[Verdict], command_line: CommandLine) -> list[str]:
    title = f"{status_word(status)}, {counted(len(verdicts), 'case')}:"
    step = next_step(verdicts, command_line)
    if verdicts[0].base is not None:
        return [
            title,
            *_shown(_grouped((verdict.reason, verdict) for verdict in verdicts)),
            *([f"  {step}"] if step else []),
        ]
    if status is Status.NO_BASELINE:
        return [f"{title} nothing to compare with{_missing_from(verdicts)}. {step}"]
    if status is Status.PROVISIONAL:
        return [f"{title} a baseline of one session does not tell how much sessions differ. {step}"]
    if status is Status.NOT_COMPARABLE:
        reasons = _grouped((_listed(verdict.hard_differences) or verdict.reason, verdict) for verdict in verdicts)
    else:
        reasons = _grouped((verdict.reason, verdict) for verdict in verdicts)
    return [title, *_shown(reasons), f"  {step}"]


def _about_what_ran(verdicts: Sequence[Verdict], command_line: CommandLine) -> list[str]:
    """Findings of cases that fail on none of them; a case that fails tells all of its own in its failure."""
    concerned = [verdict for verdict in verdicts if verdict.findings and not verdict.failing_findings]
    if not concerned:
        return []
    findings = _grouped((finding.summary, verdict) for verdict in concerned for finding in verdict.findings)
    step = accept_what_ran(concerned, command_line)
    return ["Ran otherwise than in the baseline, which does not fail:", *_shown(findings), f"  {step}"]


def _missing_from(verdicts: Sequence[Verdict]) -> str:
    paths = list(dict.fromkeys(verdict.baseline_path for verdict in verdicts if verdict.baseline_path is not None))
    if not paths:
        return ""
    return f" in {paths[0]}" + (f" and {counted(len(paths) - 1, 'other file')}" if len(paths) > 1 else "")


def _listed(differences: Sequence[KeyDifference]) -> str:
    return ", ".join(map(str, differences))


def _grouped(pairs: Iterable[tuple[str, Verdict]]) -> dict[str, list[Verdict]]:
    groups: dict[str, list[Verdict]] = {}
    for cause, verdict in pairs:
        groups.setdefault(cause, []).append(verdict)
    return groups


def _shown(groups: dict[str, list[Verdict]]) -> list[str]:
    """One line per cause, with the first of its cases and the number of the others."""
    lines: list[str] = []
    for cause, verdicts in groups.items():
        lines.append("  " + printable(f"{first_of([verdict.case for verdict in verdicts])}: {cause}"))
    if len(lines) <= SHOWN_PER_GROUP:
        return lines
    hidden = len(lines) - SHOWN_PER_GROUP
    return [*lines[:SHOWN_PER_GROUP], f"  and {hidden:,} more, all in the file of --ascendperf-json=FILE"]
