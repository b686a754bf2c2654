"""What is wrong with a device or its software and what to do about it, as one sentence for errors and the doctor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing that is wrong."""

    problem: str
    """What is wrong, with what was found and where."""
    remedy: str
    """What to do, begun with a verb."""
    prevents_use: bool = True
    """Whether the device cannot be used because of it. What is merely suspicious does not."""

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}"
