"""Hooks that conftest files and other plugins may implement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_ascendperf.model.pattern import FusionPattern


def pytest_ascendperf_fusion_patterns() -> Sequence[FusionPattern]:  # type: ignore[empty-body]  # a specification
    """Fusion patterns of your own; one with the name of a built-in pattern replaces it.

    A file named by ``--ascendperf-fusion-patterns`` says the same without code. Called once per process, and only where
    a pattern is looked for.
    """
