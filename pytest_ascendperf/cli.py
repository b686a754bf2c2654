"""The command ``ascendperf``: what there is to do outside a test run."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_ascendperf.devices import npu_knobs
from pytest_ascendperf.devices.cann_diagnosis import diagnose_install
from pytest_ascendperf.devices.cann_install import DEFAULT_ROOT, read_install
from pytest_ascendperf.devices.host_state import read_host_state
from pytest_ascendperf.devices.host_watch import HostWatch
from pytest_ascendperf.devices.npu_probe import TIMEOUT_S, ProbeResult, as_running, diagnose_plain_import, find_npu
from pytest_ascendperf.devices.npu_smi import VISIBLE, examine_npu_smi
from pytest_ascendperf.devices.processor import read_processor
from pytest_ascendperf.errors import ProfileError
from pytest_ascendperf.fusion.catalogue import catalogue
from pytest_ascendperf.model.kernels import KernelTrace
from pytest_ascendperf.model.profile_tables import StepTime
from pytest_ascendperf.profiles.folder import find_profile, open_profile
from pytest_ascendperf.profiles.statistic_csv import read_operator_statistic, read_step_times
from pytest_ascendperf.report.doctor import Examination, doctor_text
from pytest_ascendperf.report.fusion import fusion_report
from pytest_ascendperf.report.profile import operator_table, profile_report

_PIPE_CLOSED = 141
"""The status that a shell gives a program that SIGPIPE ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with ``arguments`` (None: those of the process) and return its exit status."""
    try:
        status = _run(_parser().parse_args(arguments))
        sys.stdout.flush()  # what is still held back would meet the closed pipe after this function
        return status
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more at its end
        return _PIPE_CLOSED


def _run(options: argparse.Namespace) -> int:
    if options.command == "show":
        return _show(Path(options.profile), slowest=options.slowest, fusion=options.fusion)
    examination = examine(
        os.environ, device=options.device, root=Path(options.ascend_root), timeout_s=options.timeout_s
    )
    print(doctor_text(examination))
    return 0 if examination.can_measure else 1


def _show(path: Path, *, slowest: int, fusion: bool) -> int:
    try:
        lines = _profile_lines(path, slowest=slowest, fusion=fusion)
    except ProfileError as error:
        print(f"ascendperf show: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


def _profile_lines(path: Path, *, slowest: int, fusion: bool) -> list[str]:
    if not path.is_dir():
        return _trace_lines(open_profile(path), (), slowest=slowest, fusion=fusion)
    files = find_profile(path)
    if not files.kernel_tables and files.timeline is None and files.operator_statistic is not None:
        stats = read_operator_statistic(files.operator_statistic)
        return [
            "only totals per operator are there, no single kernels",
            "",
            *operator_table(stats[:slowest], of=len(stats)),
        ]
    steps = () if files.step_times is None else read_step_times(files.step_times)
    return _trace_lines(open_profile(path), steps, slowest=slowest, fusion=fusion)


def _trace_lines(trace: KernelTrace, steps: Sequence[StepTime], *, slowest: int, fusion: bool) -> list[str]:
    lines = profile_report(trace, steps, slowest=slowest)
    return [*lines, "", *fusion_report(trace, catalogue())] if fusion else lines


def examine(environ: Mapping[str, str], *, device: str, root: Path, timeout_s: float) -> Examination:
    """Look at the device called ``device``, or with ``auto`` at the NPU where anything of Ascend is installed."""
    install = read_install(environ, root=root)
    npu = find_npu(environ, root=root, timeout_s=timeout_s)
    torch_import = None
    if isinstance(npu, ProbeResult):
        install = as_running(install, npu)
    elif install.torch_npu is not None:
        torch_import = diagnose_plain_import(environ, timeout_s=timeout_s)
    if device == "auto":
        device = "cpu" if install.is_empty else "npu"
    return Examination(
        device=device,
        npu=npu,
        install=install,
        diagnoses=diagnose_install(install, environ),
        torch_import=torch_import,
        processor=read_processor().name,
        refusals=npu_knobs.refusals(environ) if device == "npu" else (),
        knobs=tuple(sorted({**npu_knobs.hard_keys(environ), **npu_knobs.soft_keys(environ)}.items())),
        host=read_host_state(),
        watched=HostWatch().conditions(),
        npu_smi=examine_npu_smi(environ, environ.get(VISIBLE, "0").partition(",")[0]) if device == "npu" else None,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ascendperf", description="Performance-regression gate for Ascend NPUs.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    show = commands.add_parser(
        "show",
        help="what ran in a profile: the slowest operators, long events, steps",
        description="Print what ran in a profile that CANN's, torch_npu's or PyTorch's profiler wrote.",
    )
    show.add_argument(
        "profile", metavar="PROFILE", help="a profile's folder, such as *_ascend_pt or PROF_*, or a file of it"
    )
    show.add_argument(
        "--slowest", type=_count, default=10, metavar="N", help="how many operators to list (default: %(default)s)"
    )
    show.add_argument("--fusion", action="store_true", help="say too which known fusions took effect and which did not")
    doctor = commands.add_parser(
        "doctor",
        help="which device and software are there, and what spoils timing",
        description="Say which device and software are there, what spoils timing, and what to do about it. "
        "Ends with status 0 if the device can be measured on, else with 1.",
    )
    doctor.add_argument(
        "--device",
        choices=("auto", "npu", "cpu"),
        default="auto",
        help="the device to examine; auto is the NPU where anything of Ascend is installed, else the CPU",
    )
    doctor.add_argument(
        "--timeout-s",
        type=float,
        default=TIMEOUT_S,
        metavar="S",
        help="how long looking for the NPU may take (default: %(default)g)",
    )
    doctor.add_argument(
        "--ascend-root",
        default=str(DEFAULT_ROOT),
        metavar="FOLDER",
        help="where the driver is, and CANN if the environment does not lead to it (default: %(default)s)",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
