"""Run operator cases on the CPU and on the simulated NPU and print how they compare, as one JSON object.

Run in a process of its own, with torch_npu over the simulated CANN, as ``operator_program.py NAME...``. After an
operator that raises, torch_npu's queue stays broken, so the program stops there: the cases that follow have no result.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import torch

from npu_sim.operator_cases import CASES

if TYPE_CHECKING:
    from torch import Tensor

    from npu_sim.operator_cases import Case


def evaluate(case: Case, device: str) -> list[Tensor]:
    """The output and then the gradients of ``case`` on ``device``, as float64 on the CPU."""
    generator = torch.Generator().manual_seed(11)
    inputs = [torch.randn(shape, generator=generator).to(case.dtype).to(device) for shape in case.shapes]
    for tensor in inputs:
        tensor.requires_grad_(case.gradient)
    out = case.compute(*inputs)
    results = [out]
    if case.gradient:
        weights = torch.randn(out.shape, generator=generator).to(case.dtype).to(device)
        results += torch.autograd.grad(out, inputs, weights)
    return [result.detach().cpu().double() for result in results]


def compare(case: Case) -> str:
    """An empty text if both devices agree, or what is different."""
    expected, given = evaluate(case, "cpu"), evaluate(case, "npu:0")
    for number, (wanted, got) in enumerate(zip(expected, given, strict=True)):
        what = "output" if number == 0 else f"gradient of input {number}"
        if wanted.shape != got.shape:
            return f"{what}: shape {tuple(got.shape)}, expected {tuple(wanted.shape)}"
        error = (wanted - got).abs().max().item()
        scale = max(wanted.abs().max().item(), 1e-3)
        if not error <= case.tolerance * scale:
            return f"{what}: off by {error:.3g} of {scale:.3g}"
    return ""


def main(names: list[str]) -> None:
    """Compare the named cases, or all, up to the first that raises."""
    results: dict[str, str] = {}
    for name in names or CASES:
        try:
            results[name] = compare(CASES[name])
        except RuntimeError as error:
            results[name] = f"raised {error}"
            break
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
