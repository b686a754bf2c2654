from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ascendperf.errors import SettingsError
from pytest_ascendperf.fusion.catalogue import Catalogue, catalogue
from pytest_ascendperf.fusion.matcher import match
from pytest_ascendperf.model.pattern import Expectation, Form, FusionPattern, PartKind

from .traces import trace_of

MINE = """
[parts.eager]
Clip = { types = ["ClipByValue*"] }

[[pattern]]
name = "MatMul + Clip"
title = "MatMul + clip"
aliases = ["Clamped"]
expectation = "fuses"
advice = "Try it in a graph."
source = "our own runs"
[pattern.eager]
unfused = [["MatMul", "Clip"]]
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write_file(text: str) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def test_the_built_in_patterns(patterns: Catalogue) -> None:
    assert set(patterns.names()) >= {
        "matmul+bias",
        "matmul+bias+act",
        "conv+bn",
        "conv+bn+act",
        "matmul+softmax",
        "conv+dropout",
        "matmul+reshape",
        "add+rmsnorm",
        "add+layernorm",
        "swiglu",
        "rotary",
        "matmul+allreduce",
    }
    does_not = {pattern.name for pattern in patterns if pattern.expectation is Expectation.DOES_NOT_FUSE}
    assert does_not == {"conv+dropout", "matmul+reshape"}
    assert len(patterns) == len(patterns.names()) == len(list(patterns))


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("matmul+bias", "matmul+bias"),
        (" MatMul + Bias ", "matmul+bias"),
        ("linear", "matmul+bias"),
        ("Attention", "matmul+softmax"),
        ("conv2d+bn", "conv+bn"),
        ("Conv2d + BatchNorm + ReLU", "conv+bn+act"),
        ("rope", "rotary"),
    ],
)
def test_names_and_aliases_whatever_their_case_and_blanks(name: str, pattern: str, patterns: Catalogue) -> None:
    assert patterns.get(name).name == pattern


def test_no_alias_leads_to_two_patterns(patterns: Catalogue) -> None:
    aliases = [alias for pattern in patterns for alias in pattern.aliases]
    assert sorted(aliases) == sorted({*aliases} - {*patterns.names()})


def test_an_unknown_name_gets_the_nearest_ones(patterns: Catalogue) -> None:
    with pytest.raises(SettingsError) as caught:
        patterns.get("matmul+bais")
    message = str(caught.value)
    assert "unknown pattern 'matmul+bais'; did you mean 'matmul+bias'" in message
    assert "add+rmsnorm" in message
    assert "docs/fusion.md" in message


def test_the_order_of_parts_matters(patterns: Catalogue) -> None:
    with pytest.raises(SettingsError, match="unknown pattern 'bias\\+matmul'"):
        patterns.get("bias+matmul")


def test_a_users_pattern_is_added_and_may_use_built_in_parts(write: Callable[[str], Path]) -> None:
    known = catalogue([write(MINE)])
    pattern = known.get("clamped")
    assert pattern.name == "matmul+clip"
    assert len(known) == len(catalogue()) + 1
    trace = trace_of([("MatMulV3", "8,8;8,8"), ("Cast", "8,8"), ("ClipByValueV2", "8,8")])
    assert match(pattern, trace, "eager").unfused == 1


def test_a_users_pattern_replaces_the_built_in_one_of_its_name(write: Callable[[str], Path]) -> None:
    known = catalogue([write(MINE.replace("MatMul + Clip", "Matmul+Bias"))])
    assert known.names() == catalogue().names()
    assert known.get("matmul+bias").title == "MatMul + clip"
    assert known.get("clamped").name == "matmul+bias"
    with pytest.raises(SettingsError, match="unknown pattern 'linear'"):
        known.get("linear")


def test_a_users_pattern_may_have_the_name_of_an_alias(write: Callable[[str], Path]) -> None:
    known = catalogue([write(MINE.replace("MatMul + Clip", "attention"))])
    assert known.get("attention").title == "MatMul + clip"
    assert known.get("matmul+softmax").title == "MatMul + Softmax (attention)"


def test_a_users_helpers_hold_for_the_users_patterns(write: Callable[[str], Path]) -> None:
    trace = trace_of([("MatMulV3", "8,8;8,8"), ("MyMove", "8,8"), ("ClipByValueV2", "8,8")])
    assert match(catalogue([write(MINE)]).get("clamped"), trace, "eager").unfused == 0
    helped = catalogue([write('[helpers]\neager = ["MyMove"]\n' + MINE)])
    assert match(helped.get("clamped"), trace, "eager").unfused == 1


def test_patterns_made_by_a_program_come_last_and_know_the_helpers() -> None:
    parts = tuple(PartKind(name=kind, types=(kind,)) for kind in ("Sort", "Cos"))
    made = FusionPattern(
        name="Sort + Cos",
        title="Sort + Cos",
        expectation=Expectation.FUSES,
        fused=(),
        unfused=(Form(mode="eager", parts=parts),),
        advice="None.",
        source="a plugin",
    )
    known = catalogue(extra=[made, replace(made, name="linear", title="theirs")])
    trace = trace_of([("Sort", "8"), ("TransData", "8"), ("Cos", "8")])
    assert match(known.get("sort+cos"), trace, "eager").unfused == 1
    assert known.get("linear").title == "theirs"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("expectation =", "expectatoin =", ["pattern 'MatMul + Clip'", "'expectatoin'", "did you mean 'expectation'?"]),
        ('"fuses"', '"melts"', ["pattern 'MatMul + Clip', expectation", "'fuses' or 'does_not_fuse'", "'melts'"]),
        ("unfused =", "unfusd =", ["pattern 'MatMul + Clip', eager", "'unfusd'", "did you mean 'unfused'?"]),
        ('"Clip"]', '"Clipp"]', ["eager, unfused", "unknown part 'Clipp'", "did you mean 'Clip'?", "[parts.eager]"]),
        ('[["MatMul", "Clip"]]', '["MatMul"]', ["eager, unfused", "expected lists of names of parts", "['MatMul']"]),
        ("types = [", "typs = [", ["parts, eager, Clip", "'typs'", "did you mean 'types'?"]),
        ('["ClipByValue*"]', '"ClipByValue"', ["Clip, types", "expected a list of texts", "'ClipByValue'"]),
        ('["ClipByValue*"]', '["C"], min_inputs = -1', ["Clip, min_inputs", "expected a whole number from 0", "-1"]),
        ('["ClipByValue*"]', '["C"], communication = 1', ["Clip, communication", "expected true or false", "1"]),
        ("[parts.eager]", "[parts.eagre]", ["parts", "'eagre'", "did you mean 'eager'?"]),
        ("[[pattern]]", "[[patterns]]", ["'patterns'", "did you mean 'pattern'?"]),
        ('advice = "Try it in a graph."\n', "", ["advice", "expected a text that is not empty", "found nothing"]),
        ('name = "MatMul + Clip"\n', "", ["pattern, name", "expected a text"]),
        ('unfused = [["MatMul", "Clip"]]', "", ["pattern 'MatMul + Clip'", "expected forms in at least one mode"]),
        ("[[pattern]]", "[[pattern", ["not TOML"]),
        ("[pattern.eager]", "[pattern.eager]\nhelpers = 3", ["eager, helpers", "expected a list of texts, found 3"]),
    ],
)
def test_every_mistake_is_named_with_file_pattern_and_key(
    old: str, new: str, expected: list[str], write: Callable[[str], Path]
) -> None:
    assert old in MINE
    file = write(MINE.replace(old, new, 1))
    with pytest.raises(SettingsError) as caught:
        catalogue([file])
    message = str(caught.value)
    assert str(file) in message
    for text in expected:
        assert text in message


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read"):
        catalogue([tmp_path / "none.toml"])
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"binary\.toml: cannot be read"):
        catalogue([binary])


def test_later_files_win(tmp_path: Path) -> None:
    files = []
    for number in (1, 2):
        file = tmp_path / f"{number}.toml"
        file.write_text(MINE.replace("our own runs", f"file {number}"), encoding="utf-8")
        files.append(file)
    assert catalogue(files).get("clamped").source == "file 2"
    assert catalogue(files[::-1]).get("clamped").source == "file 1"
