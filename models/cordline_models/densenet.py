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

    def features_in_void(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features of a view as if it lay in an endless empty section, and those of that emptiness (1024).

        Padding with zeros would put an edge beside the lesion that is not there in a whole section: a network trained
        on small views would learn the edge. So every convolution pads with what it would give for emptiness.
        """
        empty = x.new_zeros(3)
        for layer in self.body:
            x, empty = _in_void(layer, x, empty)
        return x, empty

    def head(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, classes) and the hidden units (n, 128)."""
        hidden = F.relu(self.hidden(features.mean((2, 3))))
        return self.answer(hidden), hidden

    def logits(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))[0]

    def logits_in_void(self, x: Tensor) -> Tensor:
        """Logits of a view that is smaller than a section; see `features_in_void`."""
        return self.head(self.features_in_void(x)[0])[0]

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.logits(x), 1)


def _in_void(layer: nn.Module, x: Tensor, empty: Tensor) -> tuple[Tensor, Tensor]:
    """`layer` on a view `x` surrounded by the constant `empty` (channels), and on that constant."""
    if isinstance(layer, nn.Sequential):
        for part in layer:
            x, empty = _in_void(part, x, empty)
        return x, empty
    if isinstance(layer, DenseLayer):
        new, around = _in_void(layer.norm1, x, empty)
        new, around = _in_void(layer.conv1, F.relu(new), F.relu(around))
        new, around = _in_void(layer.norm2, new, around)
        new, around = _in_void(layer.conv2, F.relu(new), F.relu(around))
        return torch.cat([x, new], 1), torch.cat([empty, around])
    if isinstance(layer, nn.Conv2d):
        around = layer.weight.sum((2, 3)) @ empty
        if layer.padding == (0, 0):
            return layer(x), around
        # What zeros took away at the edge is the same for every view: once for the whole batch.
        inside = layer(_as_image(empty, x).expand(1, -1, *x.shape[2:]))
        return layer(x) + (_as_image(around, x) - inside), around
    if isinstance(layer, nn.BatchNorm2d):
        scale = torch.rsqrt(layer.running_var + layer.eps) * layer.weight
        around = (empty.float() - layer.running_mean) * scale + layer.bias
        return layer(x), around
    if isinstance(layer, nn.MaxPool2d):
        shifted = F.pad(x - _as_image(empty, x), (layer.padding,) * 4)
        return F.max_pool2d(shifted, layer.kernel_size, layer.stride) + _as_image(empty, x), empty
    if isinstance(layer, nn.ReLU):
        return F.relu(x), F.relu(empty)
    if isinstance(layer, nn.AvgPool2d):
        return layer(x), empty
    raise TypeError(f"{type(layer).__name__} is not a layer of this network")


def _as_image(channels: Tensor, like: Tensor) -> Tensor:
    return channels.to(like.dtype)[None, :, None, None]
