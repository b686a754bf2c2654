"""``npu_perf.compare``: what it gives, what its assertions say, and where its numbers turn up."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ..suite import Suite, lines_with

PAIR = """
def fused(npu_perf_device, factor=1.0):
    npu_perf_device.spend(10.0 * factor)

def unfused(npu_perf_device, factor=1.0):
    npu_perf_device.spend(12.0 * factor)
"""


def test_numbers_are_exact_and_arguments_are_handed_on(suite: Suite) -> None:
    suite.write(
        test_suite=PAIR
        + """
def test_x(npu_perf, npu_perf_device):
    compared = npu_perf.compare(fused, unfused, npu_perf_device, factor=100.0)
    assert compared.ratio == 1.2
    assert (compared.low, compared.high, compared.confidence) == (1.2, 1.2, 0.99)
    assert (compared.a_us, compared.b_us) == (1000.0, 1200.0)
    assert compared.rounds == 66
    assert compared.seconds == 0.2442, "66 pairs of 2.2 ms, after 45 that do not count"
    compared.assert_faster(by=1.2)
    compared.assert_not_slower(within=0)
    npu_perf.compare(unfused, fused, npu_perf_device).assert_not_slower(within=0.2)
"""
    )
    result, report = suite.report("-rA")
    result.assert_outcomes(passed=1)
    first, second = report["comparisons"]
    assert first["nodeid"] == "test_suite.py::test_x"
    assert (first["first"], first["second"], first["ratio"]) == ("fused", "unfused", 1.2)
    assert first["claims"] == [
        {"kind": "faster", "limit": 1.2, "decision": "shown"},
        {"kind": "not_slower", "limit": 0.0, "decision": "shown"},
    ]
    assert second["ratio"] == 10.0 / 12.0
    assert report["cases"] == []
    assert report["tests"]["compared"] == 1
    assert report["tests"]["not_run"] == 0
    (line,) = lines_with(result, "test_suite.py::test_x: fused, unfused")
    assert " ".join(line.split()) == (
        "1.200 × 1.200 × to 1.200 × 1.000 ms 1.200 ms 66 >= 1.2 ×, <= +0 % test_suite.py::test_x: fused, unfused"
    )
    assert lines_with(result, "1 test compared calls only") == ["1 test compared calls only"]


def test_an_assertion_that_is_refuted_names_fact_limit_evidence_and_what_holds(suite: Suite) -> None:
    suite.write(
        test_suite=PAIR
        + """
def test_faster(npu_perf, npu_perf_device):
    npu_perf.compare(fused, unfused, npu_perf_device).assert_faster(by=1.3)

def test_not_slower(npu_perf, npu_perf_device):
    npu_perf.compare(unfused, fused, npu_perf_device).assert_not_slower(within=0.05)

def test_not_faster_at_all(npu_perf, npu_perf_device):
    npu_perf.compare(unfused, fused, npu_perf_device).assert_faster(by=1.1)
"""
    )
    result, report = suite.report()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "E       AssertionError: fused is 1.200 × as fast as unfused, less than 1.3 × (measured 1.200 ×, 99 % "
            "interval 1.200 × to 1.200 ×)",
            "E         first     10.00 µs  fused",
            "E         second    12.00 µs  unfused",
            "E         measured  * rounds of 2 calls of each, in 11 blocks, in 0.2 s",
            "E       Find what the first call spends the time on, or assert what holds: by=1.2",
            "E       AssertionError: unfused takes +20.0 % against fused, more than +5 % (measured +20.0 %, 99 % "
            "interval +20.0 % to +20.0 %)",
            "E       Find what the first call spends the time on, or assert what holds: within=0.2",
            "E       AssertionError: unfused is 0.833 × as fast as fused, less than 1.1 × (*",
            "E       Find what the first call spends the time on",
        ]
    )
    assert not lines_with(result, "claim_failure"), "the traceback ends in the test"
    assert [compared["claims"][0]["decision"] for compared in report["comparisons"]] == ["refuted"] * 3
    assert lines_with(result, ">= 1.3 × refuted  test_suite.py::test_faster: fused, unfused")
    assert report["tests"]["failed_before_judging"] == 3


def test_an_assertion_that_stays_undecided_fails_when_the_budget_is_over(suite: Suite) -> None:
    suite.write(
        test_suite="""
import random

def test_noise(npu_perf, npu_perf_device):
    noise = random.Random(1)
    def a(): npu_perf_device.spend(1000.0 * noise.lognormvariate(0.0, 0.2))
    def b(): npu_perf_device.spend(1000.0 * noise.lognormvariate(0.0, 0.2))
    npu_perf.compare(a, b, budget_s=2).assert_not_slower(within=0.0)

def test_few(npu_perf, npu_perf_device):
    def a(): npu_perf_device.spend(100_000.0)
    compared = npu_perf.compare(a, a, budget_s=2)
    assert (compared.low, compared.high) == (0.0, float("inf"))
    compared.assert_faster(by=0.5)
"""
    )
    result, report = suite.report()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines_random(
        [
            "E       AssertionError: a is not shown to take at most 0 % longer than b, nor the contrary, within 2 s "
            "(measured * %, 99 % interval -* % to +* %)",
            "E       Give it more time, compare(..., budget_s=10), measure on a quieter machine, or assert what is "
            "shown: within=0.0*",
            "E       AssertionError: a (first) is not shown to be at least 0.5 × as fast as a (second), nor the "
            "contrary, within 2 s (4 blocks of rounds; fewer than 11 show nothing)",
            "E       Give it more time: compare(..., budget_s=10)",
        ]
    )
    noisy, few = report["comparisons"]
    assert 1.9 < noisy["seconds"] <= 2.0
    assert noisy["claims"][0]["decision"] == few["claims"][0]["decision"] == "undecided"
    assert (few["low"], few["high"]) == (None, None)


def test_an_assertion_measures_on_until_it_is_decided(suite: Suite) -> None:
    suite.write(
        test_suite="""
import random

def test_x(npu_perf, npu_perf_device):
    noise = random.Random(2)
    def a(): npu_perf_device.spend(1000.0 * noise.lognormvariate(0.0, 0.2))
    def b(): npu_perf_device.spend(1060.0 * noise.lognormvariate(0.0, 0.2))
    compared = npu_perf.compare(a, b, budget_s=30)
    compared.assert_faster(by=1.0)
    seconds, rounds = compared.seconds, compared.rounds
    compared.assert_faster(by=1.04)
    assert compared.seconds > seconds
    assert compared.rounds > rounds
    assert compared.low >= 1.04
    compared.assert_faster(by=1.04)
    assert compared.seconds < 30
"""
    )
    suite.run().assert_outcomes(passed=1)


BAD = """
import asyncio, math

def one(): pass
async def later(): pass
def steps(): yield

@pytest.mark.parametrize("by", [0, -1, math.nan, math.inf, "2"])
def test_by(npu_perf, spend, by):
    npu_perf.compare(spend, spend).assert_faster(by)

@pytest.mark.parametrize("within", [-0.01, math.nan, math.inf, None])
def test_within(npu_perf, spend, within):
    npu_perf.compare(spend, spend).assert_not_slower(within)

@pytest.mark.parametrize("budget_s", [0, -1, math.nan, "1"])
def test_budget(npu_perf, spend, budget_s):
    npu_perf.compare(spend, spend, budget_s=budget_s)

def test_no_call(npu_perf, spend):
    npu_perf.compare(spend, 3)

def test_coroutine(npu_perf):
    npu_perf.compare(later, later)

def test_generator(npu_perf, spend):
    npu_perf.compare(spend, steps)

def test_raises(npu_perf, spend):
    npu_perf.compare(spend, lambda: 1 / 0)

def test_stands_still(npu_perf):
    npu_perf.compare(one, one)
"""


def test_bad_input_is_named(suite: Suite) -> None:
    suite.write(test_suite=BAD)
    result = suite.run()
    result.assert_outcomes(failed=18)
    reasons = {
        "test_by[": (5, "assert_faster(by=): expected a number more than 0, got "),
        "test_within[": (4, "assert_not_slower(within=): expected a number from 0, got "),
        "test_budget[": (4, "npu_perf.compare(budget_s=): expected a number more than 0, got "),
        "test_no_call": (1, "npu_perf.compare(): the second argument cannot be called, got 3"),
        "test_coroutine": (1, "the measured call only makes a coroutine and does none of its work. "),
        "test_generator": (1, "the measured call only makes a generator and does none of its work. "),
        "test_raises": (1, "ZeroDivisionError: division by zero"),
        "test_stands_still": (1, "took no time that can be compared: the clock stood still or went back."),
    }
    for test, (count, reason) in reasons.items():
        lines = [line for line in lines_with(result, f"FAILED test_suite.py::{test}") if reason in line]
        assert len(lines) == count, test


def test_a_test_may_measure_and_compare(suite: Suite) -> None:
    """Sessions measured for the baseline fail on no comparison: they measure and do not judge."""
    suite.write(
        test_suite="""
        def test_x(npu_perf, spend, npu_perf_device):
            npu_perf(spend)
            slow = lambda: npu_perf_device.spend(float(os.environ.get("FRESH_SLOW", 2000.0)) if fresh() else 2000.0)
            compared = npu_perf.compare(lambda: npu_perf_device.spend(1000.0), slow)
            with open("rounds.txt", "a") as file:
                print(compared.rounds, file=file)
            compared.assert_faster(by=1.9)

        def fresh():
            return os.environ["SUITE_PID"] != str(os.getpid())
        """
    )
    suite.record(FRESH_SLOW="500")
    assert suite.medians_us() == {"test_x": [10.0, 10.0]}
    here, fresh = map(int, (suite.path / "rounds.txt").read_text("utf-8").split())
    assert fresh < here, "one block, as nothing is to be shown"
    result, report = suite.report()
    result.assert_outcomes(passed=1)
    assert report["tests"]["judged"] == 1
    assert report["tests"]["compared"] == 0
    assert lines_with(result, "1 measured: 1 pass")


def test_comparisons_are_not_recorded_and_count_as_measured(suite: Suite) -> None:
    suite.write(
        test_suite=f"{PAIR}\ndef test_x(npu_perf, npu_perf_device): npu_perf.compare(fused, fused, npu_perf_device)"
    )
    result = suite.run("--ascendperf-update-baselines")
    assert result.ret == 0
    assert not suite.baseline_file().exists()
    assert suite.run("--ascendperf-strict").ret == 0
    assert suite.run("--ascendperf-strict", "-k", "nothing").ret == 6


def test_workers_send_comparisons_and_junit_has_them(suite: Suite) -> None:
    suite.write(
        test_suite=PAIR
        + """
def test_x(npu_perf, npu_perf_device):
    npu_perf.compare(fused, unfused, npu_perf_device).assert_faster(by=1.1)

def test_fails(npu_perf, npu_perf_device):
    npu_perf.compare(fused, lambda device: unfused(device), npu_perf_device).assert_faster(by=1.3)
"""
    )
    result = suite.run_process("-n2", "--junitxml=junit.xml", "--ascendperf-json=report.json")
    result.assert_outcomes(passed=1, failed=1)
    assert lines_with(result, "test_suite.py::test_x: fused, unfused")
    found = {
        case.attrib["name"]: {each.attrib["name"]: each.attrib["value"] for each in case.iter("property")}
        for case in ET.parse(suite.path / "junit.xml").getroot().iter("testcase")
    }
    numbers = ("ratio", "low", "high")
    assert found == {
        "test_x": {f"ascendperf.compare.fused/unfused.{name}": "1.2" for name in numbers},
        "test_fails": {f"ascendperf.compare.fused/<lambda>.{name}": "1.2" for name in numbers},
    }


def test_settings_of_the_marker_hold_for_the_warm_up(suite: Suite) -> None:
    suite.write(
        test_suite="""
        @pytest.mark.npu_perf(warmup=7)
        def test_x(npu_perf, npu_perf_device):
            calls = []
            def a():
                calls.append(1)
                npu_perf_device.spend(1e6)
            npu_perf.compare(a, lambda: npu_perf_device.spend(1e6), budget_s=1)
            assert len(calls) == 7 + 1 + 2
        """
    )
    suite.run().assert_outcomes(passed=1)


def test_what_was_compared_is_let_go_when_the_test_ends(suite: Suite) -> None:
    """A model that hangs on a compared call must not fill the device for the rest of the run."""
    suite.write(
        test_suite="""
        import gc, weakref
        kept = []

        class Model:
            def __init__(self, device): self.device = device
            def __call__(self): self.device.spend(1000.0)

        def test_x(npu_perf, npu_perf_device):
            model = Model(npu_perf_device)
            kept.append(weakref.ref(model))
            npu_perf.compare(model, model)

        def test_gone():
            gc.collect()
            assert kept[0]() is None
        """
    )
    suite.run().assert_outcomes(passed=2)
