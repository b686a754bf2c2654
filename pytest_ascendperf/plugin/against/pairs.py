"""All pairs of processes of a run: the nth session of every test is measured by the nth pair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_ascendperf.errors import AgainstError
from pytest_ascendperf.plugin.against.base import Base
from pytest_ascendperf.plugin.against.cores import CoresOfRun
from pytest_ascendperf.plugin.against.pair import Pair, refuse_foreign

KEPT_PAIRS = 8
"""Pairs that stay for the tests that follow: starting one takes seconds, and keeping it some 100 MB."""
KEPT_PAIRS_ON_ACCELERATORS = 3
"""... where each process also holds memory of the device."""


class PairsOfRun:
    """Starts pairs when they are first needed."""

    def __init__(
        self,
        config: pytest.Config,
        base: Base,
        files: Sequence[Path],
        *,
        cores: CoresOfRun,
        kept: int,
        timeout_s: float,
    ) -> None:
        self._config = config
        self._base = base
        self._files = list(files)
        self._cores = cores
        self._kept = kept
        self._timeout_s = timeout_s
        self._pairs: dict[int, Pair] = {}

    def pair(self, number: int, file: Path) -> Pair:
        """The pair ``number``, counted from 0. Raises AgainstError where it cannot be started.

        One that is not kept collects ``file`` alone.
        """
        if number not in self._pairs:
            files = self._files if number < self._kept else [file]
            self._pairs[number] = self._started(files)
        return self._pairs[number]

    def end_of_test(self) -> None:
        """Close the pairs that are not kept for the next test."""
        for number in [number for number in self._pairs if number >= self._kept]:
            self._pairs.pop(number).stop()

    def lost(self, number: int) -> None:
        """End a pair of which a process is gone; the next call of :meth:`pair` starts another one."""
        if number in self._pairs:
            self._pairs.pop(number).kill()

    def stop(self) -> None:
        """End all pairs in good order."""
        while self._pairs:
            _, pair = self._pairs.popitem()
            pair.stop()

    def kill(self) -> None:
        """End all pairs at once."""
        while self._pairs:
            _, pair = self._pairs.popitem()
            pair.kill()

    def _started(self, files: Sequence[Path]) -> Pair:
        trees = self._base.trees
        in_base = [file if trees is None else trees.moved(file) or file for file in files]
        pair = Pair(
            self._config,
            self._base,
            head_targets=[str(file) for file in files if file.exists()],
            base_targets=[str(file) for file in in_base if file.exists()],
            cores=self._cores,
            timeout_s=self._timeout_s,
        )
        try:
            refuse_foreign(pair.base.foreign, self._base)
        except AgainstError:
            pair.kill()
            raise
        return pair
