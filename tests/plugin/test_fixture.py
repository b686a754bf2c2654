"""The ``npu_perf`` fixture: named cases, results, and every way to hold it wrong."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from .suite import Suite, lines_with


def test_the_call_keeps_its_arguments_and_its_result(suite: Suite) -> None:
    """What the first call returned comes back, and it is called again with the same arguments."""
    suite.write(
        test_suite="""
        def test_x(npu_perf, spend):
            calls = []

            def step(a, *, b):
                spend()
                calls.append((a, b))
                return len(calls)

            assert npu_perf(step, 1, b="two") == 1
            assert len(calls) > 3
            assert set(calls) == {(1, "two")}
            assert npu_perf.case("none")(spend) is None
            assert npu_perf.device == "cpu"

        @pytest.mark.npu_perf
        def test_body(spend, tmp_path, request):
            assert tmp_path.exists()
            request.config.calls = getattr(request.config, "calls", 0) + 1
            spend()

        def test_the_body_was_repeated(request):
            assert request.config.calls > 4
        """
    )
    result, report = suite.report()
    result.assert_outcomes(passed=3)
    assert [(case["test"], case["case"]) for case in report["cases"]] == [
        ("test_x", ""),
        ("test_x", "none"),
        ("test_body", ""),
    ]


def test_without_a_marker_the_fixture_is_enough(suite: Suite) -> None:
    """Also where another fixture takes it, or an autouse one."""
    suite.extend_conftest(
        """
        @pytest.fixture
        def measured(npu_perf):
            return npu_perf
        """
    )
    suite.write(
        test_suite="""
        def test_direct(npu_perf, spend):
            npu_perf(spend)

        def test_through(measured, spend):
            measured(spend)

        class TestAuto:
            @pytest.fixture(autouse=True)
            def hold(self, npu_perf):
                self.npu_perf = npu_perf

            def test_auto(self, spend):
                self.npu_perf(spend)

            def test_forgets(self):
                pass
        """
    )
    result, report = suite.report()
    result.assert_outcomes(passed=3, failed=1)
    assert [case["test"] for case in report["cases"]] == ["test_direct", "test_through", "TestAuto::test_auto"]
    assert lines_with(result, "FAILED test_suite.py::TestAuto::test_forgets - Failed: this test takes npu_perf and ")
    assert lines_with(result, "3 measured: 3 no baseline; 1 test failed before judging")


def test_cases_have_settings_of_their_own(suite: Suite) -> None:
    suite.write(
        test_suite="""
        @pytest.mark.npu_perf(rounds=2)
        def test_x(npu_perf, spend):
            npu_perf(spend)
            npu_perf.case("more", rounds=5)(spend)
        """
    )
    _, report = suite.report()
    rounds = {case["case"]: case["measurement"]["session"]["rounds"] for case in report["cases"]}
    assert rounds == {"": 2, "more": 5}


WRONG = """
def test_unnamed_twice(npu_perf, spend):
    npu_perf(spend)
    npu_perf(spend)

def test_named_twice(npu_perf, spend):
    npu_perf.case("decode")(spend)
    npu_perf.case("decode")(spend)

def test_no_name(npu_perf, spend):
    npu_perf.case("  ")(spend)

def test_name_no_text(npu_perf, spend):
    npu_perf.case(3)(spend)

def test_name_no_utf8(npu_perf, spend):
    npu_perf.case("\\ud800")(spend)

def test_mistyped(npu_perf, spend):
    npu_perf.case("decode", tolerence=0.1)(spend)

def test_bad_value(npu_perf, spend):
    npu_perf.case("decode", tolerance=-1)(spend)

def test_nothing(npu_perf):
    pass

@pytest.mark.npu_perf
def test_marked_nothing(npu_perf):
    pass

def test_dynamic(request):
    request.getfixturevalue("npu_perf")

@pytest.mark.npu_perf
def test_dynamic_in_a_measured_body(request, spend):
    request.getfixturevalue("npu_perf")(spend)

def test_no_function(npu_perf):
    npu_perf(3)
"""


def test_misuse_fails_with_the_remedy(suite: Suite) -> None:
    suite.write(test_suite=WRONG)
    result = suite.run()
    reasons = {
        line.partition("::")[2].partition(" - ")[0]: line.partition(" - ")[2]
        for line in result.outlines
        if line.startswith(("FAILED", "ERROR"))
    }
    name_them = "name each of them: npu_perf.case('prefill')(fn, ...)"
    nothing = "this test takes npu_perf and measured nothing. Call npu_perf(fn, ...) or npu_perf.compare(a, b, ...) in "
    expected = {
        "test_unnamed_twice": f"this test has measured an unnamed call before; {name_them}",
        "test_named_twice": f"this test has measured a case named 'decode' before; {name_them}",
        "test_no_name": "npu_perf.case(): expected a name that is not empty, got '  '",
        "test_name_no_text": "npu_perf.case(): expected a name that is not empty, got 3",
        "test_name_no_utf8": r"npu_perf.case(): expected a name that UTF-8 can hold, got '\ud800'",
        "test_mistyped": "npu_perf.case(tolerence=): unknown keyword 'tolerence'; did you mean 'tolerance'?",
        "test_bad_value": "npu_perf.case(tolerance=): expected a number from 0 to 10, got -1",
        "test_nothing": nothing,
        "test_marked_nothing": nothing,
        "test_dynamic": "npu_perf must be a parameter of the test: collection did not see that the test asks for it",
        "test_dynamic_in_a_measured_body": "npu_perf must be a parameter of the test: collection did not see that",
        "test_no_function": "TypeError: 'int' object is not callable",
    }
    assert set(reasons) == set(expected)
    for test, reason in expected.items():
        assert reason in reasons[test], (test, reasons[test])


def test_a_test_that_fails_anyway_says_only_its_own_reason(suite: Suite) -> None:
    """Not that it measured nothing, which is a consequence; what was measured before is not judged either."""
    suite.write(
        test_suite="""
        def test_before(npu_perf):
            assert 1 == 2

        def test_after(npu_perf, spend):
            npu_perf(spend)
            assert 1 == 2
        """
    )
    result = suite.run()
    result.assert_outcomes(failed=2)
    assert not lines_with(result, "measured nothing.")
    assert len(lines_with(result, "assert 1 == 2")) >= 2


def test_case_names_of_any_text(suite: Suite) -> None:
    """They pass through the baseline file, xdist, the JSON and JUnit reports, and never break a line of the table."""
    suite.write(
        test_suite=r"""
        NAMES = ["line\nbreak", "nul\0", "x" * 3000, "</property>&", "..", "\x1b[31mred", "ünï→", "a::b", " pad "]

        @pytest.mark.npu_perf
        @pytest.mark.parametrize("n", range(len(NAMES)))
        def test_x(npu_perf, spend, n):
            npu_perf.case(NAMES[n])(spend)
        """
    )
    suite.record()
    result = suite.run_process("-n2", "--ascendperf-json=report.json", "--junitxml=junit.xml")
    result.assert_outcomes(passed=9)
    assert len([line for line in result.outlines if line.startswith("PASS  ")]) == 9
    assert "\x1b" not in result.stdout.str()
    names = {case["case"] for case in json.loads((suite.path / "report.json").read_text("utf-8"))["cases"]}
    assert {"line\nbreak", "nul\0", "x" * 3000, "</property>&", " pad "} < names
    assert len(list(ET.parse(suite.path / "junit.xml").getroot().iter("testcase"))) == 9


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="subtests came with pytest 9")
def test_subtests_do_not_disturb(suite: Suite) -> None:
    suite.write(
        test_suite="""
        def test_x(npu_perf, spend, subtests):
            for n in range(3):
                with subtests.test(n=n):
                    npu_perf.case(str(n))(spend)
        """
    )
    assert suite.statuses() == dict.fromkeys(["test_x (0)", "test_x (1)", "test_x (2)"], "no_baseline")
