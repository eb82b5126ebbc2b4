"""Fully connected layers."""

from __future__ import annotations

import torch

from sufficient.curvature.layers.weighted import Weighted

__all__ = ["Dense"]


class Dense(Weighted):
    """A fully connected layer; its input is a matrix with one row per sample."""

    def _forward(self, a):
        if a.ndim != 2:
            raise ValueError(f"Samples are not vectors but {tuple(a.shape[1:])}.")
        return super()._forward(a)

    def _linear(self, a, W, into=None):
        return a @ W.T if into is None else into.addmm_(a, W.T)

    def _transposed(self, D, W, into=None):
        return D @ W if into is None else into.addmm_(D, W)

    def _outer(self, D, a):
        return D.T @ a

    def _linear_each(self, a, W, b):
        return a @ W.mT if b is None else torch.baddbmm(b[:, None], a, W.mT)

    def _spread_bias(self, b):
        return b
