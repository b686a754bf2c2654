from __future__ import annotations

import json

from benchmarks_gates.builders import decision, record, run_of, step
from gates.comparison import AGAINST
from gates.report import document, markdown
from gates.scoring import scores

RUN = {"date": "2025-01-01", "processor": "a processor"}


def test_markdown_names_the_machine_the_figures_and_where_a_peer_is_better() -> None:
    records = [
        run_of([True] + [False] * 7, gate=AGAINST),
        run_of([False] * 8, gate="peer"),
        record(step("peer", slowdown=5), problem="command\nended with status 3:\nno such benchmark"),
    ]
    text = markdown(RUN, records, scores(records))
    assert "- processor: a processor" in text
    assert "| peer " in text
    assert "False alarms: 12.5% here. Better: peer (rule) 0.0%." in text
    assert "### No decision in 1 of 3 steps\n\n- peer: no such benchmark" in text


def test_the_rate_shown_has_the_wider_of_both_intervals() -> None:
    records = [run_of([block < 3] * 8, block=block) for block in range(20)]
    score = scores(records)[0]
    text = markdown(RUN, records, [score])
    share = score.found[0]
    assert share.cluster_high > share.high
    assert f"15.0% ({share.cluster_low:.1%} to {share.cluster_high:.1%}; 160)" in text


def test_the_document_is_strict_json_with_curves_for_rules_that_have_a_score() -> None:
    records = [record(step(slowdown=d), [decision(False, score=d / 100), decision(False, rule="rank")]) for d in (0, 5)]
    data = json.loads(document(RUN, records, scores(records)), parse_constant=lambda name: 1 / 0)
    assert [score["rule"] for score in data["scores"]] == ["rule", "rank"]
    (curve,) = data["curves"]
    assert (curve["rule"], curve["points"][0]["found"], curve["points"][1]["found"]) == ("rule", 0.0, 1.0)
