"""A linear layer on data, of which only some input directions have weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sufficient.curvature.layers.dense import Dense

__all__ = ["LEFT_OUT", "Displaced", "DisplacedDense"]

LEFT_OUT = "left out"


class Displaced(nn.Module):
    """A linear layer on data, of which only some directions of the input are weighted.

    Samples are rows ``[W x + b, P' x, sketch]``: what the layer answers at the weights
    of interest, the features along which these may be displaced, and a few features in
    which the others are mixed, which have no weights.

    Parameters
    ----------
    n_outputs, n_kept : int
        Width of the layer and number of directions P.
    bias : bool
        Whether there is a bias.
    """

    def __init__(self, n_outputs: int, n_kept: int, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_outputs, n_kept))
        self.bias = nn.Parameter(torch.zeros(n_outputs)) if bias else None

    def forward(self, X: Tensor) -> Tensor:
        """Output of shape (n, n_outputs)."""
        fixed, kept, _ = self.parts(X)
        return fixed + F.linear(kept, self.weight, self.bias)

    def parts(self, X: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Output at the weights of interest, features with weights, and the sketch."""
        n_outputs, n_kept = self.weight.shape
        ends = (n_outputs, n_outputs + n_kept)
        fixed, kept, sketch = X.tensor_split(ends, dim=1)
        return fixed, kept, sketch


class DisplacedDense(Dense):
    """A `Displaced` layer; it also says how the sketched features would be weighted."""

    module: Displaced

    def _answer(self, a):
        fixed, kept, self.sketch = self.module.parts(a)
        return super()._answer(kept).add_(fixed)

    def weight_gradients(self, S, R):
        found = super().weight_gradients(S, R)
        if self.sketch.shape[1]:
            outside = self._outer(S.flatten(1, 2), self.sketch)
            found[LEFT_OUT] = outside.unflatten(0, S.shape[1:3])
        return found
