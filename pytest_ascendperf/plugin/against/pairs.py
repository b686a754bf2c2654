"""All pairs of processes of a run: the nth session of every test is measured by the nth pair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_ascendperf.errors import AgainstError
from pytest_ascendperf.plugin.against.base import Base
from pytest_ascendperf.plugin.against.cores import CoresOfRun
from pytest_ascendperf.plugin.against.memory import available_bytes, own_bytes, pairs_that_may_stay
from pytest_ascendperf.plugin.against.pair import Pair

PAIRS_ON_ACCELERATORS = 3
"""Pairs that stay for the tests that follow where each process also holds memory of the device."""


class PairsOfRun:
    """Starts pairs when they are first needed."""

    def __init__(
        self,
        config: pytest.Config,
        base: Base,
        files: Sequence[Path],
        *,
        cores: CoresOfRun,
        most_kept: int | None,
        timeout_s: float,
    ) -> None:
        """``most_kept`` is how many pairs may stay at the end of a test; None for as many as there is memory for."""
        self._config = config
        self._base = base
        self._files = list(files)
        self._cores = cores
        self._most_kept = most_kept
        self._timeout_s = timeout_s
        self._pairs: dict[int, Pair] = {}

    def pair(self, number: int) -> Pair:
        """The pair ``number``, counted from 0. Raises AgainstError where it cannot be started."""
        if number not in self._pairs:
            self._pairs[number] = self._started()
        return self._pairs[number]

    def end_of_test(self) -> None:
        """Close the pairs that may not stay for the next test: those of the highest numbers, which it needs last."""
        numbers = sorted(self._pairs)
        for number in numbers[self._may_stay(numbers) :]:
            self._pairs.pop(number).stop()

    def _may_stay(self, numbers: Sequence[int]) -> int:
        if self._most_kept is not None:
            return self._most_kept
        return pairs_that_may_stay([own_bytes(self._pairs[number].pids) for number in numbers], available_bytes())

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

    def _started(self) -> Pair:
        trees = self._base.trees
        in_base = [file if trees is None else trees.moved(file) or file for file in self._files]
        pair = Pair(
            self._config,
            self._base,
            head_targets=[str(file) for file in self._files if file.exists()],
            base_targets=[str(file) for file in in_base if file.exists()],
            cores=self._cores,
            timeout_s=self._timeout_s,
        )
        if pair.base.wrong_import is not None:
            pair.kill()
            raise AgainstError(f"{self._base.name} {pair.base.wrong_import}")
        return pair
