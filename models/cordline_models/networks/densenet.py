"""DenseNet121 with the paper's head (global average pooling, 128 hidden units, two classes). 7,085,314 parameters."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GROWTH = 32
BLOCKS = (6, 12, 24, 16)
HIDDEN = 128


class DenseLayer(nn.Module):
    """Adds GROWTH channels to what it is given."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(4 * GROWTH)
        self.conv1 = nn.Conv2d(channels, 4 * GROWTH, 1, bias=False)
        self.conv2 = nn.Conv2d(4 * GROWTH, GROWTH, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        new = self.conv1(F.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(F.relu(self.norm2(new)))], 1)


def transition(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2)
    )


class DenseNet121(nn.Module):
    """(n, 3, h, w) to `classes` probabilities (n, classes)."""

    def __init__(self, classes: int = 2):
        super().__init__()
        channels = 64
        layers: list[nn.Module] = [
            nn.Conv2d(3, channels, 7, 2, 3, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        ]
        for k, length in enumerate(BLOCKS):
            for _ in range(length):
                layers.append(DenseLayer(channels))
                channels += GROWTH
            if k < len(BLOCKS) - 1:
                layers.append(transition(channels))
                channels //= 2
        self.body = nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.ReLU())
        self.hidden = nn.Linear(channels, HIDDEN)
        self.answer = nn.Linear(HIDDEN, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def features(self, x: Tensor) -> Tensor:
        """(n, 1024, h / 32, w / 32), after the last ReLU: the layer that Grad-CAM looks at."""
        return self.body(x)

    def head(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, classes) and the hidden units (n, 128)."""
        hidden = F.relu(self.hidden(features.mean((2, 3))))
        return self.answer(hidden), hidden

    def logits(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))[0]

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.logits(x), 1)
