"""Linear layers on rows."""

from __future__ import annotations

import torch

from sufficient.curvature.layers.weighted import Weighted

__all__ = ["Dense"]


class Dense(Weighted):
    """A linear layer on rows."""

    def _answer(self, a):
        if a.ndim != 2:
            raise ValueError(f"Samples are not rows but of shape {tuple(a.shape[1:])}.")
        return super()._answer(a)

    def _weigh(self, a, W, into=None):
        return a @ W.T if into is None else into.addmm_(a, W.T)

    def _pull(self, D, W, into=None):
        return D @ W if into is None else into.addmm_(D, W)

    def _outer(self, D, a):
        return D.T @ a

    def _weigh_each(self, a, W, b):
        return a @ W.mT if b is None else torch.baddbmm(b[:, None], a, W.mT)

    def _over_places(self, b):
        return b
