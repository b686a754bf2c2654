"""The summary at the end of a run: the table of results and the line that counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.stage import Comparison
from pytest_ascendperf.model.verdict import Status, Verdict
from pytest_ascendperf.report.cost import cut_short, left_out, total_s
from pytest_ascendperf.report.selected_tests import SelectedTests
from pytest_ascendperf.report.wording import (
    ABSENT,
    BAD_NEWS_FIRST,
    aligned,
    bad_news_first,
    counted,
    printable,
    status_word,
)
from pytest_ascendperf.units import format_change, format_duration, format_seconds, format_share, format_tolerance

_LEGEND = "detectable: the smallest slowdown that is caught 4 times in 5."
_DRIFT_LEGEND = "drift: slower than the anchor, an older accepted time, which then stands where the baseline does."
_NARROW_INDENT = "    "


def result_table(verdicts: Sequence[Verdict], *, width: int | None = None, with_cost: bool = False) -> list[str]:
    """The table of all cases, bad news first, with a line that explains its columns; empty without verdicts.

    Test ids stand last and in full, so that they can be copied and never move a column. Where a row would be longer
    than ``width`` characters, the id moves up beside the verdict and the numbers stand below it. ``width`` None means
    one line per case, whatever its length: right for logs that are searched line by line. ``with_cost`` adds what each
    verdict took.
    """
    if not verdicts:
        return []
    ordered = bad_news_first(verdicts)
    against = any(verdict.base is not None for verdict in ordered)
    headings = ["now", "base" if against else "baseline", "change", _interval_heading(ordered), "limit", "detectable"]
    rows = [headings, *map(_numbers, ordered)]
    if with_cost:
        rows = [[*row, cost] for row, cost in zip(rows, ["took", *map(_took, ordered)], strict=True)]
    numbers = aligned(rows)
    words = ["verdict", *map(_word, ordered)]
    legend = [_LEGEND, *([_DRIFT_LEGEND] if any(verdict.drifted is not None for verdict in ordered) else [])]
    word_width = max(map(len, words))
    tests = ["test", *(printable(verdict.case) for verdict in ordered)]
    lines = [f"{word:<{word_width}}  {row}  {test}" for word, row, test in zip(words, numbers, tests, strict=True)]
    if width is None or max(map(len, lines)) <= width:
        return [*lines, *legend]
    lines = []
    for word, row, test in zip(words, numbers, tests, strict=True):
        lines += [f"{word:<{word_width}}  {test}", f"{_NARROW_INDENT}{row}"]
    return [*lines, *legend]


def _word(verdict: Verdict) -> str:
    return status_word(verdict.status) + ("" if verdict.drifted is None else " (drift)")


def _interval_heading(verdicts: Iterable[Verdict]) -> str:
    levels = {verdict.decisive.confidence for verdict in verdicts if verdict.decisive is not None}
    return f"{levels.pop() * 100:g} % interval" if len(levels) == 1 else "interval"


def _numbers(verdict: Verdict) -> list[str]:
    comparison = verdict.decisive
    now_us = verdict.now_us if comparison is None else comparison.head_us
    detectable = verdict.detectable_change
    return [
        ABSENT if now_us is None else format_duration(now_us) + (" host" if verdict.clock is Clock.HOST else ""),
        ABSENT if comparison is None else format_duration(comparison.base_us),
        ABSENT if comparison is None else format_change(comparison.change),
        ABSENT if comparison is None else _interval(comparison),
        format_tolerance(verdict.tolerance),
        ABSENT if detectable is None else format_share(detectable),
    ]


def _took(verdict: Verdict) -> str:
    return ABSENT if verdict.cost is None or verdict.was_left_out else format_seconds(verdict.cost.total_s)


def _interval(comparison: Comparison) -> str:
    if comparison.low is None or comparison.high is None:
        return ABSENT
    return f"{format_change(comparison.low)} to {format_change(comparison.high)}"


def summary_line(verdicts: Sequence[Verdict], tests: SelectedTests) -> str:
    """One line that counts: ``5 measured: 3 pass, 1 regressed, 1 no baseline; 2 tests skipped; took 12.3 s``.

    Says ``nothing was measured``, or judged, and why, when ``verdicts`` is empty.
    """
    left_out = [
        (tests.compared, "compared calls only"),
        (tests.skipped, "skipped"),
        (tests.failed_before_judging, "failed before judging"),
        (tests.unmeasured, "ran without measuring"),
        (tests.not_run, "not reached"),
    ]
    if not verdicts and tests.compared:
        return "; ".join(f"{counted(number, 'test')} {what}" for number, what in left_out if number)
    if not verdicts:
        if tests.selected == 0:
            return "nothing was measured: no marked test was selected"
        reasons = ", ".join(f"{number:,} {what}" for number, what in left_out if number)
        what = "judged" if tests.failed_before_judging else "measured"
        return f"nothing was {what}: of {counted(tests.selected, 'marked test')}, {reasons}"
    measured = [verdict for verdict in verdicts if not verdict.was_left_out]
    found = Counter(verdict.status for verdict in measured)
    order = (Status.PASS, *(status for status in BAD_NEWS_FIRST if status is not Status.PASS))
    statuses = ", ".join(f"{found[status]:,} {_counted_word(status, measured)}" for status in order if found[status])
    missing = [f"{counted(number, 'test')} {what}" for number, what in left_out if number]
    counts = f"{len(measured):,} measured: {statuses}" if measured else "nothing was measured"
    took = [f"took {format_seconds(total_s(measured))}"] if any(verdict.cost for verdict in measured) else []
    return "; ".join([counts, *_lacking_time(verdicts), *missing, *took])


def _lacking_time(verdicts: Sequence[Verdict]) -> list[str]:
    """What the budget of the run did not reach, or not to its end."""
    facts = [
        (left_out(verdicts), "not measured, as the budget was spent (inconclusive)"),
        (cut_short(verdicts), "cut short by the budget"),
    ]
    return [f"{counted(number, 'case')} {what}" for number, what in facts if number]


def _counted_word(status: Status, verdicts: Iterable[Verdict]) -> str:
    """The status as the line counts it; of the regressed ones, how many are so by drift, or by other kernels alone."""
    word = status_word(status).lower()
    if status is not Status.REGRESSED:
        return word
    regressed = [verdict for verdict in verdicts if verdict.status is Status.REGRESSED]
    drifted = sum(verdict.drifted is not None for verdict in regressed)
    by_kernels = sum(verdict.status_of_times is not Status.REGRESSED for verdict in regressed)
    parts = [(drifted, "by slow drift"), (by_kernels, "by kernels alone")]
    told = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    return f"{word} ({told})" if told else word
