"""A case is found again from its node id, whatever the id holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_ascendperf.model.case import CaseId


def test_the_first_double_colon_ends_the_module() -> None:
    case = CaseId.from_nodeid("tests/test_ffn.py::TestFFN::test_step[a::b/c]", "decode")
    assert (case.module, case.test, case.case) == ("tests/test_ffn.py", "TestFFN::test_step[a::b/c]", "decode")
    assert case.nodeid == "tests/test_ffn.py::TestFFN::test_step[a::b/c]"
    assert str(case) == "tests/test_ffn.py::TestFFN::test_step[a::b/c] (decode)"
    assert str(CaseId.from_nodeid("a.py::b")) == "a.py::b"


def test_an_item_without_a_test_name_is_its_file() -> None:
    assert CaseId.from_nodeid("model.yaml").nodeid == "model.yaml"


@given(
    module=st.text(min_size=1).filter(lambda text: "::" not in text and not text.endswith(":")),
    test=st.text(min_size=1),
)
def test_every_node_id_survives(module: str, test: str) -> None:
    nodeid = f"{module}::{test}"
    assert CaseId.from_nodeid(nodeid).nodeid == nodeid


def test_cases_sort_by_module_test_and_name() -> None:
    cases = [CaseId(module="b", test="a"), CaseId(module="a", test="b", case="x"), CaseId(module="a", test="b")]
    assert sorted(cases) == [cases[2], cases[1], cases[0]]
