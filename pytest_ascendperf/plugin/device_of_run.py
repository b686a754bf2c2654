"""Which device this process measures on: looked for once per run, however many processes take part in it.

xdist's workers are told a folder of the run. Whoever comes first looks for the device and leaves the answer there,
since looking takes seconds. Of several accelerators each worker takes the one of its own number, and holds a claim on
it while it lives, so that a worker which replaces a crashed one finds the device that is free again.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_ascendperf.devices.choice import DeviceChoice, choose_device
from pytest_ascendperf.errors import DeviceError
from pytest_ascendperf.plugin.options import settings_of
from pytest_ascendperf.plugin.session_request import REQUEST_KEY

_FOLDER = "ascendperf_folder"
"""In a worker's input: the folder that all processes of the run share."""

_FOLDER_KEY = pytest.StashKey[Path]()
_CLAIM_KEY = pytest.StashKey[Any]()
"""The lock that a worker holds on its device; let go when the process ends."""


def device_of_run(config: pytest.Config) -> DeviceChoice:
    """The device of this process. Raises DeviceError where the one that was asked for is not there or is not free."""
    request = config.stash.get(REQUEST_KEY, None)
    if request is not None:
        return request.device
    folder = _folder(config)
    name = settings_of(config, {}).device
    if folder is None:
        return choose_device(name)
    choice = _found_together(folder, name)
    return _claimed(config, folder, choice) if _workerinput(config) else choice


def share_folder(config: pytest.Config, workerinput: dict[str, Any]) -> None:
    """Tell a worker of ``config``'s run which folder its processes share."""
    if _FOLDER_KEY not in config.stash:
        config.stash[_FOLDER_KEY] = Path(tempfile.mkdtemp(prefix="ascendperf-run-"))
    workerinput[_FOLDER] = str(config.stash[_FOLDER_KEY])


def remove_folder(config: pytest.Config) -> None:
    """Remove what :func:`share_folder` made, at the end of the run."""
    if _FOLDER_KEY in config.stash:
        shutil.rmtree(config.stash[_FOLDER_KEY], ignore_errors=True)


def _folder(config: pytest.Config) -> Path | None:
    """The folder of a run with several processes; None in a run with one."""
    told: str | None = _workerinput(config).get(_FOLDER)
    return config.stash.get(_FOLDER_KEY, None) if told is None else Path(told)


def _workerinput(config: pytest.Config) -> dict[str, Any]:
    """What xdist told this worker; empty in a process that is none."""
    told: dict[str, Any] = getattr(config, "workerinput", {})
    return told


def _found_together(folder: Path, name: str) -> DeviceChoice:
    from filelock import FileLock

    answer = folder / "device.json"
    with FileLock(str(folder / "device.lock")):
        if not answer.exists():
            try:
                found: dict[str, object] = {"choice": choose_device(name).to_dict()}
            except DeviceError as error:
                found = {"error": str(error)}
            answer.write_text(json.dumps(found), encoding="utf-8")
    data = json.loads(answer.read_text("utf-8"))
    if "error" in data:
        raise DeviceError(data["error"])
    return DeviceChoice.from_dict(data["choice"])


def _claimed(config: pytest.Config, folder: Path, choice: DeviceChoice) -> DeviceChoice:
    """The worker's own device; a worker beyond those that the run began with replaces one that crashed."""
    from filelock import FileLock, Timeout

    if choice.count is None:
        return choice
    workerinput = _workerinput(config)
    digits = re.search(r"\d+$", workerinput["workerid"])
    number = int(digits[0]) if digits else 0
    is_replacement = number >= workerinput["workercount"]
    for index in range(choice.count) if is_replacement else (number,):
        own = choice if is_replacement else choice.for_worker(index)
        claim = FileLock(str(folder / f"{index}.claim"))
        try:
            claim.acquire(timeout=0.0)
        except Timeout:
            continue
        config.stash[_CLAIM_KEY] = claim
        return replace(own, index=index)
    raise DeviceError(
        f"worker {workerinput['workerid']} finds no {choice.kind} device that no other worker measures on"
    )
