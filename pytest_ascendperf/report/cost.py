"""What verdicts cost, in words and numbers; and what the budget of the run kept from being measured."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ascendperf.model.cost import Cost
from pytest_ascendperf.model.verdict import Verdict
from pytest_ascendperf.report.wording import counted
from pytest_ascendperf.units import format_seconds


def cost_words(cost: Cost, *, beside_base: bool) -> str:
    """Where the seconds went: ``12.3 s: 1.1 s here, 11.2 s in 2 fresh processes``."""
    place = "in the first pair of processes" if beside_base else "here"
    parts = [f"{format_seconds(cost.session_s)} {place}"]
    if cost.kernels_s >= 0.05:  # what is not printed as 0.0 s
        parts.append(f"{format_seconds(cost.kernels_s)} for its kernels")
    if cost.fresh_processes:
        processes = counted(cost.fresh_processes, "further pair" if beside_base else "fresh process")
        parts.append(f"{format_seconds(cost.fresh_s)} in {processes}")
    return f"{format_seconds(cost.total_s)}: {', '.join(parts)}"


def total_s(verdicts: Sequence[Verdict]) -> float:
    """Seconds of all of them together."""
    return sum(verdict.cost.total_s for verdict in verdicts if verdict.cost is not None)


def left_out(verdicts: Sequence[Verdict]) -> int:
    """Cases that were not measured, as the budget was spent."""
    return sum(verdict.was_left_out for verdict in verdicts)


def cut_short(verdicts: Sequence[Verdict]) -> int:
    """Cases that were measured and wanted more sessions than the budget allowed."""
    return sum(verdict.was_cut_short for verdict in verdicts)


def cost_dict(verdicts: Sequence[Verdict], *, budget_s: float | None) -> dict[str, object]:
    """The run's cost as plain JSON types; ``budget_s`` is None where no budget applied."""
    return {
        "measured_s": total_s(verdicts),
        "budget_s": budget_s,
        "left_out": left_out(verdicts),
        "cut_short": cut_short(verdicts),
    }
