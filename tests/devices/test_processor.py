"""Processor names: real texts of /proc/cpuinfo in, stable names and folder names out."""

from __future__ import annotations

import platform
import re

import pytest

from pytest_ascendperf.devices.processor import folder_name, parse_cpuinfo, read_processor

XEON = """\
processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 106
model name\t: Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz
stepping\t: 6

processor\t: 1
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 106
model name\t: Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz
stepping\t: 6
"""

KUNPENG = """\
processor\t: 0
BogoMIPS\t: 200.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp
CPU implementer\t: 0x48
CPU architecture: 8
CPU variant\t: 0x1
CPU part\t: 0xd01
CPU revision\t: 0
"""

BIG_LITTLE = """\
processor\t: 0
CPU implementer\t: 0x41
CPU part\t: 0xd08

processor\t: 1
CPU implementer\t: 0x48
CPU part\t: 0xd77

Hardware\t: Some board
"""


def test_an_x86_server_has_its_makers_name_and_its_revision() -> None:
    processor = parse_cpuinfo(XEON, "x86_64")
    assert processor.name == "Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz"
    assert processor.chip_id == "cpu-intel-xeon-platinum-8358"
    assert processor.revision == "family 6 model 106 stepping 6"


def test_a_kunpeng_host_is_named_from_its_core_numbers() -> None:
    processor = parse_cpuinfo(KUNPENG, "aarch64")
    assert processor.name == "HiSilicon Kunpeng-920"
    assert processor.chip_id == "cpu-hisilicon-kunpeng-920"
    assert processor.revision is None


def test_cores_of_several_kinds_are_all_named_and_unknown_ones_by_number() -> None:
    processor = parse_cpuinfo(BIG_LITTLE, "aarch64")
    assert processor.name == "Arm Cortex-A72 + Arm core 0x48/0xd77"
    assert processor.chip_id == "cpu-arm-cortex-a72-arm-core-0x48-0xd77"


def test_the_architecture_is_not_taken_for_a_name() -> None:
    text = KUNPENG.replace("BogoMIPS", "model name\t: ARMv8 Processor rev 0 (v8l)\nBogoMIPS")
    assert parse_cpuinfo(text, "aarch64").name == "HiSilicon Kunpeng-920"


@pytest.mark.parametrize("text", ["", "\n\n", "no colon here\n", "processor\t: 0\nmodel name\t: unknown\n"])
def test_a_host_that_does_not_say_is_called_unidentified(text: str) -> None:
    processor = parse_cpuinfo(text, "riscv64")
    assert processor.name == "unidentified riscv64"
    assert processor.chip_id == "cpu-unidentified-riscv64"


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("AMD EPYC 7763 64-Core Processor", "amd-epyc-7763"),
        ("AMD Ryzen 7 PRO 4750U with Radeon Graphics", "amd-ryzen-7-pro-4750u"),
        ("12th Gen Intel(R) Core(TM) i7-12700K", "12th-gen-intel-core-i7-12700k"),
        ("Intel Xeon Processor (Skylake, IBRS)", "intel-xeon-skylake-ibrs"),
        ("Apple M2 Pro", "apple-m2-pro"),
        ("../../etc", "etc"),
        ("处理器", "unidentified"),
        ("", "unidentified"),
        ("Processor", "unidentified"),
    ],
)
def test_folder_names_hold_the_model_and_nothing_else(name: str, folder: str) -> None:
    assert folder_name(name) == folder


def test_folder_names_are_bounded() -> None:
    assert folder_name("x" * 1000) == "x" * 64
    assert folder_name("a" * 63 + " b") == "a" * 63


def test_this_host_has_a_name() -> None:
    processor = read_processor()
    assert processor.name.strip() == processor.name != ""
    assert re.fullmatch(r"cpu-[a-z0-9]+(-[a-z0-9]+)*", processor.chip_id)
    assert read_processor() == processor


@pytest.mark.skipif(platform.system() != "Linux" or platform.machine() != "x86_64", reason="needs Linux on x86")
def test_an_x86_linux_host_has_a_revision() -> None:
    assert re.fullmatch(r"family \d+ model \d+ stepping \d+", read_processor().revision or "")
