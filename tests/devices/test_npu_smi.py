"""What is read of npu-smi: outputs of several versions, and programs that fail in every way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ascendperf.devices.diagnosis import Diagnosis
from pytest_ascendperf.devices.npu_smi import (
    NpuSmi,
    examine_npu_smi,
    find_npu_smi,
    parse_chips,
    parse_facts,
    parse_processes,
)
from pytest_ascendperf.devices.run_processes import ListedProcess, is_of_this_run, others_of
from pytest_ascendperf.model.conditions import OtherProcess

ONE_CHIP_A_CARD = """\
\tNPU ID                         Chip ID                        Chip Logic ID                  Chip Name
\t0                              0                              0                              Ascend 910B3
\t0                              1                              -                              Mcu
\t4                              0                              1                              Ascend 910B3
\t4                              1                              -                              Mcu
"""
TWO_CHIPS_A_CARD = """\
\tNPU ID           Chip ID          Chip Logic ID    Chip Phy-ID      Chip Name
\t0                0                0                0                Ascend910
\t0                1                1                1                Ascend910
\t0                2                -                -                Mcu
\t1                0                2                2                Ascend910
"""
COMMON = """\
\tNPU ID                         : 1
\tChip Count                     : 1

\tChip ID                        : 0
\tMemory Usage Rate(%)           : 0
\tHBM Usage Rate(%)              : 91
\tAicore Usage Rate(%)           : 6
\tAicore Freq(MHZ)               : 1800
\tAicore curFreq(MHZ)            : 1650
\tAicore Count                   : 20
\tTemperature(C)                 : 46
\tNPU Real-time Power(W)         : 130.4

\tChip Name                      : mcu
\tTemperature(C)                 : 40
"""
SHELL = Path("/bin/sh")
needs_shell = pytest.mark.skipif(not SHELL.exists(), reason="the programs of this test are shell scripts")
Program = Callable[[str], str]


def test_chips_are_found_by_logic_id() -> None:
    assert parse_chips(ONE_CHIP_A_CARD) == {"0": ("0", "0"), "1": ("4", "0")}
    assert parse_chips(TWO_CHIPS_A_CARD) == {"0": ("0", "0"), "1": ("0", "1"), "2": ("1", "0")}
    assert parse_chips("dcmi model initialized failed\n0 0\n0 0 0\n") == {}


def test_facts_are_those_of_the_chip_and_numbers() -> None:
    facts = parse_facts(COMMON)
    assert facts["aicorecurfreq(mhz)"] == 1650.0
    assert facts["aicorefreq(mhz)"] == 1800.0
    assert facts["npureal-timepower(w)"] == 130.4
    assert facts["temperature(c)"] == 46.0
    assert "chipname" not in facts
    assert parse_facts("Aicore curFreq(MHZ) : NA\nTemperature (C) : -3\nBus : 0000:61:00.0\n") == {
        "temperature(c)": -3.0
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "\tProcess id:899293  Process name:VLLMWorker_TP  Process memory(MB):57280",
            ListedProcess(pid=899293, name="VLLMWorker_TP", memory_mib=57280.0),
        ),
        (
            "Process id:907864  Process name:                  Process memory(MB):134",
            ListedProcess(pid=907864, name=None, memory_mib=134.0),
        ),
        (
            "Process id:1002 Process name:a train job Process memory(MB):512 Process id in container:101",
            ListedProcess(pid=101, name="a train job", memory_mib=512.0),
        ),
        (
            "Process id:1002 Process name:python Process memory(MB):512 Process id in container:NA",
            ListedProcess(pid=1002, name="python", memory_mib=512.0),
        ),
        ("Process id : 7", ListedProcess(pid=7, name=None, memory_mib=None)),
    ],
)
def test_processes_of_every_known_format(line: str, expected: ListedProcess) -> None:
    assert parse_processes(f"\tNPU ID : 0\n{line}\n{line}\n") == (expected, expected)


@pytest.mark.parametrize("text", ["", "\tNo process in device.\n", "Process id: none\n"])
def test_no_processes(text: str) -> None:
    assert parse_processes(text) == ()


def listed(*pids: int) -> tuple[ListedProcess, ...]:
    return tuple(ListedProcess(pid=pid, name="python", memory_mib=None) for pid in pids)


def test_others_are_those_that_do_not_belong_to_this_run() -> None:
    assert others_of(listed(os.getpid())) == ()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert others_of(listed(os.getpid(), 1, child.pid)) == (OtherProcess(pid=1, name="python"),)
        child.communicate(b"\n")


def test_processes_that_are_numbered_otherwise_are_not_told_apart() -> None:
    """From inside a container: the one that asks is surely on the device, and not in the list."""
    assert others_of(()) is None
    assert others_of(listed(os.getpid() + 10**6, 1)) is None


@pytest.fixture
def proc(tmp_path: Path) -> Callable[..., None]:
    """Writes processes of a made-up /proc: number, parent, program."""

    def write(pid: int, parent: int, program: str) -> None:
        folder = tmp_path / str(pid)
        folder.mkdir()
        (folder / "stat").write_text(f"{pid} (a) b) S {parent} 1 1", encoding="utf-8")
        (folder / "exe").symlink_to(program)

    return write


def test_a_run_is_the_tree_below_the_topmost_interpreter(tmp_path: Path, proc: Callable[..., None]) -> None:
    """Job runner 5, in Python > shell 10 > controller 20 > workers 30, 31 > fresh process 40 of 31 > its helper 50."""
    for pid, parent, program in (
        (1, 0, "/sbin/init"),
        (5, 1, "/usr/bin/python3"),
        (10, 5, "/bin/bash"),
        (11, 10, "/usr/bin/python3"),
        (20, 10, "/usr/bin/python3"),
        (30, 20, "/usr/bin/python3"),
        (31, 20, "/usr/bin/python3"),
        (40, 31, "/usr/bin/python3"),
        (50, 40, "/usr/bin/msprof"),
    ):
        proc(pid, parent, program)
    for own in (20, 30, 31, 40):
        related = {
            pid for pid in (1, 5, 10, 11, 20, 30, 31, 40, 50, 99) if is_of_this_run(pid, proc=tmp_path, own_pid=own)
        }
        assert related == {20, 30, 31, 40, 50}, own


def test_a_system_without_proc_knows_its_own_process_only(tmp_path: Path) -> None:
    assert is_of_this_run(7, proc=tmp_path / "none", own_pid=7)
    assert not is_of_this_run(8, proc=tmp_path / "none", own_pid=7)


def test_a_real_child_belongs_to_this_run_and_the_first_process_does_not() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert is_of_this_run(child.pid)
        child.communicate(b"\n")
    assert not is_of_this_run(1)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Makes an npu-smi of a shell script."""

    def make(script: str) -> str:
        path = tmp_path / "npu-smi"
        path.write_text(f"#!{SHELL}\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return make


@needs_shell
def test_a_chip_is_asked_by_card_and_chip_while_it_is_kept_busy(program: Program, tmp_path: Path) -> None:
    path = program(
        f"echo $* >>{tmp_path}/asked\n"
        'case "$*" in\n'
        f"'info -m') printf '%s' '{TWO_CHIPS_A_CARD}';;\n"
        f"*common*) while [ ! -e {tmp_path}/busy ]; do sleep 0.01; done; printf '%s' '{COMMON}';;\n"
        f"*proc-mem*) echo 'Process id:{os.getpid()} Process name:p Process memory(MB):1'; echo 'Process id:1';;\n"
        "esac"
    )
    smi = NpuSmi(path, "1", os.environ)
    found = smi.conditions((tmp_path / "busy").touch)
    again = smi.conditions((tmp_path / "busy").touch)
    assert (found.clock_mhz, found.max_clock_mhz, found.temperature_c, found.power_w) == (1650.0, 1800.0, 46.0, 130.4)
    assert found.others == (OtherProcess(pid=1),)
    assert (found.source, found.problem, found.throttling) == ("npu-smi", None, None)
    assert again == found
    assert (tmp_path / "asked").read_text(encoding="utf-8").splitlines() == [
        "info -m",
        *["info -t common -i 0 -c 1", "info -t proc-mem -i 0 -c 1"] * 2,
    ]


@needs_shell
@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (
            "echo dcmi module initialize failed. ret is -8005; exit 1",
            "ended with status 1: dcmi module initialize failed",
        ),
        ("exit 3", "npu-smi info -m ended with status 3: it said nothing"),
        ("kill -SEGV $$", "died of SIGSEGV"),
        ("sleep 60", "npu-smi info -m did not end within 0.5 s"),
        ("echo hello", "npu-smi info -m lists no chip of logic id 5"),
        ("printf '\\377\\000 0 5 x'", "lists no chip of logic id 5"),
        ("echo 0 0 5 Ascend", "it tells no clock (Aicore curFreq) and no process of this run among those on the chip"),
    ],
)
def test_a_program_that_gives_no_answer_is_told_and_not_guessed_at(program: Program, script: str, problem: str) -> None:
    found = NpuSmi(program(script), "5", os.environ, timeout_s=0.5).conditions(lambda: None)
    assert found.problem is not None
    assert problem in found.problem
    assert (found.clock_mhz, found.max_clock_mhz, found.others, found.temperature_c) == (None, None, None, None)


@needs_shell
def test_a_program_that_hangs_is_waited_for_once(program: Program, tmp_path: Path) -> None:
    smi = NpuSmi(program(f"echo x >>{tmp_path}/asked; sleep 60"), "0", os.environ, timeout_s=0.3)
    assert smi.conditions(lambda: None) == smi.conditions(lambda: None)
    assert (tmp_path / "asked").read_text(encoding="utf-8") == "x\n"


def test_a_program_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    found = NpuSmi(str(tmp_path / "none"), "0", os.environ).conditions(lambda: None)
    assert found.problem == "npu-smi info -m cannot be started: No such file or directory"


@needs_shell
def test_the_program_is_looked_for_on_the_path(program: Program, tmp_path: Path) -> None:
    path = program("exit 0")
    assert find_npu_smi({"PATH": f"/none{os.pathsep}{tmp_path}"}) == path


@needs_shell
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 1", "npu-smi info -m ended with status 1: it said nothing; run that command by hand"),
        ("echo 0 0 3 Ascend", "tells no clock (Aicore curFreq)"),
        ("echo 0 0 0 Ascend", "npu-smi info -m lists no chip of logic id 3"),
        ("echo 0 0 3 Ascend; echo 'Aicore curFreq(MHZ): 800'; echo 'Aicore Freq(MHZ): 1800'; echo 'Process id:7'", ""),
    ],
)
def test_the_doctor_asks_it_too(program: Program, tmp_path: Path, script: str, words: str) -> None:
    program(script)
    found = examine_npu_smi({"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}, "3")
    if words:
        assert isinstance(found, Diagnosis)
        assert words in str(found)
        assert not found.prevents_use
    else:
        assert found == "clock 800 of 1800 MHz while idle; processes on it: 1"


def test_the_doctor_says_what_goes_unseen_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_ascendperf.devices.npu_smi.find_npu_smi", lambda environ: None)
    assert str(examine_npu_smi({}, "0")).startswith("not found, so a clock held down and other processes")
