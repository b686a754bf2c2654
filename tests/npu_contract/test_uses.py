"""The uses of torch_npu are found in code however it is written, and guards are told from their absence."""

from __future__ import annotations

import textwrap

import pytest

from .uses import Use, uses_in_source


def found(source: str) -> list[Use]:
    return uses_in_source(textwrap.dedent(source), "module.py")


def names(source: str) -> list[str]:
    return [use.name for use in found(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("torch.npu.synchronize()", ["torch.npu.synchronize"]),
        ("self._torch.npu.synchronize()", ["torch.npu.synchronize"]),
        ("self._npu.Event(enable_timing=True)", ["torch.npu.Event"]),
        ("self.accelerator.synchronize()", ["torch.npu.synchronize"]),
        ("self.accelerator_of(torch).set_device(0)", ["torch.npu.set_device"]),
        ("npu = torch.npu\nnpu.Event()", ["torch.npu.Event"]),
        ("device = torch.npu\ndevice.Event()", ["torch.npu.Event"]),
        ("Event = torch.npu.Event\nEvent()", ["torch.npu.Event", "torch.npu.Event"]),
        (
            "from torch_npu.npu.utils import get_cann_version as ask\nask()",
            ["torch_npu.npu.utils.get_cann_version"] * 2,
        ),
        ("import torch_npu.profiler", ["torch_npu.profiler"]),
        ("import torch_npu.profiler as p\np.schedule()", ["torch_npu.profiler", "torch_npu.profiler.schedule"]),
        ("getattr(torch.npu, 'matmul')", ["torch.npu.matmul"]),
        ("torch_npu._C._npu_getOption('x')", ["torch_npu._C._npu_getOption"]),
        ("torch.cuda.Event(); torch.ones(1).npu(); install.torch_npu.value; found.npu.name", []),
        ("import torch_npu\nimport torch", []),
    ],
)
def test_uses_are_found(source: str, expected: list[str]) -> None:
    assert names(source) == expected


@pytest.mark.parametrize(
    ("source", "is_guarded"),
    [
        ("torch.npu.x()", False),
        ("getattr(torch.npu, 'x', None)", True),
        ("getattr(torch.npu, 'x')", False),
        ("try:\n    torch.npu.x()\nexcept AttributeError:\n    pass", True),
        ("try:\n    from torch_npu import x\nexcept (OSError, ImportError):\n    x = None", True),
        ("try:\n    from torch_npu import y\nexcept ImportError:\n    pass\nfrom torch_npu import x", False),
        ("try:\n    torch.npu.x()\nexcept ValueError:\n    pass", False),
        ("try:\n    pass\nexcept AttributeError:\n    torch.npu.x()", False),
        ("if hasattr(torch.npu, 'x'):\n    torch.npu.x()", True),
        ("if hasattr(torch.npu, 'y'):\n    torch.npu.x()", False),
        ("def f():\n    hasattr(torch.npu, 'x')\ndef g():\n    torch.npu.x()", False),
    ],
)
def test_guards_are_told_from_their_absence(source: str, is_guarded: bool) -> None:
    (use,) = [use for use in found(source) if use.name.endswith(".x")]
    assert use.is_guarded is is_guarded


def test_what_is_done_with_a_name_whose_import_is_guarded_is_guarded() -> None:
    source = """
    def ask():
        try:
            from torch_npu.npu.utils import get_cann_version
        except ImportError:
            return ""
        return get_cann_version(module="CANN")
    """
    assert [use.is_guarded for use in found(source)] == [True, True]


def test_keywords_are_found_and_a_signature_guards_them() -> None:
    (plain,) = found("torch.npu.Event(enable_timing=True, **rest)")
    assert plain.keywords == ("enable_timing", "**")
    assert not plain.are_keywords_guarded
    guarded = found("def f():\n    inspect.signature(torch.npu.Event)\n    torch.npu.Event(enable_timing=True)")
    assert [use.are_keywords_guarded for use in guarded] == [True, True]
    assert plain.place == "module.py:1"
