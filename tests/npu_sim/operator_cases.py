"""Cases for every operator of the simulated NPU: what is computed, on inputs of which shapes.

A case makes its inputs on the CPU from a fixed seed; where inputs need a gradient the gradients are compared too.
``operator_program.py`` runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
import torch_npu
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``compute`` on inputs of these shapes; inputs of shape ``()`` are scalars."""

    compute: Callable[..., Tensor]
    shapes: tuple[tuple[int, ...], ...]
    gradient: bool = True
    dtype: torch.dtype = torch.float32
    #: Relative to the largest number of the reference.
    tolerance: float = 1e-5


def _attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    return torch.softmax(scores, dim=-1) @ value


def _on(module: torch.nn.Module, x: Tensor) -> Tensor:
    """``module`` with the same seeded parameters wherever ``x`` is."""
    generator = torch.Generator().manual_seed(5)
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    result: Tensor = module.to(x.device)(x)
    return result


def _labels(x: Tensor) -> Tensor:
    return (torch.arange(x.shape[0]) * 3 % x.shape[1]).to(x.device)


def _batch_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    mean, var = torch.zeros(x.shape[1], device=x.device), torch.ones(x.shape[1], device=x.device)
    out = F.batch_norm(x, mean, var, weight, bias, training=True)
    return torch.cat([out.flatten(), mean, var])


def _batch_norm_eval(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    mean = torch.linspace(-1, 1, x.shape[1]).to(x.device)
    var = torch.linspace(0.5, 2, x.shape[1]).to(x.device)
    return F.batch_norm(x, mean, var, weight, bias)


def _rms_norm(x: Tensor, weight: Tensor) -> Tensor:
    if x.device.type == "npu":
        out: Tensor = torch_npu.npu_rms_norm(x, weight, 1e-6)[0]
        return out
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * weight


def _add_rms_norm(x: Tensor, residual: Tensor, weight: Tensor) -> Tensor:
    if x.device.type == "npu":
        out, _, total = torch_npu.npu_add_rms_norm(x, residual, weight, 1e-6)
        return torch.cat([out, total])
    return torch.cat([_rms_norm(x + residual, weight), x + residual])


def _swiglu(x: Tensor) -> Tensor:
    if x.device.type == "npu":
        out: Tensor = torch_npu.npu_swiglu(x)
        return out
    gate, up = x.chunk(2, dim=-1)
    return F.silu(gate) * up


def _trained(optimizer: Callable[..., torch.optim.Optimizer], **options: object) -> Callable[[Tensor], Tensor]:
    def train(x: Tensor) -> Tensor:
        parameters = [torch.nn.Parameter(x.detach().clone()), torch.nn.Parameter(x.detach()[0].clone())]
        made = optimizer(parameters, lr=0.01, **options)
        for step in range(3):
            made.zero_grad()
            ((parameters[0] * (step + 1)).square().sum() + parameters[1].sum()).backward()
            made.step()
        return torch.cat([parameter.detach().flatten() for parameter in parameters])

    return train


def _finite_halves() -> Tensor:
    """All numbers of 16 bits, in order of their bits; infinities and those that are none left out."""
    halves = torch.arange(-(2**15), 2**15).to(torch.int16).view(torch.float16)
    return halves[halves.isfinite()]


def _between_halves() -> Tensor:
    """Numbers of 32 bits where rounding to 16 bits turns: midway between neighbours, and just above and below."""
    halves = _finite_halves().float().unique()
    midway = (halves[1:] + halves[:-1]) / 2
    infinity = torch.tensor(torch.inf)
    return torch.cat([midway, midway.nextafter(infinity), midway.nextafter(-infinity)])


def _filled(x: Tensor) -> Tensor:
    out = torch.zeros_like(x)
    out[1:] = 2.5
    out[:, 0].fill_(-1)
    return torch.cat([out, torch.ones_like(x), torch.full_like(x, 7.0)])


def _in_place(x: Tensor, y: Tensor) -> Tensor:
    out = x.clone()
    out.add_(y).mul_(2).sub_(1).div_(4).addcmul_(x, y, value=0.5).lerp_(y, 0.25).clamp_(-1, 1)
    return out


def _scalars(x: Tensor) -> Tensor:
    return (((x + 1) * 3 - 0.5) / 2 + (1 - x)) * x.square() + (2 / (x.abs() + 1)) ** 1.5


def _compared(x: Tensor, y: Tensor) -> Tensor:
    pairs = [x < y, x <= y, x > y, x >= y, x == y, x != y, x > 0, x <= 0.5, (x > 0) & (y > 0), ~(x > 0)]
    return torch.stack([pair.float() for pair in pairs])


def _assigned(x: Tensor) -> Tensor:
    out = x.clone()
    out[torch.tensor([0, 2]).to(x.device)] = 1.5
    out[1] += 1
    out[:, torch.tensor([4]).to(x.device)] = out[:, :1]
    return out


def _scattered(x: Tensor) -> Tensor:
    index = torch.tensor([[0, 3], [1, 1], [4, 0], [2, 2]]).to(x.device)
    picked = x.gather(1, index)
    added = torch.zeros_like(x).scatter_add(1, index, picked)
    rows = torch.zeros_like(x).index_add(0, torch.tensor([1, 3]).to(x.device), x[:2], alpha=2)
    return added + x.scatter(1, index[:, :1], 0.25) + rows


def _close(x: Tensor) -> Tensor:
    near = x + 1e-7
    return torch.tensor(
        [torch.allclose(x, near), torch.equal(x, near), torch.equal(x, x.clone()), bool(x.isnan().any())]
    )


CASES: Mapping[str, Case] = {
    "add": Case(compute=torch.add, shapes=((4, 5), (4, 5))),
    "add with broadcasting": Case(compute=torch.add, shapes=((4, 1, 5), (3, 1))),
    "sub": Case(compute=torch.sub, shapes=((4, 5), (5,))),
    "mul": Case(compute=torch.mul, shapes=((4, 5), (4, 1))),
    "div": Case(compute=lambda x, y: x / (y.abs() + 1), shapes=((4, 5), (4, 5))),
    "scalar arithmetic": Case(compute=_scalars, shapes=((4, 5),)),
    "in-place arithmetic": Case(compute=_in_place, shapes=((4, 5), (4, 5)), gradient=False),
    "comparisons": Case(compute=_compared, shapes=((4, 5), (4, 5)), gradient=False),
    "exp, log, sqrt, rsqrt": Case(
        compute=lambda x: (x.exp() + 1).log() + (x.square() + 1).sqrt() + (x.square() + 1).rsqrt(), shapes=((4, 5),)
    ),
    "sin, cos, tanh, sigmoid": Case(compute=lambda x: x.sin() + x.cos() * x.tanh() + x.sigmoid(), shapes=((4, 5),)),
    "where and masked_fill": Case(
        compute=lambda x, y: torch.where(x > 0, x, y) + x.masked_fill(y > 0, 0.5), shapes=((4, 5), (4, 5))
    ),
    "maximum and clamp": Case(compute=lambda x, y: torch.maximum(x, y) + x.clamp(-0.5, 0.5), shapes=((4, 5), (4, 5))),
    "matmul": Case(compute=torch.matmul, shapes=((6, 7), (7, 5))),
    "matmul with a vector": Case(compute=torch.matmul, shapes=((6, 7), (7,))),
    "matmul of batches": Case(compute=torch.matmul, shapes=((2, 3, 4, 5), (2, 3, 5, 6))),
    "bmm": Case(compute=torch.bmm, shapes=((3, 4, 5), (3, 5, 6))),
    "baddbmm": Case(compute=torch.baddbmm, shapes=((3, 4, 6), (3, 4, 5), (3, 5, 6))),
    "addmm": Case(compute=lambda b, x, y: torch.addmm(b, x, y, beta=0.5, alpha=2), shapes=((6,), (4, 5), (5, 6))),
    "linear": Case(compute=F.linear, shapes=((2, 4, 5), (6, 5), (6,))),
    "linear without bias": Case(compute=F.linear, shapes=((4, 5), (6, 5))),
    "linear in float16": Case(compute=F.linear, shapes=((4, 5), (6, 5), (6,)), dtype=torch.float16, tolerance=2e-3),
    "linear in bfloat16": Case(compute=F.linear, shapes=((4, 5), (6, 5), (6,)), dtype=torch.bfloat16, tolerance=2e-2),
    # By the older operator interface, by the name of the type and with attributes.
    "vector_norm": Case(
        compute=lambda x: torch.linalg.vector_norm(x, dim=1) + torch.linalg.vector_norm(x, ord=3),
        shapes=((4, 5),),
        gradient=False,
    ),
    "largest magnitude": Case(
        compute=lambda x: torch.linalg.vector_norm(x, ord=float("inf"), dim=0), shapes=((4, 5),), gradient=False
    ),
    "expm1, log1p, erfc, tan": Case(
        compute=lambda x: x.expm1() + x.abs().log1p() + x.erfc() + (x / 2).tan(), shapes=((4, 5),), gradient=False
    ),
    "softplus": Case(compute=lambda x: F.softplus(x, beta=2, threshold=1), shapes=((4, 5),), gradient=False),
    "elu": Case(compute=lambda x: F.elu(x, alpha=1.5), shapes=((4, 5),), gradient=False),
    "relu": Case(compute=F.relu, shapes=((4, 5),)),
    "gelu": Case(compute=F.gelu, shapes=((4, 5),)),
    # torch_npu computes the output of both approximations with one operator; only the gradients differ.
    "gelu with tanh": Case(compute=lambda x: F.gelu(x, approximate="tanh"), shapes=((4, 5),), tolerance=1e-3),
    "silu": Case(compute=F.silu, shapes=((4, 5),)),
    "swiglu": Case(compute=_swiglu, shapes=((4, 8),)),
    "softmax": Case(compute=lambda x: torch.softmax(x, dim=-1), shapes=((3, 4, 5),)),
    "softmax of a middle dimension": Case(compute=lambda x: torch.softmax(x, dim=1), shapes=((3, 4, 5),)),
    "softmax in float16": Case(
        compute=lambda x: torch.softmax(x, dim=-1), shapes=((3, 4, 5),), dtype=torch.float16, tolerance=2e-3
    ),
    "log_softmax": Case(compute=lambda x: torch.log_softmax(x, dim=-1), shapes=((4, 5),)),
    "cross_entropy": Case(compute=lambda x: F.cross_entropy(x, _labels(x)), shapes=((6, 5),)),
    "mse_loss": Case(compute=F.mse_loss, shapes=((4, 5), (4, 5))),
    "layer_norm": Case(compute=lambda x, w, b: F.layer_norm(x, (6,), w, b), shapes=((2, 4, 6), (6,), (6,))),
    "layer_norm without weights": Case(compute=lambda x: F.layer_norm(x, (4, 6)), shapes=((2, 4, 6),)),
    "rms_norm": Case(compute=_rms_norm, shapes=((2, 4, 6), (6,))),
    "add_rms_norm": Case(compute=_add_rms_norm, shapes=((4, 6), (4, 6), (6,)), gradient=False),
    "batch_norm in training": Case(compute=_batch_norm, shapes=((3, 4, 5, 5), (4,), (4,))),
    "batch_norm in evaluation": Case(compute=_batch_norm_eval, shapes=((3, 4, 5, 5), (4,), (4,))),
    "conv2d": Case(compute=lambda x, w, b: F.conv2d(x, w, b, padding=1), shapes=((2, 3, 7, 6), (4, 3, 3, 3), (4,))),
    "conv2d with stride, dilation and groups": Case(
        compute=lambda x, w: F.conv2d(x, w, stride=2, padding=2, dilation=2, groups=2),
        shapes=((2, 4, 9, 8), (6, 2, 3, 3)),
    ),
    "conv1d": Case(compute=lambda x, w, b: F.conv1d(x, w, b, padding=1), shapes=((2, 3, 7), (4, 3, 3), (4,))),
    "conv, batch_norm and relu": Case(
        compute=lambda x: _on(
            torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU()), x
        ),
        shapes=((2, 3, 7, 6),),
    ),
    "max_pool2d": Case(compute=lambda x: F.max_pool2d(x, 3, stride=2, padding=1), shapes=((2, 3, 7, 6),)),
    "avg_pool2d": Case(compute=lambda x: F.avg_pool2d(x, 3, stride=2, padding=1), shapes=((2, 3, 7, 6),)),
    "avg_pool2d without padding in the average": Case(
        compute=lambda x: F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False), shapes=((2, 3, 7, 6),)
    ),
    "adaptive_avg_pool2d": Case(compute=lambda x: F.adaptive_avg_pool2d(x, (3, 2)), shapes=((2, 3, 7, 6),)),
    "adaptive_avg_pool2d to one": Case(compute=lambda x: F.adaptive_avg_pool2d(x, 1), shapes=((2, 3, 7, 6),)),
    "attention from matmul and softmax": Case(compute=_attention, shapes=((2, 3, 4, 8),) * 3),
    "scaled_dot_product_attention": Case(compute=F.scaled_dot_product_attention, shapes=((2, 3, 4, 8),) * 3),
    "causal scaled_dot_product_attention": Case(
        compute=lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), shapes=((2, 3, 4, 8),) * 3
    ),
    "sum": Case(compute=lambda x: x.sum() + x.sum(dim=1).sum(dim=0, keepdim=True), shapes=((4, 5),)),
    "mean": Case(compute=lambda x: x.mean() + x.mean(dim=(0, 2)), shapes=((3, 4, 5),)),
    "var": Case(compute=lambda x: x.var(dim=1), shapes=((4, 5),)),
    "max, min, amax": Case(
        compute=lambda x: torch.stack([x.max(), x.min(), x.amax(dim=1).sum(), x.max(dim=0).values.sum()]),
        shapes=((4, 5),),
        gradient=False,
    ),
    "argmax": Case(compute=lambda x: x.argmax(dim=1).float(), shapes=((4, 5),), gradient=False),
    "cumsum": Case(compute=lambda x: x.cumsum(dim=1), shapes=((4, 5),), gradient=False),
    "norm": Case(compute=lambda x: x.norm() + x.norm(dim=1), shapes=((4, 5),), gradient=False),
    "cat": Case(compute=lambda x, y: torch.cat([x, y], dim=1), shapes=((4, 5), (4, 3))),
    "stack": Case(compute=lambda x, y: torch.stack([x, y], dim=1), shapes=((4, 5), (4, 5))),
    "transpose and contiguous": Case(compute=lambda x: x.transpose(0, 2).contiguous() * 2, shapes=((3, 4, 5),)),
    "slices and strides": Case(compute=lambda x: x[1:, ::2].contiguous() + x[:-1, 1::2][:, :3], shapes=((4, 6),)),
    "expand, permute, reshape": Case(
        compute=lambda x: x.unsqueeze(1).expand(4, 3, 5).permute(2, 0, 1).reshape(5, 12), shapes=((4, 5),)
    ),
    "fill": Case(compute=_filled, shapes=((4, 5),), gradient=False),
    "casts": Case(
        compute=lambda x: (
            (x * 10).to(torch.int32).float() + x.half().float() + x.bfloat16().float() + x.double().float()
        ),
        shapes=((4, 5),),
        gradient=False,
    ),
    "reciprocals of both zeros": Case(
        compute=lambda x: torch.tensor([0.0, 0.0, -0.0, -0.0, 0.0]).to(x.device).reciprocal().clamp(-1, 1),
        shapes=((1,),),
        gradient=False,
        tolerance=0.0,
    ),
    "every float16": Case(
        compute=lambda x: _finite_halves().to(x.device).float(), shapes=((1,),), gradient=False, tolerance=0.0
    ),
    "rounding to float16": Case(
        compute=lambda x: _between_halves().to(x.device).half().float(),
        shapes=((1,),),
        gradient=False,
        tolerance=0.0,
    ),
    "tril and triu": Case(compute=lambda x: x.tril() + x.triu(1) * 2, shapes=((4, 5),), gradient=False),
    "arange": Case(compute=lambda x: x + torch.arange(5, device=x.device), shapes=((4, 5),)),
    "embedding": Case(
        compute=lambda w: F.embedding(torch.tensor([[1, 0, 3], [1, 1, 2]]).to(w.device), w), shapes=((4, 5),)
    ),
    "index_select and gather": Case(
        compute=lambda x: (
            x.index_select(1, torch.tensor([2, 0]).to(x.device)) + x.gather(1, torch.tensor([[0, 1]] * 4).to(x.device))
        ),
        shapes=((4, 5),),
        gradient=False,
    ),
    "indexing": Case(
        compute=lambda x: x[torch.tensor([2, 0, 2]).to(x.device)] + x[:, torch.tensor([0, 3, 1]).to(x.device)].sum(),
        shapes=((4, 5),),
    ),
    "indexing by two tensors": Case(
        compute=lambda x: x[torch.tensor([[2], [0]]).to(x.device), :, torch.tensor([1, 3]).to(x.device)],
        shapes=((3, 2, 5),),
    ),
    "assignment by index": Case(compute=_assigned, shapes=((4, 5),), gradient=False),
    "masked_select and nonzero": Case(
        compute=lambda x: torch.cat([x.masked_select(x > 0), x.relu().nonzero().flatten().float(), x[x > 0.5]]),
        shapes=((4, 5),),
        gradient=False,
    ),
    "gather, scatter and index_add": Case(compute=_scattered, shapes=((4, 5),)),
    "gradients of maxima": Case(compute=lambda x: x.max(dim=1).values + x.amax(dim=1) * 2, shapes=((4, 5),)),
    "sort and topk": Case(
        compute=lambda x: torch.cat(
            [x.sort(dim=1).values, x.topk(2).values, x.sort().indices, x.topk(2).indices], dim=1
        ),
        shapes=((4, 5),),
        gradient=False,
    ),
    "repeat, flip and pad": Case(
        compute=lambda x: F.pad(x.repeat(2, 1, 3).flip(0, 2), (1, -1, 2, 0), value=0.5), shapes=((4, 5),)
    ),
    "eye and linspace": Case(
        compute=lambda x: x @ torch.eye(5, 3, device=x.device) + torch.linspace(0, 1, 3, device=x.device),
        shapes=((4, 5),),
    ),
    "division with remainder": Case(
        compute=lambda x: torch.cat([x // 0.3, x % 0.3, torch.pow(2.0, x), x.std(dim=1, keepdim=True)], dim=1),
        shapes=((4, 5),),
        gradient=False,
    ),
    "closeness": Case(compute=_close, shapes=((4, 5),), gradient=False),
    "group_norm": Case(compute=lambda x, w, b: F.group_norm(x, 2, w, b), shapes=((2, 4, 3, 3), (4,), (4,))),
    "hardswish and leaky_relu": Case(compute=lambda x: F.hardswish(2 * x) + F.leaky_relu(x, 0.1), shapes=((4, 5),)),
    "l1_loss": Case(compute=F.l1_loss, shapes=((4, 5), (4, 5))),
    "fused AdamW": Case(compute=_trained(torch.optim.AdamW, fused=True), shapes=((4, 5),), gradient=False),
    "SGD": Case(compute=_trained(torch.optim.SGD, momentum=0.9), shapes=((4, 5),), gradient=False),
    "Adam": Case(compute=_trained(torch.optim.Adam, foreach=False), shapes=((4, 5),), gradient=False),
    "Adam over lists": Case(compute=_trained(torch.optim.Adam, foreach=True), shapes=((4, 5),), gradient=False),
    "AdamW": Case(compute=_trained(torch.optim.AdamW), shapes=((4, 5),), gradient=False),
}
