"""Where a measurement was made, and whether two of them may be compared.

Hard keys change what a time means (chip, software stack, thread count): values across them are never compared.
Soft keys may matter (kernel release, governor): a difference is reported beside the verdict.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ascendperf.model import fields


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDifference:
    """One key that is not the same on the two sides of a comparison."""

    key: str
    baseline: str | None
    """None where the baseline does not have the key."""
    now: str | None
    """None where the present environment does not have the key."""

    def __str__(self) -> str:
        return f"{self.key} {self.baseline or 'not recorded'} → {self.now or 'not recorded'}"

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {"key": self.key, "baseline": self.baseline, "now": self.now}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> KeyDifference:
        """The value that :meth:`to_dict` wrote."""
        return cls(
            key=fields.text(data, "key"),
            baseline=fields.optional_text(data, "baseline"),
            now=fields.optional_text(data, "now"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The fingerprint of the place where a measurement was made."""

    device: str
    """Kind of device: ``cpu``, ``scripted``."""
    chip: str
    """The chip as its maker calls it."""
    chip_id: str
    """The chip as a folder name: ``cpu-intel-xeon-8358``."""
    stack_id: str
    """The software stack as a folder name: ``torch-2.13.0``."""
    hard: tuple[tuple[str, str], ...]
    """Sorted pairs; any difference makes two measurements incomparable."""
    soft: tuple[tuple[str, str], ...]
    """Sorted pairs; a difference is worth a warning."""

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that stand for all of it."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]

    def hard_differences(self, baseline: Environment) -> tuple[KeyDifference, ...]:
        """What forbids comparing ``self`` (now) with ``baseline``, in order of the keys; empty when nothing does."""
        return _differences(baseline._identity(), self._identity())

    def soft_differences(self, baseline: Environment) -> tuple[KeyDifference, ...]:
        """What is worth a warning when ``self`` (now) is compared with ``baseline``."""
        return _differences(dict(baseline.soft), dict(self.soft))

    def _identity(self) -> dict[str, str]:
        return {"device": self.device, "chip": self.chip_id, "stack": self.stack_id, **dict(self.hard)}

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types, keys sorted."""
        return {
            "chip": self.chip,
            "chip_id": self.chip_id,
            "device": self.device,
            "hard": dict(sorted(self.hard)),
            "soft": dict(sorted(self.soft)),
            "stack_id": self.stack_id,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Environment:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError."""
        return cls(
            device=fields.text(data, "device"),
            chip=fields.text(data, "chip"),
            chip_id=fields.text(data, "chip_id"),
            stack_id=fields.text(data, "stack_id"),
            hard=fields.text_mapping(data, "hard"),
            soft=fields.text_mapping(data, "soft"),
        )


def _differences(baseline: Mapping[str, str], now: Mapping[str, str]) -> tuple[KeyDifference, ...]:
    keys = sorted(baseline.keys() | now.keys())
    return tuple(
        KeyDifference(key=key, baseline=baseline.get(key), now=now.get(key))
        for key in keys
        if baseline.get(key) != now.get(key)
    )
