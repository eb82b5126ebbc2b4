"""Samples with weights, targets of three kinds, and a net that is no chain."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

RNG = np.random.default_rng(0)
N = 160
X = RNG.standard_normal((N, 5)).astype(np.float32)
Y = (X[:, 0] + 0.7 * RNG.standard_normal(N) > 0.5).astype(int)
NUMBERS = X[:, 0] + 0.5 * RNG.standard_normal(N)
LABELS = (X[:, :3] > 0).astype(int)
WEIGHTS = np.where(Y, 4.0, 0.5) * RNG.uniform(0.5, 1.5, N)
COUNTS = RNG.integers(0, 4, N)


class Branching(nn.Module):
    """No chain of layers."""

    def __init__(self, n_outputs=2):
        super().__init__()
        self.first, self.last = nn.Linear(5, 4), nn.Linear(4, n_outputs)

    def forward(self, X):
        h = torch.tanh(self.first(X))
        return self.last(h + h**2)
