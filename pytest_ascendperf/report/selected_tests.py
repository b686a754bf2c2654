"""What became of the marked tests of a run, so that a test that was not measured is never overlooked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedTests:
    """What became of the marked tests that this run selected, besides those that were measured."""

    selected: int
    """Marked tests after deselection."""
    skipped: int
    failed_before_measuring: int
    """Tests that failed, or could not be set up, before anything was measured."""
    unmeasured: int
    """Tests that ran to their end and measured nothing."""

    def not_run(self, measured_tests: int) -> int:
        """Selected tests that the run did not reach, when ``measured_tests`` of them were measured."""
        return max(self.selected - measured_tests - self.skipped - self.failed_before_measuring - self.unmeasured, 0)
