"""A first linear layer whose weights may change along a few input directions only."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sufficient.curvature.layers.dense import Dense

__all__ = ["LEFT_OUT", "Displaced", "DisplacedDense"]

LEFT_OUT = "left out"


class Displaced(nn.Module):
    """A linear layer ``W + Z P'`` on the data, with trainable Z and fixed W and P.

    Samples are rows ``[W x + b, P' x, sketch]``: the outputs at the original weights,
    the input features that Z multiplies, and a few random combinations of the other
    features, which have no weights.

    Parameters
    ----------
    n_outputs, n_kept : int
        Number of outputs of the layer, and of directions P.
    bias : bool
        Whether the bias may change too.
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
        """Outputs at the original weights, features with weights, and the sketch."""
        n_outputs, n_kept = self.weight.shape
        ends = (n_outputs, n_outputs + n_kept)
        fixed, kept, sketch = X.tensor_split(ends, dim=1)
        return fixed, kept, sketch


class DisplacedDense(Dense):
    """A `Displaced` layer; also gives gradients for weights of the sketch."""

    module: Displaced

    def _forward(self, a):
        fixed, kept, self.sketch = self.module.parts(a)
        return super()._forward(kept).add_(fixed)

    def weight_gradients(self, S, R):
        found = super().weight_gradients(S, R)
        if self.sketch.shape[1]:
            outside = self._outer(S.flatten(1, 2), self.sketch)
            found[LEFT_OUT] = outside.unflatten(0, S.shape[1:3])
        return found
