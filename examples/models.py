"""Three small models of the kinds whose speed teams watch: a feed-forward block, attention, a convolution stack."""

from itertools import pairwise

import torch
from torch import Tensor, nn

MLP_DEPTH = 2


class MlpBlock(nn.Module):
    def __init__(self, width: int = 256, depth: int = MLP_DEPTH) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width)) for _ in range(depth)
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = x + layer(x)
        return x


class Attention(nn.Module):
    def __init__(self, width: int = 256, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        query, key, value = (
            part.view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)
            for part in self.qkv(x).chunk(3, dim=-1)
        )
        weights = torch.softmax(query @ key.transpose(-2, -1) / (width // self.heads) ** 0.5, dim=-1)
        return self.out((weights @ value).transpose(1, 2).reshape(batch, tokens, width))


class ConvStack(nn.Module):
    def __init__(self, channels: int = 16, depth: int = 3) -> None:
        super().__init__()
        sizes = [3] + [channels] * depth
        self.layers = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU())
                for before, after in pairwise(sizes)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
