"""What became of the marked tests of a run, so that a test that was not judged is never overlooked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedTests:
    """The marked tests that a run selected, each counted once besides ``selected``."""

    selected: int
    """Marked tests after deselection."""
    judged: int
    """Tests of which at least one case has a verdict."""
    accepted: int
    """Tests whose new times were all taken for new baselines, or for a self-check, instead of being judged."""
    skipped: int
    failed_before_judging: int
    """Tests that failed, or could not be set up, before they could be judged."""
    unmeasured: int
    """Tests that ran to their end and measured nothing."""
    compared: int = 0
    """Tests that compared calls with each other, passed, and measured no case to judge."""

    @property
    def not_run(self) -> int:
        """Selected tests that the run did not reach."""
        ended = (
            self.judged + self.accepted + self.skipped + self.failed_before_judging + self.unmeasured + self.compared
        )
        return max(self.selected - ended, 0)
