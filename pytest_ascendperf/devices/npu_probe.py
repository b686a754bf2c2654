"""Whether there is an NPU that can be used, found out in another process: asking a faulty driver may abort the asker.

:func:`find_npu` is what everybody else calls. It asks only where torch_npu is installed, and answers with what the NPU
is or with the reason why there is none.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_ascendperf.devices import npu_probe_program
from pytest_ascendperf.devices.cann_diagnosis import diagnose_install
from pytest_ascendperf.devices.cann_install import DEFAULT_ROOT, AscendInstall, read_install
from pytest_ascendperf.devices.child_process import described_end, last_line, run_to_end, shortened
from pytest_ascendperf.devices.diagnosis import Diagnosis
from pytest_ascendperf.devices.version_files import FoundVersion
from pytest_ascendperf.model import fields

PROGRAM = Path(npu_probe_program.__file__)
"""What is run to look at the NPU."""

TIMEOUT_S = 180.0
"""How long it may take. Starting the runtime on a host with eight devices takes tens of seconds."""

_PACKAGE_ROOT = PROGRAM.parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedDevice:
    """One NPU that this process may use, by torch's numbering."""

    name: str
    """The chip, such as ``Ascend910B3``."""
    total_memory_bytes: int
    uuid: str | None
    """Its number in the world, where torch_npu tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """An NPU that can be used, and the software under it."""

    devices: tuple[ProbedDevice, ...]
    """At least one."""
    versions: tuple[tuple[str, str], ...]
    """Sorted by name: ``torch``, ``torch_npu``, ``torch.version.cann``, and what CANN says of its modules: ``CANN``,
    ``OPP_KERNEL``, ``DRIVER`` and others."""
    switches: tuple[tuple[str, str], ...]
    """torch_npu's switches as a program finds them that sets none, sorted by name."""


_RESTART = "see whether npu-smi info answers, and restart the driver or the host if it does not"

_REMEDIES = {
    "start Python": "see whether this Python can start a process at all",
    "import torch": "see the whole error: TORCH_DEVICE_BACKEND_AUTOLOAD=0 python -c 'import torch'",
    "import torch_npu": "see the whole error: python -c 'import torch_npu'",
}
"""What to do where a step fails; elsewhere it is for the driver to answer."""


def find_npu(
    environ: Mapping[str, str], *, root: Path = DEFAULT_ROOT, timeout_s: float = TIMEOUT_S
) -> ProbeResult | Diagnosis:
    """The NPU that ``environ`` leads to, or the one reason why none can be used.

    Takes seconds where torch_npu is installed, and starts no process where it is not. ``root`` is where CANN is looked
    for if ``environ`` does not say.
    """
    install = read_install(environ, root=root)
    reasons = [diagnosis for diagnosis in diagnose_install(install, environ) if diagnosis.prevents_use]
    if install.torch_npu is None:
        return reasons[0] if reasons else NOT_INSTALLED
    probed = probe_npu(environ, timeout_s=timeout_s)
    # What torch_npu died of is often the consequence of something that is known to be wrong.
    return reasons[0] if reasons and isinstance(probed, Diagnosis) else probed


NOT_INSTALLED = Diagnosis(
    problem="torch_npu is not installed, nor is CANN found",
    remedy="install the driver, CANN and the torch_npu for your torch, or choose another device",
)
"""The answer on a host without anything of Ascend."""


def diagnose_plain_import(environ: Mapping[str, str], *, timeout_s: float = TIMEOUT_S) -> Diagnosis | None:
    """Why ``import torch`` fails where torch loads torch_npu on its own; None if it works.

    This hits tests for any device, as a torch whose import failed cannot be imported again in the same process.
    """
    with tempfile.TemporaryDirectory(prefix="ascendperf-probe-", ignore_cleanup_errors=True) as name:
        output = Path(name) / "output"
        if run_to_end([sys.executable, "-c", "import torch"], environ, output, timeout_s) == 0:
            return None
        last_words = last_line(output).split(". You can ", 1)[0].rstrip(".")
    return Diagnosis(
        problem=f"import torch fails, as it also loads torch_npu: {last_words}",
        remedy="repair torch_npu or uninstall it, or set TORCH_DEVICE_BACKEND_AUTOLOAD=0 where no NPU is used",
    )


def as_running(install: AscendInstall, probed: ProbeResult) -> AscendInstall:
    """``install`` with what the running CANN says put before what files say, and in place of the driver's file."""
    versions = dict(probed.versions)
    # torch_npu for CANN 8.0 and before cannot ask CANN. What it read from a file is "not known" where it found none.
    imported = versions.get("torch.version.cann", "").replace("not known", "")
    cann = _said(versions.get("CANN"), "CANN itself") or _said(imported, "torch.version.cann")
    opp_kernel = _said(versions.get("OPP_KERNEL"), "CANN itself")
    return replace(
        install,
        cann=(*([cann] if cann else []), *install.cann),
        opp_kernel=(*([opp_kernel] if opp_kernel else []), *install.opp_kernel),
        driver=_said(versions.get("DRIVER"), "CANN itself") or install.driver,
    )


def _said(value: str | None, place: str) -> FoundVersion | None:
    return FoundVersion(value=value, place=place) if value else None


def probe_npu(
    environ: Mapping[str, str],
    *,
    timeout_s: float = TIMEOUT_S,
    program: Path = PROGRAM,
    interpreter: str = sys.executable,
) -> ProbeResult | Diagnosis:
    """Run ``program`` under ``interpreter`` and ``environ`` for at most ``timeout_s``, and read what it reports."""
    with tempfile.TemporaryDirectory(prefix="ascendperf-probe-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        report = folder / "report"
        report.touch()
        command = [interpreter, str(program), str(report), str(_PACKAGE_ROOT)]
        status = run_to_end(command, environ, folder / "output", timeout_s)
        messages = _messages(report)
        last_words = last_line(folder / "output")
    step = next((str(message["step"]) for message in reversed(messages) if "step" in message), "start Python")
    final = messages[-1] if messages else {}
    # A complete answer counts, even if the runtime crashed on its way out.
    if "result" in final:
        return _answer(fields.as_object(final["result"], "result"))
    if "error" in final:
        error = fields.as_object(final["error"], "error")
        return _failed(step, f"{fields.text(error, 'type')}: {_cause(fields.text(error, 'message'))}")
    if status is None:
        return Diagnosis(
            problem=f"looking for the NPU did not end within {timeout_s:g} s: it hung at the step '{step}'",
            remedy=_RESTART,
        )
    tail = f", its last words: {last_words}" if last_words else ""
    return _failed(step, f"the process {described_end(status)}{tail}")


def _messages(report: Path) -> list[Mapping[str, object]]:
    """The complete lines of the report; the last one is cut short where the process died in the middle of it."""
    messages: list[Mapping[str, object]] = []
    for line in report.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError):
            messages.append(fields.as_object(json.loads(line)))
    return messages


def _answer(result: Mapping[str, object]) -> ProbeResult | Diagnosis:
    devices = tuple(
        _device(fields.as_object(item, "devices[]"))
        for item in fields.as_list(fields.required(result, "devices"), "devices")
    )
    versions = fields.text_mapping(result, "versions")
    if devices:
        return ProbeResult(devices=devices, versions=versions, switches=fields.text_mapping(result, "switches"))
    return Diagnosis(
        problem=f"torch_npu {dict(versions)['torch_npu']} and CANN load, but they find no NPU",
        remedy="see what npu-smi info lists, and inside a container whether it was given /dev/davinci* and the driver",
    )


def _device(data: Mapping[str, object]) -> ProbedDevice:
    return ProbedDevice(
        name=fields.text(data, "name"),
        total_memory_bytes=fields.count(data, "total_memory_bytes"),
        uuid=fields.optional_text(data, "uuid"),
    )


def _failed(step: str, what: str) -> Diagnosis:
    return Diagnosis(
        problem=f"looking for the NPU failed at the step '{step}': {what}",
        remedy=_REMEDIES.get(step, _RESTART),
    )


def _cause(message: str) -> str:
    """The first line of an error of torch_npu, without the advice and the codes that it appends to it."""
    first = next((line.strip() for line in message.splitlines() if line.strip()), "no message")
    for tail in (". Please ", "[ERROR]"):
        first = first.split(tail, 1)[0]
    return shortened(first.strip() or "no message")
