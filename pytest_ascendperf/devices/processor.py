"""Which processor the host has, as a name for people and as a folder name that stays the same from run to run.

The name is the one its maker gave it where the system hands it out. ARM servers such as Kunpeng hosts hand out two
numbers instead (``CPU implementer`` and ``CPU part`` of MIDR_EL1), which are translated here for cores that are common
in servers. ``lscpu`` would translate more of them, but its names change between its versions, and with them the folder
of every baseline.
"""

from __future__ import annotations

import platform
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")

_ARM_CORES: dict[tuple[int, int], str] = {
    (0x41, 0xD08): "Arm Cortex-A72",
    (0x41, 0xD0C): "Arm Neoverse-N1",
    (0x41, 0xD40): "Arm Neoverse-V1",
    (0x41, 0xD49): "Arm Neoverse-N2",
    (0x41, 0xD4F): "Arm Neoverse-V2",
    (0x48, 0xD01): "HiSilicon Kunpeng-920",
    (0x48, 0xD02): "HiSilicon TaiShan-v120",
    (0x70, 0x662): "Phytium FTC662",
    (0x70, 0x663): "Phytium FTC663",
    (0xC0, 0xAC3): "Ampere-1",
    (0xC0, 0xAC4): "Ampere-1a",
}
"""Names by implementer and part number, as the Linux kernel's ``asm/cputype.h`` and ``lscpu`` assign them."""

_NOISE = re.compile(
    r"\((?:r|tm|c)\)|[®™©]"  # trademarks
    r"|@.*$"  # the nominal clock, which the model number already fixes
    r"|\bwith\b.*$"  # "with Radeon Graphics"
    r"|\b\d+-core\b|\b(?:cpu|processor)\b",
    re.IGNORECASE,
)

_LONGEST_FOLDER_NAME = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """The host's processor."""

    name: str
    """The chip as its maker calls it; ``unidentified`` and the machine type where the system does not say."""
    revision: str | None
    """Family, model and stepping of an x86 processor; hypervisors often shorten the name to the maker's."""

    @property
    def chip_id(self) -> str:
        """The chip as a folder name, such as ``cpu-intel-xeon-platinum-8358``."""
        return f"cpu-{folder_name(self.name)}"


def read_processor() -> Processor:
    """The processor of this host."""
    system, machine = platform.system(), platform.machine()
    if system == "Linux" and _CPUINFO.is_file():
        return parse_cpuinfo(_CPUINFO.read_text(encoding="utf-8", errors="replace"), machine)
    name = _macos_name() if system == "Darwin" else platform.processor()
    return Processor(name=name or _unidentified(machine), revision=None)


def parse_cpuinfo(text: str, machine: str) -> Processor:
    """The processor that the text of ``/proc/cpuinfo`` describes, on an architecture such as ``aarch64``."""
    cores = list(_cores(text))
    first = cores[0] if cores else {}
    name = first.get("model name", "")
    # 32-bit ARM kernels write the architecture here, and some hypervisors write "unknown".
    if name.lower() in ("", "unknown") or name.startswith(("ARMv", "AArch64")):
        name = _arm_name(cores) or first.get("cpu model", "") or _unidentified(machine)
    parts = [(word, first.get(key)) for word, key in (("family", "cpu family"), ("model", "model"))]
    known = [f"{word} {value}" for word, value in [*parts, ("stepping", first.get("stepping"))] if value]
    return Processor(name=" ".join(name.split()), revision=" ".join(known) or None)


def folder_name(name: str) -> str:
    """``name`` as lower-case letters, digits and single hyphens, without trademarks, clocks and core counts."""
    plain = unicodedata.normalize("NFKD", _NOISE.sub(" ", name)).encode("ascii", "ignore").decode("ascii")
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST_FOLDER_NAME].strip("-")
    return slug or "unidentified"


def _cores(text: str) -> Iterator[dict[str, str]]:
    """One mapping per paragraph that describes a core, keys in lower case, first value of a key wins."""
    for paragraph in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        for line in paragraph.splitlines():
            key, colon, value = line.partition(":")
            if colon:
                fields.setdefault(key.strip().lower(), value.strip())
        # Paragraphs about the board ("Hardware : ...") have no processor line.
        if "processor" in fields:
            yield fields


def _arm_name(cores: list[dict[str, str]]) -> str:
    """Names of the distinct core types of an ARM host, joined by `` + ``; empty where the numbers are missing."""
    names: set[str] = set()
    for core in cores:
        try:
            numbers = int(core["cpu implementer"], 16), int(core["cpu part"], 16)
        except (KeyError, ValueError):
            continue
        names.add(_ARM_CORES.get(numbers, f"Arm core {numbers[0]:#x}/{numbers[1]:#x}"))
    return " + ".join(sorted(names))


def _macos_name() -> str:
    command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _unidentified(machine: str) -> str:
    return f"unidentified {machine or 'machine'}"
