"""Fusion passes of the graph compiler that take effect less often than before: evidence from compiling alone."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ascendperf.judge.kernel_wording import left_aligned
from pytest_ascendperf.model.finding import Finding, FindingKind

_NAMED = 3

ABSENCE = "Absence means that the pass never matched or was switched off."


def pass_findings(base: Sequence[tuple[str, int]], head: Sequence[tuple[str, int]]) -> tuple[Finding, ...]:
    """The passes of ``base``, names with effect counts, whose count dropped, in one finding. More of it is nothing."""
    now = dict(head)
    dropped = [(name, count, now.get(name)) for name, count in base if now.get(name, 0) < count]
    if not dropped:
        return ()
    named = ", ".join(f"{name} {count} → {_effects(effects)}" for name, count, effects in dropped[:_NAMED])
    others = f" and {len(dropped) - _NAMED} more" if len(dropped) > _NAMED else ""
    rows = [("pass", "effects"), *((name, f"{count} → {_effects(effects)}") for name, count, effects in dropped)]
    absent = any(effects is None for _, _, effects in dropped)
    return (
        Finding(
            kind=FindingKind.PASS_DROPPED,
            summary=f"fusion pass dropped: {named}{others}",
            details=(*left_aligned(rows), *((ABSENCE,) if absent else ())),
            fails=True,
        ),
    )


def _effects(effects: int | None) -> str:
    return "absent" if effects is None else str(effects)
