"""What a fresh process is asked to do; apart from how it is started, since every run looks whether it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from pytest_ascendperf.devices.choice import DeviceChoice


class SessionRequest(NamedTuple):
    """The message from the process that needs a session to the one that measures it."""

    options: dict[str, object]
    """Attributes of ``config.option``."""
    tests: tuple[str, ...]
    """What to collect: absolute paths with the rest of each node id."""
    results_path: str
    """File that takes one line of JSON per test."""
    device_is_held: bool
    """Whether the parent holds the device's lock for this process."""
    device: DeviceChoice
    """What the parent measures on."""
    full_speed_us: float | None
    """What the parent knows of that device's full speed."""


REQUEST_KEY = pytest.StashKey[SessionRequest]()
"""On the config of a fresh process: what it was asked for."""


def is_fresh_session(config: pytest.Config) -> bool:
    """Whether this process measures a session for another one: it then judges, records and prints nothing."""
    return REQUEST_KEY in config.stash
