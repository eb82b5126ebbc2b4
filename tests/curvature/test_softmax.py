"""Derivatives of the cross-entropy in closed form. Oracle: autograd, in float64."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import hessian, jacrev

from sufficient.curvature.losses import per_sample_loss


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_derivatives_of_the_cross_entropy_are_those_of_autograd(smoothing):
    outputs = torch.randn(5, 4, dtype=torch.float64)
    y = torch.tensor([0, 3, 1, -100, 2])  # The fourth is ignored.
    loss = per_sample_loss(nn.CrossEntropyLoss(label_smoothing=smoothing))
    gradients, hessians = loss.derivatives(outputs, y)
    for i in range(5):

        def of_one(z, i=i):
            return loss(z[None], y[i : i + 1])[0]

        torch.testing.assert_close(gradients[i], jacrev(of_one)(outputs[i]))
        torch.testing.assert_close(hessians[i], hessian(of_one)(outputs[i]))
