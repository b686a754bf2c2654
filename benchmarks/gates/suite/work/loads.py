"""Works of 0.5 to 20 ms a call. A call is 100 equal units, so one per cent more of it is one unit more: real work.

torch runs on one thread and is loaded by the works that use it alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from work.slowdown import EXTRA_PERCENT

UNITS = 100
"""Units in a call of the base revision."""

Work = Callable[[int], object]
"""Does the given number of units."""


def python_loop() -> Work:
    """Interpreted arithmetic."""

    def work(units: int) -> int:
        total = 0
        for _ in range(units):
            for number in range(400):
                total = (total * 31 + number) % 1_000_003
        return total

    return work


def python_json() -> Work:
    """Text of nested values, written and read."""
    value = {f"key {i}": {"number": i, "list": list(range(8))} for i in range(4)}

    def work(units: int) -> object:
        result: object = None
        for _ in range(units):
            result = json.loads(json.dumps(value))
        return result

    return work


def numpy_sort() -> Work:
    """Sorting copies of one array."""
    values = np.random.default_rng(1).random(2000)

    def work(units: int) -> object:
        result = values
        for _ in range(units):
            result = np.sort(values)
        return result

    return work


def torch_matmul() -> Work:
    """Products of small matrices."""
    import torch

    torch.set_num_threads(1)
    left, right = torch.randn(64, 64), torch.randn(64, 64)

    def work(units: int) -> object:
        result = left
        with torch.inference_mode():
            for _ in range(units):
                result = left @ right
        return result

    return work


def torch_norm_gelu() -> Work:
    """Layer norms, each followed by a GELU."""
    import torch

    torch.set_num_threads(1)
    values, norm, gelu = torch.randn(32, 128), torch.nn.LayerNorm(128), torch.nn.GELU()

    def work(units: int) -> object:
        result = values
        with torch.inference_mode():
            for _ in range(units):
                result = gelu(norm(values))
        return result

    return work


def torch_attention() -> Work:
    """Attention over a few heads."""
    import torch

    torch.set_num_threads(1)
    query, key, value = (torch.randn(1, 2, 32, 32) for _ in range(3))
    attention = torch.nn.functional.scaled_dot_product_attention

    def work(units: int) -> object:
        result = query
        with torch.inference_mode():
            for _ in range(units):
                result = attention(query, key, value)
        return result

    return work


def allocation() -> Work:
    """Many objects made and dropped."""

    def work(units: int) -> object:
        result: object = None
        for _ in range(units):
            result = [bytearray(256 + size) for size in range(100)]
        return result

    return work


def memory_copy() -> Work:
    """Copies between buffers that no near cache holds. A call goes on where the last one stopped.

    So every unit finds the caches alike. If each call began anew, more units would mean a larger part of the buffers.
    """
    block, blocks = 64 * 1024, 256
    source = np.ones(block * blocks, dtype=np.uint8)
    target = np.zeros_like(source)
    at = 0

    def work(units: int) -> object:
        nonlocal at
        for _ in range(units):
            start = at * block
            target[start : start + block] = source[start : start + block]
            at = (at + 1) % blocks
        return target

    return work


LOADS: dict[str, Callable[[], Work]] = {
    "python_loop": python_loop,
    "python_json": python_json,
    "numpy_sort": numpy_sort,
    "torch_matmul": torch_matmul,
    "torch_norm_gelu": torch_norm_gelu,
    "torch_attention": torch_attention,
    "allocation": allocation,
    "memory_copy": memory_copy,
}


def call_of(test: str) -> Callable[[], object]:
    """What a test of this revision measures."""
    work = LOADS[test.rpartition("-")[0]]()
    units = UNITS + EXTRA_PERCENT * UNITS // 100
    return lambda: work(units)
