"""Grad-CAM inside the forward pass.

The head is pooling, a linear layer, ReLU, a linear layer. The derivative of a logit with respect to the feature maps
is therefore known without a backward pass: with W1, W2 the two weights, h the hidden units and hw the number of
places, alpha[c, k] = sum_m W2[c, m] [h_m > 0] W1[m, k] / hw is the mean gradient that Grad-CAM weights map k with.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .densenet import DenseNet121


class WithHeatMap(nn.Module):
    """(n, 3, h, w) to probabilities (n, c) and Grad-CAM of every class (n, c, h / 32, w / 32), rectified only."""

    def __init__(self, network: DenseNet121):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.network.features(x)
        logits, hidden = self.network.head(features)
        passed = (hidden > 0).to(features.dtype).unsqueeze(1) * self.network.answer.weight.unsqueeze(0)
        alpha = torch.matmul(passed, self.network.hidden.weight) / (features.shape[2] * features.shape[3])
        cam = F.relu(torch.matmul(alpha, features.flatten(2)))
        cam = cam.reshape(features.shape[0], self.network.answer.out_features, features.shape[2], features.shape[3])
        return torch.softmax(logits, 1), cam
