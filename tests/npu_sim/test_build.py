"""Compiling the simulated CANN: once for an unchanged tree, and with a clear answer where it cannot be done."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from simulated_cann.build import COMPANIONS, CannotBuildError, build, missing_part


def test_an_unchanged_tree_is_compiled_once(simulated_cann: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second build returns the same folder without running a compiler; it holds every library torch_npu opens."""
    assert {path.name for path in simulated_cann.glob("*.so")} == {
        f"lib{name}.so" for name in ("ascendcl", *COMPANIONS)
    }
    made = simulated_cann.stat().st_mtime_ns
    monkeypatch.setattr("subprocess.run", None)
    assert build(simulated_cann.parent) == simulated_cann
    assert simulated_cann.stat().st_mtime_ns == made


def test_a_missing_compiler_is_named(simulated_cann: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixtures skip with this sentence; building raises it."""
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert missing_part() == "No C++ compiler: install g++, or name one in CXX."
    with pytest.raises(CannotBuildError, match=r"No C\+\+ compiler"):
        build(simulated_cann.parent)


def test_a_missing_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without torch_npu there are no headers to compile against."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    missing = missing_part()
    assert missing is not None
    assert missing.startswith("torch_npu is not installed")


@pytest.mark.usefixtures("simulated_cann")
def test_a_failing_compiler_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the command and what the compiler said, and leaves no half-built folder behind."""
    compiler = tmp_path / "compiler"
    compiler.write_text("#!/bin/sh\necho 'this is the reason' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    with pytest.raises(CannotBuildError, match=r"(?s)-std=c\+\+17.*this is the reason"):
        build(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
