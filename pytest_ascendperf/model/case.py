"""Which measurement is meant: a test, and the name of the case inside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class CaseId:
    """One measured call of one test."""

    module: str
    """Path of the test module from pytest's root directory, with ``/``: ``tests/test_ffn.py``."""
    test: str
    """What follows the module in the node id, as pytest spells it: ``TestFFN::test_step[fp16]``."""
    case: str = ""
    """The name given to ``npu_perf.case(name)``; empty for the test's one unnamed call."""

    @classmethod
    def from_nodeid(cls, nodeid: str, case: str = "") -> CaseId:
        """The case of a pytest node id, split at the first ``::`` (a path cannot hold one)."""
        module, _, test = nodeid.partition("::")
        return cls(module=module, test=test, case=case)

    @property
    def nodeid(self) -> str:
        """The pytest node id of the test."""
        return f"{self.module}::{self.test}" if self.test else self.module

    def __str__(self) -> str:
        return f"{self.nodeid} ({self.case})" if self.case else self.nodeid
