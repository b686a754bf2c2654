"""What stands below the table: what the statuses of this run mean, for which cases, and what to do next.

Cases that share a cause share a line, so that five hundred tests without a baseline give one line and not five hundred.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_ascendperf.model.environment import KeyDifference
from pytest_ascendperf.model.verdict import Status, Verdict
from pytest_ascendperf.report.next_step import CommandLine, next_step
from pytest_ascendperf.report.wording import BAD_NEWS_FIRST, counted, printable, status_word

SHOWN_PER_GROUP = 10
"""Lines of reasons per group; the rest is counted."""

_EXPLAINED = tuple(status for status in BAD_NEWS_FIRST if status not in {Status.PASS, Status.REGRESSED})
"""A pass needs no words, and a regression has them in its test's own failure."""


def explanations(verdicts: Sequence[Verdict], command_line: CommandLine) -> list[str]:
    """Per status that needs words: how many cases, their reasons, and the next command, which ends the group.

    Changes of the environment that do not forbid comparing, and notes, follow in groups of their own.
    """
    lines: list[str] = []
    for status in _EXPLAINED:
        concerned = [verdict for verdict in verdicts if verdict.status is status]
        if concerned:
            lines += _about_status(status, concerned, command_line)
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
        others = f" and {counted(len(verdicts) - 1, 'other')}" if len(verdicts) > 1 else ""
        lines.append("  " + printable(f"{verdicts[0].case}{others}: {cause}"))
    if len(lines) <= SHOWN_PER_GROUP:
        return lines
    hidden = len(lines) - SHOWN_PER_GROUP
    return [*lines[:SHOWN_PER_GROUP], f"  and {hidden:,} more, all in the file of --ascendperf-json=FILE"]
