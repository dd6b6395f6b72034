"""A small view through DenseNet121, as if the rest of its section were there and empty.

Outside of a lesion the classifiers see zeros, so a small view holds all that a section holds, at an eighth of the cost.
Yet a network that is trained on plain small views learns their edges: padding with zeros is not what an empty section
gives, and pooling over a view is not pooling over a section. Here every convolution pads with what it would give for
emptiness, and the last block, whose cells see most of a section, runs on the whole section's grid.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .densenet import DenseLayer, DenseNet121

STRIDE = 32


def logits(network: DenseNet121, view: Tensor, section: tuple[int, int]) -> Tensor:
    """Logits of a section (rows, columns) of which `view` (n, 3, h, w) is the middle, and the rest is empty."""
    return network.head(features(network, view, section))[0]


def features(network: DenseNet121, view: Tensor, section: tuple[int, int]) -> Tensor:
    """As `network.features` of that section: (n, 1024, rows / 32, columns / 32)."""
    layers = list(network.body)
    last = max(k for k, layer in enumerate(layers) if isinstance(layer, nn.Sequential))
    empty = view.new_zeros(3)
    with torch.no_grad():
        around = view.new_zeros((1, 3, *section))
        for layer in layers[: last + 1]:
            around = with_running_statistics(layer, around)
    for layer in layers[: last + 1]:
        view, empty = in_void(layer, view, empty)
    before = [(whole // STRIDE - part) // 2 for whole, part in zip(section, view.shape[2:], strict=True)]
    after = [whole // STRIDE - part - b for whole, part, b in zip(section, view.shape[2:], before, strict=True)]
    # What the lesion adds to emptiness, laid over an empty section, whose own edges reach far into it.
    x = F.pad(view - _as_image(empty, view), (before[1], after[1], before[0], after[0])) + around.to(view.dtype)
    for layer in layers[last + 1 :]:
        x = layer(x)
    return x


def with_running_statistics(layer: nn.Module, x: Tensor) -> Tensor:
    """`layer` with the running statistics of its batch norms, whatever mode they are in."""
    if isinstance(layer, nn.Sequential):
        for part in layer:
            x = with_running_statistics(part, x)
        return x
    if isinstance(layer, DenseLayer):
        new = layer.conv1(F.relu(with_running_statistics(layer.norm1, x)))
        return torch.cat([x, layer.conv2(F.relu(with_running_statistics(layer.norm2, new)))], 1)
    if isinstance(layer, nn.BatchNorm2d):
        return F.batch_norm(x, layer.running_mean, layer.running_var, layer.weight, layer.bias, eps=layer.eps)
    return layer(x)


def in_void(layer: nn.Module, x: Tensor, empty: Tensor) -> tuple[Tensor, Tensor]:
    """`layer` on a view `x` surrounded by the constant `empty` (channels), and on that constant."""
    if isinstance(layer, nn.Sequential):
        for part in layer:
            x, empty = in_void(part, x, empty)
        return x, empty
    if isinstance(layer, DenseLayer):
        new, around = in_void(layer.norm1, x, empty)
        new, around = in_void(layer.conv1, F.relu(new), F.relu(around))
        new, around = in_void(layer.norm2, new, around)
        new, around = in_void(layer.conv2, F.relu(new), F.relu(around))
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
