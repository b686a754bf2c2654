"""The doctor's text: every fact on a line, and with every fault what to do about it."""

from __future__ import annotations

from dataclasses import replace

from pytest_ascendperf.devices.cann_install import AscendInstall
from pytest_ascendperf.devices.diagnosis import Diagnosis
from pytest_ascendperf.devices.host_state import HostState
from pytest_ascendperf.devices.npu_probe import NOT_INSTALLED, ProbedDevice, ProbeResult
from pytest_ascendperf.devices.version_files import FoundVersion
from pytest_ascendperf.model.conditions import Conditions, HostConditions
from pytest_ascendperf.report.doctor import Examination, doctor_text

DEVICE = ProbedDevice(name="Ascend910B3", total_memory_bytes=64 * 2**30, uuid=None)

HEALTHY = Examination(
    device="npu",
    npu=ProbeResult(
        devices=(DEVICE, DEVICE),
        versions=(("CANN", "8.5.0"),),
        switches=(("conv_hf32", "on"), ("jit_compile", "off")),
    ),
    install=AscendInstall(
        torch="2.9.0+cpu",
        torch_npu=FoundVersion(value="2.9.0", place="metadata of the installed package"),
        homes=(),
        cann=(FoundVersion(value="8.5.0", place="CANN itself"), FoundVersion(value="8.5.0", place="version.cfg")),
        opp_kernel=(FoundVersion(value="8.5.0", place="CANN itself"),),
        driver=FoundVersion(value="25.2.0", place="CANN itself"),
        firmware=FoundVersion(value="7.7.0.6.236", place="firmware/version.info"),
    ),
    diagnoses=(),
    torch_import=None,
    processor="HiSilicon Kunpeng-920",
    refusals=(),
    knobs=(("TASK_QUEUE_ENABLE", "2"),),
    host=HostState(governors=(("performance", 192),), load=1.25, processors=192),
    watched=Conditions(host=HostConditions(steal_share=0.0, waiting_share=0.0)),
    npu_smi="clock 800 of 1800 MHz while idle; processes on it: 0",
)

NOTHING = AscendInstall(torch="2.13.0", torch_npu=None, homes=(), cann=(), opp_kernel=(), driver=None, firmware=None)

ONLY_CPU = replace(HEALTHY, device="cpu", npu=NOT_INSTALLED, install=NOTHING, knobs=(), npu_smi=None)


def marked(examination: Examination, mark: str) -> list[str]:
    return [line for line in doctor_text(examination).splitlines() if line.startswith(f"{mark} ")]


def test_a_healthy_npu_has_every_fact_on_a_line_and_nothing_marked() -> None:
    assert HEALTHY.can_measure
    assert doctor_text(HEALTHY).splitlines() == [
        "ascendperf doctor: the npu can be measured on",
        "",
        "  npu:0         Ascend910B3, 64.0 GiB",
        "  npu:1         Ascend910B3, 64.0 GiB",
        "  cpu           HiSilicon Kunpeng-920, 192 processors for this process",
        "  torch         2.9.0+cpu",
        "  torch_npu     2.9.0 (metadata of the installed package)",
        "  CANN          8.5.0 (CANN itself)",
        "                8.5.0 (version.cfg)",
        "  OPP kernel    8.5.0 (CANN itself)",
        "  driver        25.2.0 (CANN itself)",
        "  firmware      7.7.0.6.236 (firmware/version.info)",
        "  switches      conv_hf32=on, jit_compile=off",
        "  environment   TASK_QUEUE_ENABLE=2",
        "  npu-smi       clock 800 of 1800 MHz while idle; processes on it: 0",
        "  governor      performance",
        "  load          1.2 runnable threads on 192 processors in the last minute",
        "  counters      /proc/stat and /proc/self/task/*/schedstat tell who else had the processors",
    ]


def test_a_host_that_is_to_use_its_cpu_is_told_why_not_the_npu_without_a_fault() -> None:
    assert ONLY_CPU.can_measure
    assert doctor_text(ONLY_CPU).splitlines() == [
        "ascendperf doctor: the cpu can be measured on",
        "",
        f"  npu           {NOT_INSTALLED}",
        "  cpu           HiSilicon Kunpeng-920, 192 processors for this process",
        "  torch         2.13.0",
        "  governor      performance",
        "  load          1.2 runnable threads on 192 processors in the last minute",
        "  counters      /proc/stat and /proc/self/task/*/schedstat tell who else had the processors",
    ]


def test_an_absent_npu_is_told_once_and_with_what_to_do() -> None:
    absent = Diagnosis(problem="CANN is not found", remedy="install CANN")
    other = Diagnosis(problem="ASCEND_RT_VISIBLE_DEVICES=1,0 is not in ascending order", remedy="set it to 0,1")
    examination = replace(HEALTHY, npu=absent, diagnoses=(absent, other), knobs=())
    assert not examination.can_measure
    assert doctor_text(examination).startswith("ascendperf doctor: the npu cannot be measured on\n")
    assert marked(examination, "!") == [
        "! npu           CANN is not found; install CANN",
        "! installation  ASCEND_RT_VISIBLE_DEVICES=1,0 is not in ascending order; set it to 0,1",
    ]
    assert "  environment   sets nothing that changes a measurement" in doctor_text(examination)


def test_what_is_merely_suspicious_does_not_prevent_measuring() -> None:
    doubt = Diagnosis(problem="two places disagree", remedy="install one version", prevents_use=False)
    host = HostState(governors=(("performance", 1), ("powersave", 3)), load=2.0, processors=4)
    examination = replace(HEALTHY, diagnoses=(doubt,), host=host)
    assert examination.can_measure
    assert marked(examination, "!") == []
    assert marked(examination, "?") == [
        "? installation  two places disagree; install one version",
        "? governor      performance on 1 processors, powersave on 3 processors: the clock follows the load, and times "
        "with it; run: cpupower frequency-set --governor performance",
        "? load          2.0 runnable threads on 4 processors in the last minute: the host is busy; end what else runs "
        "there before you measure",
    ]


def test_a_refusal_prevents_measuring_on_the_npu() -> None:
    refusal = "ASCEND_LAUNCH_BLOCKING=1: every launch waits for the device; unset ASCEND_LAUNCH_BLOCKING"
    examination = replace(HEALTHY, refusals=(refusal,))
    assert not examination.can_measure
    assert marked(examination, "!") == [f"! environment   {refusal}"]


def test_a_torch_that_does_not_import_prevents_measuring_on_the_cpu_and_is_no_news_on_the_npu() -> None:
    broken = Diagnosis(problem="import torch fails", remedy="set TORCH_DEVICE_BACKEND_AUTOLOAD=0")
    on_cpu = replace(ONLY_CPU, torch_import=broken)
    assert not on_cpu.can_measure
    assert marked(on_cpu, "!") == ["! torch         import torch fails; set TORCH_DEVICE_BACKEND_AUTOLOAD=0"]
    assert marked(replace(HEALTHY, torch_import=broken), "?") == [
        "? torch         import torch fails; set TORCH_DEVICE_BACKEND_AUTOLOAD=0"
    ]


def test_without_torch_nothing_can_be_measured() -> None:
    examination = replace(ONLY_CPU, install=replace(NOTHING, torch=None))
    assert not examination.can_measure
    assert marked(examination, "!") == ["! torch         not installed; run: python -m pip install torch"]


def test_a_system_that_does_not_tell_is_not_blamed() -> None:
    examination = replace(HEALTHY, host=HostState(governors=(), load=None, processors=4))
    assert doctor_text(examination).splitlines()[-3:-1] == [
        "  governor      the system does not tell",
        "  load          the system does not tell",
    ]


def test_versions_that_were_not_found_are_said_not_to_be() -> None:
    install = replace(
        HEALTHY.install, torch_npu=None, cann=(), opp_kernel=(), driver=HEALTHY.install.driver, firmware=None
    )
    lines = doctor_text(replace(HEALTHY, install=install)).splitlines()
    for line in (
        "  torch_npu     not installed",
        "  CANN          no version found",
        "  firmware      no version found",
    ):
        assert line in lines


def test_counters_that_cannot_be_read_are_named_with_what_goes_unseen() -> None:
    hidden = replace(HEALTHY, watched=Conditions(host=HostConditions(steal_share=0.0)))
    (line,) = marked(hidden, "?")
    assert line.startswith("? counters      /proc/self/task/*/schedstat cannot be read: who else had the processors")
    (line,) = marked(replace(HEALTHY, watched=None), "?")
    assert line.startswith("? counters      /proc/stat and /proc/self/task/*/schedstat cannot be read")


def test_an_npu_smi_that_says_nothing_is_suspicious() -> None:
    silent = Diagnosis(problem="not found", remedy="put it on PATH", prevents_use=False)
    assert marked(replace(HEALTHY, npu_smi=silent), "?") == ["? npu-smi       not found; put it on PATH"]
    assert replace(HEALTHY, npu_smi=silent).can_measure
