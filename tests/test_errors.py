"""The exceptions: what they say and what they carry."""

from __future__ import annotations

import inspect

from pytest_ascendperf import errors
from pytest_ascendperf.errors import AscendPerfError, BaselineError, InvalidDataError, SettingsError


def test_all_of_them_have_one_base() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(kinds) > 5
    assert all(issubclass(kind, AscendPerfError) for kind in kinds)


def test_a_settings_error_names_source_and_problem() -> None:
    error = SettingsError("--ascendperf-tolerance", "expected a number, got 'x'")
    assert str(error) == "--ascendperf-tolerance: expected a number, got 'x'"
    assert (error.source, error.problem) == ("--ascendperf-tolerance", "expected a number, got 'x'")


def test_invalid_data_is_located_from_the_outside_in() -> None:
    error = InvalidDataError("median_us", "missing")
    assert str(error.inside("sessions[2]").inside("tests")) == "tests.sessions[2].median_us: missing"
    assert str(InvalidDataError("[3]", "missing").inside("samples_us")) == "samples_us[3]: missing"
    assert str(InvalidDataError("", "not an object").inside("screen")) == "screen: not an object"
    assert error.where == "median_us", "the error itself stays as it was"


def test_a_baseline_error_ends_in_what_to_do() -> None:
    error = BaselineError("a.json", "the file is empty", "Restore it.")
    assert str(error) == "baseline file a.json: the file is empty. Restore it."
