"""How often one moment's sessions would fail another moment's baseline, with and without what the core says of itself.

Given folders of baselines that were recorded of the same code on the same machine, each at another time, every one of
them is judged against every other as a confirmation in fresh processes would be: the sessions of a moment agree with
each other, and say nothing of how moments differ. No bar. Record them with ``pytest --ascendperf-update-baselines
--ascendperf-baselines=FOLDER``, under whatever noise is of interest.

Usage: python benchmarks/moments.py FOLDER FOLDER [FOLDER ...]
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from pytest_ascendperf.judge import latency
from pytest_ascendperf.judge.core_speed import core_slowdown
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.model.protocol import Rule
from pytest_ascendperf.model.verdict import Status
from pytest_ascendperf.statistics.series import mean, standard_deviation
from pytest_ascendperf.store.document import BaselineDocument
from pytest_ascendperf.units import format_share

RULE = Rule(tolerance=0.02, min_change_us=1.0, confirm_sessions=5, suite_tests=1, cases=1)
SUITES = (1, 24)
"""Tests of a run, between which the chance of a false alarm is divided."""


def baselines_of(folder: Path) -> dict[CaseId, Baseline]:
    """All that lie in a folder of baselines, of any chip and stack."""
    documents = [BaselineDocument.parse(path.read_bytes()) for path in sorted(folder.glob("*/*/**/*.json"))]
    found = {case: document.find(case) for document in documents for case in document.cases()}
    return {case: baseline for case, baseline in found.items() if baseline is not None}


def fails(base: Baseline, head: Baseline, rule: Rule, *, allow: bool) -> bool:
    """Whether the sessions of ``head`` would confirm that it is slower than ``base``."""
    slower = core_slowdown(head.sessions, base.sessions) if allow else 0.0
    medians = (base.medians_on(Clock.DEVICE) or (), head.medians_on(Clock.DEVICE) or ())
    return latency.confirm(*medians, dataclasses.replace(rule, core_slowdown=slower)).status is Status.REGRESSED


def differences(moments: Sequence[Baseline]) -> list[object]:
    """How much the moments' times differ, and how they follow the core: slope and correlation of the logarithms."""
    times = [mean([math.log(one.median_us) for one in each.sessions]) for each in moments]
    cores = [mean([math.log(one.core_work_us or math.nan) for one in each.sessions]) for each in moments]
    slope = statistics.linear_regression(cores, times).slope
    return [format_share(standard_deviation(times)), f"{slope:.2f}", f"{statistics.correlation(cores, times):.2f}"]


def main() -> None:
    """Print the figures."""
    by_case: dict[CaseId, list[Baseline]] = defaultdict(list)
    for folder in sys.argv[1:]:
        for case, baseline in baselines_of(Path(folder)).items():
            by_case[case].append(baseline)
    lines, sums = [], [0] * (1 + 2 * len(SUITES))
    for case, moments in sorted(by_case.items()):
        pairs = list(itertools.permutations(moments, 2))
        counts = [len(pairs)]
        for tests, allow in itertools.product(SUITES, (False, True)):
            rule = dataclasses.replace(RULE, suite_tests=tests)
            counts.append(sum(fails(base, head, rule, allow=allow) for base, head in pairs))
        lines.append([str(case), len(moments), *differences(moments), *counts])
        sums = [total + count for total, count in zip(sums, counts, strict=True)]
    headings = ["case", "moments", "they differ by", "slope", "correlation", "pairs"]
    for tests in SUITES:
        headings += [f"{tests} tests: fail", "less the core"]
    print(tabulate([*lines, ["all", "", "", "", "", *sums]], headings))


if __name__ == "__main__":
    main()
