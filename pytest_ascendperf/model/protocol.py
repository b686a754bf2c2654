"""How a case is measured and judged: the settings of one test as resolved values."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pytest_ascendperf.model.host_change import SAME_HOST, HostChange


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingPlan:
    """How one process measures a case. Times are bounds on the device's host clock."""

    warmup: int | None
    """Number of warm-up calls; None to warm up until successive rounds show no trend."""
    max_warmup_s: float
    """Bound on the time of an automatic warm-up."""
    max_wait_s: float
    """Bound on the time that rounds wait, all together, until nothing else slows the device; not part of the others."""
    rounds: int | None
    """Number of rounds; None to sample until ``precision`` or ``budget_s`` is reached."""
    budget_s: float
    """Time after which no further round is started."""
    precision: float
    """Relative half-width of the 95 % interval of the session median at which sampling may end."""
    threads: int | None
    """Compute threads during the measurement; None to leave them as they are."""
    cold: bool
    """Whether the device's caches are emptied before each round, which then is one call."""
    max_spread: float
    """Range of the middle half of the rounds that is allowed, relative to their median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a change counts."""

    tolerance: float
    """Relative slowdown allowed; 0.05 is 5 %."""
    min_change_us: float
    """A difference below this many µs never fails."""
    confirm_sessions: int
    """Fresh processes that a flagged case is measured in again."""
    suite_tests: int
    """Judged tests in this run (at least 1): the family over which false alarms are bounded."""
    cases: int
    """Cases judged in the same test (at least 1)."""
    questions: int = 1
    """Comparisons of one case by which it may be slower (at least 1): with its baseline, and with an anchor if any."""
    saved_alpha: float = 0.0
    """Part of the run's level that earlier tests had and did not use, where tests are decided one after the other."""
    host: HostChange = SAME_HOST
    """What the host itself was slower or faster by for the judged sessions than for the base's."""
    host_spread: float = 0.0
    """Standard deviation, on the logarithmic scale, of what tells so, between sessions of the base."""
    must_decide: bool = False
    """Whether an undecided case fails, so that it is measured again as a suspect is."""
    improvement_fails: bool = False
    """Whether a case that is faster by more than the tolerance fails, so that it is confirmed as a slower one is."""
    max_kernels: int | None = None
    """Kernels that one call may run; None for as many as it likes."""

    @property
    def ways_to_fail(self) -> int:
        """Questions about the time of one case, of which each may fail it."""
        return self.questions + self.improvement_fails

    @property
    def of_anchor(self) -> Rule:
        """The same for the comparison with an anchor: to be faster than that one fails nothing."""
        return replace(self, questions=self.ways_to_fail, improvement_fails=False)

    @property
    def limit(self) -> float:
        """The relative change above which code is slower than allowed."""
        return self.host.limit(self.tolerance)

    @property
    def pass_limit(self) -> float:
        """The relative change up to which code passes."""
        return self.host.pass_limit(self.tolerance)

    @property
    def improvement_limit(self) -> float:
        """The relative change below which code is faster by more than the tolerance."""
        return self.host.improvement_limit(self.tolerance)
