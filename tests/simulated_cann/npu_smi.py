#!/usr/bin/env python3
"""The simulated ``npu-smi info``: the scenario's devices, and its neighbour process if it has one.

It uses the standard library only: it is copied into the laid-out CANN.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

_WIDTHS = (27, 15, 52)
#: The process that ``neighbour_share`` or ``neighbour_memory_bytes`` stands for.
_NEIGHBOUR = (4242, "neighbour")


def main(arguments: list[str]) -> int:
    """Print the table. Returns the exit status: 0, or 2 for anything but ``info``."""
    if arguments != ["info"]:
        print("npu-smi (simulated): only 'npu-smi info' is simulated", file=sys.stderr)
        return 2
    scenario = json.loads(Path(os.environ["ASCENDPERF_SIM_SCENARIO"]).read_text(encoding="utf-8"))
    print("\n".join([*_devices(scenario), *_processes(scenario)]))
    return 0


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
    present = scenario["neighbour_share"] > 0 or scenario["neighbour_memory_bytes"] > 0
    lines = [
        _rule("-"),
        _row("NPU     Chip", "Process id", "Process name             Process memory(MB)"),
        _rule("="),
    ]
    for device in range(scenario["device_count"]):
        if present:
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
