"""What ``npu-smi`` says of one NPU: its clock, and who else is on it.

It is a program of the driver, takes some tenths of a second, and prints text for people, whose format differs from
version to version. So lines are looked for by their names, and what is not found is not known. On the chips whose
outputs are known, an idle one tells a clock far below its rated one. So the device is kept busy while it is asked.

torch counts the chips that a process may use, ``ASCEND_RT_VISIBLE_DEVICES`` names them by logic id, and ``npu-smi``
wants a card and a chip on it; ``npu-smi info -m`` says which is which.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from pytest_ascendperf.devices.child_process import described_end, last_line, run_to_end
from pytest_ascendperf.devices.diagnosis import Diagnosis
from pytest_ascendperf.devices.run_processes import ListedProcess, others_of
from pytest_ascendperf.model.conditions import DeviceConditions

SOURCE = "npu-smi"

TIMEOUT_S = 10.0
"""How long one question may take; a driver that is slower than this is not asked again by this process."""

VISIBLE = "ASCEND_RT_VISIBLE_DEVICES"
"""The variable that lists the logic ids of the chips that a process may use."""

_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/local/Ascend/driver/tools")
"""Where drivers put the program, beside what PATH names."""

_CLOCK, _RATED_CLOCK = "aicorecurfreq(mhz)", "aicorefreq(mhz)"

_PROCESS = re.compile(
    r"Process id\s*:\s*(?P<pid>\d+)"
    r"(?:\s+Process name\s*:(?P<name>.*?))?"
    r"(?:\s+Process memory\(MB\)\s*:\s*(?P<memory>\d+))?"
    r"(?:\s+Process id in container\s*:\s*(?P<inside>\d+|NA))?\s*$",
    re.IGNORECASE | re.MULTILINE,
)


class NpuSmiError(Exception):
    """``npu-smi`` gave no answer; the text says why."""


def find_npu_smi(environ: Mapping[str, str]) -> str | None:
    """The program; None where there is none."""
    return shutil.which("npu-smi", path=os.pathsep.join([environ.get("PATH", ""), *_FOLDERS]))


def examine_npu_smi(environ: Mapping[str, str], logic_id: str) -> str | Diagnosis:
    """What it says of an idle chip, for people; or why it says nothing."""
    program = find_npu_smi(environ)
    if program is None:
        return Diagnosis(
            problem="not found, so a clock held down and other processes on the NPU go unseen",
            remedy="put the driver's npu-smi on PATH, and into the container",
            prevents_use=False,
        )
    try:
        facts, listed = NpuSmi(program, logic_id, environ).look()
    except NpuSmiError as error:
        return Diagnosis(problem=str(error), remedy="run that command by hand", prevents_use=False)
    if _CLOCK not in facts:
        return Diagnosis(
            problem="tells no clock (Aicore curFreq), so a clock held down is seen by the reference work alone",
            remedy="nothing needs to be done if this chip has none",
            prevents_use=False,
        )
    rated = f" of {facts[_RATED_CLOCK]:g}" if _RATED_CLOCK in facts else ""
    return f"clock {facts[_CLOCK]:g}{rated} MHz while idle; processes on it: {len(listed)}"


class NpuSmi:
    """``npu-smi`` about the chip of one logic id."""

    def __init__(
        self, program: str, logic_id: str, environ: Mapping[str, str], *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._program = program
        self._logic_id = logic_id
        self._environ = dict(environ)
        self._timeout_s = timeout_s
        self._problem: str | None = None

    def conditions(self, keep_busy: Callable[[], None]) -> DeviceConditions:
        """The chip as of now, asked while ``keep_busy`` is called again and again."""
        try:
            facts, listed = self.look(keep_busy)
        except NpuSmiError as error:
            return DeviceConditions(source=SOURCE, problem=str(error))
        others = others_of(listed)
        clock_mhz = facts.get(_CLOCK)
        unknown = [
            *(["no clock (Aicore curFreq)"] if clock_mhz is None else []),
            *(["no process of this run among those on the chip"] if others is None else []),
        ]
        return DeviceConditions(
            source=SOURCE,
            clock_mhz=clock_mhz or None,  # 0 is what a chip tells that does not know
            max_clock_mhz=facts.get(_RATED_CLOCK) or None,
            others=others,
            temperature_c=facts.get("temperature(c)", facts.get("nputemperature(c)")),
            power_w=facts.get("npureal-timepower(w)"),
            problem=f"it tells {' and '.join(unknown)}" if unknown else None,
        )

    def look(self, meanwhile: Callable[[], None] | None = None) -> tuple[dict[str, float], tuple[ListedProcess, ...]]:
        """Numbers by name, as of :func:`parse_facts`, and all processes on the chip. Raises NpuSmiError."""
        chip = self._chip
        facts = parse_facts(self._ask("-t", "common", *chip, meanwhile=meanwhile))
        return facts, parse_processes(self._ask("-t", "proc-mem", *chip))

    @cached_property
    def _chip(self) -> tuple[str, ...]:
        """The options that name the chip. Raises NpuSmiError."""
        chips = parse_chips(self._ask("-m"))
        if self._logic_id not in chips:
            raise NpuSmiError(f"npu-smi info -m lists no chip of logic id {self._logic_id}")
        card, chip = chips[self._logic_id]
        return ("-i", card, "-c", chip)

    def _ask(self, *options: str, meanwhile: Callable[[], None] | None = None) -> str:
        """What ``npu-smi info`` prints. Raises NpuSmiError, and after a question without an answer at once."""
        if self._problem is not None:
            raise NpuSmiError(self._problem)
        question = " ".join(("npu-smi info", *options))
        with tempfile.TemporaryDirectory(prefix="ascendperf-npu-smi-", ignore_cleanup_errors=True) as folder:
            output = Path(folder) / "output"
            command = [self._program, "info", *options]
            try:
                status = run_to_end(command, self._environ, output, self._timeout_s, meanwhile=meanwhile)
            except OSError as error:
                self._problem = f"{question} cannot be started: {error.strerror or error}"
                raise NpuSmiError(self._problem) from error
            if status is None:
                self._problem = f"{question} did not end within {self._timeout_s:g} s"
            elif status != 0:
                self._problem = f"{question} {described_end(status)}: {last_line(output) or 'it said nothing'}"
            if self._problem is not None:
                raise NpuSmiError(self._problem)
            return output.read_text(encoding="utf-8", errors="replace")


def parse_chips(text: str) -> dict[str, tuple[str, str]]:
    """Card and chip by logic id, from the table of ``npu-smi info -m``; parts that compute nothing have none."""
    rows = (line.split() for line in text.splitlines())
    return {row[2]: (row[0], row[1]) for row in rows if len(row) > 3 and all(cell.isdecimal() for cell in row[:3])}


def parse_facts(text: str) -> dict[str, float]:
    """Numbers by name, in lower case without spaces, from lines ``name : number``; the first of a name counts.

    The chip comes first. Other parts of its card follow, such as the one that manages it, with the same names.
    """
    facts: dict[str, float] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        found = re.match(r"\s*(-?\d+(?:\.\d+)?)\s*$", value)
        if colon and found:
            facts.setdefault("".join(name.split()).lower(), float(found[1]))
    return facts


def parse_processes(text: str) -> tuple[ListedProcess, ...]:
    """The processes that ``npu-smi info -t proc-mem`` lists."""
    return tuple(
        ListedProcess(
            pid=int(found["inside"] if (found["inside"] or "NA").isdecimal() else found["pid"]),
            name=(found["name"] or "").strip() or None,
            memory_mib=None if found["memory"] is None else float(found["memory"]),
        )
        for found in _PROCESS.finditer(text)
    )
