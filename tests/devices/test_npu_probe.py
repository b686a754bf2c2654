"""Probing in a process of its own, with real processes that abort, hang, babble and answer."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from pytest_ascendperf.devices.cann_install import AscendInstall, read_install
from pytest_ascendperf.devices.diagnosis import Diagnosis
from pytest_ascendperf.devices.npu_probe import (
    NOT_INSTALLED,
    ProbedDevice,
    ProbeResult,
    as_running,
    diagnose_plain_import,
    probe_npu,
)

from .cann_trees import new_cann, sourced

REPOSITORY = Path(__file__).parents[2]

INTERPRETER_VARIABLE = "ASCENDPERF_TEST_TORCH_NPU_PYTHON"
"""Names a Python that has torch_npu, for the tests that need a real one."""

ANSWER = {
    "result": {
        "devices": [
            {"name": "Ascend910B3", "total_memory_bytes": 65536, "uuid": None},
            {"name": "Ascend910B3", "total_memory_bytes": 65536, "uuid": "53494d55"},
        ],
        "versions": {"torch": "2.13.0+cpu", "torch_npu": "2.13.0", "CANN": "9.1.0"},
        "switches": {"jit_compile": "off"},
    }
}

PRELUDE = """
import json, os, signal, subprocess, sys, time
from pathlib import Path
report = open(sys.argv[1], "a", encoding="utf-8")
def tell(message):
    report.write(json.dumps(message) + "\\n")
    report.flush()
"""


def program(tmp_path: Path, code: str) -> Path:
    """A program that is started as the probe is, with ``tell`` to report."""
    path = tmp_path / "program.py"
    path.write_text(PRELUDE + textwrap.dedent(code), encoding="utf-8")
    return path


def probe(tmp_path: Path, code: str, timeout_s: float = 60.0) -> ProbeResult | Diagnosis:
    return probe_npu(os.environ, program=program(tmp_path, code), timeout_s=timeout_s)


def has_ended(process_id: int) -> bool:
    """Whether the process is gone, or dead and not yet waited for."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


def test_an_answer_is_read_between_all_that_is_printed(tmp_path: Path) -> None:
    code = f"""
    print("Warning: ASCEND_HOME_PATH environment variable is not set.")
    print(json.dumps({{"result": {{"devices": []}}}}))
    os.write(2, b"\\xff\\xfe\\x00 not text")
    tell({{"step": "count the devices"}})
    tell({ANSWER!r})
    """
    found = probe(tmp_path, code)
    assert found == ProbeResult(
        devices=(
            ProbedDevice(name="Ascend910B3", total_memory_bytes=65536, uuid=None),
            ProbedDevice(name="Ascend910B3", total_memory_bytes=65536, uuid="53494d55"),
        ),
        versions=(("CANN", "9.1.0"), ("torch", "2.13.0+cpu"), ("torch_npu", "2.13.0")),
        switches=(("jit_compile", "off"),),
    )


def test_an_answer_counts_even_if_the_process_dies_or_hangs_afterwards(tmp_path: Path) -> None:
    assert isinstance(probe(tmp_path, f"tell({ANSWER!r}); os.abort()"), ProbeResult)
    assert isinstance(probe(tmp_path, f"tell({ANSWER!r}); time.sleep(600)", timeout_s=3.0), ProbeResult)


def test_a_process_that_aborts_is_told_with_its_signal_its_step_and_its_last_words(tmp_path: Path) -> None:
    code = """
    tell({"step": "import torch"})
    tell({"step": "count the devices"})
    print("terminate called after throwing an instance of 'std::runtime_error'", flush=True)
    print(flush=True)
    os.abort()
    """
    assert str(probe(tmp_path, code)) == (
        "looking for the NPU failed at the step 'count the devices': the process died of SIGABRT, its last words: "
        "terminate called after throwing an instance of 'std::runtime_error'; "
        "see whether npu-smi info answers, and restart the driver or the host if it does not"
    )


def test_a_signal_without_a_name_is_told_by_its_number(tmp_path: Path) -> None:
    # Linux keeps 35 to 63 for programs; Python has no names for them.
    assert "the process died of signal 40;" in str(probe(tmp_path, "os.kill(os.getpid(), 40); time.sleep(600)"))


def test_a_process_that_dies_in_the_middle_of_a_line_is_not_misread(tmp_path: Path) -> None:
    code = f"""
    tell({{"step": "read the devices"}})
    report.write({json.dumps(ANSWER)[:-5]!r})
    report.flush()
    os.kill(os.getpid(), signal.SIGSEGV)
    """
    found = probe(tmp_path, code)
    assert isinstance(found, Diagnosis)
    assert "'read the devices': the process died of SIGSEGV" in found.problem


def test_a_process_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """A helper that it leaves behind holds its output open, which must not make the probe wait."""
    helper_file = tmp_path / "helper"
    code = f"""
    tell({{"step": "initialise the NPU"}})
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path({str(helper_file)!r}).write_text(str(helper.pid), encoding="utf-8")
    time.sleep(600)
    """
    found = probe(tmp_path, code, timeout_s=5.0)
    assert str(found) == (
        "looking for the NPU did not end within 5 s: it hung at the step 'initialise the NPU'; "
        "see whether npu-smi info answers, and restart the driver or the host if it does not"
    )
    helper = int(helper_file.read_text(encoding="utf-8"))
    deadline = time.monotonic() + 30.0
    while not has_ended(helper):
        assert time.monotonic() < deadline, "the helper still runs"
        time.sleep(0.01)


def test_a_process_that_ends_without_a_word_is_not_taken_for_an_answer(tmp_path: Path) -> None:
    assert str(probe(tmp_path, "sys.exit(3)")) == (
        "looking for the NPU failed at the step 'start Python': the process ended with status 3; "
        "see whether this Python can start a process at all"
    )
    assert "ended with status 0" in str(probe(tmp_path, "pass"))


def test_an_error_of_torch_npu_is_shortened_to_its_cause(tmp_path: Path) -> None:
    message = (
        "libhccl.so: cannot open shared object file: No such file or directory. Please check that the cann package is "
        "installed. Please run 'source set_env.sh' in the CANN installation path.\n"
        "[ERROR] 2026-11-23-10:35:35 (PID:31352, Device:-1, RankID:-1) ERR00005 PTA resource not found"
    )
    code = f"""
    tell({{"step": "import torch_npu"}})
    tell({{"error": {{"type": "ImportError", "message": {message!r}}}}})
    """
    assert str(probe(tmp_path, code)) == (
        "looking for the NPU failed at the step 'import torch_npu': ImportError: libhccl.so: cannot open shared object "
        "file: No such file or directory; see the whole error: python -c 'import torch_npu'"
    )


@pytest.mark.parametrize(
    ("message", "told"),
    [("", "no message"), ("\n\n[ERROR] only", "no message"), ("x" * 1000, "x" * 299 + "…")],
)
def test_an_error_without_a_cause_or_with_too_long_a_one_still_gives_one_sentence(
    tmp_path: Path, message: str, told: str
) -> None:
    found = probe(tmp_path, f"tell({{'error': {{'type': 'RuntimeError', 'message': {message!r}}}}})")
    assert isinstance(found, Diagnosis)
    assert found.problem.endswith(f"RuntimeError: {told}")


def test_software_that_finds_no_device_says_where_to_look(tmp_path: Path) -> None:
    code = 'tell({"result": {"devices": [], "versions": {"torch_npu": "2.13.0"}, "switches": {}}})'
    assert str(probe(tmp_path, code)) == (
        "torch_npu 2.13.0 and CANN load, but they find no NPU; see what npu-smi info lists, and inside a container "
        "whether it was given /dev/davinci* and the driver"
    )


def test_the_environment_is_the_one_given(tmp_path: Path) -> None:
    code = 'tell({"error": {"type": "Seen", "message": os.environ.get("ASCEND_RT_VISIBLE_DEVICES", "unset")}})'
    environ = {**os.environ, "ASCEND_RT_VISIBLE_DEVICES": "3"}
    assert "Seen: 3" in str(probe_npu(environ, program=program(tmp_path, code)))


@pytest.mark.skipif(importlib.util.find_spec("torch_npu") is not None, reason="torch_npu is installed here")
def test_the_real_program_says_that_torch_npu_is_missing() -> None:
    found = probe_npu(os.environ)
    assert isinstance(found, Diagnosis)
    assert "'import torch_npu': ModuleNotFoundError: No module named 'torch_npu'" in found.problem


@pytest.mark.skipif(importlib.util.find_spec("torch_npu") is not None, reason="torch_npu is installed here")
def test_where_torch_npu_is_not_installed_nothing_is_started_and_nothing_heavy_imported(tmp_path: Path) -> None:
    code = """
import json, sys
from pathlib import Path
def forbid(event, arguments):
    if event in ("subprocess.Popen", "os.fork", "os.posix_spawn"):
        raise AssertionError(event)
sys.addaudithook(forbid)
from pytest_ascendperf.devices.npu_probe import find_npu
print(find_npu(json.loads(sys.argv[2]), root=Path(sys.argv[1])))
print(sorted({"torch", "numpy"} & sys.modules.keys()))
"""

    def found(environ: dict[str, str]) -> list[str]:
        command = [sys.executable, "-c", code, str(tmp_path), json.dumps(environ)]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=120)
        return done.stdout.splitlines()

    assert found({}) == [str(NOT_INSTALLED), "[]"]
    home = new_cann(tmp_path, "8.5.0")
    answer, imported = found(sourced(home))
    assert answer.startswith(f"CANN 8.5.0 in {home} is installed, but torch_npu is not")
    assert imported == "[]"


@pytest.fixture
def torch_npu_python() -> str:
    """A Python that has torch_npu."""
    named = os.environ.get(INTERPRETER_VARIABLE)
    if named:
        return named
    if importlib.util.find_spec("torch_npu") is None:
        pytest.skip(f"needs torch_npu: install it, or name a Python that has it in {INTERPRETER_VARIABLE}")
    return sys.executable


def test_the_real_torch_npu_without_cann_is_told_by_the_library_it_misses(torch_npu_python: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ASCEND", "LD_LIBRARY_PATH"))}
    if read_install(environ).homes:
        pytest.skip("CANN is installed on this host")
    found = probe_npu(environ, interpreter=torch_npu_python)
    assert str(found) == (
        "looking for the NPU failed at the step 'import torch_npu': ImportError: libhccl.so: cannot open shared object "
        "file: No such file or directory; see the whole error: python -c 'import torch_npu'"
    )


def test_torch_that_fails_to_load_torch_npu_on_its_own_is_told(
    torch_npu_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without CANN, a plain import of torch fails where torch_npu is installed, unless autoloading is switched off."""
    monkeypatch.setattr(sys, "executable", torch_npu_python)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ASCEND", "LD_LIBRARY_PATH"))}
    environ.pop("TORCH_DEVICE_BACKEND_AUTOLOAD", None)
    if read_install(environ).homes:
        pytest.skip("CANN is installed on this host")
    found = diagnose_plain_import(environ)
    assert found is not None
    assert found.problem == (
        "import torch fails, as it also loads torch_npu: RuntimeError: Failed to load the backend extension: torch_npu"
    )
    assert diagnose_plain_import({**environ, "TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}) is None


def test_what_the_running_cann_says_comes_before_what_files_say(tmp_path: Path) -> None:
    home = new_cann(tmp_path, "8.5.0")
    install = read_install(sourced(home), root=tmp_path)

    def running(**versions: str) -> AscendInstall:
        pairs = tuple(sorted((name.replace("_version_", ".version."), value) for name, value in versions.items()))
        return as_running(install, ProbeResult(devices=(), versions=pairs, switches=()))

    asked = running(CANN="8.5.1", OPP_KERNEL="8.5.0", DRIVER="25.2.0", torch_version_cann="8.5.0")
    assert [str(found) for found in asked.cann] == ["8.5.1 (CANN itself)", *map(str, install.cann)]
    assert [str(found) for found in asked.opp_kernel] == ["8.5.0 (CANN itself)", *map(str, install.opp_kernel)]
    assert str(asked.driver) == "25.2.0 (CANN itself)"
    imported = running(torch_version_cann="8.0.0")
    assert str(imported.cann[0]) == "8.0.0 (torch.version.cann)"
    assert running(torch_version_cann="not known") == install
