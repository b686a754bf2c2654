"""False alarms against slowdowns found, one panel for each scenario."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from .records import A_A, Record
from .scoring import Score, operating_points

_CURVES = ("median:5%", "min:5%", "our threshold on its median > 5 %", "our threshold on its change > 5 %")
"""Rules whose threshold is swept: the others of a gate are points on the same curves."""


def plot(found: Sequence[Score], records: Sequence[Record], slowdown: int, path: Path) -> None:
    """Write the picture for one injected slowdown; the ending of ``path`` says the format."""
    scenarios = sorted({score.scenario for score in found}, reverse=True)
    figure, panels = plt.subplots(1, len(scenarios), figsize=(8 * len(scenarios), 7), squeeze=False)
    gates = sorted({score.gate for score in found})
    colours = dict(zip(gates, plt.get_cmap("tab10").colors, strict=False))
    for panel, scenario in zip(panels[0], scenarios, strict=True):
        for score in (score for score in found if score.scenario == scenario):
            _draw(panel, score, records, slowdown, colours[score.gate])
        panel.set(title=scenario, xlabel="false alarms", ylabel=f"{slowdown} % slowdowns found")
        panel.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        panel.plot([0, 1], [0, 1], color="lightgrey", linewidth=1, zorder=0)
        for gate in gates:
            panel.plot([], [], "o", color=colours[gate], label=gate)
        panel.legend(loc="lower right", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)


def _draw(
    panel: plt.Axes, score: Score, records: Sequence[Record], slowdown: int, colour: tuple[float, float, float]
) -> None:
    if A_A not in score.found or slowdown not in score.found:
        return
    ours = score.gate.startswith("ascendperf")
    point = score.found[A_A].value, score.found[slowdown].value
    panel.plot(*point, "*" if ours else "o", color=colour, markersize=16 if ours else 7)
    if score.rule in _CURVES:
        own = [r for r in records if (r.step.gate, r.step.scenario) == (score.gate, score.scenario)]
        points = operating_points(own, score.rule, slowdown)
        panel.plot([p.false_alarms for p in points], [p.found for p in points], color=colour, linewidth=1, alpha=0.6)
