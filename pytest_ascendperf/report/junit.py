"""The properties of a test case in a JUnit report: a few numbers that CI systems plot from run to run."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_ascendperf.judge.reasons import origin_of
from pytest_ascendperf.model.comparison import ComparedCalls
from pytest_ascendperf.model.verdict import Verdict
from pytest_ascendperf.report.kernels import blamed
from pytest_ascendperf.report.wording import printable


def junit_properties(verdicts: Iterable[Verdict]) -> list[tuple[str, str | float]]:
    """Names and values for ``item.user_properties``, of the verdicts of one test.

    Names are ``ascendperf.median_us`` and so on, with the case's name in between where it has one:
    ``ascendperf.decode.median_us``. Values are plain texts and floats, which pytest writes to the last digit and xdist
    can send. A number or text that does not exist has no property.
    """
    properties: list[tuple[str, str | float]] = []
    for verdict in verdicts:
        # pytest escapes the values for XML, but not the names.
        prefix = f"ascendperf.{printable(verdict.case.case)}" if verdict.case.case else "ascendperf"
        properties.append((f"{prefix}.status", verdict.status.value))
        properties.extend((f"{prefix}.{name}", value) for name, value in _numbers(verdict) if value is not None)
        properties.extend((f"{prefix}.{name}", value) for name, value in _texts(verdict) if value)
    return properties


def comparison_properties(compared: Iterable[ComparedCalls]) -> list[tuple[str, str | float]]:
    """Names and values of one test's comparisons: ``ascendperf.compare.fused/unfused.ratio``, ``.low`` and ``.high``.

    A bound that does not exist has no property.
    """
    properties: list[tuple[str, str | float]] = []
    for each in compared:
        prefix = f"ascendperf.compare.{printable(each.first)}/{printable(each.second)}"
        numbers = [("ratio", each.ratio), ("low", each.low), ("high", each.high)]
        properties.extend((f"{prefix}.{name}", value) for name, value in numbers if value is not None)
    return properties


def _numbers(verdict: Verdict) -> list[tuple[str, float | None]]:
    decisive, drift = verdict.decisive, verdict.drift
    confirm = verdict.confirm if verdict.drifted is None else verdict.drifted.confirm
    return [
        ("median_us", verdict.now_us),
        ("confirmed_us", None if confirm is None else confirm.head_us),
        ("baseline_us", None if decisive is None else decisive.base_us),
        ("change", None if decisive is None else decisive.change),
        ("change_since_anchor", None if drift is None else drift.decisive.change),
        ("detectable_change", verdict.detectable_change),
        ("measured_s", None if verdict.cost is None else verdict.cost.total_s),
    ]


def _texts(verdict: Verdict) -> list[tuple[str, str]]:
    return [
        ("findings", "; ".join(printable(finding.summary) for finding in verdict.findings)),
        ("drift", "" if verdict.drifted is None else f"since {printable(origin_of(verdict.drifted))}"),
        ("blame", "" if verdict.attribution is None else blamed(verdict.attribution)),
    ]
