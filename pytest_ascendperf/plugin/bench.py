"""The device of this process: opened when the first test needs it, locked while something is measured on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_ascendperf.devices.base import Device
from pytest_ascendperf.devices.choice import DeviceChoice
from pytest_ascendperf.devices.lock import device_lock
from pytest_ascendperf.devices.registry import open_device
from pytest_ascendperf.errors import DeviceError
from pytest_ascendperf.plugin.device_of_run import device_of_run
from pytest_ascendperf.plugin.options import settings_of
from pytest_ascendperf.plugin.session_request import REQUEST_KEY, SessionRequest


class Bench:
    """One device and the right to use it alone."""

    @classmethod
    def of(cls, config: pytest.Config) -> Bench:
        """The bench of this process; there is one."""
        if _BENCH_KEY not in config.stash:
            request = config.stash.get(REQUEST_KEY, None)
            config.stash[_BENCH_KEY] = cls(config, request)
        return config.stash[_BENCH_KEY]

    def __init__(self, config: pytest.Config, request: SessionRequest | None) -> None:
        """``request`` is what this process was asked for by another one of the run, where it was."""
        self._config = config
        self._settings = settings_of(config, {})
        self._request = request
        self._choice: DeviceChoice | None = None
        self._device: Device | None = None
        self._missing: str | None = None
        """Why there is no device, for every test alike."""
        self._lost: str | None = None
        """How the device was lost, for every test that follows."""
        self._in_doubt = False

    @property
    def choice(self) -> DeviceChoice:
        """Which device this process measures on. Raises DeviceError where there is none."""
        if self._missing is not None:
            raise DeviceError(self._missing)
        if self._choice is None:
            try:
                self._choice = device_of_run(self._config)
            except DeviceError as error:
                self._missing = str(error)
                raise
        return self._choice

    @property
    def device(self) -> Device:
        """That device, opened. Raises DeviceError as :attr:`choice` does, and where the device was lost."""
        choice = self.choice
        if self._lost is not None:
            raise DeviceError(self._lost)
        if self._device is None:
            known_us = None if self._request is None else self._request.full_speed_us
            device = open_device(choice, full_speed_us=known_us)
            try:
                device.prepare()
            except DeviceError as error:
                self._missing = str(error)
                raise
            self._device = device
        return self._device

    @property
    def is_open(self) -> bool:
        """Whether the device was opened in this process."""
        return self._device is not None

    @property
    def full_speed_us(self) -> float | None:
        """What this process knows of its device's full speed, for another process that measures on it."""
        return None if self._device is None else self._device.full_speed_us()

    def doubt(self) -> None:
        """Take note that a test failed: the device may be what failed it."""
        self._in_doubt = self._device is not None

    def check(self) -> None:
        """Raise DeviceError where no test can be measured, with the one sentence that all of them give."""
        device = self.device
        if self._in_doubt:
            self._in_doubt = False
            try:
                device.check_alive()
            except DeviceError as error:
                self._lost = str(error)
                raise

    @contextmanager
    def alone(self) -> Iterator[Device]:
        """The device, with every other process that respects the lock kept off it. Raises DeviceError in time-out."""
        device = self.device
        if self._request is not None and self._request.device_is_held:
            yield device
            return
        with self.held(device):
            yield device

    @contextmanager
    def held(self, device: Device | None = None) -> Iterator[None]:
        """The device's lock, for other processes that measure on it: it need not be opened in this one."""
        folder = self._settings.lock_dir
        with device_lock(
            (device or open_device(self.choice)).lock_name,
            timeout_s=self._settings.lock_timeout_s,
            folder=None if folder is None else Path(folder),
        ):
            yield


_BENCH_KEY = pytest.StashKey[Bench]()
