"""From the settings of a test to how it is measured and when a change of it counts."""

from __future__ import annotations

from pytest_ascendperf.model.protocol import Rule, SamplingPlan
from pytest_ascendperf.settings import Settings


def sampling_plan(settings: Settings) -> SamplingPlan:
    """How a call is measured."""
    return SamplingPlan(
        warmup=settings.warmup,
        max_warmup_s=settings.max_warmup_s,
        max_wait_s=settings.max_wait_s,
        rounds=settings.rounds,
        budget_s=settings.budget_s,
        precision=settings.precision,
        threads=settings.threads,
        cold=settings.cache == "cold",
        max_spread=settings.max_spread,
    )


def rule_of(settings: Settings, *, suite_tests: int, cases: int) -> Rule:
    """When a change of one of ``cases`` cases of a test counts, in a run that measures so many tests."""
    return Rule(
        tolerance=settings.tolerance,
        min_change_us=settings.min_change_us,
        confirm_sessions=settings.confirm_sessions,
        suite_tests=suite_tests,
        cases=cases,
        must_decide=settings.undecided_fails,
        improvement_fails=settings.improvement_fails,
        max_kernels=settings.max_kernels,
    )
