"""The fixed copy: real times, buffers that stay, and pages of their own."""

from __future__ import annotations

import mmap
import tracemalloc

from pytest_ascendperf.devices.cpu import CpuDevice
from pytest_ascendperf.devices.memory_speed import MemorySpeed

MIB = 2**20


def test_a_look_copies_all_of_a_buffer_and_tells_what_each_copy_took_but_the_first() -> None:
    speed = MemorySpeed()
    target, source = speed._buffers
    times_us = speed.look_us()
    assert target == source
    assert len(times_us) == 4
    assert all(us > 0.0 for us in times_us)


def test_the_cpu_looks_at_the_memory_of_its_host() -> None:
    assert len(CpuDevice().memory_work_us()) == 4


def test_later_looks_take_no_memory() -> None:
    speed = MemorySpeed()
    speed.look_us()
    tracemalloc.start()
    try:
        speed.look_us()
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < MIB


def test_all_pages_of_both_buffers_are_there_before_the_first_copy() -> None:
    """Pages that were never written are all one and the same, so copying them tells nothing."""
    speed = MemorySpeed()
    target, source = speed._buffers
    assert target.nbytes == source.nbytes == 16 * MIB
    page = mmap.PAGESIZE
    assert all(target[::page])
    assert all(source[::page])
