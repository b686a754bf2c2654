"""Files for the tests of the readers, and the real captures where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CAPTURES = Path(__file__).resolve().parents[2].parent / "shared" / "captures"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a file, and the folders above it, below the test's own folder."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture
def captures() -> Path:
    """The folder of real captures, which is not part of this repository."""
    if not CAPTURES.is_dir():
        pytest.skip(f"no real captures in {CAPTURES}")
    return CAPTURES


@pytest.fixture
def kernel_table() -> str:
    """The smallest table of kernels: three rows, not in the order of their time."""
    return (
        "Name,Type,Accelerator Core,Start Time(us),Duration(us),Wait Time(us),Block Dim\n"
        "MatMul_1,MatMulV2,AI_CORE,1764246877073569.640\t,12.92,0,20\n"
        "Relu_3,Relu,AI_VECTOR_CORE,1764246877073600.000\t,3,1.5,40\n"
        "Add_2,Add,AI_VECTOR_CORE,1764246877073590.000\t,2.08,7.44,40\n"
    )
