"""Where the marker may stand, which one wins, and what it takes."""

from __future__ import annotations

import pytest

from .suite import Suite, lines_with

PLACES = """
pytestmark = pytest.mark.npu_perf(tolerance=0.11, min_change_us=2)

def test_module(spend):
    spend()

@pytest.mark.npu_perf(tolerance=0.12)
def test_function(spend):
    spend()

@pytest.mark.npu_perf(tolerance=0.13)
class TestBase:
    def test_class(self, spend):
        spend()

    @pytest.mark.npu_perf(tolerance=0.14)
    def test_method(self, npu_perf, spend):
        npu_perf(spend)

@pytest.mark.npu_perf(tolerance=0.15)
class TestDerived(TestBase):
    pass

@pytest.mark.npu_perf(tolerance=0.16)
@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.npu_perf(tolerance=0.17))])
def test_param(spend, n):
    spend()

def test_case(npu_perf, spend):
    npu_perf.case("own", tolerance=0.18)(spend)
    npu_perf.case("none")(spend)
"""


def test_the_nearest_marker_wins_key_by_key(suite: Suite) -> None:
    suite.write(test_suite=PLACES)
    _, report = suite.report()
    tolerances = {(case["test"], case["case"]): case["tolerance"] for case in report["cases"]}
    assert tolerances == {
        ("test_module", ""): 0.11,
        ("test_function", ""): 0.12,
        ("TestBase::test_class", ""): 0.13,
        ("TestBase::test_method", ""): 0.14,
        ("TestDerived::test_class", ""): 0.15,
        ("TestDerived::test_method", ""): 0.14,
        ("test_param[1]", ""): 0.16,
        ("test_param[2]", ""): 0.17,
        ("test_case", "own"): 0.18,
        ("test_case", "none"): 0.11,
    }


def test_a_key_that_a_nearer_marker_does_not_give_comes_from_the_outer_one(suite: Suite) -> None:
    """The module allows 40 µs; the function gives only its own tolerance, so 30 µs more do not fail it."""
    suite.write(
        test_suite="""
        pytestmark = pytest.mark.npu_perf(min_change_us=40)

        @pytest.mark.npu_perf(tolerance=0.01)
        def test_inherits(spend):
            spend()

        @pytest.mark.npu_perf(min_change_us=1)
        def test_overrides(spend):
            spend()
        """
    )
    suite.record()
    result = suite.run(US="40")
    result.assert_outcomes(passed=1, failed=1)
    assert lines_with(result, "REGRESSED test_suite.py::test_overrides")


def test_markers_of_a_conftest_count(suite: Suite) -> None:
    """Added after collection, by a hook: on a test without a marker, and on one that has its own."""
    suite.write(
        test_suite="""
        def test_plain(spend):
            spend()

        @pytest.mark.npu_perf(tolerance=0.2, rounds=2)
        def test_marked(spend):
            spend()

        def test_mistyped(spend):
            spend()
        """
    )
    suite.extend_conftest(
        """
        def pytest_collection_modifyitems(items):
            for item in items:
                key = "tolerence" if item.name == "test_mistyped" else "tolerance"
                item.add_marker(pytest.mark.npu_perf(**{key: 0.3}))
        """
    )
    result, report = suite.report()
    assert {case["test"]: case["tolerance"] for case in report["cases"]} == {"test_plain": 0.3, "test_marked": 0.3}
    rounds = {case["test"]: case["measurement"]["session"]["rounds"] for case in report["cases"]}
    assert rounds == {"test_plain": 3, "test_marked": 2}
    result.assert_outcomes(passed=2, errors=1)
    (line,) = [line for line in result.outlines if line.startswith("npu_perf(tolerence=)")]
    assert "did you mean 'tolerance'?" in line


MISTYPED = {
    "function": "@pytest.mark.npu_perf(tolerence=0.1)\ndef test_x(): pass",
    "class": "@pytest.mark.npu_perf(tolerence=0.1)\nclass TestX:\n    def test_x(self): pass",
    "module": "pytestmark = pytest.mark.npu_perf(tolerence=0.1)\ndef test_x(): pass",
    "param": (
        "@pytest.mark.parametrize('n', [pytest.param(1, marks=pytest.mark.npu_perf(tolerence=0.1))])\n"
        "def test_x(n): pass"
    ),
}
NODE_IDS = {
    "function": "test_suite.py::test_x",
    "class": "test_suite.py::TestX::test_x",
    "module": "test_suite.py::test_x",
    "param": "test_suite.py::test_x[1]",
}


@pytest.mark.parametrize("place", MISTYPED)
def test_a_mistyped_keyword_ends_the_collection_with_the_test_and_the_nearest_name(suite: Suite, place: str) -> None:
    suite.write(test_suite=MISTYPED[place])
    for options in ([], ["--collect-only"]):
        result = suite.run(*options)
        assert result.ret == pytest.ExitCode.INTERRUPTED
        result.assert_outcomes(errors=1)
        (line,) = lines_with(result, "did you mean 'tolerance'?")
        assert line.startswith(f"{NODE_IDS[place]}: npu_perf(tolerence=): unknown keyword 'tolerence'; ")
        assert "INTERNALERROR" not in result.stdout.str()


def test_a_mistyped_keyword_is_as_clear_under_xdist(suite: Suite) -> None:
    suite.write(test_suite=MISTYPED["class"])
    result = suite.run_process("-n2")
    assert "INTERNALERROR" not in result.stdout.str()
    assert lines_with(result, "test_suite.py::TestX::test_x: npu_perf(tolerence=): unknown keyword 'tolerence'; did")
    assert result.ret != 0


UNUSABLE = [
    ("0.1", "npu_perf(0.1): takes keywords only"),
    ("tolerance=-0.1", "npu_perf(tolerance=): expected a number from 0 to 10, got -0.1"),
    ("tolerance=float('nan')", "npu_perf(tolerance=): expected a number from 0 to 10, got nan"),
    ("tolerance='0.1'", "npu_perf(tolerance=): expected a number from 0 to 10, got '0.1'"),
    ("tolerance=10.5", "npu_perf(tolerance=): expected a number from 0 to 10, got 10.5"),
    ("tolerance=True", "npu_perf(tolerance=): expected a number from 0 to 10, got True"),
    ("tolerance=None", "npu_perf(tolerance=): expected a number from 0 to 10, got None"),
    ("rounds=0", "npu_perf(rounds=): expected a whole number from 1 or 'auto', got 0"),
    ("rounds=2.0", "npu_perf(rounds=): expected a whole number from 1 or 'auto', got 2.0"),
    ("budget_s=0", "npu_perf(budget_s=): expected a number more than 0, got 0"),
    (
        "device='cpu'",
        "npu_perf(device=): 'device' is a setting of the whole run; give it as --ascendperf-device or in the ini file",
    ),
    (
        "strict=True",
        "npu_perf(strict=): 'strict' is a setting of the whole run; give it as --ascendperf-strict or in the ini file",
    ),
    ("zzz=1", "npu_perf(zzz=): unknown keyword 'zzz'. Valid are: budget_s, "),
]


def test_a_keyword_that_cannot_be_used_is_told_at_collection(suite: Suite) -> None:
    suite.write(
        **{
            f"test_{number}": f"@pytest.mark.npu_perf({arguments})\ndef test_x(): pass"
            for number, (arguments, _) in enumerate(UNUSABLE)
        }
    )
    result = suite.run("--collect-only")
    result.assert_outcomes(errors=len(UNUSABLE))
    for number, (_, message) in enumerate(UNUSABLE):
        nodeid = f"test_{number}.py::test_x"
        (line,) = [line for line in result.outlines if line.startswith(f"{nodeid}: ")]
        assert line.startswith(f"{nodeid}: {message}")


def test_auto_in_the_marker_overrides_a_number_from_further_out(suite: Suite) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf(rounds='auto', budget_s=0.0001)\ndef test_x(spend): spend()")
    _, report = suite.report("--ascendperf-rounds=2")
    (case,) = report["cases"]
    assert case["measurement"]["session"]["rounds"] > 2


def test_marked_unittest_methods_fail_with_a_sentence(suite: Suite) -> None:
    suite.write(
        test_suite="""
        import unittest

        @pytest.mark.npu_perf
        class TestOld(unittest.TestCase):
            def test_x(self):
                pass
        """
    )
    result = suite.run()
    result.assert_outcomes(errors=1)
    assert lines_with(result, "npu_perf cannot measure TestCaseFunction test_suite.py::TestOld::test_x.")
    assert lines_with(result, "nothing was judged: of 1 marked test, 1 failed before judging")


def test_the_marker_is_registered_and_documented(suite: Suite) -> None:
    suite.write(test_suite="@pytest.mark.npu_perf\ndef test_x(spend): spend()")
    suite.run("--strict-markers").assert_outcomes(passed=1)
    (line,) = lines_with(suite.run("--markers"), "@pytest.mark.npu_perf(")
    assert "tolerance=" in line
    assert "device=" not in line


def test_things_called_npu_perf_are_not_markers(suite: Suite) -> None:
    """Keywords of an item hold the names of its folders, functions and parameters, too."""
    suite.write(**{"npu_perf/test_suite": "def test_npu_perf(): pass"})
    result = suite.run()
    result.assert_outcomes(passed=1)
    assert not lines_with(result, "ascendperf:")
