"""A verdict that may not be the last word: what one session says of a case, and what it takes to be sure of it.

Whatever would fail a case by its time is confirmed in fresh processes first. What fails it by what it ran needs none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ascendperf.model.verdict import Status

if TYPE_CHECKING:
    from pytest_ascendperf.judge.exact import Examined
    from pytest_ascendperf.model.baseline import Baseline
    from pytest_ascendperf.model.environment import Environment
    from pytest_ascendperf.model.kernel_table import KernelTable
    from pytest_ascendperf.model.protocol import Rule
    from pytest_ascendperf.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict that may not be the last word, with what it takes to reach that."""

    verdict: Verdict
    """Final unless ``needs_confirmation``; if the confirmation cannot be made, it stands as it is."""
    flagged: bool
    """Whether the session looks slower than the baseline allows, or faster where that fails."""
    drift_flagged: bool
    """Whether it looks slower than the baseline's anchor allows."""
    environment: Environment
    """Where the judged session was measured; fresh sessions must be comparable with it."""
    rule: Rule
    """As given, with ``min_change_us`` raised to the step of the clock where that is larger, and with its questions."""
    baseline: Baseline | None
    """What is stored for this chip and stack, comparable or not; None where nothing is."""
    resolution_us: float
    """Step of the clock per call."""
    kernels: KernelTable | None
    """What one call of the judged session ran."""
    examined: Examined
    """The findings, which the verdict holds, and what could not be checked."""

    @property
    def needs_confirmation(self) -> bool:
        """Measure it in fresh processes, as many as :mod:`.confirmation` asks for, and judge those."""
        return self.is_suspected or self.is_undecided

    @property
    def is_suspected(self) -> bool:
        """Whether it looks slower than it may, or faster where that fails."""
        return self.flagged or self.drift_flagged

    @property
    def is_undecided(self) -> bool:
        """Whether it leaves open a case that must be decided, and does not look changed by more than is allowed."""
        return self.rule.must_decide and self.verdict.status is Status.INCONCLUSIVE and not self.flagged

    @property
    def asks_the_baseline(self) -> bool:
        """Whether fresh sessions have to be compared with the baseline, and not with its anchor alone."""
        return self.flagged or self.is_undecided
