"""The built-in catalogue, and real captures where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ascendperf.fusion.catalogue import Catalogue, catalogue

CAPTURES = Path(__file__).resolve().parents[2].parent / "shared" / "captures"


@pytest.fixture(scope="session")
def patterns() -> Catalogue:
    return catalogue()


@pytest.fixture
def captures() -> Path:
    """The folder of real captures, which is not part of this repository."""
    if not CAPTURES.is_dir():
        pytest.skip(f"no real captures in {CAPTURES}")
    return CAPTURES
