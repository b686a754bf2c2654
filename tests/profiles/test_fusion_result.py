from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ascendperf.profiles import ProfileError, json_document
from pytest_ascendperf.profiles.fusion_result import read_fusion_result

Write = Callable[[str, "str | bytes"], Path]

CONV = '"ConvBatchnormFusionPass": {"effect_times": "35", "match_times": "36"}'
SOFTMAX = '"SoftmaxFusionPass": {"effect_times": "0", "match_times": "2"}'
UB = '"TbeConvRules": {"effect_times": "3", "match_times": "3", "repository_hit_times": "1"}'
SECTIONS = f'"graph_fusion": {{{CONV}, {SOFTMAX}}}, "ub_fusion": {{{UB}}}'

SHAPES = {
    "one object, graph in two keys": (f'{{"graphId": "1", {SECTIONS}, "sessionId": "0"}}', ["0_1"]),
    "one object, graph in one key": (f'{{{SECTIONS}, "session_and_graph_id": "0_1"}}', ["0_1"]),
    "a list": (
        f'[{{{SECTIONS}, "session_and_graph_id": "0_1"}}, {{{SECTIONS}, "session_and_graph_id": "2_3"}}]',
        ["0_1", "2_3"],
    ),
    "an object of graphs": (
        f'{{"session_and_graph_id_0_1": {{{SECTIONS}}}, "session_and_graph_id_2_3": {{{SECTIONS}}}}}',
        ["0_1", "2_3"],
    ),
    "null": ("null", []),
    "no graph": ("{}", None),
    "an empty list": ("[]", []),
}


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if SHAPES[shape][1] is not None])
def test_every_shape(shape: str, write: Write) -> None:
    text, graphs = SHAPES[shape]
    result = read_fusion_result(write("fusion_result.json", text))
    assert [
        (found.graph, found.section, found.name, found.match_times, found.effect_times, found.repository_hit_times)
        for found in result.passes
    ] == [
        (graph, *counted)
        for graph in graphs or []
        for counted in (
            ("graph_fusion", "ConvBatchnormFusionPass", 36, 35, None),
            ("graph_fusion", "SoftmaxFusionPass", 2, 0, None),
            ("ub_fusion", "TbeConvRules", 3, 3, 1),
        )
    ]


def test_a_graph_that_stands_there_eight_times_is_added_up(write: Write) -> None:
    """The writer appends; a dictionary would keep the last of them."""
    entry = f'"session_and_graph_id_0_0": {{{SECTIONS}}}'
    result = read_fusion_result(write("fusion_result.json", "{" + ", ".join([entry] * 8) + "}"))
    assert len(result.passes) == 3
    assert result.effects() == {"ConvBatchnormFusionPass": 280, "SoftmaxFusionPass": 0, "TbeConvRules": 24}
    assert result.passes[2].repository_hit_times == 8


def test_effects_add_up_over_graphs_and_may_exceed_matches(write: Write) -> None:
    text = '{"session_and_graph_id_%d_0": {"graph_fusion": {"P": {"effect_times": "1", "match_times": "0"}}}}'
    merged = f"{(text % 0)[:-1]}, {(text % 1)[1:]}"
    assert read_fusion_result(write("fusion_result.json", merged)).effects() == {"P": 2}


def test_a_section_may_be_missing_and_counters_may_be_numbers(write: Write) -> None:
    text = '[{"graph_fusion": {"P": {"effect_times": 1, "match_times": 2}}, "session_and_graph_id": "0_0", "new": []}]'
    (found,) = read_fusion_result(write("fusion_result.json", text)).passes
    assert (found.match_times, found.effect_times) == (2, 1)


BAD: dict[str, tuple[str | bytes, str]] = {
    "cut off": ('{"session_and_graph_id_0_0": {', "line 1: is not JSON"),
    "not a fusion result": ('{"a": 1}', "is no fusion result: 'a'"),
    "nothing in it": ("{}", "is no fusion result: 'an empty object'"),
    "a number": ("5", "expected an object, found a number"),
    "a list of numbers": ("[5]", "[0]: expected an object, found a number"),
    "a graph that is none": ('{"session_and_graph_id_0_0": []}', "expected an object, found a list"),
    "a negative count": (
        '{"session_and_graph_id_0_0": {"graph_fusion": {"P": {"effect_times": "-1", "match_times": "1"}}}}',
        "0_0.graph_fusion.'P': 'effect_times': expected a count, found '-1'",
    ),
    "no count": (
        '{"session_and_graph_id_0_0": {"graph_fusion": {"P": {"match_times": "1"}}}}',
        "'effect_times': expected a count, found null",
    ),
    "an id that is no string": (
        '{"graph_fusion": {}, "session_and_graph_id": 5}',
        "expected the ids of session and graph",
    ),
    "nested without end": ("[" * 200_000, "is nested too deeply"),
    "digits without end": ("[" + "9" * 5000 + "]", "holds a number that cannot be read"),
    "not UTF-8": (b'{"\xff": 1}', "is not UTF-8"),
    "not a number of JSON": ("[NaN]", "NaN is no JSON number"),
}


@pytest.mark.parametrize("case", BAD)
def test_damage_is_named(case: str, write: Write) -> None:
    content, expected = BAD[case]
    with pytest.raises(ProfileError) as caught:
        read_fusion_result(write("fusion_result.json", content))
    assert expected in str(caught.value)


def test_a_file_too_large_to_be_one_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_document, "LARGEST_CHARACTERS", 100)
    with pytest.raises(ProfileError, match="larger than 100 characters"):
        read_fusion_result(write("fusion_result.json", "[" + "{}," * 50 + "{}]"))
