#!/usr/bin/env python3
"""The simulated ``npu-smi info``: the scenario's devices, their clock, and who is on them.

On each device are the scenario's neighbour, if it has one, and whoever runs this program. ``-m``, ``-t common`` and
``-t proc-mem`` are laid out as the driver's own program lays them out. It uses the standard library only: it is copied
into the laid-out CANN.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

_WIDTHS = (27, 15, 52)
#: The process that ``neighbour_share`` or ``neighbour_memory_bytes`` stands for.
_NEIGHBOUR = (4242, "neighbour")
#: The clock that a chip is rated for; ``clock_ratio`` is the share of it at which it runs.
_RATED_MHZ = 1800
#: How far the host's numbers of processes are from a container's.
_OUTSIDE = 1_000_000


def main(arguments: list[str]) -> int:
    """Answer. Returns the exit status: 0, 1 where the driver does not answer, or 2 for what is not simulated."""
    scenario = json.loads(Path(os.environ["ASCENDPERF_SIM_SCENARIO"]).read_text(encoding="utf-8"))
    match scenario["npu_smi"]:
        case "hanging":
            time.sleep(3600)
        case "garbage":
            print("\x00\xff: 12\nProcess id:\nAicore curFreq(MHZ) : NA\n0 0")
            return 0
        case "failing":
            print("dcmi module initialize failed. ret is -8005")
            return 1
    lines = _answer(scenario, arguments)
    if lines is None:
        print(f"npu-smi (simulated): {' '.join(arguments)} is not simulated", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


def _answer(scenario: dict[str, Any], arguments: list[str]) -> list[str] | None:
    devices = map(str, range(scenario["device_count"]))
    match arguments:
        case ["info"]:
            return [*_devices(scenario), *_processes(scenario)]
        case ["info", "-m"]:
            return _mapping(scenario)
        case ["info", "-t", "common", "-i", card, "-c", "0"] if card in devices:
            return _common(scenario, card)
        case ["info", "-t", "proc-mem", "-i", card, "-c", "0"] if card in devices:
            return _process_memory(scenario)
    return None


def _mapping(scenario: dict[str, Any]) -> list[str]:
    """Each card has a chip and a part that manages it, which has no logic id."""
    chip = f"Ascend {scenario['soc_name'].removeprefix('Ascend')}"
    rows = [("NPU ID", "Chip ID", "Chip Logic ID", "Chip Name")]
    for device in map(str, range(scenario["device_count"])):
        rows += [(device, "0", device, chip), (device, "1", "-", "Mcu")]
    return ["\t" + "".join(f"{cell:<31}" for cell in row) for row in rows]


def _common(scenario: dict[str, Any], card: str) -> list[str]:
    facts = {
        "NPU ID": card,
        "Chip ID": "0",
        "HBM Usage Rate(%)": "4",
        "Aicore Usage Rate(%)": "99",
        "Aicore Freq(MHZ)": str(_RATED_MHZ),
        "Aicore curFreq(MHZ)": str(round(_RATED_MHZ * scenario["clock_ratio"])),
        "Aicore Count": "20",
        "Temperature(C)": "46",
        "NPU Real-time Power(W)": "130.4",
    }
    return [f"\t{name:<30} : {value}" for name, value in facts.items()]


def _process_memory(scenario: dict[str, Any]) -> list[str]:
    found = [(os.getppid(), "python", 512)]
    if _has_neighbour(scenario):
        found.append((*_NEIGHBOUR, scenario["neighbour_memory_bytes"] // 2**20))
    shift = _OUTSIDE if scenario["npu_smi"] == "outside" else 0
    return [
        f"\tProcess id:{pid + shift}  Process name:{name:<16}  Process memory(MB):{mib}" for pid, name, mib in found
    ]


def _has_neighbour(scenario: dict[str, Any]) -> bool:
    return bool(scenario["neighbour_share"] > 0 or scenario["neighbour_memory_bytes"] > 0)


def _devices(scenario: dict[str, Any]) -> list[str]:
    version = scenario["driver_version"]
    lines = [
        _rule("-", merged=True),
        f"| npu-smi {version:<24}Version: {version} (simulated)".ljust(97) + "|",
        _rule("-"),
        _row("NPU   Name", "Health", "Power(W)    Temp(C)           Hugepages-Usage(page)"),
        _row("Chip", "Bus-Id", "AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)"),
        _rule("="),
    ]
    chip = scenario["soc_name"].removeprefix("Ascend")
    busy = round(100 * scenario["neighbour_share"])
    used, total = (scenario[name] // 2**20 for name in ("neighbour_memory_bytes", "memory_bytes"))
    for device in range(scenario["device_count"]):
        lines += [
            _row(f"{device:<6}{chip}", "OK", "90.0        40                0    / 0"),
            _row("0", f"0000:{device:02X}:00.0", f"{busy:<12}0    / 0          {used} / {total}"),
            _rule("="),
        ]
    return lines


def _processes(scenario: dict[str, Any]) -> list[str]:
    lines = [
        _rule("-"),
        _row("NPU     Chip", "Process id", "Process name             Process memory(MB)"),
        _rule("="),
    ]
    for device in range(scenario["device_count"]):
        if _has_neighbour(scenario):
            pid, name = _NEIGHBOUR
            memory = scenario["neighbour_memory_bytes"] // 2**20
            lines.append(_row(f"{device:<8}0", str(pid), f"{name:<25}{memory}"))
        else:
            lines.append(f"| No running processes found in NPU {device}".ljust(97) + "|")
        lines.append(_rule("="))
    return lines


def _row(*cells: str) -> str:
    return "|" + "|".join(f" {cell}".ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)) + "|"


def _rule(character: str, *, merged: bool = False) -> str:
    joint = character if merged else "+"
    return "+" + joint.join(character * width for width in _WIDTHS) + "+"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
