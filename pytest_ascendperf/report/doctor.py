"""What ``ascendperf doctor`` prints: which device, which software, what spoils its timing, and what to do about it.

One line is one fact. A line that begins with ``!`` says what stands in the way of measuring, one with ``?`` what makes
times less trustworthy or baselines less comparable; both say what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_ascendperf.devices.cann_install import AscendInstall
from pytest_ascendperf.devices.diagnosis import Diagnosis
from pytest_ascendperf.devices.host_state import HostState
from pytest_ascendperf.devices.npu_probe import ProbeResult
from pytest_ascendperf.devices.version_files import FoundVersion
from pytest_ascendperf.model.conditions import Conditions

BUSY_SHARE = 0.5
"""Load per processor from which the host is called busy: another process then runs beside most measurements."""

_GIB = 2**30
_LABEL_WIDTH = 13

_FINE, _SUSPICIOUS, _IN_THE_WAY = " ", "?", "!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All that the doctor looked at."""

    device: str
    """The device that was to be examined: ``npu`` or ``cpu``."""
    npu: ProbeResult | Diagnosis
    """The NPU, or why there is none."""
    install: AscendInstall
    """What is installed, with what the running CANN says where it runs."""
    diagnoses: tuple[Diagnosis, ...]
    """What is wrong with that."""
    torch_import: Diagnosis | None
    """Why a plain ``import torch`` fails; None where it does not."""
    processor: str
    """The host's processor."""
    refusals: tuple[str, ...]
    """Why nothing would be measured on an NPU in this environment."""
    knobs: tuple[tuple[str, str], ...]
    """Environment variables that become part of an NPU's fingerprint."""
    host: HostState
    watched: Conditions | None
    """What the host's counters say of a moment; None where there are none."""
    npu_smi: str | Diagnosis | None
    """What ``npu-smi`` says of the first NPU, or why it says nothing; None where no NPU was to be examined."""

    @property
    def can_measure(self) -> bool:
        """Whether the examined device can be measured on, here and now."""
        if self.device == "npu":
            return isinstance(self.npu, ProbeResult) and not self.refusals
        return self.install.torch is not None and self.torch_import is None


def doctor_text(examination: Examination) -> str:
    """The whole text, without a line break at its end."""
    answer = "can be measured on" if examination.can_measure else "cannot be measured on"
    lines = [f"ascendperf doctor: the {examination.device} {answer}", ""]
    lines += [_line(mark, label, text) for mark, label, text in _facts(examination)]
    return "\n".join(line.rstrip() for line in lines)


def _line(mark: str, label: str, text: str) -> str:
    return f"{mark} {label:<{_LABEL_WIDTH}} {text}"


def _facts(examination: Examination) -> Iterator[tuple[str, str, str]]:
    """Mark, label and text of every line."""
    yield from _device(examination)
    yield from _software(examination)
    yield from _switches(examination)
    if examination.npu_smi is not None:
        is_known = isinstance(examination.npu_smi, str)
        yield _FINE if is_known else _SUSPICIOUS, "npu-smi", str(examination.npu_smi)
    yield from _host(examination.host)
    yield _counters(examination.watched)


def _device(examination: Examination) -> Iterator[tuple[str, str, str]]:
    is_npu = examination.device == "npu"
    if isinstance(examination.npu, ProbeResult):
        for index, device in enumerate(examination.npu.devices):
            yield _FINE, f"npu:{index}", f"{device.name}, {device.total_memory_bytes / _GIB:.1f} GiB"
    else:
        # On a host that is to use its CPU, the lack of an NPU is a fact like any other.
        yield _IN_THE_WAY if is_npu else _FINE, "npu", str(examination.npu)
    yield _FINE, "cpu", f"{examination.processor}, {examination.host.processors} processors for this process"
    # The first reason why there is no NPU has been told.
    for diagnosis in examination.diagnoses:
        if diagnosis != examination.npu:
            yield _IN_THE_WAY if diagnosis.prevents_use and is_npu else _SUSPICIOUS, "installation", str(diagnosis)


def _software(examination: Examination) -> Iterator[tuple[str, str, str]]:
    install = examination.install
    if install.torch is None:
        yield _IN_THE_WAY, "torch", "not installed; run: python -m pip install torch"
    else:
        yield _FINE, "torch", install.torch
    if examination.torch_import is not None:
        yield _SUSPICIOUS if examination.device == "npu" else _IN_THE_WAY, "torch", str(examination.torch_import)
    if install.is_empty:
        return
    yield _FINE, "torch_npu", "not installed" if install.torch_npu is None else str(install.torch_npu)
    yield from _found("CANN", install.cann)
    yield from _found("OPP kernel", install.opp_kernel)
    yield from _found("driver", (install.driver,) if install.driver else ())
    yield from _found("firmware", (install.firmware,) if install.firmware else ())


def _found(label: str, versions: tuple[FoundVersion, ...]) -> Iterator[tuple[str, str, str]]:
    if not versions:
        yield _FINE, label, "no version found"
    for index, version in enumerate(versions):
        yield _FINE, "" if index else label, str(version)


def _switches(examination: Examination) -> Iterator[tuple[str, str, str]]:
    if isinstance(examination.npu, ProbeResult):
        yield _FINE, "switches", _pairs(examination.npu.switches)
    if examination.device != "npu":
        return
    yield _FINE, "environment", _pairs(examination.knobs) or "sets nothing that changes a measurement"
    for refusal in examination.refusals:
        yield _IN_THE_WAY, "environment", refusal


def _pairs(pairs: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name}={value}" for name, value in pairs)


def _host(host: HostState) -> Iterator[tuple[str, str, str]]:
    if not host.governors:
        yield _FINE, "governor", "the system does not tell"
    elif {name for name, _ in host.governors} == {"performance"}:
        yield _FINE, "governor", "performance"
    else:
        governors = ", ".join(f"{name} on {count} processors" for name, count in host.governors)
        remedy = "run: cpupower frequency-set --governor performance"
        yield _SUSPICIOUS, "governor", f"{governors}: the clock follows the load, and times with it; {remedy}"
    if host.load is None:
        yield _FINE, "load", "the system does not tell"
        return
    load = f"{host.load:.1f} runnable threads on {host.processors} processors in the last minute"
    if host.load < BUSY_SHARE * host.processors:
        yield _FINE, "load", load
    else:
        yield _SUSPICIOUS, "load", f"{load}: the host is busy; end what else runs there before you measure"


def _counters(watched: Conditions | None) -> tuple[str, str, str]:
    """Whether it would be seen that others had the processors."""
    host = None if watched is None else watched.host
    unread = {
        "/proc/stat": host is None or host.steal_share is None,
        "/proc/self/task/*/schedstat": host is None or host.waiting_share is None,
    }
    if not any(unread.values()):
        return _FINE, "counters", f"{' and '.join(unread)} tell who else had the processors"
    paths = " and ".join(path for path, is_unread in unread.items() if is_unread)
    remedy = "keep the host to yourself, or measure on Linux with /proc in the container"
    return _SUSPICIOUS, "counters", f"{paths} cannot be read: who else had the processors goes unseen; {remedy}"
