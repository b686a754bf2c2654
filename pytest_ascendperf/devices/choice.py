"""Which device a run measures on: found once, then told to every process that takes part."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pytest_ascendperf.devices.diagnosis import Diagnosis
from pytest_ascendperf.errors import DeviceError
from pytest_ascendperf.model import fields
from pytest_ascendperf.settings import AUTO, DEVICE_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChoice:
    """One device that is there."""

    kind: str
    index: int
    """Its number among those that the run may use; 0 where there is one."""
    count: int | None
    """Accelerators of this kind that the run may use, each for one worker; None where workers take turns on one."""
    chip: str
    """The chip, for the header."""
    stack: str
    """The software that the measurement rests on, for the header."""
    passed_over: tuple[str, ...]
    """Why ``auto`` did not take the devices before this one, where there is something to say."""

    @property
    def name(self) -> str:
        """The device as a user would choose it: ``npu:0``, ``cpu``."""
        return f"{self.kind}:{self.index}" if self.kind in ("npu", "cuda") else self.kind

    def for_worker(self, number: int) -> DeviceChoice:
        """What the worker ``number`` of several measures on. Raises DeviceError where there is none left for it."""
        if self.count is None:
            return self
        if number >= self.count:
            there_are = f"{self.count} {'is' if self.count == 1 else 'are'} there"
            raise DeviceError(
                f"worker gw{number} has no {self.kind} device of its own: {there_are}, and each worker measures on "
                f"one. Start at most {self.count}: -n {self.count}"
            )
        return replace(self, index=number)

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "kind": self.kind,
            "index": self.index,
            "count": self.count,
            "chip": self.chip,
            "stack": self.stack,
            "passed_over": list(self.passed_over),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> DeviceChoice:
        """The value that :meth:`to_dict` wrote. Raises InvalidDataError."""
        count = fields.required(data, "count")
        return cls(
            kind=fields.text(data, "kind"),
            index=fields.count(data, "index"),
            count=None if count is None else fields.count(data, "count"),
            chip=fields.text(data, "chip"),
            stack=fields.text(data, "stack"),
            passed_over=tuple(map(str, fields.as_list(fields.required(data, "passed_over"), "passed_over"))),
        )


def choose_device(name: str) -> DeviceChoice:
    """The device that ``name`` (``auto``, ``npu``, ``npu:1``, ``cuda``, ``cpu``, ``scripted``) stands for here.

    Takes seconds where an accelerator's software is installed, which is asked in a process of its own. Raises
    DeviceError for a name that does not exist, and for a device that was asked for by name and is not there.
    """
    if name == AUTO:
        return _first_there()
    kind, _, number = name.partition(":")
    if kind not in DEVICE_KINDS:
        raise DeviceError(f"there is no device {name!r}. Choose one of: {', '.join((AUTO, *DEVICE_KINDS))}")
    found = _find(kind)
    if isinstance(found, Diagnosis):
        raise DeviceError(f"{name} was asked for and cannot be used: {found}")
    if not number:
        return found
    last = 0 if found.count is None else found.count - 1
    if int(number) > last:
        raise DeviceError(f"{name} was asked for, and the numbers of the {kind} devices here end at {last}")
    # All workers take turns on a device that was named.
    return replace(found, index=int(number), count=None)


def _first_there() -> DeviceChoice:
    """The first of NPU, CUDA and CPU; that a laptop has no accelerator is nothing to speak of."""
    from pytest_ascendperf.devices.cuda_probe import is_likely
    from pytest_ascendperf.devices.npu_probe import NOT_INSTALLED

    passed_over = []
    npu = _npu()
    if isinstance(npu, DeviceChoice):
        return npu
    if npu != NOT_INSTALLED:
        passed_over.append(f"not npu: {npu}")
    if is_likely():
        cuda = _cuda()
        if isinstance(cuda, DeviceChoice):
            return replace(cuda, passed_over=tuple(passed_over))
        passed_over.append(f"not cuda: {cuda}")
    return replace(_host(), passed_over=tuple(passed_over))


def _find(kind: str) -> DeviceChoice | Diagnosis:
    return {"npu": _npu, "cuda": _cuda, "cpu": _host, "scripted": _scripted}[kind]()


def _npu() -> DeviceChoice | Diagnosis:
    from pytest_ascendperf.devices.npu_probe import ProbeResult, find_npu

    found = find_npu(os.environ)
    if not isinstance(found, ProbeResult):
        return found
    versions = dict(found.versions)
    cann = versions.get("CANN") or versions.get("torch.version.cann", "unknown")
    return _choice(
        "npu",
        chip=found.devices[0].name,
        stack=f"CANN {cann}, torch_npu {versions['torch_npu']}",
        count=len(found.devices),
    )


def _cuda() -> DeviceChoice | Diagnosis:
    from pytest_ascendperf.devices.cuda_probe import CudaFound, find_cuda

    found = find_cuda(os.environ)
    if not isinstance(found, CudaFound):
        return found
    return _choice("cuda", chip=found.names[0], stack=f"CUDA {found.cuda}, torch {found.torch}", count=len(found.names))


def _host() -> DeviceChoice:
    from pytest_ascendperf.devices.cpu import describe_cpu

    chip, stack = describe_cpu()
    return _choice("cpu", chip=chip, stack=stack)


def _scripted() -> DeviceChoice:
    from pytest_ascendperf.devices.scripted import describe_scripted

    chip, stack = describe_scripted()
    return _choice("scripted", chip=chip, stack=stack)


def _choice(kind: str, *, chip: str, stack: str, count: int | None = None) -> DeviceChoice:
    return DeviceChoice(kind=kind, index=0, count=count, chip=chip, stack=stack, passed_over=())
