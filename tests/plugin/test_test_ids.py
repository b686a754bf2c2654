"""Test ids as parametrisation makes them: recorded, found again, confirmed in fresh processes, and never mixed up."""

from __future__ import annotations

import json

import pytest

from .suite import Suite, lines_with

IDS = [
    *("a/b", "..", "../../x", "a::b", "ünï→", "x" * 300, "[]", "[a]", "a]b[c"),
    *("line\nbreak", "tab\t", " ", "'q\"", "\\", "-k"),
]


def suite_of(ids: list[str]) -> str:
    return f"""
IDS = {json.dumps(ids)}

@pytest.mark.npu_perf
@pytest.mark.parametrize("n", [pytest.param(n, id=name) for n, name in enumerate(IDS)])
def test_x(n, spend):
    spend(f"US{{n}}", 10 + n)

def test_neighbour(npu_perf, spend):
    npu_perf.case("a (b) [c]::d/é\\n")(spend, "NEIGHBOUR")

class Test:
    @pytest.mark.npu_perf
    def test_x(self, spend):
        spend("US", 99)
"""


@pytest.mark.parametrize(("escaping", "confirmed"), [(True, [4]), (False, [3, 9])])
def test_any_id_is_recorded_found_again_and_confirmed(suite: Suite, escaping: bool, confirmed: list[int]) -> None:
    """Every id has its own duration: one that is mixed up with another is seen. The worst are confirmed one by one."""
    suite.write(test_suite=suite_of(IDS))
    off = "disable_test_id_escaping_and_forfeit_all_rights_to_community_support"
    options = ["-o", f"{off}={'false' if escaping else 'true'}"]
    suite.record(*options)
    medians = suite.medians_us()
    assert len(medians) == len(IDS) + 2
    assert sorted(median for test, median in medians.items() if test.startswith("test_x[")) == [
        [10.0 + n] * 2 for n in range(len(IDS))
    ]
    result, report = suite.report(*options, **{f"US{n}": "400" for n in confirmed})
    statuses = {case["test"]: case["status"] for case in report["cases"]}
    assert list(statuses.values()) == [
        *("regressed" if n in confirmed else "pass" for n in range(len(IDS))),
        "pass",
        "pass",
    ]
    result.assert_outcomes(failed=len(confirmed), passed=len(IDS) + 2 - len(confirmed))
    slow = [case for case in report["cases"] if case["status"] == "regressed"]
    assert [case["confirm"]["base_us"] for case in slow] == pytest.approx([10.0 + n for n in confirmed])
    assert {case["confirm"]["head_sessions"] for case in slow} == {2}


def test_an_id_never_breaks_a_line_of_the_table(suite: Suite) -> None:
    suite.write(test_suite=suite_of(["line\nbreak"]))
    result = suite.run("-o", "disable_test_id_escaping_and_forfeit_all_rights_to_community_support=true")
    table = result.outlines[result.outlines.index(lines_with(result, "verdict ")[0]) :]
    assert sum(line.startswith("NO BASELINE  ") for line in table) == 3


def test_a_fresh_process_measures_exactly_the_test_in_question(suite: Suite) -> None:
    """Not its parametrised siblings, nor those whose names only begin like it."""
    suite.write(
        test_suite="""
        @pytest.mark.npu_perf
        def test_a(spend):
            log("a")
            spend()

        def test_a_b(): log("a_b")

        @pytest.mark.parametrize("n", [1, 10])
        def test_p(npu_perf, spend, n):
            log(f"p{n}")
            npu_perf(spend, "P") if n == 1 else npu_perf(spend, "Q")

        class TestA:
            def test_a(self): log("method")

        def log(word):
            with open("log.txt", "a") as file:
                print(os.getpid(), word, file=file)
        """
    )
    suite.record()
    (suite.path / "log.txt").unlink()
    suite.run(US="30", P="30").assert_outcomes(failed=2, passed=3)
    ran: dict[str, set[str]] = {}
    for line in (suite.path / "log.txt").read_text("utf-8").splitlines():
        pid, word = line.split()
        ran.setdefault(pid, set()).add(word)
    assert sorted(map(sorted, ran.values())) == sorted(
        [["a"], ["a"], ["p1"], ["p1"], sorted(["a", "a_b", "p1", "p10", "method"])]
    )
