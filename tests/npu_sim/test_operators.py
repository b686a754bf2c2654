"""Operators on the simulated NPU compute what they compute on the CPU."""

from __future__ import annotations

from pathlib import Path

import pytest

from npu_sim.machines import Machine, MachineFactory
from simulated_cann.scenario import Scenario

PROGRAM = Path(__file__).parent / "operator_program.py"


@pytest.fixture(scope="module")
def healthy(machine: MachineFactory) -> Machine:
    return machine(Scenario())


def test_every_operator_agrees_with_the_cpu(healthy: Machine) -> None:
    """Outputs and gradients of every case of operator_program.py agree with CPU torch within the case's tolerance."""
    results: dict[str, str] = healthy.run(PROGRAM).json()
    assert len(results) > 70
    assert {name: difference for name, difference in results.items() if difference} == {}


def test_dropout_drops_a_share_and_scales_the_rest(healthy: Machine) -> None:
    """Dropout zeroes about its share, scales what it keeps, and sends gradients the same way; a seed repeats it."""
    program = """
import json, torch, torch_npu
x = torch.ones(4000).npu().requires_grad_()
torch.manual_seed(3)
first = torch.nn.functional.dropout(x, 0.25)
first.sum().backward()
torch.manual_seed(3)
again = torch.nn.functional.dropout(x, 0.25)
kept = first.detach().cpu()
print(json.dumps({
    "share": (kept == 0).float().mean().item(),
    "kept": sorted({round(value, 5) for value in kept.tolist()}),
    "gradient": torch.equal(x.grad.cpu(), kept),
    "repeats": torch.equal(again.detach().cpu(), kept),
}))
"""
    result = healthy.run(program).json()
    assert 0.2 < result["share"] < 0.3
    assert result["kept"] == [0.0, pytest.approx(4 / 3, abs=1e-4)]
    assert result["gradient"]
    assert result["repeats"]


def test_a_model_trains_as_on_the_cpu(healthy: Machine) -> None:
    """A transformer layer with a classifier, trained for four steps, has the same losses as on the CPU."""
    program = """
import copy, json, torch, torch_npu
torch.manual_seed(0)
layer = torch.nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True, activation="gelu")
model = torch.nn.Sequential(torch.nn.Embedding(11, 16), layer, torch.nn.Flatten(), torch.nn.Linear(80, 3))
tokens, labels = torch.arange(30).reshape(6, 5) * 7 % 11, torch.arange(6) % 3

def losses(model, device):
    model = copy.deepcopy(model).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    out = []
    for _ in range(4):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(tokens.to(device)), labels.to(device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        out.append(loss.item())
    return out

print(json.dumps([losses(model, "cpu"), losses(model, "npu:0")]))
"""
    on_cpu, on_npu = healthy.run(program).json()
    assert on_cpu[0] > on_cpu[-1]
    assert on_npu == pytest.approx(on_cpu, rel=1e-4)


def test_an_operator_that_is_not_simulated_is_an_error_with_its_name(healthy: Machine) -> None:
    """There is no silent wrong answer: an operator nobody wrote raises, and the message names it."""
    program = """
import torch, torch_npu
try:
    torch.ones(4).npu().asin().cpu()
except RuntimeError as error:
    print(error)
"""
    finished = healthy.run(program)
    assert "simulated CANN: no operator of type Asin" in finished.output
