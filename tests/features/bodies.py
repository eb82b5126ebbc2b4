"""Networks that see images, small and large enough to be told apart."""

from __future__ import annotations

import numpy as np
from torch import nn

MEAN = np.array([0.485, 0.456, 0.406], np.float32)[:, None, None]
STD = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None]


class Body(nn.Module):
    """Two convolutions with everything that training mode would change."""

    def __init__(self, width=6):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 3),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
        )
        self.calls = []

    def forward(self, X):
        self.calls.append(tuple(X.shape))
        return self.layers(X)


class Answering(nn.Module):
    """A body whose answer is what a test says."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, X):
        return self.answer(X)


def pooled(n=2):
    return nn.Sequential(nn.AdaptiveAvgPool2d((1, n)), nn.Flatten())


def calls(features):
    """Batches that went through the backbone since it was asked last."""
    found = list(features.backbone_.calls)
    features.backbone_.calls.clear()
    return found
