"""Measured calls as users write them by mistake: each ends in its own failure or in a verdict, never in silence."""

from __future__ import annotations

import pytest

from .suite import Suite, lines_with

CALLS = """
import asyncio

def raising(at):
    calls = []

    def step(spend):
        calls.append(1)
        spend()
        if len(calls) == at:
            raise ValueError("as asked")

    return step

def test_raises_first(npu_perf, spend):
    npu_perf(raising(1), spend)

def test_raises_later(npu_perf, spend):
    npu_perf(raising(4), spend)

@pytest.mark.npu_perf
def test_body_raises(spend):
    spend()
    raise ValueError("as asked")

def test_expects_the_error(npu_perf, spend):
    with pytest.raises(ValueError, match="as asked"):
        npu_perf(raising(1), spend)
    npu_perf.case("after")(spend)

def test_generator(npu_perf, spend):
    def steps():
        spend()
        yield

    npu_perf(steps)

def test_coroutine(npu_perf, spend):
    async def step():
        spend()

    npu_perf(step)

def test_coroutine_run_to_its_end(npu_perf, spend):
    async def step():
        spend()
        return 7

    assert npu_perf(lambda: asyncio.run(step())) == 7

@pytest.mark.npu_perf
async def test_async_body():
    pass

def test_skips(npu_perf, spend):
    npu_perf(lambda: pytest.skip("no room"))

def test_skips_later(npu_perf, spend):
    calls = []

    def step():
        calls.append(1)
        spend()
        if len(calls) == 3:
            pytest.skip("no room")

    npu_perf(step)

def test_fails(npu_perf, spend):
    npu_perf(lambda: pytest.fail("not today"))

def test_xfails(npu_perf, spend):
    npu_perf(lambda: pytest.xfail("known"))

@pytest.mark.skipif(True, reason="not here")
def test_skipif(npu_perf, spend):
    npu_perf(spend)

@pytest.mark.npu_perf
def test_stands_still(npu_perf_device):
    pass

@pytest.mark.npu_perf
def test_goes_back(npu_perf_device):
    npu_perf_device.spend(-1)

@pytest.mark.npu_perf
def test_jumps(npu_perf_device, request):
    calls = request.config.calls = getattr(request.config, "calls", 0) + 1
    npu_perf_device.spend(1e12 if calls == 4 else 10)

@pytest.mark.npu_perf(budget_s=0.001, rounds=50)
def test_longer_than_the_budget(npu_perf_device):
    npu_perf_device.spend(5_000)

@pytest.mark.npu_perf
def test_not_finite(npu_perf_device):
    npu_perf_device.spend(float("nan"))
"""

FAILURES = {
    "test_raises_first": "ValueError: as asked",
    "test_raises_later": "ValueError: as asked",
    "test_body_raises": "ValueError: as asked",
    "test_generator": "MeasurementError: the measured call only makes a generator and does none of its work.",
    "test_coroutine": "MeasurementError: the measured call only makes a coroutine and does none of its work.",
    "test_async_body": "Failed: async def functions are not natively supported",
    "test_fails": "Failed: not today",
    "test_not_finite": "MeasurementError: spend() takes a finite number of µs, got nan",
}
STATUSES = {
    "test_expects_the_error (after)": "no_baseline",
    "test_coroutine_run_to_its_end": "no_baseline",
    "test_stands_still": "invalid",
    "test_goes_back": "invalid",
    "test_longer_than_the_budget": "no_baseline",
    "test_jumps": "no_baseline",
}


def test_every_call_ends_in_its_own_way(suite: Suite) -> None:
    suite.write(test_suite=CALLS)
    result, report = suite.report("-rA")
    result.assert_outcomes(failed=len(FAILURES), passed=len(STATUSES), skipped=3, xfailed=1)
    for test, reason in FAILURES.items():
        (line,) = lines_with(result, f"FAILED test_suite.py::{test} - ")
        assert reason in line
    statuses = {
        case["test"] + (f" ({case['case']})" if case["case"] else ""): case["status"] for case in report["cases"]
    }
    assert statuses == STATUSES
    assert report["tests"] == {
        "selected": 18,
        "judged": 6,
        "accepted": 0,
        "skipped": 4,
        "failed_before_judging": 8,
        "unmeasured": 0,
        "compared": 0,
        "not_run": 0,
    }
    (still,) = [case for case in report["cases"] if case["test"] == "test_stands_still"]
    assert "clock" in still["reason"]
    (long,) = [case for case in report["cases"] if case["test"] == "test_longer_than_the_budget"]
    assert long["measurement"]["session"]["rounds"] == 1
    assert any("longer than the sampling budget" in note for note in long["notes"])


def test_none_of_them_is_recorded_but_the_sound_ones(suite: Suite) -> None:
    suite.write(test_suite=CALLS)
    result = suite.run("--ascendperf-update-baselines")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert set(suite.medians_us()) == {
        "test_expects_the_error (after)",
        "test_coroutine_run_to_its_end",
        "test_longer_than_the_budget",
        "test_jumps",
    }
    assert lines_with(result, "2 cases not recorded, what was stored stays:")
    assert lines_with(result, "test_suite.py::test_stands_still: 0 of 2 sessions were valid: ")


def test_a_measured_test_that_is_expected_to_fail(suite: Suite) -> None:
    """A regression is such a failure; the table shows it all the same. Strictly, a pass is a failure."""
    suite.write(
        test_suite="""
        @pytest.mark.xfail
        @pytest.mark.npu_perf
        def test_loose(spend):
            spend()

        @pytest.mark.xfail(strict=True)
        @pytest.mark.npu_perf
        def test_strict(spend):
            spend()
        """
    )
    result = suite.run("--ascendperf-update-baselines")
    result.assert_outcomes(xpassed=1, failed=1)
    assert set(suite.medians_us()) == {"test_loose"}
    assert lines_with(result, "test_suite.py::test_strict: the test failed")
    result = suite.run("--ascendperf-update-baselines", "--runxfail", "-k", "strict")
    assert set(suite.medians_us()) == {"test_loose", "test_strict"}
    result, report = suite.report(US="40")
    result.assert_outcomes(xfailed=2)
    assert {case["test"]: case["status"] for case in report["cases"]} == {
        "test_loose": "regressed",
        "test_strict": "regressed",
    }
