"""The words of other gates, as they print them, are read as they mean them."""

from __future__ import annotations

import pytest

from gates.drivers.ascendperf import decisions_of
from gates.drivers.asv import marks_in
from gates.drivers.base import by_threshold, name_in_brackets
from gates.drivers.pytest_benchmark import failed_checks
from gates.drivers.pytest_perf import changes_in


def test_what_this_projects_gate_says_and_would_say_by_time_alone() -> None:
    """A case whose operators give it away, one that times flag, and one that nothing does."""

    def case(name: str, status: str, timed: str | None) -> dict[str, object]:
        nodeid = f"test_ascendperf.py::test_load[{name}]"
        return {"nodeid": nodeid, "status": status, "timed_status": timed, "detectable_change": 0.03}

    cases = [case("a-0", "regressed", "pass"), case("b-0", "regressed", None), case("c-0", "inconclusive", None)]
    found = decisions_of({"failing_statuses": ["regressed"], "cases": cases}, "rule")
    assert [(each.rule, each.test, each.flagged, each.status) for each in found] == [
        ("rule", "a-0", True, "regressed"),
        ("rule, times alone", "a-0", False, "pass"),
        ("rule", "b-0", True, "regressed"),
        ("rule, times alone", "b-0", True, "regressed"),
        ("rule", "c-0", False, "inconclusive"),
        ("rule, times alone", "c-0", False, "inconclusive"),
    ]


def test_failed_checks_of_pytest_benchmark() -> None:
    output = (
        "Performance has regressed:\n"
        "\ttest_load[python_loop-0] (0001_base) - Field 'mean' has failed PercentageRegressionCheck:"
        " 19.123456789 > 5.000000000\n"
        "\ttest_load[torch_matmul-1] (0001_base) - Field 'min' has failed PercentageRegressionCheck:"
        " 2.500000000 > 2.000000000\n"
    )
    assert failed_checks(output) == {("python_loop-0", "mean", 5), ("torch_matmul-1", "min", 2)}
    assert failed_checks("8 passed in 5.86s\n") == set()


def test_marks_of_asv() -> None:
    output = """
| Change   | Before [c708c865] <base> | After [a549e2c9] <by20> | Ratio | Benchmark (Parameter)                  |
|----------|--------------------------|-------------------------|-------|----------------------------------------|
| +        | 1.42±4ms                 | 6.91±6ms                | 4.85  | loads.Load.time_load('allocation-0')   |
| -        | 6.37±3ms                 | 3.00±2ms                | 0.47  | loads.Load.time_load('python_loop-0')  |
|          | 844±200μs                | 1.01±0.1ms              | ~1.20 | loads.Load.time_load('torch_matmul-0') |
"""
    assert marks_in(output) == {"allocation-0": "+", "python_loop-0": "-", "torch_matmul-0": " "}


@pytest.mark.parametrize(
    ("printed", "change"),
    [
        ("11.5 msec (-3.7 msec, -24%)", -3.7 / 15.2),
        ("13.4 msec (+2 msec, 18%)", 2 / 11.4),
        ("1.02 msec (+20.0 usec, 2%)", 0.02),
        ("1.02 msec (+20 µsec, 2%)", 0.02),
        ("980 usec (0 nsec, 0%)", 0.0),
    ],
)
def test_changes_of_pytest_perf(printed: str, change: float) -> None:
    assert changes_in(f"exercises.py:python_loop-0: {printed}\n") == {"python_loop-0": pytest.approx(change)}


def test_a_threshold_flags_what_lies_above_it() -> None:
    flagged = {percent: [d.flagged for d in by_threshold("rule", "test", percent / 100)] for percent in (1, 2, 3, 5, 6)}
    assert flagged == {1: [False] * 2, 2: [False] * 2, 3: [True, False], 5: [True, False], 6: [True, True]}


def test_names_of_tests_are_what_stands_in_brackets() -> None:
    assert name_in_brackets("test_benchmark.py::test_load[memory_copy-0]") == "memory_copy-0"
