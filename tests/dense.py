"""Losses as functions of one vector of weights, and their dense Hessians."""

from __future__ import annotations

import torch
from torch import nn
from torch.autograd.functional import hessian
from torch.func import functional_call


def weights_of(module):
    """All parameters of a module, one after another."""
    return nn.utils.parameters_to_vector(module.parameters()).detach()


def outputs_at(module, weights, X):
    """What a module answers with the parameters that a vector holds."""
    parts = weights.split([p.numel() for p in module.parameters()])
    state = {
        name: part.reshape(p.shape)
        for (name, p), part in zip(module.named_parameters(), parts, strict=True)
    }
    return functional_call(module, state, (X,))


def dense_hessian(module, loss):
    """The Hessian, by autograd, of `loss`, a function of the weights."""
    return hessian(loss, weights_of(module))


def spectrum(H):
    """Eigenvalues of a dense matrix, largest first."""
    return torch.linalg.eigvalsh(H).flip(0).numpy()
