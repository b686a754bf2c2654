"""How often one moment's sessions are wrong about another moment's baseline, with and without what the host says.

Given folders of baselines that were recorded of the same code on the same machine, each at another time, every one of
them is judged against every other as a confirmation in fresh processes would be: the sessions of a moment agree with
each other, and say nothing of how moments differ. Then each session is judged as a run's own one would be, as it is and
as if its code had changed by the tolerance: what is claimed to have improved, and what passes. At last times are
multiplied by more and more until the first session of a moment is a suspect, and its others confirm it: how this
compares with the detectable change that is printed. No bar.

Record them with ``pytest --ascendperf-update-baselines --ascendperf-baselines=FOLDER``, under whatever noise is of
interest.

Usage: python benchmarks/moments.py FOLDER FOLDER [FOLDER ...]
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from tabulate import tabulate

from pytest_ascendperf.judge import latency
from pytest_ascendperf.judge.host_speed import host_change, host_spread
from pytest_ascendperf.judge.session_medians import own_rule
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.host_change import SAME_HOST
from pytest_ascendperf.model.measurement import Clock, Session
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.series import mean, standard_deviation
from pytest_ascendperf.store.document import BaselineDocument
from pytest_ascendperf.units import format_share, format_tolerance

RULE = Rule(tolerance=0.02, min_change_us=1.0, confirm_sessions=5, suite_tests=1, cases=1)
SUITES = (1, 24)
"""Tests of a run, between which the chance of a false alarm is divided."""
LEAST_FACTOR, MOST_FACTOR = 0.5, 20.0
"""Between these lies what times have to be multiplied with until a run fails."""
TOLERANCES = (0.02, 0.05, 0.1)
CLAIMS = (
    ("unchanged", 0.0, Status.PASS),
    ("unchanged", 0.0, Status.IMPROVED),
    ("faster by the tolerance", -1.0, Status.IMPROVED),
    ("slower by the tolerance", 1.0, Status.PASS),
    ("slower by twice the tolerance", 2.0, Status.PASS),
)
"""What code does, by how many tolerances, and what is claimed of it: the first is right, the others must be seldom."""


def baselines_of(folder: Path) -> dict[CaseId, Baseline]:
    """All that lie in a folder of baselines, of any chip and stack."""
    documents = [BaselineDocument.parse(path.read_bytes()) for path in sorted(folder.glob("*/*/**/*.json"))]
    found = {case: document.find(case) for document in documents for case in document.cases()}
    return {case: baseline for case, baseline in found.items() if baseline is not None}


def fails(base: Baseline, head: Baseline, rule: Rule, *, allow: bool) -> bool:
    """Whether the sessions of ``head`` would confirm that it is slower than ``base``."""
    change = host_change(head.sessions, base.sessions) if allow else SAME_HOST
    medians = (base.medians_on(Clock.DEVICE) or (), head.medians_on(Clock.DEVICE) or ())
    return latency.confirm(*medians, dataclasses.replace(rule, host=change)).status is Status.REGRESSED


def own_status(base: Baseline, own: Session, factor: float, rule: Rule, *, allow: bool) -> Status:
    """What a run says of ``base`` whose own session is ``own``, all its times multiplied by ``factor``."""
    rule = own_rule(own, base.sessions, rule) if allow else rule
    return latency.screen(base.medians_on(Clock.DEVICE) or (), own.device_median_us * factor, rule).status


def differences(moments: Sequence[Baseline]) -> list[object]:
    """How much the moments' times differ, and how they follow core and memory: correlations of the logarithms."""
    times = [mean([math.log(one.median_us) for one in each.sessions]) for each in moments]
    cores = [mean([math.log(one.core_work_us or math.nan) for one in each.sessions]) for each in moments]
    copies = [mean([math.log(one.memory_work_us or math.nan) for one in each.sessions]) for each in moments]
    follows = [f"{statistics.correlation(host, times):.2f}" for host in (cores, copies)]
    return [format_share(standard_deviation(times)), *follows]


def claims_table(by_case: Mapping[CaseId, Sequence[Baseline]]) -> str:
    """How often the run's own session is wrong, with and without what the host became faster by."""
    pairs = [pair for moments in by_case.values() for pair in itertools.permutations(moments, 2)]
    lines = []
    for tolerance, (code, tolerances, status) in itertools.product(TOLERANCES, CLAIMS):
        rule = dataclasses.replace(RULE, tolerance=tolerance)
        factor = 1.0 + tolerances * tolerance
        counts = [
            sum(
                own_status(base, own, factor, rule, allow=allow) is status
                for base, head in pairs
                for own in head.sessions
            )
            for allow in (False, True)
        ]
        sessions = sum(len(head.sessions) for _, head in pairs)
        lines.append([format_tolerance(tolerance), code, status.name, sessions, *counts])
    return tabulate(lines, ["tolerance", "code", "claimed", "own sessions", "by times alone", "less the host"])


def failures_table(by_case: Mapping[CaseId, Sequence[Baseline]]) -> str:
    """How often fresh sessions say that unchanged code is slower, with and without what the host became slower by."""
    lines, sums = [], [0] * (1 + 2 * len(SUITES))
    for case, moments in sorted(by_case.items()):
        pairs = list(itertools.permutations(moments, 2))
        counts = [len(pairs)]
        for tests, allow in itertools.product(SUITES, (False, True)):
            rule = dataclasses.replace(RULE, suite_tests=tests)
            counts.append(sum(fails(base, head, rule, allow=allow) for base, head in pairs))
        lines.append([str(case), len(moments), *differences(moments), *counts])
        sums = [total + count for total, count in zip(sums, counts, strict=True)]
    headings = ["case", "moments", "they differ by", "follow the core", "memory", "pairs"]
    for tests in SUITES:
        headings += [f"{tests} tests: fail", "less the host"]
    return tabulate([*lines, ["all", "", "", "", "", *sums]], headings)


def found_from(base: Baseline, head: Baseline, rule: Rule) -> float:
    """The smallest change that times of ``head`` have to be multiplied with until a run fails, by bisection."""
    own, *fresh = head.sessions
    base_us, fresh_us = base.medians_on(Clock.DEVICE) or (), [session.device_median_us for session in fresh]
    screening = own_rule(own, base.sessions, rule)
    confirmation = dataclasses.replace(rule, host=host_change(fresh, base.sessions))

    def fails(factor: float) -> bool:
        if not latency.screen(base_us, own.device_median_us * factor, screening).flagged:
            return False
        return latency.confirm(base_us, [us * factor for us in fresh_us], confirmation).status is Status.REGRESSED

    low, high = LEAST_FACTOR, MOST_FACTOR
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if fails(middle) else (middle, high)
    return high - 1.0


def detectable_table(by_case: Mapping[CaseId, Sequence[Baseline]]) -> str:
    """What is printed over what is found in 4 of 5 pairs of moments, with and without how roughly the host is known."""
    lines: list[list[object]] = []
    by_times: list[float] = []
    as_printed: list[float] = []
    for case, moments in sorted(by_case.items()):
        told, pairs = [], list(itertools.permutations(moments, 2))
        for base, head in pairs:
            rule = dataclasses.replace(RULE, suite_tests=max(SUITES), confirm_sessions=len(head.sessions) - 1)
            found = found_from(base, head, rule)
            told.append(printed(base, own_rule(head.sessions[0], base.sessions, rule)))
            by_times.append(found / printed(base, rule))
            as_printed.append(found / told[-1])
        spreads = format_share(statistics.median(host_spread(moment.sessions) for moment in moments))
        ratios = (over_found(units[-len(pairs) :]) for units in (by_times, as_printed))
        lines.append([str(case), spreads, format_share(statistics.median(told)), *ratios])
    lines.append(["all", "", "", over_found(by_times), over_found(as_printed)])
    headings = ["case", "the host may differ by", "printed", "over found, by times alone", "as printed"]
    return tabulate(lines, headings)


def printed(base: Baseline, rule: Rule) -> float:
    """The detectable change that a run prints."""
    base_us = base.medians_on(Clock.DEVICE) or ()
    return latency.screen(base_us, base_us[0], rule).detectable_change or math.nan


def over_found(in_units: Sequence[float]) -> str:
    """What is printed over what is found 4 times in 5, from what was found in units of what was printed."""
    return f"{1.0 / statistics.quantiles(in_units, n=5)[3]:.2f}"


def main() -> None:
    """Print the figures."""
    by_case: dict[CaseId, list[Baseline]] = defaultdict(list)
    for folder in sys.argv[1:]:
        for case, baseline in baselines_of(Path(folder)).items():
            by_case[case].append(baseline)
    print(failures_table(by_case))
    print()
    print(claims_table(by_case))
    print()
    print(detectable_table(by_case))


if __name__ == "__main__":
    main()
