from __future__ import annotations

import dataclasses
import json
from importlib.resources import files

import jsonschema
import pytest

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model.comparison import Claim, ClaimKind, ComparedCalls, DecidedClaim, Decision
from pytest_ascendperf.model.measurement import Clock
from pytest_ascendperf.report.comparisons import claim_failure, comparison_table
from pytest_ascendperf.report.json_report import json_report
from pytest_ascendperf.report.junit import comparison_properties
from pytest_ascendperf.report.selected_tests import SelectedTests
from pytest_ascendperf.report.terminal import summary_line

COMPARED = ComparedCalls(
    nodeid="tests/test_ffn.py::test_fused",
    first="fused",
    second="unfused",
    clock=Clock.DEVICE,
    ratio=1.234567,
    low=1.2,
    high=1.25,
    confidence=0.99,
    first_us=12.345678,
    second_us=15.25,
    rounds=1_234,
    blocks=50,
    calls_per_round=2,
    seconds=1.96,
    notes=(),
    claims=(
        DecidedClaim(claim=Claim(kind=ClaimKind.FASTER, limit=1.2), decision=Decision.SHOWN),
        DecidedClaim(claim=Claim(kind=ClaimKind.NOT_SLOWER, limit=0.05), decision=Decision.UNDECIDED),
    ),
)
FEW = dataclasses.replace(COMPARED, low=None, high=None, blocks=3, claims=())
FASTER = Claim(kind=ClaimKind.FASTER, limit=1.3)
NOT_SLOWER = Claim(kind=ClaimKind.NOT_SLOWER, limit=0.05)


def test_a_row_says_ratio_interval_times_and_claims() -> None:
    title, headings, first, second = comparison_table([COMPARED, FEW])
    assert title == "comparisons; ratio: how many times faster the first call is than the second"
    assert headings.split() == ["ratio", "99", "%", "interval", "first", "second", "rounds", "asserted", "test"]
    assert " ".join(first.split()) == (
        "1.235 × 1.200 × to 1.250 × 12.345678 µs 15.25 µs 1,234 >= 1.2 ×, <= +5 % undecided "
        "tests/test_ffn.py::test_fused: fused, unfused"
    )
    assert " ".join(second.split()).startswith("1.235 × - 12.345678 µs 15.25 µs 1,234 - tests/")
    assert comparison_table([]) == []


def test_a_row_that_does_not_fit_stands_below_its_test() -> None:
    lines = comparison_table([COMPARED], width=60)
    assert lines[3] == "tests/test_ffn.py::test_fused: fused, unfused"
    assert lines[4].startswith("    ")


def test_times_of_the_host_are_marked() -> None:
    host = dataclasses.replace(COMPARED, clock=Clock.HOST, notes=("Host-bound: both are the host's.",))
    assert "12.345678 µs host  15.25 µs host" in comparison_table([host])[2]
    text = claim_failure(host, FASTER, Decision.REFUTED, budget_s=5.0, block_s=0.01)
    assert "  first     12.345678 µs of the host  fused\n" in text
    assert "  note      Host-bound: both are the host's.\n" in text


def test_names_stay_on_one_line() -> None:
    odd = dataclasses.replace(COMPARED, first="a\nb")
    assert comparison_table([odd])[2].endswith("a\\nb, unfused")
    assert claim_failure(odd, FASTER, Decision.REFUTED, budget_s=5.0, block_s=0.01).startswith("a\\nb is 1.235 ×")


@pytest.mark.parametrize(
    ("claim", "low", "step"),
    [
        (FASTER, 1.2, ", or assert what holds: by=1.2"),
        (FASTER, 1.2099, ", or assert what holds: by=1.2"),
        (FASTER, 1.001, ""),
        (FASTER, 0.9, ""),
        (NOT_SLOWER, 0.9, ", or assert what holds: within=0.12"),
        (NOT_SLOWER, 1.2, ", or assert what holds: within=0"),
    ],
)
def test_what_holds_is_rounded_to_the_safe_side(claim: Claim, low: float, step: str) -> None:
    compared = dataclasses.replace(COMPARED, low=low)
    text = claim_failure(compared, claim, Decision.REFUTED, budget_s=5.0, block_s=0.01)
    assert text.splitlines()[-1] == f"Find what the first call spends the time on{step}"


def test_an_undecided_claim_asks_for_four_times_the_time() -> None:
    text = claim_failure(COMPARED, FASTER, Decision.UNDECIDED, budget_s=5.0, block_s=0.01)
    assert text.splitlines() == [
        "fused is not shown to be at least 1.3 × as fast as unfused, nor the contrary, within 5 s (measured 1.235 ×, "
        "99 % interval 1.200 × to 1.250 ×)",
        "  first     12.345678 µs  fused",
        "  second    15.25 µs  unfused",
        "  measured  1,234 rounds of 2 calls of each, in 50 blocks, in 2.0 s",
        "Give it more time, compare(..., budget_s=20), measure on a quieter machine, or assert what is shown: by=1.2",
    ]


def test_too_few_blocks_ask_for_the_time_that_enough_of_them_take() -> None:
    text = claim_failure(FEW, FASTER, Decision.UNDECIDED, budget_s=5.0, block_s=1.5)
    assert "(3 blocks of rounds; fewer than 11 show nothing)" in text
    assert text.splitlines()[-1] == "Give it more time: compare(..., budget_s=50)"
    text = claim_failure(FEW, FASTER, Decision.UNDECIDED, budget_s=5.0, block_s=0.01)
    assert text.splitlines()[-1] == "Give it more time: compare(..., budget_s=10)"


def test_a_comparison_reads_back_and_fits_the_schema() -> None:
    for compared in (COMPARED, FEW):
        assert ComparedCalls.from_dict(json.loads(json.dumps(compared.to_dict()))) == compared
    schema = json.loads(files("pytest_ascendperf.report").joinpath("json-report.schema.json").read_text("utf-8"))
    part = schema["$defs"]["compared_calls"]
    assert set(part["properties"]) == set(COMPARED.to_dict())
    assert set(part["properties"]["claims"]["items"]["properties"]) == set(COMPARED.claims[0].to_dict())
    tests = SelectedTests(
        selected=1, judged=0, accepted=0, skipped=0, failed_before_judging=0, unmeasured=0, compared=1
    )
    report = json_report(
        [],
        tests=tests,
        failing=[],
        created="2025-01-31T04:00:00Z",
        plugin_version="0.1.0",
        comparisons=[COMPARED, FEW],
    )
    jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
    report["comparisons"] = [{**COMPARED.to_dict(), "ratio": 0}]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"ratio": 0}, "ratio"),
        ({"low": "1"}, "low"),
        ({"rounds": 0}, "rounds"),
        ({"clock": "wall"}, "clock"),
        ({"claims": [{"kind": "faster", "limit": 1.2, "decision": "maybe"}]}, r"claims\[0\]\.decision"),
        ({"claims": [{"kind": "faster", "limit": -1, "decision": "shown"}]}, r"claims\[0\]\.limit"),
    ],
)
def test_damaged_comparisons_are_refused_by_the_name_of_the_field(change: dict[str, object], where: str) -> None:
    with pytest.raises(InvalidDataError, match=f"^{where}: expected"):
        ComparedCalls.from_dict({**COMPARED.to_dict(), **change})


def test_properties_are_named_by_the_calls_and_leave_out_what_is_not_known() -> None:
    assert comparison_properties([COMPARED]) == [
        ("ascendperf.compare.fused/unfused.ratio", 1.234567),
        ("ascendperf.compare.fused/unfused.low", 1.2),
        ("ascendperf.compare.fused/unfused.high", 1.25),
    ]
    assert comparison_properties([FEW]) == [("ascendperf.compare.fused/unfused.ratio", 1.234567)]


def test_a_run_that_only_compared_is_counted() -> None:
    tests = SelectedTests(
        selected=4, judged=0, accepted=0, skipped=1, failed_before_judging=0, unmeasured=0, compared=2
    )
    assert tests.not_run == 1
    assert summary_line([], tests) == "2 tests compared calls only; 1 test skipped; 1 test not reached"
