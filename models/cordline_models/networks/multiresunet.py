"""MultiResUNet (Ibtehaz and Rahman 2020): the segmenter. 7,244,528 parameters with one channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

ALPHA = 1.67
BASE = 32


class Convolution(nn.Sequential):
    """Convolution without bias, then batch normalisation."""

    def __init__(self, channels: int, out: int, size: int):
        super().__init__(nn.Conv2d(channels, out, size, padding=size // 2, bias=False), nn.BatchNorm2d(out))


class MultiRes(nn.Module):
    """Three 3 x 3 convolutions in a chain, whose outputs side by side see 3, 5 and 7 pixels; and a shortcut."""

    def __init__(self, channels: int, base: int):
        super().__init__()
        a, b, c = (int(ALPHA * base * share) for share in (0.167, 0.333, 0.5))
        self.out = a + b + c
        self.shortcut = Convolution(channels, self.out, 1)
        self.three, self.five, self.seven = Convolution(channels, a, 3), Convolution(a, b, 3), Convolution(b, c, 3)
        self.joined, self.last = nn.BatchNorm2d(self.out), nn.BatchNorm2d(self.out)

    def forward(self, x: Tensor) -> Tensor:
        three = F.relu(self.three(x))
        five = F.relu(self.five(three))
        seven = F.relu(self.seven(five))
        side = self.joined(torch.cat([three, five, seven], 1))
        return self.last(F.relu(self.shortcut(x) + side))


class ResPath(nn.Module):
    """Convolutions with shortcuts on the way from encoder to decoder."""

    def __init__(self, channels: int, out: int, length: int):
        super().__init__()
        inputs = [channels] + [out] * (length - 1)
        self.shortcut = nn.ModuleList(Convolution(c, out, 1) for c in inputs)
        self.three = nn.ModuleList(Convolution(c, out, 3) for c in inputs)
        self.last = nn.ModuleList(nn.BatchNorm2d(out) for _ in inputs)

    def forward(self, x: Tensor) -> Tensor:
        for shortcut, three, last in zip(self.shortcut, self.three, self.last, strict=True):
            x = last(F.relu(shortcut(x) + F.relu(three(x))))
        return x


class MultiResUNet(nn.Module):
    """(n, 1, h, w) in 0..1 to the lesion's probability (n, 1, h, w); h and w multiples of 16."""

    def __init__(self, channels: int = 1, base: int = BASE):
        super().__init__()
        widths = [base * 2**k for k in range(5)]
        self.encoder, self.path, self.up, self.decoder = (nn.ModuleList() for _ in range(4))
        for k, width in enumerate(widths):
            block = MultiRes(channels, width)
            self.encoder.append(block)
            channels = block.out
            if k < 4:
                self.path.append(ResPath(channels, width, 4 - k))
        for width in reversed(widths[:4]):
            self.up.append(nn.ConvTranspose2d(channels, width, 2, 2))
            block = MultiRes(2 * width, width)
            self.decoder.append(block)
            channels = block.out
        self.last = nn.Conv2d(channels, 1, 1)
        nn.init.constant_(self.last.bias, -3.0)  # lesions are rare: start near probability 0.05

    def logits(self, x: Tensor) -> Tensor:
        kept = []
        for k, block in enumerate(self.encoder):
            x = block(x)
            if k < 4:
                kept.append(self.path[k](x))
                x = F.max_pool2d(x, 2)
        for up, block, skip in zip(self.up, self.decoder, reversed(kept), strict=True):
            x = block(torch.cat([up(x), skip], 1))
        return self.last(x)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(x))


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())
