from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_ascendperf.errors import BaselineError
from pytest_ascendperf.store.location import environment_folder, module_file

from .builders import environment

ROOT = Path("/repository/baselines")


@pytest.mark.parametrize(
    ("module", "file"),
    [
        ("tests/test_ffn.py", "tests/test_ffn.json"),
        ("test_ffn.py", "test_ffn.json"),
        ("tests/ünï cödé/test_模型.py", "tests/ünï cödé/test_模型.json"),
        ("../other/test_ffn.py", "%2E%2E/other/test_ffn.json"),
        ("../../test_ffn.py", "%2E%2E/%2E%2E/test_ffn.json"),
        ("%2E%2E/other/test_ffn.py", "%252E%252E/other/test_ffn.json"),
        (".ascendperf/test_ffn.py", "%2Eascendperf/test_ffn.json"),
        ("/abroad/test_ffn.py", "%/abroad/test_ffn.json"),
        ("C:\\tests\\test_ffn.py", "C%3A%5Ctests%5Ctest_ffn.json"),
        ("tests/test_a\nb.py", "tests/test_a%0Ab.json"),
        ("tests/trailing. /test_ffn.py", "tests/trailing.%20/test_ffn.json"),
        ("tests/model.yaml", "tests/model.yaml%.json"),
        ("tests/test_\udcff.py", "tests/test_%ED%B3%BF.json"),
    ],
)
def test_the_path_of_a_module_is_as_documented(module: str, file: str) -> None:
    assert module_file(module).as_posix() == file


paths = st.text(st.sampled_from("a./%\\ ~2E:py"), max_size=12) | st.text(max_size=12)


@settings(derandomize=True, database=None, deadline=None, max_examples=500)
@given(st.lists(paths, min_size=2, max_size=2, unique=True))
def test_two_modules_never_share_a_file(modules: list[str]) -> None:
    assert module_file(modules[0]) != module_file(modules[1])


@settings(derandomize=True, database=None, deadline=None, max_examples=500)
@given(paths)
def test_no_module_leads_out_of_the_folder_or_to_a_hidden_name(module: str) -> None:
    file = PurePosixPath(module_file(module).as_posix())
    assert not file.is_absolute()
    assert not any(part.startswith(".") for part in file.parts)
    assert file.suffix == ".json"


def test_the_folder_of_an_environment_is_chip_then_stack() -> None:
    assert environment_folder(ROOT, environment()) == ROOT / "cpu-testbed" / "torch-2.13.0"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "a\\b", ".hidden", "a\nb", "a\0b", "con:", "a."])
@pytest.mark.parametrize("field", ["chip_id", "stack_id"])
def test_an_environment_that_names_no_folder_is_refused(field: str, name: str) -> None:
    where = environment(chip_id=name) if field == "chip_id" else environment(stack_id=name)
    with pytest.raises(BaselineError) as refused:
        environment_folder(ROOT, where)
    assert field in refused.value.problem
    assert repr(name) in refused.value.problem
